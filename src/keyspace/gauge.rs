//! How much memory the shards use, known without borrowing any: what `maxmemory` is compared with.
//!
//! It runs only while there is a limit; otherwise giving a shard back costs one load more.
//! Invariant: while it is on, `total` is the sum of `shards`, and a shard that nobody has borrowed
//! is up to date.

use crate::keyspace::borrow::ShardId;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// A number with a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Cell(AtomicUsize);

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Gauge {
    on: AtomicBool,
    total: Cell,
    shards: Box<[Cell]>,
    /// For the choice of shards to evict from; nothing else waits for it.
    dice: Mutex<fastrand::Rng>,
}

impl Gauge {
    pub(crate) fn new(shards: u16, dice: fastrand::Rng) -> Self {
        Self {
            on: AtomicBool::new(false),
            total: Cell::default(),
            shards: (0..shards).map(|_| Cell::default()).collect(),
            dice: Mutex::new(dice),
        }
    }

    /// Switches it on or off. Every shard has to be given back once before it shows the truth.
    pub(crate) fn switch(&self, on: bool) {
        self.on.store(on, Relaxed);
    }

    /// Notes what a shard uses, which has to be borrowed until this returns.
    #[inline]
    pub(crate) fn note(&self, shard: ShardId, bytes: impl FnOnce() -> usize) {
        if self.on.load(Relaxed) {
            self.set(shard, bytes());
        }
    }

    fn set(&self, shard: ShardId, bytes: usize) {
        let before = self.shards[usize::from(shard.0)].0.swap(bytes, Relaxed);
        if bytes != before {
            self.total.0.fetch_add(bytes.wrapping_sub(before), Relaxed);
        }
    }

    /// Bytes in use.
    pub(crate) fn total(&self) -> usize {
        self.total.0.load(Relaxed)
    }

    /// A shard drawn by chance, in proportion to what it uses.
    pub(crate) fn draw(&self) -> ShardId {
        let uses: Vec<usize> = self.shards.iter().map(|shard| shard.0.load(Relaxed)).collect();
        let all = uses.iter().sum::<usize>().max(1);
        let mut throw = self.dice.lock().usize(..all);
        let drawn = uses.iter().position(|&bytes| {
            let found = throw < bytes;
            throw = throw.saturating_sub(bytes);
            found
        });
        ShardId(drawn.unwrap_or_default() as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_sum_of_what_the_shards_use() {
        let gauge = Gauge::new(2, fastrand::Rng::with_seed(7));
        gauge.note(ShardId(0), || panic!("it is off"));
        gauge.switch(true);
        gauge.note(ShardId(0), || 100);
        gauge.note(ShardId(1), || 300);
        gauge.note(ShardId(0), || 50);
        assert_eq!(gauge.total(), 350);
    }

    #[test]
    fn a_shard_is_drawn_as_often_as_it_is_heavy() {
        let gauge = Gauge::new(3, fastrand::Rng::with_seed(7));
        gauge.switch(true);
        gauge.note(ShardId(0), || 900);
        gauge.note(ShardId(2), || 100);
        let drawn: Vec<u16> = (0..10_000).map(|_| gauge.draw().0).collect();
        let times = |shard: u16| drawn.iter().filter(|&&other| other == shard).count();
        assert!((8_800..9_200).contains(&times(0)), "{}", times(0));
        assert_eq!(times(1), 0);
    }
}
