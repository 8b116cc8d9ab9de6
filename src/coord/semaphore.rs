//! A semaphore: so many permits, owners that hold some of them for a time, and a line of owners
//! that wait.
//!
//! Not here: permits that nobody gave back in time but still uses (a token tells them apart), and
//! which lease a grant hangs on.
//! The order of calls: `tick`, then `next_grant` until nobody is served; then the verb; then
//! `next_grant` again. A verb that comes too early counts what is due as ended all the same.
//! Invariant: the permits in use are those of the holders, and every timed holder has a deadline.

use crate::base::time::Mono;
use crate::coord::grant::{Lasting, Owner, Term, Tokens, WaiterId};
use crate::coord::line::{Asker, Line, Place, Withdrawn};
use crate::coord::token::FenceToken;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::mem;
use std::num::NonZeroU32;

/// A request for permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who asks.
    pub owner: Owner,
    /// How many permits the owner wants to have, those that it has included.
    pub count: NonZeroU32,
    /// How many permits there are from now on.
    pub limit: NonZeroU32,
    /// For how long.
    pub lasting: Lasting,
}

/// What somebody in the line waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// How many permits.
    pub count: NonZeroU32,
    /// For how long.
    pub lasting: Lasting,
}

/// An owner that has permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// How many; never 0.
    pub permits: u32,
    /// Drawn with the first of them; kept when the number changes.
    pub token: FenceToken,
    /// When they are over.
    pub term: Term,
    /// Since when the owner has had some.
    pub since: Mono,
    /// What it got by waiting, until it shows that it knows.
    offer: Option<Offer>,
}

/// A grant to requests that waited, as long as all of them may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    /// The newest of them.
    id: WaiterId,
    /// How many of them have not gone away.
    askers: usize,
    /// How many permits the owner had before.
    before: u32,
}

/// Permits that were not given back, but ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Who had them.
    pub owner: Owner,
    /// What the owner had.
    pub holder: Holder,
}

/// Answer to [`Semaphore::acquire`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquire {
    /// The owner had nothing and has a grant now.
    Granted(FenceToken),
    /// The owner had permits already: it has as many as it asked for now, until the new end, under
    /// the same token.
    Yours(FenceToken),
    /// The request is parked. What the owner has already stays as it is.
    Waiting,
    /// There are not enough permits, or others wait for them, and the request is not one to park.
    NotFree,
    /// More than there are, whoever gives theirs back: nothing has changed, the limit neither.
    AboveLimit,
    /// No token can be handed out now.
    NoToken,
}

/// Answer to [`Semaphore::release`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// So many permits are left to the owner.
    Left(u32),
    /// The owner has none.
    NotOwner,
    /// The owner has only so many, and keeps them.
    MoreThanHeld(u32),
}

/// Answer to [`Semaphore::extend`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extend {
    /// The permits last until the new end.
    Extended(FenceToken),
    /// The owner has none.
    NotOwner,
}

/// A grant to somebody who waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Who has the permits now.
    pub owner: Owner,
    /// The owner's requests, all of which are answered by it.
    pub waiters: SmallVec<[WaiterId; 1]>,
    /// The grant's token.
    pub token: FenceToken,
    /// How many permits the owner has now.
    pub permits: u32,
    /// How many it had before.
    pub before: u32,
    /// What [`Semaphore::take_back`] knows it by.
    pub offer: WaiterId,
}

/// Who is served next.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This owner has its permits. Each of its requests that cannot be told of it is followed by
    /// [`Semaphore::take_back`].
    Granted(Granted),
    /// The limit has been lowered below what these ask for: the answer is an error.
    AboveLimit(SmallVec<[WaiterId; 1]>),
    /// Nobody waits, or the first in the line has to go on waiting.
    Nobody,
    /// No token can be handed out now: the first in the line stays there.
    NoToken,
}

