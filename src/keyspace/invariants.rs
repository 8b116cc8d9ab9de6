//! What is always true of a shard, checked by counting everything again.
//!
//! Not here: the invariants of a wheel and of a table, which stand beside their fields. Tests and
//! fuzzing call this after every step; it takes as long as there are keys.

use crate::base::slot::SlotId;
use crate::base::time::Mono;
use crate::coord::lock::Lock;
use crate::keyspace::entry::Entry;
use crate::keyspace::locks::{LockCounts, lock_id};
use crate::keyspace::primitive::Kind;
use crate::keyspace::shard::{Shard, Totals};
use crate::keyspace::table::Table;
use crate::keyspace::value::Value;
use crate::keyspace::wheel::{Target, TimerId};
use std::collections::HashMap;

impl Shard {
    /// Checks that the gate has kept everything true: timers and deadlines name each other, totals
    /// and memory are what counting again gives, every key is in its slot and is found there.
    ///
    /// # Panics
    /// If something is not; the message says what.
    pub fn assert_invariants(&self) {
        self.wheel.assert_invariants();
        self.assert_tables_are_permuted();
        self.assert_leases();
        self.feeds.assert_invariants();
        let mut timers: HashMap<u32, _> =
            self.wheel.iter().map(|(id, deadline, target)| (id.0, (deadline, target))).collect();
        let mut totals = vec![Totals::default(); self.totals.len()];
        let (mut memory, mut locks, mut paths) = (0, LockCounts::default(), 0);
        for (index, slot) in self.slots.iter().enumerate() {
            for (number, table) in slot.tables() {
                table.assert_invariants(|key| self.hash(key));
                memory += table.memory() + table.iter().map(Entry::memory).sum::<usize>();
                for entry in table.iter() {
                    if let Value::Collection(collection) = entry.value() {
                        collection.assert_invariants();
                    }
                    if let Value::Primitive(primitive) = entry.value() {
                        primitive.assert_invariants();
                        assert!(!primitive.is_idle(), "what is idle has no key");
                        let lock = Lock::of(primitive);
                        let of_lock = lock.map_or_else(LockCounts::default, LockCounts::of);
                        locks.add(of_lock);
                        let id = lock_id(self.hash(entry.key()), number);
                        paths += lock.map_or(0, |lock| self.locks.paths.assert_held(id, lock));
                        assert_eq!(
                            self.locks.waits().is_contended(id),
                            of_lock.waiting > 0,
                            "a lock is in the graph while somebody waits for it"
                        );
                        let deadline = entry.timer().map(|timer| timer.deadline);
                        assert_eq!(deadline, primitive.next_deadline(), "it is timed");
                    }
                    assert_eq!(self.index(SlotId::of(entry.key())), index, "a key is in its slot");
                    totals[usize::from(number)].add(entry);
                }
                self.assert_timers((index, number), table, |id| timers.remove(&id.0));
            }
        }
        assert!(timers.is_empty(), "a timer ends an entry: {timers:?}");
        assert_eq!(*self.totals, *totals, "totals are what counting gives");
        assert_eq!(self.locks.paths.len(), paths, "what is noted about a lock is about one");
        assert_eq!(self.locks.counts(), locks, "locks are what counting gives");
        assert_eq!(self.memory, memory, "memory is what adding up gives");
    }

    /// Every entry with a deadline has the timer that it names, and that timer names it.
    fn assert_timers(
        &self,
        (index, number): (usize, u8),
        table: &Table,
        mut timer: impl FnMut(TimerId) -> Option<(Mono, Target)>,
    ) {
        for (entry, own) in table.iter().filter_map(|entry| Some((entry, entry.timer()?))) {
            let target = Target { hash: self.hash(entry.key()), slot: index as u16, table: number };
            assert_eq!(timer(own.id), Some((own.deadline, target)), "a deadline has its timer");
        }
    }

    /// SWAPDB renames tables: every database has one, and no two have the same.
    fn assert_tables_are_permuted(&self) {
        let mut seen = vec![false; self.tables.len()];
        for &table in &self.tables {
            assert!(!std::mem::replace(&mut seen[usize::from(table)], true), "one database each");
        }
    }
}
