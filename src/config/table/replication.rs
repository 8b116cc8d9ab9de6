//! Primaries and replicas.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::super::value::Value;
use super::{COUNT, LONG_COUNT, PORT, POSITIVE, why};

pub(super) const SECTION: Section = Section {
    title: "replication",
    rows: &[
        row("replicaof", Kind::Primary, "", "Host and port of the primary to copy.")
            .alias("slaveof")
            .at_start()
            .refused(why::NO_REPLICAS),
        row("masterauth", Kind::Secret, "", "Password for the primary.").inert(why::NO_REPLICAS),
        row("masteruser", Kind::Secret, "", "User name for the primary.").inert(why::NO_REPLICAS),
        row("replica-serve-stale-data", Kind::Flag, "yes", "Serve while the primary is away.")
            .alias("slave-serve-stale-data")
            .inert(why::NO_REPLICAS),
        row("replica-read-only", Kind::Flag, "yes", "Refuse writes on a replica.")
            .alias("slave-read-only")
            .inert(why::NO_REPLICAS),
        row("replica-priority", COUNT, "100", "Rank in an election of a new primary.")
            .alias("slave-priority")
            .inert(why::NO_REPLICAS),
        row("replica-announced", Kind::Flag, "yes", "Let Sentinel report this replica.")
            .inert(why::NO_REPLICAS),
        row("replica-announce-ip", Kind::Text, "", "Address that a replica reports.")
            .alias("slave-announce-ip")
            .inert(why::NO_REPLICAS),
        row("replica-announce-port", PORT, "0", "Port that a replica reports.")
            .alias("slave-announce-port")
            .inert(why::NO_REPLICAS),
        row("replica-lazy-flush", Kind::Flag, "no", "Flush a replica in a thread.")
            .alias("slave-lazy-flush")
            .inert(why::NO_REPLICAS),
        row("replica-ignore-maxmemory", Kind::Flag, "yes", "Let the primary evict for a replica.")
            .alias("slave-ignore-maxmemory")
            .inert(why::NO_REPLICAS),
        row(
            "replica-ignore-disk-write-errors",
            Kind::Flag,
            "no",
            "Let a replica go on when it cannot write to disk.",
        )
        .inert(why::NO_REPLICAS),
        row(
            "propagation-error-behavior",
            Kind::Choice(&["ignore", "panic", "panic-on-replicas"]),
            "ignore",
            "What a replica does when a command of its primary fails.",
        )
        .inert(why::NO_REPLICAS),
        row("min-replicas-to-write", COUNT, "0", "Replicas without which writes are refused.")
            .alias("min-slaves-to-write")
            .inert(why::NO_REPLICAS),
        row("min-replicas-max-lag", COUNT, "10", "Seconds of lag with which a replica counts.")
            .alias("min-slaves-max-lag")
            .inert(why::NO_REPLICAS),
        row("repl-timeout", POSITIVE, "60", "Seconds of silence after which a link is dead.")
            .inert(why::NO_REPLICAS),
        row("repl-ping-replica-period", POSITIVE, "10", "Seconds between pings to replicas.")
            .alias("repl-ping-slave-period")
            .inert(why::NO_REPLICAS),
        row(
            "repl-backlog-size",
            Kind::Memory { min: 1, max: i64::MAX as u64 },
            "1mb",
            "Changes kept for replicas that come back.",
        )
        .rule(at_least_16_kilobytes)
        .inert(why::NO_REPLICAS),
        row("repl-backlog-ttl", LONG_COUNT, "3600", "Seconds to keep them without a replica.")
            .inert(why::NO_REPLICAS),
        row("repl-disable-tcp-nodelay", Kind::Flag, "no", "Send to replicas in larger packets.")
            .inert(why::NO_REPLICAS),
        row("repl-diskless-sync", Kind::Flag, "yes", "Send the first copy without a file.")
            .inert(why::NO_REPLICAS),
        row("repl-diskless-sync-delay", COUNT, "5", "Seconds to wait for more replicas.")
            .inert(why::NO_REPLICAS),
        row("repl-diskless-sync-max-replicas", COUNT, "0", "Replicas to wait for at most.")
            .inert(why::NO_REPLICAS),
        row(
            "repl-diskless-load",
            Kind::Choice(&["disabled", "on-empty-db", "swapdb"]),
            "disabled",
            "How a replica loads the first copy.",
        )
        .inert(why::NO_REPLICAS),
        row("rdb-del-sync-files", Kind::Flag, "no", "Delete the files of first copies.")
            .inert(why::NO_REPLICAS),
    ],
};

/// Redis takes any size and keeps at least this.
fn at_least_16_kilobytes(value: Value) -> Result<Value, &'static str> {
    let Value::Memory(bytes) = value else { return Ok(value) };
    Ok(Value::Memory(bytes.max(16 << 10)))
}
