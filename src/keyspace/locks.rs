//! What a shard keeps about all its locks: how many there are, what has happened to them, and who
//! waits for whom, in the graph of the node.
//!
//! Not here: the rules of a lock (`coord/lock.rs`), and what one lock knows of itself. The graph
//! lies behind a mutex of the node, taken last and for a moment, and only where somebody waits.
//! Invariant: the counts are what counting again gives, and a lock is in the graph exactly while a
//! request waits for it.

use crate::base::time::{Micros, Mono};
use crate::coord::ask::{Cause, Ended};
use crate::coord::lock::Lock;
use crate::coord::wait_graph::{LockId, Move, WaitGraph};
use crate::keyspace::listeners::Listeners;
use crate::keyspace::lock_figures::{LockEvent, LockFigures};
use crate::keyspace::lock_records::LockRecords;
use crate::keyspace::paths::Paths;
use crate::keyspace::primitive::{Kind, Primitive};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Locks {
    /// What has happened since the last `CONFIG RESETSTAT`.
    pub figures: LockFigures,
    /// The same for single locks.
    pub records: LockRecords,
    waits: Arc<Mutex<WaitGraph>>,
    /// By table.
    counts: Vec<LockCounts>,
    /// Grants that rely on locks above.
    pub(crate) paths: Paths,
    /// Connections that hear of losses.
    pub(crate) listeners: Listeners,
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
    #[must_use]
    pub fn of(lock: &Lock) -> Self {
        Self { held: u64::from(lock.is_held()), waiting: lock.waiting() as u64 }
    }

    /// Adds others.
    pub const fn add(&mut self, other: Self) {
        self.held += other.held;
        self.waiting += other.waiting;
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
        self.records.clear();
        self.paths.flushed(table);
    }

    /// Counts what has happened to a lock.
    pub(crate) fn note(&mut self, lock: LockId, event: LockEvent) {
        self.figures.note(event);
        self.records.note(lock, event);
    }

    /// Forgets what has happened (CONFIG RESETSTAT).
    pub fn forget_figures(&mut self) {
        self.figures = LockFigures::default();
        self.records.clear();
    }

    /// Counts the ends of grants that have been reported to the lock's shard.
    pub(crate) fn note_ends(&mut self, lock: LockId, ended: &[Ended], now: Micros) {
        for ended in ended {
            let at = if ended.cause == Cause::Expiry { Micros::at(ended.at) } else { now };
            let held_us = at.since(ended.since);
            self.note(lock, LockEvent::Ended { cause: ended.cause, held_us });
        }
    }

    /// Who waits for whom on the whole node.
    pub(crate) fn waits(&self) -> MutexGuard<'_, WaitGraph> {
        self.waits.lock()
    }

    /// Follows the change of a lock, after whoever was next has been let in: what the graph has to
    /// be told, and which grants are over.
    pub(crate) fn changed(
        &mut self,
        (before, table): (Before, u8),
        primitive: &mut Primitive,
        now: Mono,
    ) -> (Option<News>, Vec<Ended>) {
        let Some(lock) = Lock::of_mut(primitive) else { return (None, Vec::new()) };
        let mut ended = Vec::new();
        lock.tick(now, &mut ended);
        (self.moved((before, table), primitive), ended)
    }

    /// Follows a lock whose queue has changed: what the graph has to be told.
    pub(crate) fn moved(
        &mut self,
        (before, table): (Before, u8),
        primitive: &mut Primitive,
    ) -> Option<News> {
        let lock = Lock::of_mut(primitive)?;
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