/// A semaphore. Without holders and waiters it is nothing but its limit, and may be dropped.
#[derive(Clone, Debug)]
pub struct Semaphore {
    limit: NonZeroU32,
    /// May be above the limit, if that was lowered.
    used: u64,
    holders: BTreeMap<Owner, Holder>,
    /// Of the holders whose term has an end. The token makes equal ends distinct.
    deadlines: BTreeMap<(Mono, FenceToken), Owner>,
    line: Option<Box<Line<Want>>>,
    /// What a verb found to be over before `tick` was called.
    lapsed: Vec<Ended>,
}

/// With one permit, and idle: the first request says how many there are.
impl Default for Semaphore {
    fn default() -> Self {
        Self::new(NonZeroU32::MIN)
    }
}

impl Semaphore {
    /// A semaphore with so many permits, all of them free.
    #[must_use]
    pub const fn new(limit: NonZeroU32) -> Self {
        Self {
            limit,
            used: 0,
            holders: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            line: None,
            lapsed: Vec::new(),
        }
    }

    /// Whether a request is granted at once under the present limit. Decides, changes nothing; what
    /// is due has to have ended.
    #[must_use]
    pub fn admits(&self, owner: &Owner, count: NonZeroU32) -> bool {
        let needs_no_more = self.held(owner) >= count.get();
        needs_no_more || (self.line.is_none() && self.fits(owner, count))
    }

    /// Sets how many permits there are. Nobody loses any; those in the line who want more than
    /// there are get [`Next::AboveLimit`] when it is their turn.
    pub const fn set_limit(&mut self, limit: NonZeroU32) {
        self.limit = limit;
    }

    /// Sees to it that the owner has as many permits as it asks for: a repeat changes nothing but
    /// the end, a smaller number frees the rest, and for a greater one the owner waits for the
    /// difference like everybody else, while it keeps what it has. Nobody overtakes the line.
    pub fn acquire(
        &mut self,
        ask: Ask,
        waiter: Option<WaiterId>,
        now: Mono,
        tokens: &mut impl Tokens,
    ) -> Acquire {
        let Ask { owner, count, limit, lasting } = ask;
        if count > limit {
            return Acquire::AboveLimit;
        }
        self.lapse(now);
        self.limit = limit;
        let want = Want { count, lasting };
        let has_some = self.held(&owner) > 0;
        if self.admits(&owner, count) {
            let given = self.give(&owner, want, now, tokens);
            self.set_offer(&owner, None);
            return match given {
                Some(token) if has_some => Acquire::Yours(token),
                Some(token) => Acquire::Granted(token),
                None => Acquire::NoToken,
            };
        }
        let Some(waiter) = waiter else {
            return Acquire::NotFree;
        };
        self.line.get_or_insert_default().join(&owner, Asker { waiter, since: now, ask: want });
        Acquire::Waiting
    }

    /// Gives `count` permits back, or all of them.
    pub fn release(&mut self, owner: &Owner, count: Option<NonZeroU32>, now: Mono) -> Release {
        self.lapse(now);
        let held = self.held(owner);
        let back = count.map_or(held, NonZeroU32::get);
        if held == 0 {
            return Release::NotOwner;
        }
        if back > held {
            return Release::MoreThanHeld(held);
        }
        self.set_permits(owner, held - back);
        self.set_offer(owner, None);
        Release::Left(held - back)
    }

    /// Gives the owner's permits a new end, sooner or later than the one before.
    pub fn extend(&mut self, owner: &Owner, lasting: Lasting, now: Mono) -> Extend {
        self.lapse(now);
        let Some(holder) = self.holders.get(owner).copied() else {
            return Extend::NotOwner;
        };
        self.set_term(owner, lasting.from(now));
        self.set_offer(owner, None);
        Extend::Extended(holder.token)
    }

    /// Ends what hung on a lease that has ended. A grant that has another token by now, or an end
    /// of its own, is not meant.
    pub fn lease_ended(&mut self, owner: &Owner, token: FenceToken) -> Option<Ended> {
        let holder = *self.holders.get(owner)?;
        if holder.token != token || holder.term != Term::Lease {
            return None;
        }
        self.set_permits(owner, 0);
        Some(Ended { owner: owner.clone(), holder })
    }

    /// Takes all permits from everybody. Who waits goes on waiting.
    pub fn break_open(&mut self) {
        self.holders.clear();
        self.deadlines.clear();
        self.used = 0;
    }

