//! What has happened to single locks: the figures of those that were used last, whether or not they
//! are there at the moment.
//!
//! A lock that nobody holds is gone, so its figures cannot lie in it. They lie here, in sets of a
//! few: a lock is in the set that its number says, and takes the place of the one there that was
//! used longest ago. To find one costs a cache line, and the whole has a bound. Not here: what is
//! counted (`lock_figures.rs`).

use crate::base::durations::FewDurations;
use crate::coord::wait_graph::LockId;
use crate::keyspace::lock_figures::{LockEvent, LockFigures};

/// The figures of one lock.
pub type LockRecord = LockFigures<FewDurations>;

const SETS: usize = 16;
const WAYS: usize = 8;
/// The figures of so many locks are kept in a shard, of which there are about 16 for each worker.
pub const RECORDS_MAX: usize = SETS * WAYS;

const _: () = assert!(SETS.is_power_of_two(), "the last bits of a number name a set");

/// See the module's documentation. Takes no memory before the first lock is used.
#[derive(Debug, Default)]
pub struct LockRecords {
    sets: Vec<Set>,
    /// How often a record was used.
    uses: u32,
}

#[derive(Debug, Default)]
struct Set {
    locks: [Option<LockId>; WAYS],
    /// The value of `uses` when each was used last.
    used: [u32; WAYS],
    records: [Option<Box<LockRecord>>; WAYS],
}

const fn set_of(lock: LockId) -> usize {
    lock.0 as usize % SETS
}

impl Set {
    fn find(&self, lock: LockId) -> Option<usize> {
        self.locks.iter().position(|it| *it == Some(lock))
    }
}

impl LockRecords {
    /// Counts what has happened to a lock.
    pub(crate) fn note(&mut self, lock: LockId, event: LockEvent) {
        if self.sets.is_empty() {
            self.sets.resize_with(SETS, Set::default);
        }
        self.uses = self.uses.wrapping_add(1);
        let set = &mut self.sets[set_of(lock)];
        let at = set.find(lock).unwrap_or_else(|| {
            let age = |at: &usize| self.uses.wrapping_sub(set.used[*at]);
            let is_vacant = |at: &usize| set.locks[*at].is_none();
            let oldest = (0..WAYS).max_by_key(|at| (is_vacant(at), age(at)));
            let at = oldest.expect("a set has places");
            set.locks[at] = Some(lock);
            set.records[at] = None;
            at
        });
        set.used[at] = self.uses;
        set.records[at].get_or_insert_default().note(event);
    }

    /// What is known of a lock.
    #[must_use]
    pub fn get(&self, lock: LockId) -> Option<&LockRecord> {
        let set = self.sets.get(set_of(lock))?;
        set.records[set.find(lock)?].as_deref()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::durations::Counts;

    #[test]
    fn what_happened_to_a_lock_is_known_until_others_need_the_place() {
        let mut records = LockRecords::default();
        assert!(records.get(LockId(7)).is_none());
        let in_set = |nth: u64| LockId(7 + nth * SETS as u64);
        for nth in 0..WAYS as u64 {
            records.note(in_set(nth), LockEvent::Acquired);
        }
        records.note(in_set(0), LockEvent::Granted { waited_us: 5 });
        let first = records.get(in_set(0)).unwrap();
        assert_eq!((first.acquired, first.wait.permille(500)), (2, 5));
        records.note(in_set(100), LockEvent::Contended);
        assert!(records.get(in_set(1)).is_none(), "it was used longest ago");
        assert!(records.get(in_set(0)).is_some() && records.get(in_set(2)).is_some());
        assert_eq!(records.get(in_set(100)).map(|it| (it.acquired, it.contended)), Some((0, 1)));
        records.clear();
        assert!(records.get(in_set(100)).is_none());
    }

    #[test]
    fn no_more_than_so_many_are_kept() {
        let mut records = LockRecords::default();
        (0..10 * RECORDS_MAX as u64)
            .for_each(|lock| records.note(LockId(lock), LockEvent::Acquired));
        let known =
            (0..10 * RECORDS_MAX as u64).filter(|lock| records.get(LockId(*lock)).is_some());
        assert_eq!(known.count(), RECORDS_MAX);
    }
}
