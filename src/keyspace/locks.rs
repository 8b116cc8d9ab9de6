//! What a shard keeps about all its locks: figures, how many there are, and who waits for whom, in
//! the graph of the node.
//!
//! Not here: the rules of a lock (`coord/lock.rs`), and what one lock knows of itself. The graph
//! lies behind a mutex of the node, taken last and for a moment, and only where somebody waits.
//! Invariant: the counts are what counting again gives, and a lock is in the graph exactly while a
//! request waits for it.

use crate::base::durations::Durations;
use crate::base::time::Mono;
use crate::coord::ask::{Cause, Ended};
use crate::coord::lock::Lock;
use crate::coord::wait_graph::{LockId, Move, WaitGraph};
use crate::keyspace::paths::Paths;
use crate::keyspace::primitive::{Kind, Primitive};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Locks {
    /// What has happened since the last `CONFIG RESETSTAT`.
    pub figures: LockFigures,
    waits: Arc<Mutex<WaitGraph>>,
    /// By table.
    counts: Vec<LockCounts>,
    /// Grants that rely on locks above.
    pub(crate) paths: Paths,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockCounts {
    /// Locks that somebody holds.
    pub held: u64,
    /// Requests that wait, counted at each lock that they wait for.
    pub waiting: u64,
}

impl LockCounts {
    /// Of one lock.
    pub(crate) fn of(lock: &Lock) -> Self {
        Self { held: u64::from(lock.is_held()), waiting: lock.waiting() as u64 }
    }

    /// Adds others.
    pub const fn add(&mut self, other: Self) {
        self.held += other.held;
        self.waiting += other.waiting;
    }
}

/// What has happened to locks. One request for several locks counts as several, except for
/// time-outs and deadlocks.
#[derive(Clone, Debug, Default)]
pub struct LockFigures {
    /// Grants; to repeat one is none.
    pub acquired: u64,
    /// Requests that found somebody in their way.
    pub contended: u64,
    /// Requests whose time was up.
    pub timed_out: u64,
    /// Grants that their owners released.
    pub released: u64,
    /// Grants whose time or lease ran out.
    pub expired: u64,
    /// Grants that were taken away by LOCK.BREAK, DEL and the like.
    pub broken: u64,
    /// Requests that were refused because they would have closed a cycle.
    pub deadlocks: u64,
    /// How long requests waited that were parked and then granted.
    pub wait: Durations,
    /// How long grants lasted.
    pub hold: Durations,
}

impl LockFigures {
    /// Adds what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.acquired += other.acquired;
        self.contended += other.contended;
        self.timed_out += other.timed_out;
        self.released += other.released;
        self.expired += other.expired;
        self.broken += other.broken;
        self.deadlocks += other.deadlocks;
        self.wait.add(&other.wait);
        self.hold.add(&other.hold);
    }

    /// A request that waited since then has got what it wanted.
    pub fn granted(&mut self, since: Mono, now: Mono) {
        self.acquired += 1;
        self.wait.record(now.since(since));
    }

    /// A grant is over.
    pub fn ended(&mut self, ended: &Ended) {
        self.hold.record(ended.at.since(ended.since));
        match ended.cause {
            Cause::Release => self.released += 1,
            Cause::Expiry => self.expired += 1,
            Cause::Break | Cause::Deletion => self.broken += 1,
        }
    }
}

/// What a lock is like before it changes. Nothing, if it is no lock that changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    is_contended: bool,
    counts: LockCounts,
}

impl Before {
    pub(crate) fn of(primitive: &Primitive) -> Self {
        let counts = Lock::of(primitive).map_or_else(LockCounts::default, LockCounts::of);
        Self { is_contended: counts.waiting > 0, counts }
    }

    /// A request may be parked by the change itself, and granted right after.
    pub(crate) const fn and(self, later: Self) -> Self {
        Self { is_contended: self.is_contended || later.is_contended, ..self }
    }
}

/// What the graph has to be told of a lock.
#[derive(Debug)]
pub(crate) enum News {
    /// This has happened to it.
    Moves(Vec<Move>),
    /// Nobody waits for it any more.
    Free,
}

/// The number of the lock under a key with this hash. Hashes are seeded and have 64 bits, so that
/// two contended locks with one number will not be met.
pub(crate) const fn lock_id(hash: u64, table: u8) -> LockId {
    LockId(hash ^ (table as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Locks {
    pub(crate) fn new(waits: Arc<Mutex<WaitGraph>>) -> Self {
        Self { waits, ..Self::default() }
    }

    /// How many there are in all databases.
    #[must_use]
    pub fn counts(&self) -> LockCounts {
        let mut counts = LockCounts::default();
        self.counts.iter().for_each(|of_table| counts.add(*of_table));
        counts
    }

    /// The locks of a table go away, with who holds them and who waits.
    pub(crate) fn flushed(&mut self, table: u8) {
        if let Some(counts) = self.counts.get_mut(usize::from(table)) {
            self.figures.broken += counts.held;
            *counts = LockCounts::default();
        }
        self.paths.flushed(table);
    }

    /// Who waits for whom on the whole node.
    pub(crate) fn waits(&self) -> MutexGuard<'_, WaitGraph> {
        self.waits.lock()
    }

    /// Follows the change of a lock, after whoever was next has been let in.
    pub(crate) fn changed(
        &mut self,
        (before, table): (Before, u8),
        primitive: &mut Primitive,
        now: Mono,
    ) -> Option<News> {
        let lock = Lock::of_mut(primitive)?;
        let mut ended = Vec::new();
        lock.tick(now, &mut ended);
        ended.iter().for_each(|ended| self.figures.ended(ended));
        let after = LockCounts::of(lock);
        if before.counts != after {
            let table = usize::from(table);
            if self.counts.len() <= table {
                self.counts.resize(table + 1, LockCounts::default());
            }
            let counts = &mut self.counts[table];
            counts.add(after);
            counts.held -= before.counts.held;
            counts.waiting -= before.counts.waiting;
        }
        if lock.is_contended() {
            return Some(lock.take_moves()).filter(|moves| !moves.is_empty()).map(News::Moves);
        }
        before.is_contended.then_some(News::Free)
    }

    pub(crate) fn tell(&self, lock: LockId, news: News) {
        match news {
            News::Moves(moves) => self.waits().follow(lock, moves),
            News::Free => self.waits().forget(lock),
        }
    }
}
