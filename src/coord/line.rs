//! Who waits, first come first served: one place for each owner, and in it all requests that the
//! owner has parked, so that a client that repeats a lost request keeps its place.
//!
//! Not here: what they wait for, who may be served, and how many may wait.
//! Invariant: every waiter is in exactly one place, and no place is empty.

use crate::base::time::Mono;
use crate::coord::grant::{Owner, WaiterId};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::mem;

/// One parked request in an owner's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker<A> {
    /// The request.
    pub waiter: WaiterId,
    /// When it was parked.
    pub since: Mono,
    /// What it asks for.
    pub ask: A,
}

/// An owner's place in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<A> {
    /// Who waits.
    pub owner: Owner,
    /// The requests of this owner, oldest first; never empty.
    pub askers: SmallVec<[Asker<A>; 1]>,
}

impl<A> Place<A> {
    /// What counts: an owner that asks again has changed its mind.
    ///
    /// # Panics
    /// Never: a place without askers is not kept.
    #[must_use]
    pub fn newest(&self) -> &Asker<A> {
        self.askers.last().expect("a place has an asker")
    }

    /// Everybody who is told when the owner is served.
    pub fn waiters(&self) -> impl Iterator<Item = WaiterId> + '_ {
        self.askers.iter().map(|asker| asker.waiter)
    }
}

/// Whether a waiter was in a line.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It was, and is not any more. Others may have come to the front by it.
    Left,
    /// It has been served or withdrawn before, or never waited here.
    NotHere,
}

/// Owners in order of arrival. Joining, leaving and serving take logarithmic time.
#[derive(Clone, Debug)]
pub struct Line<A> {
    /// By ticket, so that the first entry is the front.
    places: BTreeMap<u64, Place<A>>,
    ticket_of_owner: BTreeMap<Owner, u64>,
    ticket_of_waiter: BTreeMap<WaiterId, u64>,
    next_ticket: u64,
    /// Bytes of the owners' names: asked for after every change.
    names: usize,
}

impl<A> Default for Line<A> {
    fn default() -> Self {
        Self {
            places: BTreeMap::new(),
            ticket_of_owner: BTreeMap::new(),
            ticket_of_waiter: BTreeMap::new(),
            next_ticket: 0,
            names: 0,
        }
    }
}

impl<A> Line<A> {
    /// Parks a request: at the end, or in the place that the owner has already.
    ///
    /// # Panics
    /// If this waiter is in the line already.
    pub fn join(&mut self, owner: &Owner, asker: Asker<A>) {
        let known = self.ticket_of_owner.get(owner).copied();
        let ticket = known.unwrap_or_else(|| {
            self.next_ticket += 1;
            self.ticket_of_owner.insert(owner.clone(), self.next_ticket);
            self.names += owner.name().len();
            self.next_ticket
        });
        let before = self.ticket_of_waiter.insert(asker.waiter, ticket);
        assert!(before.is_none(), "no number of a waiter is used twice");
        let empty = || Place { owner: owner.clone(), askers: SmallVec::new() };
        self.places.entry(ticket).or_insert_with(empty).askers.push(asker);
    }

    /// Takes a request out that has timed out, or whose connection is gone. The owner keeps its
    /// place as long as another request of it is there.
    ///
    /// # Panics
    /// Never, as long as the invariant holds.
    pub fn withdraw(&mut self, waiter: WaiterId) -> Withdrawn {
        let Some(ticket) = self.ticket_of_waiter.remove(&waiter) else {
            return Withdrawn::NotHere;
        };
        let place = self.places.get_mut(&ticket).expect("a waiter's place exists");
        place.askers.retain(|asker| asker.waiter != waiter);
        if place.askers.is_empty() {
            self.names -= place.owner.name().len();
            self.ticket_of_owner.remove(&place.owner);
            self.places.remove(&ticket);
        }
        Withdrawn::Left
    }

    /// Whose turn it is.
    #[must_use]
    pub fn front(&self) -> Option<&Place<A>> {
        self.places.first_key_value().map(|(_, place)| place)
    }

