//! Walking over all keys of a database, in steps or at once, and picking one of them.
//!
//! A walk in steps keeps nothing on the server: its cursor says where it goes on. Slots come in
//! order, the buckets of a slot's table in the order that survives resizing (`table`).
//! Not here: patterns, and in which shard a cursor goes on (`command/scan.rs`).

use crate::base::slot::SlotId;
use crate::base::time::Mono;
use crate::keyspace::entry::Entry;
use crate::keyspace::shard::Shard;
use crate::keyspace::{Db, Key};

const SLOT_BITS: u32 = SlotId::COUNT.trailing_zeros();
const _: () =
    assert!(1 << SLOT_BITS == SlotId::COUNT, "a slot's number fills its bits of a cursor");

/// Where a walk over a database goes on. On the wire: the bucket's cursor above the slot's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    slot: SlotId,
    bucket: u64,
}

impl Cursor {
    /// The cursor that a client has sent back. Every number is one: a made-up one only starts
    /// elsewhere.
    #[must_use]
    pub fn from_wire(number: u64) -> Self {
        let slot = (number & u64::from(SlotId::COUNT - 1)) as u16;
        Self { slot: SlotId::new(slot).unwrap_or_default(), bucket: number >> SLOT_BITS }
    }

    /// The number for the client; 0 stands for the beginning and, by the protocol, for the end.
    #[must_use]
    pub const fn to_wire(self) -> u64 {
        self.bucket << SLOT_BITS | self.slot.index() as u64
    }

    /// The slot that it goes on in.
    #[must_use]
    pub const fn slot(self) -> SlotId {
        self.slot
    }

    /// The beginning of the slot after `slot`; `None` after the last one.
    fn after(slot: SlotId) -> Option<Self> {
        let next = SlotId::new(slot.index() as u16 + 1)?;
        Some(Self { slot: next, bucket: 0 })
    }
}

/// How much of a walk one call does.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Keys still to be seen.
    pub keys: u64,
    /// Buckets still to be looked into, whether or not they hold keys.
    pub buckets: u64,
}

impl Budget {
    const fn is_spent(self) -> bool {
        self.keys == 0 || self.buckets == 0
    }
}

impl Shard {
    /// Visits entries from `cursor` on until the budget is spent, at most to the end of this shard,
    /// and returns where to go on: in a slot that has keys, or in the next shard; `None` after the
    /// last slot. May visit entries whose time has run out.
    pub fn scan<'s>(
        &'s self,
        db: Db,
        mut cursor: Cursor,
        budget: &mut Budget,
        visit: &mut impl FnMut(&'s Entry),
    ) -> Option<Cursor> {
        let last = self.slot_ids().last()?;
        if self.totals(db).keys == 0 {
            return Cursor::after(last);
        }
        while cursor.slot <= last {
            let table = self.table(db, cursor.slot);
            if !table.is_empty() {
                if budget.is_spent() {
                    return Some(cursor);
                }
                cursor.bucket = table.scan(cursor.bucket, &mut |entry| {
                    budget.keys = budget.keys.saturating_sub(1);
                    visit(entry);
                });
                budget.buckets -= 1;
                if cursor.bucket != 0 {
                    continue;
                }
            }
            cursor = Cursor::after(cursor.slot)?;
        }
        Some(cursor)
    }

    /// Every entry of a database, in no order. May contain entries whose time has run out.
    pub fn entries(&self, db: Db) -> impl Iterator<Item = &Entry> {
        let table = self.table_of(db);
        let slots = if self.totals(db).keys == 0 { &[] } else { &*self.slots };
        slots.iter().flat_map(move |slot| slot.table(table).iter())
    }

    /// A key of a database, each with the same chance. Clears away those it meets whose time has
    /// run out.
    ///
    /// # Panics
    /// If the totals do not count the keys of the tables.
    pub fn random_key(&mut self, db: Db, now: Mono) -> Option<Vec<u8>> {
        let table = self.table_of(db);
        loop {
            let keys = self.totals(db).keys;
            let mut nth = (keys > 0).then(|| self.rng.u64(..keys))?;
            let tables = self.slots.iter().map(|slot| slot.table(table));
            // Which slot holds the nth key of the shard; within it, another throw decides.
            let chosen = tables.into_iter().find(|table| {
                let here = table.len() as u64;
                let found = nth < here;
                nth = nth.saturating_sub(here);
                found
            });
            let rng = &mut self.rng;
            let entry = chosen.and_then(|table| table.sample(rng).map(|spot| table.at(spot)));
            let entry = entry.expect("the totals count the keys of the tables");
            let ended = entry.timer().is_some_and(|timer| timer.deadline <= now);
            let key = entry.key().to_vec();
            if !ended {
                return Some(key);
            }
            self.remove_if_ended(db, Key::new(&key), now);
        }
    }

