//! Sets of slots: one bit each in memory, ranges on the wire.

use crate::base::slot::SlotId;
use serde::{Deserialize, Serialize};

const WORDS: usize = SlotId::COUNT as usize / 64;

/// A set of slots.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u16, u16)>", into = "Vec<(u16, u16)>")]
pub struct SlotSet(Box<[u64; WORDS]>);

impl Default for SlotSet {
    fn default() -> Self {
        Self(Box::new([0; WORDS]))
    }
}

impl std::fmt::Debug for SlotSet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.ranges()).finish()
    }
}

impl SlotSet {
    /// Puts a slot in; whether it was not there before.
    pub fn insert(&mut self, slot: SlotId) -> bool {
        let (word, bit) = place(slot);
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    /// Takes a slot out; whether it was there.
    pub fn remove(&mut self, slot: SlotId) -> bool {
        let (word, bit) = place(slot);
        let was_there = self.0[word] & bit != 0;
        self.0[word] &= !bit;
        was_there
    }

    /// Whether a slot is in it.
    #[must_use]
    pub fn contains(&self, slot: SlotId) -> bool {
        let (word, bit) = place(slot);
        self.0[word] & bit != 0
    }

    /// How many slots are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// Whether there is a slot in both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0.iter()).any(|(&one, &another)| one & another != 0)
    }

    /// The slots, in order.
    pub fn iter(&self) -> impl Iterator<Item = SlotId> + '_ {
        (0..SlotId::COUNT).filter_map(SlotId::new).filter(|&slot| self.contains(slot))
    }

    /// The slots as ranges, first and last, in order.
    pub fn ranges(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let is_in = |&raw: &u16| SlotId::new(raw).is_some_and(|slot| self.contains(slot));
            let first = (next..SlotId::COUNT).find(is_in)?;
            next = (first..SlotId::COUNT).find(|raw| !is_in(raw)).unwrap_or(SlotId::COUNT);
            Some((first, next - 1))
        })
    }
}

const fn place(slot: SlotId) -> (usize, u64) {
    (slot.index() / 64, 1 << (slot.index() % 64))
}

impl FromIterator<SlotId> for SlotSet {
    fn from_iter<I: IntoIterator<Item = SlotId>>(slots: I) -> Self {
        let mut set = Self::default();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

impl From<SlotSet> for Vec<(u16, u16)> {
    fn from(set: SlotSet) -> Self {
        set.ranges().collect()
    }
}

impl TryFrom<Vec<(u16, u16)>> for SlotSet {
    type Error = &'static str;

    fn try_from(ranges: Vec<(u16, u16)>) -> Result<Self, Self::Error> {
        let mut set = Self::default();
        for (first, last) in ranges {
            if first > last || last >= SlotId::COUNT {
                return Err("a range of slots that is none");
            }
            (first..=last).filter_map(SlotId::new).for_each(|slot| {
                set.insert(slot);
            });
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn ranges_that_are_none_are_refused() {
        for wrong in [vec![(2, 1)], vec![(0, SlotId::COUNT)]] {
            assert!(SlotSet::try_from(wrong).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_set_is_its_ranges(slots in prop::collection::btree_set(0..SlotId::COUNT, 0..200)) {
            let set: SlotSet = slots.iter().filter_map(|&raw| SlotId::new(raw)).collect();
            let back: BTreeSet<u16> = set.ranges().flat_map(|(first, last)| first..=last).collect();
            prop_assert_eq!(&back, &slots);
            prop_assert_eq!(set.len(), slots.len());
            prop_assert_eq!(SlotSet::try_from(Vec::from(set.clone())).unwrap(), set);
        }
    }
}
