//! The section about locks: ours. The names begin alike, since clients put all sections into one
//! map.

use super::{Facts, Lines};
use crate::base::durations::Durations;

pub(super) fn locks(facts: &Facts<'_>, out: &mut Lines) {
    let (figures, counts) = (&facts.shards.locks, facts.shards.lock_counts);
    out.line("locks_held", counts.held);
    out.line("locks_waiting", counts.waiting);
    out.line("locks_acquired", figures.acquired);
    out.line("locks_contended", figures.contended);
    out.line("locks_timed_out", figures.timed_out);
    out.line("locks_released", figures.released);
    out.line("locks_expired", figures.expired);
    out.line("locks_broken", figures.broken);
    out.line("locks_deadlocks", figures.deadlocks);
    percentiles(out, "locks_wait_us", &figures.wait);
    percentiles(out, "locks_hold_us", &figures.hold);
}

/// As `latencystats` tells them, in microseconds, though the clock of locks counts milliseconds.
fn percentiles(out: &mut Lines, name: &str, durations: &Durations) {
    let us = |permille| durations.permille(permille) * 1_000;
    out.line(name, format_args!("p50={},p99={},p999={}", us(500), us(990), us(999)));
}