    /// A generator for picks by chance.
    pub fn dice(&mut self) -> fastrand::Rng {
        self.rng.fork()
    }

    /// A number below `limit`, each with the same chance.
    pub fn throw(&mut self, limit: u64) -> u64 {
        self.rng.u64(..limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coord::token::Epoch;
    use crate::keyspace::edit::Expiry;
    use crate::keyspace::event;
    use crate::keyspace::shard::ShardSetup;
    use crate::keyspace::value::NewValue;
    use std::collections::{BTreeMap, BTreeSet};

    fn shard(keys: impl Iterator<Item = String>) -> Shard {
        let setup = ShardSetup {
            first: SlotId::default(),
            slots: SlotId::COUNT,
            databases: 2,
            epoch: Epoch::default(),
            seed: 7,
            now: Mono(0),
        };
        let mut shard = Shard::new(setup);
        for key in keys {
            let mut edit = shard.edit(Db(0), Key::new(key.as_bytes()), Mono(0));
            edit.set(NewValue::Text(b"v"), Expiry::Never, &event::SET);
        }
        shard
    }

    fn scan(shard: &Shard, cursor: u64, count: u64) -> (u64, Vec<String>) {
        let mut keys = Vec::new();
        let mut budget = Budget { keys: count, buckets: count * 10 };
        let next = shard.scan(Db(0), Cursor::from_wire(cursor), &mut budget, &mut |entry| {
            keys.push(String::from_utf8(entry.key().to_vec()).unwrap());
        });
        (next.map_or(0, Cursor::to_wire), keys)
    }

    #[test]
    fn a_walk_sees_every_key_and_stops_where_it_is_told() {
        // Two keys in three share a slot, so that tables with many buckets are walked as well.
        let name =
            |n: u32| if n.is_multiple_of(3) { format!("key:{n}") } else { format!("{{tag}}:{n}") };
        let shard = shard((0..3_000).map(name));
        for count in [1, 10, 1_000] {
            let (mut cursor, mut seen) = (0, BTreeSet::new());
            loop {
                let (next, keys) = scan(&shard, cursor, count);
                assert!(keys.len() < count as usize + 40, "one bucket at most beyond the count");
                seen.extend(keys);
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
            assert_eq!(seen.len(), 3_000, "count {count}");
        }
    }

    #[test]
    fn a_count_of_all_keys_is_enough_for_one_call() {
        let shard = shard((0..100).map(|n| format!("key:{n}")));
        let (next, keys) = scan(&shard, 0, 100);
        assert_eq!((next, keys.len()), (0, 100));
        assert_eq!(scan(&shard, 0, 99).1.len(), 99);
    }

    #[test]
    fn any_number_is_a_cursor() {
        let shard = shard((0..100).map(|n| format!("{{tag}}:{n}")));
        for cursor in [1, u64::MAX, u64::MAX - 16_383, 1 << 63, 12_345_678_901] {
            scan(&shard, cursor, 1_000);
        }
        assert_eq!(Cursor::from_wire(u64::MAX).to_wire(), u64::MAX);
    }

    #[test]
    fn every_key_is_picked_equally_often() {
        // One slot with many keys, many with one: a throw per slot would favour the lonely ones.
        let name = |n: u32| if n < 50 { format!("{{tag}}:{n}") } else { format!("key:{n}") };
        let mut shard = shard((0..100).map(name));
        let mut picked: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        for _ in 0..100_000 {
            *picked.entry(shard.random_key(Db(0), Mono(0)).unwrap()).or_default() += 1;
        }
        assert_eq!(picked.len(), 100);
        // 1,000 each are expected, with a standard deviation of 32.
        assert!(picked.values().all(|&times| (800..1_200).contains(&times)), "{picked:?}");
        assert_eq!(shard.random_key(Db(1), Mono(0)), None);
    }
}
