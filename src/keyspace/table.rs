//! The keys of one slot in one database: a hash table of cache-line buckets, six entries and an
//! overflow link each.
//!
//! Growing and shrinking rehash the whole table at once: slots are small, so this is short.
//! Invariant: an entry is reachable from the bucket that the low bits of its hash name, which is
//! what makes `scan` complete across any resizing (cursor increments reversed bits, as Redis's
//! `dictScan`).

use crate::keyspace::entry::Entry;

const CELLS: usize = 6;
/// Above this many entries a bucket on average, the table doubles: few buckets overflow.
const GROW_ABOVE: usize = 5;
/// Below one entry in this many buckets, it halves.
const SHRINK_BELOW: usize = 2;

/// A bucket that is drawn with this many entries is always taken.
const SAMPLED_MAX: usize = 4 * CELLS;

/// One cache line: six tags (the high byte of each hash, 0 = free), six entries, and what did not
/// fit.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Bucket {
    tags: u64,
    cells: [Option<Entry>; CELLS],
    more: Option<Box<Bucket>>,
}

/// Size of a bucket.
pub(crate) const BUCKET_BYTES: usize = 64;

const _: () = assert!(size_of::<Bucket>() == BUCKET_BYTES, "a bucket is a cache line");

/// Where an entry was found. Valid until the table changes.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    bucket: usize,
    link: usize,
    cell: usize,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Table {
    /// A power of two of them, or none.
    buckets: Box<[Bucket]>,
    entries: u32,
    /// Buckets that hang on others.
    overflowing: u32,
}

/// Most entries of one table: more than memory has room for.
const ENTRIES_MAX: u32 = u32::MAX;

/// The byte that stands for `hash` in a bucket's tags; never 0.
#[inline]
const fn tag_of(hash: u64) -> u8 {
    (hash >> 56) as u8 | 1
}

impl Bucket {
    /// Bit 7 of each byte whose tag may be `tag`: exact for the lowest one, rarely wrong above it.
    #[inline]
    const fn candidates(&self, tag: u8) -> u64 {
        const LOW: u64 = 0x0101_0101_0101_0101;
        let differs = self.tags ^ (LOW * tag as u64);
        differs.wrapping_sub(LOW) & !differs & (LOW << 7) & 0x0000_ffff_ffff_ffff
    }

    /// Takes an entry; how many buckets more hang on this one then.
    fn put(&mut self, hash: u64, entry: Entry) -> u32 {
        let (mut bucket, mut added) = (self, 0);
        loop {
            if let Some(cell) = bucket.cells.iter().position(Option::is_none) {
                bucket.tags |= u64::from(tag_of(hash)) << (8 * cell);
                bucket.cells[cell] = Some(entry);
                return added;
            }
            added = u32::from(bucket.more.is_none());
            bucket = bucket.more.get_or_insert_default();
        }
    }

    fn link(&self, link: usize) -> Option<&Self> {
        (0..link).try_fold(self, |bucket, _| bucket.more.as_deref())
    }

    fn link_mut(&mut self, link: usize) -> Option<&mut Self> {
        (0..link).try_fold(self, |bucket, _| bucket.more.as_deref_mut())
    }

    /// Frees overflow buckets that hold nothing any more; how many those were.
    fn trim(&mut self) -> u32 {
        let (mut next, mut freed) = (&mut self.more, 0);
        while let Some(mut bucket) = next.take() {
            if bucket.tags == 0 {
                *next = bucket.more.take();
                freed += 1;
            } else {
                next = &mut next.insert(bucket).more;
            }
        }
        freed
    }

    /// The bucket, and those that took what did not fit.
    fn links(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |bucket| bucket.more.as_deref())
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.links().flat_map(|bucket| bucket.cells.iter().flatten())
    }
}

/// One link at a time: however many buckets hang on one, freeing them takes no deeper stack.
impl Drop for Bucket {
    fn drop(&mut self) {
        let mut next = self.more.take();
        while let Some(mut bucket) = next {
            next = bucket.more.take();
        }
    }
}

impl Table {
    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries as usize
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Number of buckets, as `DEBUG` and `MEMORY` report it.
    #[must_use]
    pub const fn bucket_count(&self) -> usize {
        self.buckets.len()
    }

