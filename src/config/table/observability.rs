//! What the server tells about itself.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::LONG_COUNT;

pub(super) const SECTION: Section = Section {
    title: "slow log, latency, events",
    rows: &[
        row(
            "slowlog-log-slower-than",
            Kind::Integer { min: -1, max: i64::MAX },
            "10000",
            "Microseconds from which a command goes to the slow log. 0 logs all, -1 none.",
        ),
        row("slowlog-max-len", LONG_COUNT, "128", "Entries of the slow log; the oldest go first."),
        row(
            "latency-monitor-threshold",
            LONG_COUNT,
            "0",
            "Milliseconds from which LATENCY records an event. 0 switches it off.",
        ),
        row("latency-tracking", Kind::Flag, "yes", "Keep a latency histogram of every command."),
        row(
            "latency-tracking-info-percentiles",
            Kind::Percentiles,
            "50 99 99.9",
            "Percentiles that INFO latencystats shows.",
        ),
        row(
            "notify-keyspace-events",
            Kind::Events,
            "",
            "Which key events are published: K by key, E by event, and of the classes \
             g$lshzxetdmn, A for most of them, and L for locks and their kin.",
        ),
    ],
};
