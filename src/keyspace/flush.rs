//! Emptying and swapping whole databases of a shard.
//!
//! A database is emptied by taking its tables away: freeing what is in them takes as long as there
//! are keys, so the caller does it when it has given the shard back.
//! Not here: going over all shards (`command/database.rs`).

use crate::base::time::Mono;
use crate::coord::ask::Cause;
use crate::keyspace::entry::Entry;
use crate::keyspace::facts::Turn;
use crate::keyspace::locks::lock_id;
use crate::keyspace::shard::{Shard, Totals};
use crate::keyspace::table::Table;
use crate::keyspace::value::Value;
use crate::keyspace::wheel::Wheel;
use crate::keyspace::{Db, Key};

/// Tables and big values that nobody can reach any more. Dropping it frees them.
#[derive(Debug, Default)]
pub struct Garbage {
    tables: Vec<Table>,
    entries: Vec<Entry>,
}

impl Garbage {
    /// With fewer keys than this, and no big value, it is freed at once even where that could be
    /// done elsewhere: handing it over costs more.
    const MUCH: usize = 64;

    /// How many keys are in it.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.tables.iter().map(Table::len).sum::<usize>() + self.entries.len()
    }

    /// Whether it takes long to free.
    #[must_use]
    pub fn is_much(&self) -> bool {
        self.keys() >= Self::MUCH || self.entries().any(Entry::is_big)
    }

    /// Adds what `other` has.
    pub fn add(&mut self, mut other: Self) {
        self.tables.append(&mut other.tables);
        self.entries.append(&mut other.entries);
    }

    /// Adds entries that have been taken out of their tables.
    pub(crate) fn add_entries(&mut self, entries: &mut Vec<Entry>) {
        self.entries.append(entries);
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.tables.iter().flat_map(Table::iter).chain(&self.entries)
    }
}

impl Shard {
    /// Empties a database. Watched keys that existed count as changed.
    #[must_use]
    pub fn flush(&mut self, db: Db, now: Mono) -> Garbage {
        self.touch_watched(db, db, now);
        let table = self.table_of(db);
        self.waiters.disturb([table, table]);
        self.leases.forget(table);
        let index = usize::from(table);
        self.forget_waits(table);
        self.locks.flushed(table);
        self.waiters.tell(self.locks.listeners.flushed(table));
        let emptied = std::mem::take(&mut self.totals[index]);
        if emptied.keys == 0 {
            return Garbage::default();
        }
        self.changes += emptied.keys;
        let fed = self.fed_slots(&[table]);
        let taken = self.slots.iter_mut().map(|slot| slot.take_table(table));
        let tables = taken.filter(|table| !table.is_empty()).collect();
        let garbage = Garbage { tables, entries: Vec::new() };
        if table == 0 {
            self.renew_hints();
        }
        if self.outbox.is_open() {
            self.tell_lost(table, &garbage);
            self.record_flush(&fed, db);
        }
        self.forget_timers(&garbage, emptied, now);
        let everything = self.totals.iter().all(|totals| totals.keys == 0);
        self.memory = if everything { 0 } else { self.memory - garbage.memory() };
        garbage
    }

    /// Whoever had anything of what coordinated in an emptied table has lost it.
    fn tell_lost(&mut self, table: u8, garbage: &Garbage) {
        const LOST: Turn = Turn::Ended(Cause::Deletion);
        for entry in garbage.entries() {
            if let Value::Primitive(primitive) = entry.value() {
                let facts = primitive.facts().into_iter();
                let told = facts.map(|fact| (primitive.event(LOST, &fact), fact.text()));
                self.tell(table, entry.key(), told.collect());
            }
        }
    }

    /// The locks of a table go away with their queues: nobody waits for them any more.
    fn forget_waits(&self, table: u8) {
        if self.waiters.is_empty() {
            return;
        }
        let mut waits = self.locks.waits();
        for place in self.waiters.places().filter(|place| place.table == table) {
            waits.forget(lock_id(self.hashing.of(&place.key), table));
        }
    }

    /// Cancels the timers of entries that are gone; all at once where no others are left.
    fn forget_timers(&mut self, garbage: &Garbage, emptied: Totals, now: Mono) {
        if emptied.expiring == self.wheel.len() as u64 {
            if emptied.expiring > 0 {
                self.wheel = Wheel::new(now);
            }
            return;
        }
        let timers = garbage.entries().filter_map(|entry| entry.timer());
        timers.for_each(|timer| self.wheel.cancel(timer.id));
        while self.compact_timer() {}
    }

