//! What a shard keeps about all its locks: who waits for whom there, in the graph of the node.
//!
//! Not here: the rules of a lock (`coord/lock.rs`), and what one lock knows of itself. The graph
//! lies behind a mutex of the node, taken last and for a moment, and only where somebody waits.
//! Invariant: a lock is in the graph exactly while a request waits for it.

use crate::coord::lock::Lock;
use crate::coord::wait_graph::{LockId, Move, WaitGraph};
use crate::keyspace::primitive::{Kind, Primitive};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Locks {
    waits: Arc<Mutex<WaitGraph>>,
}

/// What a lock is like before it changes. Nothing, if it is no lock that changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    is_contended: bool,
}

impl Before {
    pub(crate) fn of(primitive: &Primitive) -> Self {
        let lock = Lock::of(primitive);
        Self { is_contended: lock.is_some_and(Lock::is_contended) }
    }

    /// A request may be parked by the change itself, and granted right after.
    pub(crate) const fn and(self, later: Self) -> Self {
        Self { is_contended: self.is_contended || later.is_contended }
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
    pub(crate) const fn new(waits: Arc<Mutex<WaitGraph>>) -> Self {
        Self { waits }
    }

    /// Who waits for whom on the whole node.
    pub(crate) fn waits(&self) -> MutexGuard<'_, WaitGraph> {
        self.waits.lock()
    }

    /// Follows the change of a lock, after whoever was next has been let in.
    pub(crate) fn changed(&mut self, before: Before, primitive: &mut Primitive) -> Option<News> {
        let lock = Lock::of_mut(primitive)?;
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
