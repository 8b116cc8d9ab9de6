//! Sums over all shards and over memory: what INFO, MEMORY STATS and MEMORY DOCTOR have in common.

use crate::command::node::{MemoryFigures, Node};
use crate::keyspace::Db;
use crate::keyspace::borrow::Borrowed;
use crate::keyspace::lock_figures::LockFigures;
use crate::keyspace::locks::LockCounts;
use crate::keyspace::shard::{Counters, Totals};

/// What all shards together hold and have seen.
#[derive(Debug, Default)]
pub(super) struct ShardSums {
    /// By database.
    pub(super) totals: Vec<Totals>,
    pub(super) counters: Counters,
    pub(super) changes: u64,
    /// Bytes of keys, values, tables and timers.
    pub(super) memory: u64,
    pub(super) watched_keys: usize,
    pub(super) locks: LockFigures,
    pub(super) lock_counts: LockCounts,
}

impl ShardSums {
    /// The sums over `shards`, which are all shards of the node.
    pub(super) fn of(shards: &mut Borrowed<'_>, databases: u16) -> Self {
        let totals = vec![Totals::default(); usize::from(databases)];
        let mut sums = Self { totals, ..Self::default() };
        for shard in shards.shards() {
            for (db, sum) in (0..).zip(&mut sums.totals) {
                let of_shard = shard.totals(Db(db));
                sum.keys += of_shard.keys;
                sum.expiring += of_shard.expiring;
                sum.deadlines_ms += of_shard.deadlines_ms;
            }
            sums.counters.hits += shard.counters.hits;
            sums.counters.misses += shard.counters.misses;
            sums.counters.expired += shard.counters.expired;
            sums.counters.evicted += shard.counters.evicted;
            sums.changes += shard.changes;
            sums.memory += shard.memory() as u64;
            sums.watched_keys += shard.watches.len();
            sums.locks.add(&shard.locks.figures);
            sums.lock_counts.add(shard.locks.counts());
        }
        sums
    }

    /// Keys of all databases.
    pub(super) fn keys(&self) -> u64 {
        self.totals.iter().map(|totals| totals.keys).sum()
    }
}

/// Where the memory is.
#[derive(Debug)]
pub(super) struct Footprint {
    pub(super) now: MemoryFigures,
    pub(super) peak: u64,
    pub(super) startup: u64,
    /// Keys, values, tables and timers.
    pub(super) dataset: u64,
    /// Requests and replies that are under way.
    pub(super) clients: u64,
    pub(super) connected: u64,
    pub(super) keys: u64,
}

impl Footprint {
    pub(super) fn of(node: &Node, sums: &ShardSums) -> Self {
        let (now, peak) = node.memory();
        let all = node.clients.all();
        let buffered = all.iter().map(|client| {
            let figures = client.figures();
            figures.input_bytes
                + figures.input_free_bytes
                + figures.output_bytes
                + figures.queued_bytes
        });
        Self {
            now,
            peak,
            startup: node.startup_memory,
            dataset: sums.memory.min(now.allocated),
            clients: buffered.sum(),
            connected: all.len() as u64,
            keys: sums.keys(),
        }
    }

    /// Everything that is no data.
    pub(super) const fn overhead(&self) -> u64 {
        self.now.allocated - self.dataset
    }

    /// Share of the data in what was allocated since the start.
    pub(super) fn dataset_percent(&self) -> f64 {
        let since_start = self.now.allocated.saturating_sub(self.startup);
        (ratio(self.dataset, since_start) * 100.0).min(100.0)
    }

    pub(super) fn peak_percent(&self) -> f64 {
        ratio(self.now.allocated, self.peak) * 100.0
    }

    /// What size classes and half-empty pages cost.
    pub(super) fn allocator_fragmentation(&self) -> Overhead {
        Overhead::of(self.now.active, self.now.allocated)
    }

    /// What the allocator keeps for later.
    pub(super) fn allocator_rss(&self) -> Overhead {
        Overhead::of(self.now.resident, self.now.active)
    }

    /// What the process has beside the allocator's memory.
    pub(super) fn rss_overhead(&self) -> Overhead {
        Overhead::of(self.now.rss, self.now.resident)
    }

    pub(super) fn fragmentation(&self) -> Overhead {
        Overhead::of(self.now.rss, self.now.allocated)
    }
}

/// How much more one figure is than another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overhead {
    pub(super) ratio: f64,
    pub(super) bytes: i64,
}

impl Overhead {
    fn of(more: u64, less: u64) -> Self {
        Self { ratio: ratio(more, less), bytes: more as i64 - less as i64 }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Bytes as people read them, in Redis's form: `1.50M`, `512B`.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [(u32, char); 5] = [(50, 'P'), (40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    let unit = UNITS.into_iter().find(|(bits, _)| bytes >> bits > 0);
    unit.map_or_else(
        || format!("{bytes}B"),
        |(bits, letter)| format!("{:.2}{letter}", bytes as f64 / (1u64 << bits) as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_their_largest_unit() {
        let told = [0, 1023, 1024, 1536, 1 << 20, 25_276_510_208, 1 << 50].map(human);
        assert_eq!(told, ["0B", "1023B", "1.00K", "1.50K", "1.00M", "23.54G", "1.00P"]);
    }

    #[test]
    fn nothing_divided_by_nothing_is_nothing() {
        let overhead = Overhead::of(0, 0);
        assert!(overhead.ratio.abs() < f64::EPSILON && overhead.bytes == 0);
    }
}
