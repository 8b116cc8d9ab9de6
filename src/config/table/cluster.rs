//! Several nodes that share the hash slots.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::super::value::Value;
use super::{COUNT, LONG_COUNT, PORT, why};

/// Longest host name, in bytes, with the zero byte that Redis counts.
const HOSTNAME_BYTES_MAX: usize = 256;

pub(super) const SECTION: Section = Section {
    title: "cluster",
    rows: &[
        row("cluster-enabled", Kind::Flag, "no", "Share the hash slots with other nodes.")
            .at_start()
            .refused(why::NO_CLUSTER),
        row("cluster-config-file", Kind::Text, "nodes.conf", "Where a node keeps what it knows.")
            .at_start()
            .inert(why::NO_CLUSTER),
        row("cluster-node-timeout", LONG_COUNT, "15000", "Milliseconds until a node is suspected.")
            .inert(why::NO_CLUSTER),
        row("cluster-port", PORT, "0", "Port of the cluster bus. 0 means port plus 10000.")
            .at_start()
            .inert(why::NO_CLUSTER),
        row("cluster-announce-ip", Kind::Text, "", "Address that other nodes are told.")
            .inert(why::NO_CLUSTER),
        row("cluster-announce-port", PORT, "0", "Port that other nodes are told.")
            .inert(why::NO_CLUSTER),
        row("cluster-announce-tls-port", PORT, "0", "TLS port that other nodes are told.")
            .inert(why::NO_CLUSTER),
        row("cluster-announce-bus-port", PORT, "0", "Bus port that other nodes are told.")
            .inert(why::NO_CLUSTER),
        row("cluster-announce-hostname", Kind::Text, "", "Host name that clients are told.")
            .rule(hostname)
            .inert(why::NO_CLUSTER),
        row("cluster-announce-human-nodename", Kind::Text, "", "Name of the node in logs.")
            .rule(nodename)
            .inert(why::NO_CLUSTER),
        row(
            "cluster-preferred-endpoint-type",
            Kind::Choice(&["ip", "hostname", "unknown-endpoint"]),
            "ip",
            "Whether clients are sent to addresses or to host names.",
        )
        .inert(why::NO_CLUSTER),
        row("cluster-replica-validity-factor", COUNT, "10", "Age at which a replica is too old.")
            .alias("cluster-slave-validity-factor")
            .inert(why::NO_CLUSTER),
        row("cluster-migration-barrier", COUNT, "1", "Replicas that a primary keeps.")
            .inert(why::NO_CLUSTER),
        row("cluster-allow-replica-migration", Kind::Flag, "yes", "Let replicas change primaries.")
            .inert(why::NO_CLUSTER),
        row("cluster-replica-no-failover", Kind::Flag, "no", "Never become a primary.")
            .alias("cluster-slave-no-failover")
            .inert(why::NO_CLUSTER),
        row("cluster-require-full-coverage", Kind::Flag, "yes", "Stop when a slot has no node.")
            .inert(why::NO_CLUSTER),
        row("cluster-allow-reads-when-down", Kind::Flag, "no", "Serve reads while down.")
            .inert(why::NO_CLUSTER),
        row(
            "cluster-allow-pubsubshard-when-down",
            Kind::Flag,
            "yes",
            "Serve sharded channels while down.",
        )
        .inert(why::NO_CLUSTER),
        row(
            "cluster-link-sendbuf-limit",
            Kind::Memory { min: 0, max: u64::MAX },
            "0",
            "Most bytes that may wait for another node.",
        )
        .inert(why::NO_CLUSTER),
    ],
};

fn hostname(value: Value) -> Result<Value, &'static str> {
    let Value::Text(name) = &value else { return Ok(value) };
    if name.len() >= HOSTNAME_BYTES_MAX {
        return Err("Hostnames must be less than 256 characters");
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if !name.bytes().all(allowed) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    Ok(value)
}

fn nodename(value: Value) -> Result<Value, &'static str> {
    let Value::Text(name) = &value else { return Ok(value) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !name.bytes().all(allowed) {
        return Err("Announced human node name contained invalid character");
    }
    Ok(value)
}
