//! A barrier: so many owners wait for each other, again and again.
//!
//! Not here: time-outs. The caller withdraws the party, and the others go on waiting.
//! Invariant: fewer have arrived than are expected.
//!
//! An owner that arrives twice in one round is one party: the repeat takes the place of the earlier
//! request, whose client has given it up. Who repeats a request whose round was over arrives in the
//! next round: the barrier cannot tell a late repeat from an early arrival.

use crate::base::time::Mono;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::line::{Asker, Line, Place, Withdrawn};
use std::num::NonZeroU32;

/// What an arrival would be. Answer to [`Barrier::would_be`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// All others are there.
    Last,
    /// Others are missing.
    Early,
    /// Those who have arrived expect another number of parties.
    Unexpected(NonZeroU32),
}

/// Answer to [`Barrier::arrive`].
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrive {
    /// The request is parked. An earlier one of the same owner is not any more: it gets nothing.
    Waiting {
        /// The earlier request.
        replaced: Option<WaiterId>,
    },
    /// This was the last one: the round is over.
    Released(Round),
    /// Others are missing, and the request is not one to park: it has not arrived.
    Missing,
    /// Those who have arrived expect another number of parties.
    Expected(NonZeroU32),
}

/// A round that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Which one: 1, 2, 3...
    pub generation: u64,
    /// Who waited for it. The first of them has arrival index 0; who arrived last did not wait, and
    /// has the index after theirs.
    pub waited: Vec<WaiterId>,
}

impl Round {
    /// The arrival index of the one who arrived last.
    #[must_use]
    pub fn last_index(&self) -> usize {
        self.waited.len()
    }
}

/// A barrier, and who has arrived in the round that is under way.
#[derive(Clone, Debug, Default)]
pub struct Barrier {
    /// How many rounds are over.
    generation: u64,
    /// What those who have arrived expect; nothing if nobody has.
    parties: Option<NonZeroU32>,
    arrived: Line<()>,
}

impl Barrier {
    /// What an owner's arrival would be. Decides, changes nothing.
    pub fn would_be(&self, owner: &Owner, parties: NonZeroU32) -> Arrival {
        if let Some(expected) = self.parties.filter(|expected| *expected != parties) {
            return Arrival::Unexpected(expected);
        }
        let is_last = self.arrived.len() + 1 == parties.get() as usize;
        let is_new = self.arrived.place(owner).is_none();
        if is_last && is_new { Arrival::Last } else { Arrival::Early }
    }

    /// Arrives, and waits for the others if the request can be parked. As soon as somebody has
    /// arrived in a round, all of them have to expect the same number.
    pub fn arrive(
        &mut self,
        owner: &Owner,
        parties: NonZeroU32,
        waiter: Option<WaiterId>,
        now: Mono,
    ) -> Arrive {
        match self.would_be(owner, parties) {
            Arrival::Unexpected(expected) => return Arrive::Expected(expected),
            Arrival::Last => return Arrive::Released(self.next_round()),
            Arrival::Early => {}
        }
        let Some(waiter) = waiter else {
            return Arrive::Missing;
        };
        let earlier = self.arrived.place(owner).map(|place| place.newest().waiter);
        self.parties = Some(parties);
        self.arrived.join(owner, Asker { waiter, since: now, ask: () });
        if let Some(earlier) = earlier {
            // Only now, so that the owner's place is never empty and stays where it is.
            let _: Withdrawn = self.arrived.withdraw(earlier);
        }
        Arrive::Waiting { replaced: earlier }
    }

    /// Forgets the rounds that are over. Who has arrived goes on waiting.
    pub const fn forget_rounds(&mut self) {
        self.generation = 0;
    }

    /// Takes a party out that has timed out, or whose connection is gone. Those behind it move up.
    pub fn withdraw(&mut self, waiter: WaiterId) -> Withdrawn {
        let withdrawn = self.arrived.withdraw(waiter);
        if self.arrived.is_empty() {
            self.parties = None;
        }
        withdrawn
    }

    /// How many rounds are over.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// How many owners those who have arrived expect, themselves included.
    #[must_use]
    pub const fn parties(&self) -> Option<NonZeroU32> {
        self.parties
    }

    /// Who has arrived in this round, in order.
    pub fn arrived(&self) -> impl Iterator<Item = &Place<()>> {
        self.arrived.iter()
    }

    /// Whether nobody has arrived, now or ever: after the first round the number of rounds is worth
    /// keeping, so that the next one has a higher generation.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.arrived.is_empty() && self.generation == 0
    }

    /// Heap bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.arrived.memory()
    }

    /// What is true between any two calls.
    ///
    /// # Panics
    /// If it is not.
    pub fn assert_invariants(&self) {
        self.arrived.assert_invariants();
        let expected = self.parties.map_or(0, |parties| parties.get() as usize);
        assert!(self.arrived.len() < expected.max(1), "a full round is over");
        assert_eq!(self.parties.is_none(), self.arrived.is_empty(), "who has arrived expects some");
        let single = |place: &Place<()>| place.askers.len() == 1;
        assert!(self.arrived.iter().all(single), "an owner arrives once");
    }

    fn next_round(&mut self) -> Round {
        self.generation += 1;
        self.parties = None;
        let mut waited = Vec::with_capacity(self.arrived.len());
        while let Some(place) = self.arrived.pop_front() {
            waited.extend(place.waiters());
        }
        Round { generation: self.generation, waited }
    }
}

#[cfg(test)]
#[path = "barrier_tests.rs"]
mod tests;
