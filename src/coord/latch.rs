//! A latch: a number that only goes down, and those who wait until it is 0.
//!
//! Not here: time-outs of waiters. The caller withdraws them and says what is left.
//! Invariant: who waits, waits for a latch that is there and closed.
//!
//! A latch serves once. At 0 it is open and stays so, until its time is over or it is deleted, so
//! that who comes late does not wait for nothing. Making it again with the same number is the
//! repeat of a lost request: it changes nothing but the end. With another number it is an error,
//! for the two clients disagree. Counting down or waiting where there is no latch is an error as
//! well: a step that is counted nowhere would leave the others waiting for ever. A repeated
//! countdown counts twice; where that can happen, it belongs into `ONCE.EXEC`.

use crate::base::time::Mono;
use crate::coord::grant::WaiterId;
use crate::coord::line::Withdrawn;
use std::collections::BTreeSet;
use std::mem;
use std::num::NonZeroU64;

/// Answer to [`Latch::init`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// There is a latch now.
    Made,
    /// It is there already, and was made with the same number.
    Same,
    /// It is there already, and was made with this number.
    Differs(NonZeroU64),
}

/// Answer to [`Latch::down`].
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// So many are left.
    Left(NonZeroU64),
    /// None are left: these have waited long enough.
    Open(BTreeSet<WaiterId>),
    /// There is no latch.
    Absent,
}

/// Answer to [`Latch::wait`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// There is nothing to wait for: none are left.
    Open,
    /// The request is parked.
    Waiting,
    /// So many are left, and the request is not one to park.
    Closed(NonZeroU64),
    /// There is no latch.
    Absent,
}

#[derive(Clone, Copy, Debug)]
struct Live {
    initial: NonZeroU64,
    left: u64,
    until: Option<Mono>,
}

/// The latch of one name, there or not.
#[derive(Clone, Debug, Default)]
pub struct Latch {
    live: Option<Live>,
    waiters: BTreeSet<WaiterId>,
    /// Who waited for a latch whose time was over before it opened.
    in_vain: BTreeSet<WaiterId>,
}

impl Latch {
    /// Makes a latch that `count` steps open, and that is there for so many milliseconds, or until
    /// it is deleted.
    pub fn init(&mut self, count: NonZeroU64, ms: Option<u64>, now: Mono) -> Init {
        self.lapse(now);
        let until = ms.map(|ms| now.plus(ms));
        match &mut self.live {
            Some(live) if live.initial == count => {
                live.until = until;
                Init::Same
            }
            Some(live) => Init::Differs(live.initial),
            None => {
                self.live = Some(Live { initial: count, left: count.get(), until });
                Init::Made
            }
        }
    }

    /// Counts so many steps down, to 0 at most, and releases the waiters there.
    pub fn down(&mut self, steps: NonZeroU64, now: Mono) -> Down {
        self.lapse(now);
        let Some(live) = &mut self.live else {
            return Down::Absent;
        };
        live.left = live.left.saturating_sub(steps.get());
        match NonZeroU64::new(live.left) {
            Some(left) => Down::Left(left),
            None => Down::Open(mem::take(&mut self.waiters)),
        }
    }

    /// Waits until none are left, if the request can be parked.
    pub fn wait(&mut self, waiter: Option<WaiterId>, now: Mono) -> Wait {
        self.lapse(now);
        let Some(live) = &self.live else {
            return Wait::Absent;
        };
        match (NonZeroU64::new(live.left), waiter) {
            (None, _) => Wait::Open,
            (Some(left), None) => Wait::Closed(left),
            (Some(_), Some(waiter)) => {
                self.waiters.insert(waiter);
                Wait::Waiting
            }
        }
    }

    /// The latch is no more, whatever is left of its time. Who waits has waited in vain.
    pub fn remove(&mut self) {
        self.live = None;
        self.in_vain.append(&mut self.waiters);
    }

    /// Takes a parked request out.
    pub fn withdraw(&mut self, waiter: WaiterId) -> Withdrawn {
        let here = self.waiters.remove(&waiter) || self.in_vain.remove(&waiter);
        if here { Withdrawn::Left } else { Withdrawn::NotHere }
    }

    /// Ends the latch if its time is over, and says who has waited for it in vain.
    pub fn tick(&mut self, now: Mono) -> BTreeSet<WaiterId> {
        self.lapse(now);
        mem::take(&mut self.in_vain)
    }

    /// When to call `tick` next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let end = self.live.and_then(|live| live.until);
        if self.in_vain.is_empty() { end } else { Some(Mono(0)) }
    }

    /// How many are left, if there is a latch.
    #[must_use]
    pub fn left(&self, now: Mono) -> Option<u64> {
        self.live.filter(|live| !live.is_due(now)).map(|live| live.left)
    }

    /// Who waits.
    pub fn waiters(&self) -> impl Iterator<Item = WaiterId> + '_ {
        self.waiters.iter().copied()
    }

    /// Whether there is no latch, and nobody is left to be told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.live.is_none() && self.in_vain.is_empty()
    }

    /// Heap bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        (self.waiters.len() + self.in_vain.len()) * mem::size_of::<WaiterId>()
    }

    /// What is true between any two calls.
    ///
    /// # Panics
    /// If it is not.
    pub fn assert_invariants(&self) {
        let closed = self.live.is_some_and(|live| live.left > 0);
        assert!(closed || self.waiters.is_empty(), "nobody waits for an open latch, or for none");
        if let Some(live) = self.live {
            assert!(live.left <= live.initial.get(), "the number only goes down");
        }
    }

    fn lapse(&mut self, now: Mono) {
        if self.live.is_some_and(|live| live.is_due(now)) {
            self.remove();
        }
    }
}

impl Live {
    fn is_due(&self, now: Mono) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

#[cfg(test)]
#[path = "latch_tests.rs"]
mod tests;