    /// Swaps what two databases hold. A watched key of either counts as changed if it exists in one
    /// of them.
    pub fn swap(&mut self, left: Db, right: Db, now: Mono) {
        self.touch_watched(left, right, now);
        self.touch_watched(right, left, now);
        self.waiters.disturb([self.table_of(left), self.table_of(right)]);
        self.tables.swap(usize::from(left.0), usize::from(right.0));
        let fed = self.fed_slots(&[self.table_of(left), self.table_of(right)]);
        for db in [left, right] {
            self.record_swap(&fed, db);
        }
    }

    /// Notes that the watched keys of `db` have changed which exist there or in `other`. Keys whose
    /// time has run out are cleared away first, so that they do not look like a change later.
    fn touch_watched(&mut self, db: Db, other: Db, now: Mono) {
        if self.watches.is_empty() {
            return;
        }
        let watched: Vec<Box<[u8]>> = self.watches.keys_of(db).map(Box::from).collect();
        for bytes in watched {
            let key = Key::new(&bytes);
            if self.edit(other, key, now).exists() | self.edit(db, key, now).exists() {
                self.watches.changed(db, &bytes);
            }
        }
    }
}

impl Garbage {
    fn memory(&self) -> usize {
        let entries = self.entries().map(Entry::memory);
        entries.sum::<usize>() + self.tables.iter().map(Table::memory).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slot::SlotId;
    use crate::coord::token::Epoch;
    use crate::keyspace::edit::Expiry;
    use crate::keyspace::event;
    use crate::keyspace::shard::{ShardSetup, Tick};
    use crate::keyspace::value::NewValue;

    fn shard() -> Shard {
        let setup = ShardSetup {
            first: SlotId::default(),
            slots: SlotId::COUNT,
            databases: 4,
            epoch: Epoch::default(),
            seed: 7,
            now: Mono(0),
        };
        Shard::new(setup)
    }

    fn set(shard: &mut Shard, db: u8, key: &str, expiry: Expiry) {
        let key = Key::new(key.as_bytes());
        shard.edit(Db(db), key, Mono(0)).set(NewValue::Text(b"v"), expiry, &event::SET);
    }

    fn exists(shard: &mut Shard, db: u8, key: &str) -> bool {
        shard.edit(Db(db), Key::new(key.as_bytes()), Mono(0)).exists()
    }

    #[test]
    fn an_emptied_database_takes_its_timers_with_it_and_leaves_the_others() {
        let mut shard = shard();
        let empty = shard.memory();
        set(&mut shard, 0, "a", Expiry::At(Mono(10)));
        let with_one = shard.memory();
        set(&mut shard, 1, "a", Expiry::At(Mono(10)));
        set(&mut shard, 1, "b", Expiry::Never);
        assert_eq!(shard.flush(Db(1), Mono(0)).keys(), 2);
        assert_eq!((shard.totals(Db(0)).keys, shard.totals(Db(1)).keys), (1, 0));
        assert_eq!(shard.memory(), with_one);
        assert!(exists(&mut shard, 0, "a") && !exists(&mut shard, 1, "b"));
        assert_eq!(shard.tick(Mono(10), 100), Tick::Idle);
        assert_eq!(shard.counters.expired, 1);
        assert_eq!(shard.flush(Db(0), Mono(10)).keys(), 0);
        assert_eq!(shard.memory(), empty);
    }

    #[test]
    fn swapping_moves_keys_and_their_timers() {
        let mut shard = shard();
        set(&mut shard, 0, "a", Expiry::At(Mono(10)));
        set(&mut shard, 2, "b", Expiry::Never);
        shard.swap(Db(0), Db(2), Mono(0));
        assert!(exists(&mut shard, 2, "a") && exists(&mut shard, 0, "b"));
        assert_eq!(shard.tick(Mono(10), 100), Tick::Idle);
        assert!(!exists(&mut shard, 2, "a"));
    }

    #[test]
    fn only_watched_keys_that_existed_change() {
        let mut shard = shard();
        set(&mut shard, 0, "a", Expiry::Never);
        set(&mut shard, 1, "b", Expiry::Never);
        let watch = |shard: &mut Shard, key: &str| shard.watches.watch(Db(0), key.as_bytes());
        let (a, b, c) = (watch(&mut shard, "a"), watch(&mut shard, "b"), watch(&mut shard, "c"));
        drop(shard.flush(Db(1), Mono(0)));
        assert!(shard.watches.unchanged(Db(0), b"a", a));
        set(&mut shard, 1, "b", Expiry::Never);
        shard.swap(Db(0), Db(1), Mono(0));
        assert!(!shard.watches.unchanged(Db(0), b"a", a));
        assert!(!shard.watches.unchanged(Db(0), b"b", b));
        assert!(shard.watches.unchanged(Db(0), b"c", c));
        let b = watch(&mut shard, "b");
        drop(shard.flush(Db(0), Mono(0)));
        assert!(!shard.watches.unchanged(Db(0), b"b", b));
    }
}
