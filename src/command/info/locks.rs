//! The section about locks: ours. The names begin alike, since clients put all sections into one
//! map.

use super::{Facts, Lines};
use crate::base::durations::{Counts, Durations};

pub(super) fn locks(facts: &Facts<'_>, out: &mut Lines) {
    let (figures, counts) = (&facts.shards.locks, facts.shards.lock_counts);
    out.line("locks_held", counts.held);
    out.line("locks_waiting", counts.waiting);
    for (name, count) in figures.counts() {
        out.line(&format!("locks_{name}"), count);
    }
    for (name, durations) in figures.durations() {
        percentiles(out, &format!("locks_{name}"), durations);
    }
}

/// As `latencystats` tells them, in microseconds.
fn percentiles(out: &mut Lines, name: &str, durations: &Durations) {
    let us = |permille| durations.permille(permille);
    out.line(name, format_args!("p50={},p99={},p999={}", us(500), us(990), us(999)));
}
