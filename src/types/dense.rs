//! Elements that are found by a key, without gaps between them: any of them is picked as easily as
//! another, and a walk in steps meets all that stay.
//!
//! An index of hashes says where an element is. One that goes leaves its place to the last one, so
//! a walk from the end to the beginning misses nothing: what has not been met moves only towards
//! the beginning. Not here: what the elements are.

use crate::base::key_hash::KeyHash;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Elements take up this fraction more room when there is none left.
const GROW_FRACTION: usize = 4;
/// With fewer places than this, none are given back.
const PLACES_MIN: usize = 16;
/// Places are given back when fewer than one in this many is used.
const SHRINK_BELOW: usize = 4;

/// What has a key.
pub trait Keyed {
    /// By which it is found. It never changes.
    fn key(&self) -> &[u8];

    /// Heap bytes that it owns.
    fn memory(&self) -> usize;
}

/// Where an element is, beside the hash of its key: so the index grows without a look at the
/// elements.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    at: u32,
}

impl Place {
    /// 64 bits again, with something in the high ones too.
    const fn spread(hash: u32) -> u64 {
        (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    const fn spread_hash(&self) -> u64 {
        Self::spread(self.hash)
    }
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Dense<E> {
    elements: Vec<E>,
    index: HashTable<Place>,
    hashing: KeyHash,
    /// Heap bytes of all elements.
    bytes: usize,
}

impl<E: Keyed> Dense<E> {
    /// No elements; their keys will be hashed by `hashing`.
    #[must_use]
    pub fn new(hashing: &KeyHash) -> Self {
        Self { elements: Vec::new(), index: HashTable::new(), hashing: hashing.clone(), bytes: 0 }
    }

    /// Number of elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Heap bytes that it owns.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.elements.capacity() * size_of::<E>() + self.index.allocation_size() + self.bytes
    }

    /// All elements.
    #[must_use]
    pub fn elements(&self) -> &[E] {
        &self.elements
    }

    /// The element with this key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&E> {
        let hash = self.hash(key);
        let is_it = |place: &Place| place.hash == hash && self.at(place).key() == key;
        self.index.find(Place::spread(hash), is_it).map(|place| self.at(place))
    }

    /// Puts an element in, in place of the one with its key, which is returned.
    ///
    /// # Panics
    /// If there are more elements than a 32-bit number can say.
    pub fn put(&mut self, element: E) -> Option<E> {
        let hash = self.hash(element.key());
        let Self { elements, index, bytes, .. } = self;
        let is_it = |place: &Place| {
            place.hash == hash && elements[place.at as usize].key() == element.key()
        };
        *bytes += element.memory();
        match index.entry(Place::spread(hash), is_it, Place::spread_hash) {
            Entry::Occupied(found) => {
                let old = std::mem::replace(&mut elements[found.get().at as usize], element);
                *bytes -= old.memory();
                Some(old)
            }
            Entry::Vacant(free) => {
                let at = u32::try_from(elements.len()).expect("elements are counted in 32 bits");
                free.insert(Place { hash, at });
                if elements.len() == elements.capacity() {
                    elements.reserve_exact((elements.len() / GROW_FRACTION).max(PLACES_MIN));
                }
                elements.push(element);
                None
            }
        }
    }

    /// Takes the element with this key out.
    ///
    /// # Panics
    /// Never: every element is in the index.
    pub fn remove(&mut self, key: &[u8]) -> Option<E> {
        let hash = self.hash(key);
        let elements = &self.elements;
        let is_it = |place: &Place| place.hash == hash && elements[place.at as usize].key() == key;
        let found = self.index.find_entry(Place::spread(hash), is_it).ok()?;
        let (Place { at, .. }, _) = found.remove();
        let element = self.elements.swap_remove(at as usize);
        self.bytes -= element.memory();
        if let Some(moved) = self.elements.get(at as usize) {
            let (hash, last) = (self.hash(moved.key()), self.elements.len() as u32);
            let is_it = |place: &Place| place.at == last;
            let place = self.index.find_mut(Place::spread(hash), is_it);
            place.expect("every element is in the index").at = at;
        }
        self.give_room_back();
        Some(element)
    }

    /// One step of a walk that began at cursor 0: at least `count` elements, if so many are left,
    /// and where to go on; 0 is the end. Whatever is there from the beginning of the walk to its
    /// end is met, once or more.
    #[must_use]
    pub fn scan(&self, cursor: u64, count: u64) -> (&[E], u64) {
        let len = self.elements.len() as u64;
        let end = if cursor == 0 { len } else { cursor.min(len) };
        let start = end.saturating_sub(count.max(1));
        (&self.elements[start as usize..end as usize], start)
    }

    fn hash(&self, key: &[u8]) -> u32 {
        self.hashing.of(key) as u32
    }

    fn at(&self, place: &Place) -> &E {
        &self.elements[place.at as usize]
    }

    fn give_room_back(&mut self) {
        let (used, places) = (self.elements.len(), self.elements.capacity());
        if places > PLACES_MIN && used < places / SHRINK_BELOW {
            self.elements.shrink_to(2 * used);
            self.index.shrink_to(2 * used, Place::spread_hash);
        }
    }

    /// Stops the process if the structure contradicts itself.
    ///
    /// # Panics
    /// As said.
    pub fn assert_invariants(&self) {
        assert_eq!(self.index.len(), self.elements.len(), "every element is in the index once");
        for (at, element) in self.elements.iter().enumerate() {
            let hash = self.hash(element.key());
            let is_it = |place: &Place| place.at as usize == at;
            let place = self.index.find(Place::spread(hash), is_it);
            assert_eq!(place.map(|place| place.hash), Some(hash), "an element is found");
        }
        let bytes: usize = self.elements.iter().map(Keyed::memory).sum();
        assert_eq!(self.bytes, bytes, "the bytes of all elements are what adding up gives");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    impl Keyed for String {
        fn key(&self) -> &[u8] {
            self.as_bytes()
        }

        fn memory(&self) -> usize {
            self.capacity()
        }
    }

    fn dense(elements: std::ops::Range<u32>) -> Dense<String> {
        let mut dense = Dense::new(&KeyHash::new(7));
        elements.for_each(|number| assert_eq!(dense.put(number.to_string()), None));
        dense
    }

    #[test]
    fn room_is_given_back() {
        let (empty, mut dense) = (dense(0..0).memory(), dense(0..10_000));
        let full = dense.memory();
        for number in 0..10_000 {
            assert!(dense.remove(number.to_string().as_bytes()).is_some());
            assert!(dense.memory() <= full);
        }
        dense.assert_invariants();
        assert!(dense.memory() < empty + 1_000, "{} bytes are left", dense.memory());
    }

    #[test]
    fn a_walk_by_a_made_up_cursor_ends() {
        let dense = dense(0..100);
        for start in [1, 99, 100, 101, u64::MAX] {
            let (mut cursor, mut steps) = (start, 0);
            loop {
                cursor = dense.scan(cursor, 10).1;
                steps += 1;
                if cursor == 0 {
                    break;
                }
            }
            assert!(steps <= 10);
        }
        assert_eq!(dense.scan(0, u64::MAX), (dense.elements(), 0));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put(u32),
        Remove(u32),
        Scan(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..400u32).prop_map(Step::Put),
            3 => (0..400u32).prop_map(Step::Remove),
            2 => (0..20u64).prop_map(Step::Scan),
        ]
    }

    proptest! {
        #[test]
        fn a_walk_meets_all_that_stay(
            start in 0..300u32, steps in prop::collection::vec(step(), 0..300)
        ) {
            let mut dense = dense(0..start);
            let mut set: BTreeSet<u32> = (0..start).collect();
            // A walk is always on its way.
            let (mut cursor, mut owed) = (0, set.clone());
            for step in steps {
                match step {
                    Step::Put(number) => {
                        let was_there = dense.put(number.to_string()).is_some();
                        prop_assert_eq!(was_there, !set.insert(number));
                    }
                    Step::Remove(number) => {
                        let was_there = dense.remove(number.to_string().as_bytes()).is_some();
                        prop_assert_eq!(was_there, set.remove(&number));
                        owed.remove(&number);
                    }
                    Step::Scan(count) => {
                        let (met, next) = dense.scan(cursor, count);
                        for element in met {
                            owed.remove(&element.parse().unwrap());
                        }
                        cursor = next;
                        if cursor == 0 {
                            prop_assert_eq!(&owed, &BTreeSet::new());
                            owed.clone_from(&set);
                        }
                    }
                }
                dense.assert_invariants();
            }
            for number in 0..400 {
                let found = dense.get(number.to_string().as_bytes()).is_some();
                prop_assert_eq!(found, set.contains(&number));
            }
        }
    }
}
