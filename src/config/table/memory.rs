//! What happens when memory is full, and how memory is given back.

use super::super::choice::EvictionPolicy;
use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::super::value::Value;
use super::{COUNT, INT, POSITIVE, why};

const PERCENT_OF_CPU: Kind = Kind::Integer { min: 1, max: 99 };
const FRAGMENTATION: Kind = Kind::Integer { min: 0, max: 1000 };

pub(super) const SECTION: Section = Section {
    title: "memory",
    rows: &[
        row(
            "maxmemory",
            Kind::Memory { min: 0, max: u64::MAX },
            "0",
            "Most memory for data. Beyond it 'maxmemory-policy' decides. 0 is no limit.",
        ),
        row(
            "maxmemory-policy",
            Kind::Choice(EvictionPolicy::NAMES),
            "noeviction",
            "Which keys go when memory is full. 'noeviction' answers writes with an error instead; \
             it is the only policy that never loses a lock.",
        ),
        row(
            "maxmemory-samples",
            POSITIVE,
            "5",
            "Keys that are looked at to find one to evict: more is closer to exact, and slower.",
        ),
        row(
            "feed-backlog",
            Kind::Memory { min: 1 << 10, max: 1 << 30 },
            "256kb",
            "Bytes of changes that are kept for FEED.READ, in each slot that somebody reads.",
        ),
        row(
            "lfu-log-factor",
            COUNT,
            "10",
            "How many hits it takes to raise the access counter of an LFU policy.",
        ),
        row(
            "lfu-decay-time",
            COUNT,
            "1",
            "Minutes after which the access counter of an LFU policy is lowered. 0 means at once.",
        ),
        row(
            "maxmemory-eviction-tenacity",
            Kind::Integer { min: 0, max: 100 },
            "10",
            "How long Redis may evict before it serves the next client.",
        )
        .inert("a command evicts only what it needs itself"),
        row("lazyfree-lazy-eviction", Kind::Flag, "no", "Free evicted values in a thread.")
            .inert(why::FREED_IN_PLACE),
        row("lazyfree-lazy-expire", Kind::Flag, "no", "Free expired values in a thread.")
            .inert(why::FREED_IN_PLACE),
        row("lazyfree-lazy-server-del", Kind::Flag, "no", "Free overwritten values in a thread.")
            .inert(why::FREED_IN_PLACE),
        row("lazyfree-lazy-user-del", Kind::Flag, "no", "Let DEL behave as UNLINK.")
            .inert(why::FREED_IN_PLACE),
        row("lazyfree-lazy-user-flush", Kind::Flag, "no", "Let FLUSHALL behave as FLUSHALL ASYNC.")
            .inert(why::FREED_IN_PLACE),
        row(
            "active-expire-effort",
            Kind::Integer { min: 1, max: 10 },
            "1",
            "How hard Redis looks for expired keys.",
        )
        .inert(why::TIMERS),
        row("activerehashing", Kind::Flag, "yes", "Rehash tables when there is nothing to do.")
            .inert("the tables of the slots are small enough to grow at once"),
        row("jemalloc-bg-thread", Kind::Flag, "yes", "Let jemalloc give memory back in a thread.")
            .inert("jemalloc gives memory back as threads use it"),
        row("activedefrag", Kind::Flag, "no", "Defragment memory.").inert(why::NO_DEFRAG),
        row(
            "active-defrag-ignore-bytes",
            Kind::Memory { min: 1, max: i64::MAX as u64 },
            "100mb",
            "Waste below which nothing is defragmented.",
        )
        .inert(why::NO_DEFRAG),
        row(
            "active-defrag-threshold-lower",
            FRAGMENTATION,
            "10",
            "Fragmentation in percent at which defragmentation starts.",
        )
        .inert(why::NO_DEFRAG),
        row(
            "active-defrag-threshold-upper",
            FRAGMENTATION,
            "100",
            "Fragmentation in percent at which defragmentation works hardest.",
        )
        .inert(why::NO_DEFRAG),
        row("active-defrag-cycle-min", PERCENT_OF_CPU, "1", "Least CPU for defragmentation.")
            .inert(why::NO_DEFRAG),
        row("active-defrag-cycle-max", PERCENT_OF_CPU, "25", "Most CPU for defragmentation.")
            .inert(why::NO_DEFRAG),
        row(
            "active-defrag-max-scan-fields",
            Kind::Integer { min: 1, max: i64::MAX },
            "1000",
            "Fields above which a value is defragmented in steps.",
        )
        .inert(why::NO_DEFRAG),
        row(
            "oom-score-adj",
            Kind::Choice(&["no", "yes", "relative", "absolute"]),
            "no",
            "Set the kernel's out-of-memory score of the process.",
        )
        .rule(relative_is_yes)
        .inert("the score is left to the supervisor"),
        row(
            "oom-score-adj-values",
            Kind::OomScores,
            "0 200 800",
            "Scores of a primary, a replica and a child process.",
        )
        .inert("the score is left to the supervisor"),
        row("disable-thp", Kind::Flag, "yes", "Switch transparent huge pages off.")
            .at_start()
            .inert("huge pages cost nothing without forks"),
        row("key-load-delay", INT, "0", "Microseconds to sleep for each loaded key.")
            .hidden()
            .inert(why::TEST_AID),
    ],
};

/// Redis shows `relative` as `yes`: they are the same.
fn relative_is_yes(value: Value) -> Result<Value, &'static str> {
    Ok(if value == Value::Choice("relative") { Value::Choice("yes") } else { value })
}
