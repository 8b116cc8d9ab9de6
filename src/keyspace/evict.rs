//! Which key goes when memory is full (Redis documentation, "Key eviction"): the best of a few that
//! are drawn by chance.
//!
//! Unlike Redis, nothing is remembered from one draw to the next.
//! Not here: when memory is full, and from which shard a key goes (`borrow`, `server`).

use crate::base::time::Mono;
use crate::keyspace::entry::Entry;
use crate::keyspace::event;
use crate::keyspace::shard::{Place, Shard};
use smallvec::SmallVec;
use std::cmp::Reverse;

/// More are not drawn, whatever the settings say: each costs a cache miss or two.
const SAMPLES_MAX: u32 = 64;

/// How a key is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which keys may go.
    pub among: Among,
    /// Which of them goes first.
    pub first: First,
    /// How many are drawn to find it, at least 1.
    pub samples: u32,
}

/// Which keys may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// All.
    All,
    /// Those that end by themselves.
    Ending,
}

/// Which key goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The one that is drawn first.
    Any,
    /// The one that has not been used for longest; marks of use have to be times.
    LeastRecent,
    /// The one that is used most seldom; marks of use have to be frequencies.
    LeastFrequent,
    /// The one that ends soonest.
    SoonestEnd,
}

impl Shard {
    /// Removes a key by `rule`, of whatever database; whether there was one.
    pub fn evict(&mut self, rule: Rule, now: Mono) -> bool {
        let Some(victim) = self.victim(rule, now) else { return false };
        let entry = self.take(victim);
        if let Some(timer) = entry.timer() {
            self.cancel(timer);
        }
        self.counters.evicted += 1;
        self.gone(victim.table, entry, &event::EVICTED);
        true
    }

    /// The key that `rule` picks.
    fn victim(&mut self, rule: Rule, now: Mono) -> Option<Place> {
        let samples = match rule.first {
            First::Any => 1,
            First::LeastRecent | First::LeastFrequent | First::SoonestEnd => {
                rule.samples.clamp(1, SAMPLES_MAX)
            }
        };
        let drawn = match rule.among {
            Among::All => self.draw(samples),
            Among::Ending => (0..samples).filter_map(|_| self.draw_ending()).collect(),
        };
        let mode = self.access_mode;
        // The higher, the rather it goes.
        let rank = |entry: &Entry| match rule.first {
            First::Any => Reverse(Mono::default()),
            First::LeastRecent => Reverse(Mono(u64::MAX - entry.access().idle_s(now))),
            First::LeastFrequent => Reverse(Mono(u64::from(entry.access().count(mode, now)))),
            First::SoonestEnd => {
                Reverse(entry.timer().map_or(Mono(u64::MAX), |timer| timer.deadline))
            }
        };
        // What coordinates is never forgotten to make room: somebody relies on it.
        drawn
            .into_iter()
            .filter(|at| !self.slots[at.index].table(at.table).at(at.spot).coordinates())
            .max_by_key(|place| rank(self.slots[place.index].table(place.table).at(place.spot)))
    }

    /// So many keys of all databases, each key with the same chance: slots are gone through once,
    /// and the throws that fall into a table draw from it.
    fn draw(&mut self, samples: u32) -> SmallVec<[Place; 8]> {
        let keys: u64 = self.totals.iter().map(|totals| totals.keys).sum();
        if keys == 0 {
            return SmallVec::new();
        }
        let mut throws: Vec<u64> = (0..samples).map(|_| self.rng.u64(..keys)).collect();
        throws.sort_unstable_by_key(|&throw| Reverse(throw));
        let tables: SmallVec<[u8; 4]> =
            (0..self.totals.len()).filter(|&t| self.totals[t].keys > 0).map(|t| t as u8).collect();
        let (mut drawn, mut before) = (SmallVec::new(), 0);
        for (index, slot) in self.slots.iter().enumerate() {
            for &number in &tables {
                let table = slot.table(number);
                before += table.len() as u64;
                while throws.pop_if(|throw| *throw < before).is_some() {
                    let spot = table.sample(&mut self.rng);
                    drawn.extend(spot.map(|spot| Place { index, table: number, spot }));
                }
            }
            if throws.is_empty() {
                break;
            }
        }
        drawn
    }