    /// Takes a parked request out of the line.
    pub fn withdraw(&mut self, waiter: WaiterId) -> Withdrawn {
        let Some(line) = &mut self.line else {
            return Withdrawn::NotHere;
        };
        let withdrawn = line.withdraw(waiter);
        self.drop_empty_line();
        withdrawn
    }

    /// Serves the first in the line if there is enough for it. To be called after whatever may have
    /// freed permits, raised the limit or changed the line, until the answer is `Nobody`.
    pub fn next_grant(&mut self, now: Mono, tokens: &mut impl Tokens) -> Next {
        self.lapse(now);
        let Some(first) = self.line.as_ref().and_then(|line| line.front()) else {
            return Next::Nobody;
        };
        let (owner, newest, askers) = (first.owner.clone(), first.newest(), first.askers.len());
        let (want, id) = (newest.ask, newest.waiter);
        if want.count > self.limit {
            return Next::AboveLimit(self.pop_front().waiters().collect());
        }
        if !self.fits(&owner, want.count) {
            return Next::Nobody;
        }
        let before = self.held(&owner);
        let Some(token) = self.give(&owner, want, now, tokens) else {
            return Next::NoToken;
        };
        self.set_offer(&owner, Some(Offer { id, askers, before }));
        let waiters = self.pop_front().waiters().collect();
        let permits = want.count.get();
        Next::Granted(Granted { owner, waiters, token, permits, before, offer: id })
    }

    /// One of the requests that a grant answers has gone away untold. When all of them have, the
    /// owner is back at what it had before, unless it has shown meanwhile that it knows.
    pub fn take_back(&mut self, owner: &Owner, offer: WaiterId) {
        let Some(holder) = self.holders.get_mut(owner) else { return };
        let Some(taken) = holder.offer.as_mut().filter(|taken| taken.id == offer) else { return };
        taken.askers -= 1;
        if taken.askers == 0 {
            let before = taken.before;
            holder.offer = None;
            self.set_permits(owner, before);
        }
    }

    /// Ends what is due, and says what has ended since the last call.
    pub fn tick(&mut self, now: Mono) -> Vec<Ended> {
        self.lapse(now);
        mem::take(&mut self.lapsed)
    }