    /// Takes the front out.
    pub fn pop_front(&mut self) -> Option<Place<A>> {
        let (_, place) = self.places.pop_first()?;
        self.names -= place.owner.name().len();
        self.ticket_of_owner.remove(&place.owner);
        for waiter in place.waiters() {
            self.ticket_of_waiter.remove(&waiter);
        }
        Some(place)
    }

    /// The place of an owner.
    #[must_use]
    pub fn place(&self, owner: &Owner) -> Option<&Place<A>> {
        self.places.get(self.ticket_of_owner.get(owner)?)
    }

    /// All places, front first.
    pub fn iter(&self) -> impl Iterator<Item = &Place<A>> {
        self.places.values()
    }

    /// How many owners wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Heap bytes, without what the asks themselves point to.
    #[must_use]
    pub fn memory(&self) -> usize {
        let place = mem::size_of::<(u64, Place<A>)>() + mem::size_of::<(Owner, u64)>();
        let waiter = mem::size_of::<(WaiterId, u64)>();
        2 * self.names + self.places.len() * place + self.ticket_of_waiter.len() * waiter
    }

    /// What is true between any two calls.
    ///
    /// # Panics
    /// If it is not.
    pub fn assert_invariants(&self) {
        assert_eq!(self.places.len(), self.ticket_of_owner.len(), "one place for each owner");
        let names = self.iter().map(|place| place.owner.name().len()).sum::<usize>();
        assert_eq!(self.names, names, "the bytes of names are what counting gives");
        let mut waiters = 0;
        for (ticket, place) in &self.places {
            assert!(!place.askers.is_empty(), "somebody is in every place");
            assert_eq!(self.ticket_of_owner.get(&place.owner), Some(ticket), "an owner's place");
            for waiter in place.waiters() {
                assert_eq!(self.ticket_of_waiter.get(&waiter), Some(ticket), "a waiter's place");
                waiters += 1;
            }
        }
        assert_eq!(self.ticket_of_waiter.len(), waiters, "nobody waits outside the places");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(number: u64) -> Asker<u64> {
        Asker { waiter: WaiterId(number), since: Mono(0), ask: number }
    }

    fn line(joins: &[(&str, u64)]) -> Line<u64> {
        let mut line = Line::default();
        for (owner, number) in joins {
            line.join(&Owner::new(owner.as_bytes()), asker(*number));
            line.assert_invariants();
        }
        line
    }

    /// Takes everybody out: the waiters of each place.
    fn drain(line: &mut Line<u64>) -> Vec<Vec<u64>> {
        let mut served = Vec::new();
        while let Some(place) = line.pop_front() {
            line.assert_invariants();
            served.push(place.waiters().map(|waiter| waiter.0).collect());
        }
        served
    }

    #[test]
    fn the_first_to_come_is_the_first_to_be_served() {
        let mut line = line(&[("b", 7), ("a", 3), ("c", 5)]);
        assert_eq!((line.len(), line.front().unwrap().newest().ask), (3, 7));
        assert_eq!(drain(&mut line), [[7], [3], [5]]);
        assert!(line.is_empty());
    }

    #[test]
    fn an_owner_that_asks_again_keeps_its_place_and_its_newest_ask_counts() {
        let mut line = line(&[("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(line.front().unwrap().newest().ask, 3);
        assert_eq!(drain(&mut line), [vec![1, 3], vec![2]]);
    }

    #[test]
    fn a_place_is_lost_with_its_last_request() {
        let mut line = line(&[("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(line.withdraw(WaiterId(3)), Withdrawn::Left);
        assert_eq!(line.front().unwrap().newest().ask, 1);
        assert_eq!(line.withdraw(WaiterId(1)), Withdrawn::Left);
        assert_eq!(line.withdraw(WaiterId(1)), Withdrawn::NotHere);
        line.assert_invariants();
        assert_eq!(line.place(&Owner::new(b"a")), None);
        line.join(&Owner::new(b"a"), asker(4));
        assert_eq!(drain(&mut line), [[2], [4]]);
    }
}