    /// A key that ends by itself, drawn by its timer.
    fn draw_ending(&mut self) -> Option<Place> {
        let (id, target) = self.wheel.sample(&mut self.rng)?;
        let index = usize::from(target.slot);
        let is_it = |entry: &Entry| entry.timer().is_some_and(|timer| timer.id == id);
        let spot = self.slots[index].table(target.table).find(target.hash, is_it);
        spot.map(|spot| Place { index, table: target.table, spot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slot::SlotId;
    use crate::coord::token::Epoch;
    use crate::keyspace::access::AccessMode;
    use crate::keyspace::edit::Expiry;
    use crate::keyspace::shard::{ShardSetup, Use};
    use crate::keyspace::value::NewValue;
    use crate::keyspace::{Db, Key};

    const KEYS: u64 = 1_000;

    fn key(number: u64) -> Vec<u8> {
        format!("key:{number}").into_bytes()
    }

    /// Keys 0, 1, 2, ... set a second apart, one in two in database 1; one in four ends, in the
    /// order of the numbers.
    fn shard(mode: AccessMode) -> Shard {
        let mut shard = Shard::new(ShardSetup {
            first: SlotId::default(),
            slots: SlotId::COUNT,
            databases: 2,
            epoch: Epoch::default(),
            seed: 7,
            now: Mono(0),
        });
        shard.access_mode = mode;
        for number in 0..KEYS {
            let ends = Expiry::At(Mono(10_000_000 + number));
            let expiry = if number.is_multiple_of(4) { ends } else { Expiry::Never };
            let (db, key) = (Db((number % 2) as u8), key(number));
            let mut edit = shard.edit(db, Key::new(&key), Mono(number * 1_000));
            edit.set(NewValue::Text(b"v"), expiry, &event::SET);
        }
        shard
    }

    /// The numbers of the keys that are left after `evictions`.
    fn left(shard: &mut Shard, rule: Rule, evictions: usize) -> Vec<u64> {
        let now = Mono(KEYS * 1_000);
        for _ in 0..evictions {
            assert!(shard.evict(rule, now));
        }
        assert_eq!(shard.counters.evicted, evictions as u64);
        shard.assert_invariants();
        let exists = |number: &u64| {
            let (db, key) = (Db((number % 2) as u8), key(*number));
            shard.read(db, Key::new(&key), Use::Peek, now).is_some()
        };
        (0..KEYS).filter(exists).collect()
    }

    fn mean(numbers: &[u64]) -> u64 {
        numbers.iter().sum::<u64>() / numbers.len() as u64
    }

    const fn rule(among: Among, first: First) -> Rule {
        Rule { among, first, samples: 10 }
    }

    #[test]
    fn what_was_not_used_for_long_goes_first() {
        let mut shard = shard(AccessMode::Recency);
        let left = left(&mut shard, rule(Among::All, First::LeastRecent), 500);
        assert_eq!(left.len(), 500);
        assert!(mean(&left) > 700, "of the numbers up to 1,000 the higher half stays: {left:?}");
    }

    #[test]
    fn what_is_used_often_stays() {
        let mode = AccessMode::Frequency { log_factor: 1, decay_minutes: 0 };
        let mut shard = shard(mode);
        for number in 0..100 {
            let (db, key) = (Db((number % 2) as u8), key(number));
            for _ in 0..200 {
                assert!(shard.read(db, Key::new(&key), Use::Touch, Mono(0)).is_some());
            }
        }
        let left = left(&mut shard, rule(Among::All, First::LeastFrequent), 500);
        assert_eq!(left.iter().filter(|&&number| number < 100).count(), 100);
    }

    #[test]
    fn only_keys_that_end_go_where_the_rule_says_so_and_the_soonest_first() {
        let mut shard = shard(AccessMode::Recency);
        let ending = rule(Among::Ending, First::SoonestEnd);
        let left = left(&mut shard, ending, 125);
        assert_eq!(left.len(), 875);
        let ends: Vec<u64> = left.into_iter().filter(|number| number % 4 == 0).collect();
        assert!(mean(&ends) > 600, "{ends:?}");
        (0..125).for_each(|_| assert!(shard.evict(ending, Mono(0))));
        assert!(!shard.evict(ending, Mono(0)), "none is left that ends");
        assert_eq!(shard.totals(Db(0)).keys + shard.totals(Db(1)).keys, 750);
    }

    #[test]
    fn an_empty_shard_has_nothing_to_give_and_an_emptied_one_no_memory() {
        let mut shard = shard(AccessMode::Recency);
        let any = rule(Among::All, First::Any);
        assert!(left(&mut shard, any, KEYS as usize).is_empty());
        assert!(!shard.evict(any, Mono(0)));
        assert_eq!(shard.memory, 0);
        assert!(shard.wheel.is_empty());
    }
}