    /// When to call `tick` next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let first = self.deadlines.first_key_value().map(|((end, _), _)| *end);
        if self.lapsed.is_empty() { first } else { Some(Mono(0)) }
    }

    /// How many permits there are.
    #[must_use]
    pub const fn limit(&self) -> NonZeroU32 {
        self.limit
    }

    /// How many of them are in use.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.used
    }

    /// What an owner has.
    #[must_use]
    pub fn holder(&self, owner: &Owner) -> Option<&Holder> {
        self.holders.get(owner)
    }

    /// Who has permits, by name.
    pub fn holders(&self) -> impl Iterator<Item = (&Owner, &Holder)> {
        self.holders.iter()
    }

    /// Who waits, first in the line first.
    pub fn waiting(&self) -> impl Iterator<Item = &Place<Want>> {
        self.line.iter().flat_map(|line| line.iter())
    }

    /// Whether nobody holds or waits, and nothing is left to be told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.holders.is_empty() && self.line.is_none() && self.lapsed.is_empty()
    }

    /// Heap bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let names: usize = self.holders.keys().map(|owner| 2 * owner.name().len()).sum();
        let holder = mem::size_of::<(Owner, Holder)>();
        let deadline = mem::size_of::<((Mono, FenceToken), Owner)>();
        let line = |line: &Line<Want>| mem::size_of::<Line<Want>>() + line.memory();
        names
            + self.holders.len() * holder
            + self.deadlines.len() * deadline
            + self.line.as_deref().map_or(0, line)
    }

    /// What is true between any two calls.
    ///
    /// # Panics
    /// If it is not.
    pub fn assert_invariants(&self) {
        let permits: u64 = self.holders.values().map(|holder| u64::from(holder.permits)).sum();
        assert_eq!(self.used, permits, "what is used is what the holders have");
        let mut timed = 0;
        for (owner, holder) in &self.holders {
            assert!(holder.permits > 0, "a holder has permits");
            let raised = |offer: Offer| offer.before < holder.permits && offer.askers > 0;
            assert!(holder.offer.is_none_or(raised), "an offer can be taken back");
            if let Some(end) = holder.term.deadline() {
                let at = self.deadlines.get(&(end, holder.token));
                assert_eq!(at, Some(owner), "a timed holder has a deadline");
                timed += 1;
            }
        }
        assert_eq!(self.deadlines.len(), timed, "a deadline has a holder");
        if let Some(line) = &self.line {
            assert!(!line.is_empty(), "a line is dropped when nobody is in it");
            line.assert_invariants();
            let content = |place: &Place<Want>| {
                let held = self.held(&place.owner);
                place.askers.iter().any(|asker| asker.ask.count.get() <= held)
            };
            assert!(!line.iter().any(content), "who waits wants more than it has");
        }
    }

    fn held(&self, owner: &Owner) -> u32 {
        self.holders.get(owner).map_or(0, |holder| holder.permits)
    }

    /// Whether the owner can have `count` permits, those that it has included.
    fn fits(&self, owner: &Owner, count: NonZeroU32) -> bool {
        let others = self.used - u64::from(self.held(owner));
        others + u64::from(count.get()) <= u64::from(self.limit.get())
    }

    /// The only place where an owner gets permits.
    fn give(
        &mut self,
        owner: &Owner,
        want: Want,
        now: Mono,
        tokens: &mut impl Tokens,
    ) -> Option<FenceToken> {
        if !self.holders.contains_key(owner) {
            let token = tokens.draw()?;
            // No permits yet, and no deadline: the two lines below set both.
            let holder = Holder { permits: 0, token, term: Term::Lease, since: now, offer: None };
            self.holders.insert(owner.clone(), holder);
        }
        let asked = want.lasting.from(now);
        let held = self.holders.get(owner).filter(|holder| holder.permits > 0);
        self.set_term(owner, held.map_or(asked, |holder| holder.term.renewed(asked)));
        self.set_permits(owner, want.count.get());
        self.holders.get(owner).map(|holder| holder.token)
    }

    /// The only place where the number of a holder's permits changes; a holder of none is none.
    fn set_permits(&mut self, owner: &Owner, permits: u32) {
        let holder = self.holders.get_mut(owner).expect("only a holder's permits change");
        self.used = self.used - u64::from(holder.permits) + u64::from(permits);
        holder.permits = permits;
        if permits == 0 {
            // The deadline goes with the term, the holder after it.
            self.set_term(owner, Term::Lease);
            self.holders.remove(owner);
        }
    }

    /// Who has no permits has no offer either.
    fn set_offer(&mut self, owner: &Owner, offer: Option<Offer>) {
        if let Some(holder) = self.holders.get_mut(owner) {
            holder.offer = offer;
        }
    }

    fn set_term(&mut self, owner: &Owner, term: Term) {
        let holder = self.holders.get_mut(owner).expect("only a holder's term changes");
        if let Some(end) = holder.term.deadline() {
            self.deadlines.remove(&(end, holder.token));
        }
        if let Some(end) = term.deadline() {
            self.deadlines.insert((end, holder.token), owner.clone());
        }
        holder.term = term;
    }

    fn lapse(&mut self, now: Mono) {
        while let Some(first) = self.deadlines.first_entry() {
            if first.key().0 > now {
                return;
            }
            let owner = first.get().clone();
            let holder = self.holders[&owner];
            self.set_permits(&owner, 0);
            self.lapsed.push(Ended { owner, holder });
        }
    }

    fn pop_front(&mut self) -> Place<Want> {
        let place = self.line.as_mut().and_then(|line| line.pop_front());
        self.drop_empty_line();
        place.expect("only a line with somebody in front is served")
    }

    fn drop_empty_line(&mut self) {
        if self.line.as_ref().is_some_and(|line| line.is_empty()) {
            self.line = None;
        }
    }
}

#[cfg(test)]
#[path = "semaphore_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "semaphore_model.rs"]
mod model;
