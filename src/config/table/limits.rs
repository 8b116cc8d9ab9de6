//! How much one client, and all of them, may ask for.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::{LONG_COUNT, why};

/// At least a megabyte, as in Redis, so that a request of usual size always fits.
const BUFFER: Kind = Kind::Memory { min: 1 << 20, max: i64::MAX as u64 };

pub(super) const SECTION: Section = Section {
    title: "clients and limits",
    rows: &[
        row(
            "maxclients",
            Kind::Integer { min: 1, max: u32::MAX as i64 },
            "10000",
            "Most clients at a time. The next one gets an error.",
        ),
        row("proto-max-bulk-len", BUFFER, "512mb", "Longest argument of a request."),
        row(
            "client-query-buffer-limit",
            BUFFER,
            "1gb",
            "Most bytes of requests that may wait for one client. A client beyond it is closed.",
        ),
        row(
            "client-output-buffer-limit",
            Kind::OutputLimits,
            "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60",
            "Class, hard limit, soft limit and seconds: a client whose replies pile up beyond the \
             hard limit, or beyond the soft limit for so many seconds, is closed. 0 is no limit. \
             Each line may name some of the classes normal, replica and pubsub.",
        ),
        row(
            "maxmemory-clients",
            Kind::MemoryOrPercent,
            "0",
            "Most memory of all clients' buffers together; the largest clients are closed.",
        )
        .inert("each client is bounded by itself, by 'client-output-buffer-limit'"),
        row(
            "tracking-table-max-keys",
            LONG_COUNT,
            "1000000",
            "Keys that the server remembers for client-side caching.",
        )
        .inert("this version has no CLIENT TRACKING"),
        row(
            "busy-reply-threshold",
            LONG_COUNT,
            "5000",
            "Milliseconds after which a script is slow and others get BUSY.",
        )
        .alias("lua-time-limit")
        .inert(why::NO_SCRIPTS),
        row("lua-enable-deprecated-api", Kind::Flag, "no", "Old names in the Lua interface.")
            .at_start()
            .hidden()
            .inert(why::NO_SCRIPTS),
    ],
};