    /// Where the buckets are, for prefetching.
    pub(crate) fn buckets_address(&self) -> usize {
        self.buckets.as_ptr().addr()
    }

    /// Fetches the entry that a key with this hash most likely has.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        let Some(bucket) = self.buckets.get(hash as usize & self.buckets.len().wrapping_sub(1))
        else {
            return;
        };
        let candidates = bucket.candidates(tag_of(hash));
        let cell = candidates.trailing_zeros() as usize / 8;
        if let Some(Some(entry)) = bucket.cells.get(cell) {
            entry.prefetch();
        }
    }

    /// Heap bytes of the table itself, without its entries.
    #[must_use]
    pub fn memory(&self) -> usize {
        (self.buckets.len() + self.overflowing as usize) * size_of::<Bucket>()
    }

    #[inline]
    const fn bucket_of(&self, hash: u64) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }

    /// The entry with this hash that `matches`.
    #[inline]
    pub fn find(&self, hash: u64, matches: impl Fn(&Entry) -> bool) -> Option<Spot> {
        if self.buckets.is_empty() {
            return None;
        }
        let bucket = self.bucket_of(hash);
        let (mut at, mut link) = (&self.buckets[bucket], 0);
        loop {
            let mut candidates = at.candidates(tag_of(hash));
            while candidates != 0 {
                let cell = candidates.trailing_zeros() as usize / 8;
                if at.cells[cell].as_ref().is_some_and(&matches) {
                    return Some(Spot { bucket, link, cell });
                }
                candidates &= candidates - 1;
            }
            at = at.more.as_deref()?;
            link += 1;
        }
    }

    /// The entry at `spot`.
    ///
    /// # Panics
    /// If the table changed since `spot` was found.
    #[must_use]
    #[inline]
    pub fn at(&self, spot: Spot) -> &Entry {
        let bucket = self.buckets[spot.bucket].link(spot.link);
        bucket.and_then(|bucket| bucket.cells[spot.cell].as_ref()).expect("a spot names an entry")
    }

    /// The entry at `spot`, to be changed.
    ///
    /// # Panics
    /// If the table changed since `spot` was found.
    #[inline]
    pub fn at_mut(&mut self, spot: Spot) -> &mut Entry {
        let bucket = self.buckets[spot.bucket].link_mut(spot.link);
        bucket.and_then(|bucket| bucket.cells[spot.cell].as_mut()).expect("a spot names an entry")
    }

    /// Adds an entry whose key is not there yet. `hash_of` is asked when the table grows.
    ///
    /// # Panics
    /// If there are more entries than memory has room for.
    pub fn insert(&mut self, hash: u64, entry: Entry, hash_of: impl Fn(&[u8]) -> u64) {
        assert!(self.entries < ENTRIES_MAX, "memory ends before a table does");
        if self.len() >= self.buckets.len() * GROW_ABOVE {
            self.resize((self.buckets.len() * 2).max(1), hash_of);
        }
        let bucket = self.bucket_of(hash);
        self.overflowing += self.buckets[bucket].put(hash, entry);
        self.entries += 1;
    }

    /// Takes the entry at `spot` out. `hash_of` is asked when the table shrinks.
    ///
    /// # Panics
    /// If the table changed since `spot` was found.
    pub fn remove(&mut self, spot: Spot, hash_of: impl Fn(&[u8]) -> u64) -> Entry {
        let head = &mut self.buckets[spot.bucket];
        let bucket = head.link_mut(spot.link).expect("a spot names an entry");
        bucket.tags &= !(0xff << (8 * spot.cell));
        let entry = bucket.cells[spot.cell].take().expect("a spot names an entry");
        self.overflowing -= head.trim();
        self.entries -= 1;
        if self.entries == 0 {
            (self.buckets, self.overflowing) = (Box::default(), 0);
        } else if self.len() * SHRINK_BELOW < self.buckets.len() {
            self.resize(self.buckets.len() / 2, hash_of);
        }
        entry
    }

    fn resize(&mut self, buckets: usize, hash_of: impl Fn(&[u8]) -> u64) {
        let old = std::mem::take(&mut self.buckets);
        self.overflowing = 0;
        self.buckets = std::iter::repeat_with(Bucket::default).take(buckets).collect();
        let mask = buckets - 1;
        for bucket in old {
            let mut link = Some(Box::new(bucket));
            while let Some(mut bucket) = link {
                for entry in bucket.cells.iter_mut().filter_map(Option::take) {
                    let hash = hash_of(entry.key());
                    self.overflowing += self.buckets[hash as usize & mask].put(hash, entry);
                }
                link = bucket.more.take();
            }
        }
    }

    /// Visits every entry of the bucket that `cursor` names and returns the next cursor, 0 at the
    /// end. Entries that are there from the first call to the last are visited at least once.
    pub fn scan<'t>(&'t self, cursor: u64, visit: &mut impl FnMut(&'t Entry)) -> u64 {
        if self.buckets.is_empty() {
            return 0;
        }
        let mask = self.buckets.len() as u64 - 1;
        self.buckets[(cursor & mask) as usize].iter().for_each(visit);
        // Counts up in reversed bits, so that a cursor still makes sense after the table has
        // resized.
        (cursor | !mask).reverse_bits().wrapping_add(1).reverse_bits()
    }

    /// Where an entry is that is drawn by chance, each with the same; `None` if there is none.
    ///
    /// Takes a bucket in proportion to how full it is. With a seeded hash and at most
    /// `GROW_ABOVE` entries a bucket on average, one that is fuller than `SAMPLED_MAX` does not
    /// occur in practice; its entries would be picked a little too seldom.
    pub fn sample(&self, rng: &mut fastrand::Rng) -> Option<Spot> {
        if self.is_empty() {
            return None;
        }
        loop {
            let bucket = rng.usize(..self.buckets.len());
            let entries = self.buckets[bucket].iter().count();
            if rng.usize(..SAMPLED_MAX) < entries {
                return self.spots(bucket).nth(rng.usize(..entries));
            }
        }
    }

    /// Where the entries of a bucket are.
    fn spots(&self, bucket: usize) -> impl Iterator<Item = Spot> {
        let head = &self.buckets[bucket];
        let links = std::iter::successors(Some(head), |bucket| bucket.more.as_deref()).enumerate();
        links.flat_map(move |(link, held)| {
            let cells = held.cells.iter().enumerate().filter(|(_, cell)| cell.is_some());
            cells.map(move |(cell, _)| Spot { bucket, link, cell })
        })
    }

    /// Checks the invariant, and what tags and counts say about the entries; called by tests.
    ///
    /// # Panics
    /// If an entry cannot be found by its key, or a tag or a count is wrong.
    pub(crate) fn assert_invariants(&self, hash_of: impl Fn(&[u8]) -> u64) {
        assert!(self.buckets.is_empty() || self.buckets.len().is_power_of_two());
        assert_eq!(self.iter().count(), self.len(), "the table counts its entries");
        let buckets = self.buckets.iter().flat_map(Bucket::links).count();
        let counted = self.buckets.len() + self.overflowing as usize;
        assert_eq!(buckets, counted, "the table counts its buckets");
        for entry in self.iter() {
            let spot = self.find(hash_of(entry.key()), |other| other.key() == entry.key());
            let found = spot.map(|spot| std::ptr::from_ref(self.at(spot)));
            assert_eq!(found, Some(std::ptr::from_ref(entry)), "a key is found, and is there once");
        }
        for bucket in self.buckets.iter().flat_map(Bucket::links) {
            for (cell, entry) in bucket.cells.iter().enumerate() {
                let tag = entry.as_ref().map_or(0, |entry| tag_of(hash_of(entry.key())));
                assert_eq!((bucket.tags >> (8 * cell)) as u8, tag, "a tag names its entry's hash");
            }
        }
    }

    /// Every entry, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.buckets.iter().flat_map(Bucket::iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::access::Access;
    use crate::keyspace::value::NewValue;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn hash_of(key: &[u8]) -> u64 {
        // Weak on purpose: many keys share buckets and tags, so overflow links are exercised.
        key.iter().fold(0u64, |hash, &byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)))
    }

    fn key(number: u16) -> Vec<u8> {
        number.to_string().into_bytes()
    }

    fn find(table: &Table, key: &[u8]) -> Option<Spot> {
        table.find(hash_of(key), |entry| entry.key() == key)
    }

    fn insert(table: &mut Table, key: &[u8]) {
        let entry = Entry::new(key, NewValue::Text(key), None, Access::default());
        table.insert(hash_of(key), entry, hash_of);
    }

    #[test]
    fn a_thousand_buckets_hang_on_one_and_a_small_stack_is_enough() {
        let fill_and_empty = || {
            let same = |_: &[u8]| 7;
            let (mut table, mut dropped) = (Table::default(), Table::default());
            for number in 0..6_000 {
                let entry = |key: &[u8]| Entry::new(key, NewValue::Int(1), None, Access::default());
                table.insert(7, entry(&key(number)), same);
                dropped.insert(7, entry(&key(number)), same);
            }
            drop(dropped);
            while let Some(spot) = table.find(7, |_| true) {
                drop(table.remove(spot, same));
            }
            assert!(table.is_empty());
        };
        #[allow(clippy::disallowed_methods, reason = "a thread whose stack is small")]
        let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(fill_and_empty);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn an_overflow_bucket_that_becomes_empty_is_unlinked_wherever_it_hangs() {
        let same = |_: &[u8]| 7;
        let mut table = Table::default();
        for number in 0..40 {
            let entry = Entry::new(&key(number), NewValue::Int(1), None, Access::default());
            table.insert(7, entry, same);
        }
        let links = |table: &Table| table.buckets.iter().map(|b| b.links().count() - 1).sum();
        let before: usize = links(&table);
        // The keys of the second bucket of the chain.
        for number in CELLS as u16..2 * CELLS as u16 {
            let spot = table.find(7, |entry| entry.key() == key(number));
            drop(table.remove(spot.unwrap(), same));
        }
        assert_eq!(links(&table), before - 1_usize);
        table.assert_invariants(same);
    }

    proptest! {
        #[test]
        fn a_table_is_a_map(steps in prop::collection::vec((any::<bool>(), 0u16..300), 0..600)) {
            let (mut table, mut model) = (Table::default(), BTreeMap::new());
            for (add, number) in steps {
                let key = key(number);
                match (add, find(&table, &key)) {
                    (true, None) => {
                        insert(&mut table, &key);
                        prop_assert!(model.insert(key.clone(), ()).is_none());
                    }
                    (false, Some(spot)) => {
                        let removed = table.remove(spot, hash_of);
                        prop_assert_eq!(removed.key(), &key[..]);
                        prop_assert!(model.remove(&key).is_some());
                    }
                    (true, Some(_)) | (false, None) => {
                        prop_assert_eq!(model.contains_key(&key), find(&table, &key).is_some());
                    }
                }
                prop_assert_eq!(table.len(), model.len());
            }
            let seen: BTreeSet<_> = table.iter().map(|entry| entry.key().to_vec()).collect();
            prop_assert_eq!(seen, model.keys().cloned().collect::<BTreeSet<_>>());
        }

        #[test]
        fn a_scan_sees_every_key_that_stays(grow in 0u16..400, drop in 0u16..400) {
            let mut table = Table::default();
            for number in 0..200 {
                insert(&mut table, &key(number));
            }
            let (mut cursor, mut turn, mut seen) = (0, 0u16, BTreeSet::new());
            loop {
                cursor = table.scan(cursor, &mut |entry| { seen.insert(entry.key().to_vec()); });
                // Halfway through, keys come or go and the table resizes.
                if turn == 5 {
                    (1_000..1_000 + grow).for_each(|number| insert(&mut table, &key(number)));
                }
                if turn == 10 {
                    for number in (1_000..1_000 + grow.min(drop)).chain(50..200) {
                        if let Some(spot) = find(&table, &key(number)) {
                            table.remove(spot, hash_of);
                        }
                    }
                }
                turn += 1;
                if cursor == 0 { break; }
            }
            for number in 0..50 {
                prop_assert!(seen.contains(&key(number)), "{number} was missed");
            }
        }
    }
}
