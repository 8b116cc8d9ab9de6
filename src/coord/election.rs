//! An election: one leader with a value, a line of candidates, and an audience.
//!
//! Not here: which lease a leader hangs on, and telling leaders that they are none any more.
//! The order of calls: `tick`, then `next_leader` until nobody is elected; then the verb; then
//! `next_leader` again, and `informed` once its result stands. A verb that comes too early counts
//! what is due as ended all the same.
//! Invariant: the leader does not wait in the line.
//!
//! The term of a leader is the fencing token of its grant. Campaigning is acquiring: a repeat by
//! the leader keeps the term and refreshes the end, and an owner that repeats itself while it waits
//! keeps its place. A campaign with a value replaces the one that the leader has.

use crate::base::time::Mono;
use crate::coord::grant::{Lasting, Owner, Term, Tokens, WaiterId};
use crate::coord::line::{Asker, Line, Place, Withdrawn};
use crate::coord::token::FenceToken;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::mem;

/// What a candidate would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bid {
    /// How long it wants to lead.
    pub lasting: Lasting,
    /// What it has to say as the leader; `None` is nothing, or what it has said before.
    pub value: Option<Box<[u8]>>,
}

/// A request to lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who wants to.
    pub candidate: Owner,
    /// What it would have.
    pub bid: Bid,
}

/// Who leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Its name.
    pub candidate: Owner,
    /// The token of its grant.
    pub term: FenceToken,
    /// What it has to say.
    pub value: Box<[u8]>,
    /// When it leads no longer.
    pub lasts: Term,
    /// Since when it leads.
    pub since: Mono,
    /// Whether one of its requests has been answered after it was elected: then it knows.
    pub knows: bool,
}

/// Answer to [`Election::campaign`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Campaign {
    /// The candidate leads from now on.
    Elected(FenceToken),
    /// It leads already, until the new end.
    Yours(FenceToken),
    /// The request is parked.
    Waiting,
    /// Somebody else leads or waits to, and the request is not one to park.
    Lost,
    /// No token can be handed out now.
    NoToken,
}

/// Answer to what only the leader may do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByLeader {
    /// Done, in this term.
    Done(FenceToken),
    /// This candidate does not lead.
    NotOwner,
}

/// Answer to [`Election::observe`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observe<'a> {
    /// Somebody leads whose term the observer has not seen.
    Leader(&'a Leader),
    /// The request is parked until there is one.
    Waiting,
    /// There is none, and the request is not one to park.
    NoNews,
}

/// A candidate that waited and leads now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elected {
    /// Its name.
    pub candidate: Owner,
    /// Its requests, all of which are answered by it.
    pub waiters: SmallVec<[WaiterId; 1]>,
    /// Its term.
    pub term: FenceToken,
}

/// Who leads next.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This candidate. If none of its requests can be answered: [`Election::undo`].
    Elected(Elected),
    /// Nobody waits, or somebody leads.
    Nobody,
    /// No token can be handed out now: the first in the line stays there.
    NoToken,
}

/// An election: with or without a leader.
#[derive(Clone, Debug, Default)]
pub struct Election {
    leader: Option<Box<Leader>>,
    line: Option<Box<Line<Bid>>>,
    /// Who waits for another leader than that of this term.
    observers: BTreeMap<WaiterId, Option<FenceToken>>,
    /// Leaders whose end a verb found before `tick` was called.
    lapsed: Vec<Leader>,
}

impl Election {
    /// Makes the candidate the leader, or one of those who wait to be.
    pub fn campaign(
        &mut self,
        ask: Ask,
        waiter: Option<WaiterId>,
        now: Mono,
        tokens: &mut impl Tokens,
    ) -> Campaign {
        let Ask { candidate, bid } = ask;
        self.lapse(now);
        if let Some(leader) = self.led_by(&candidate) {
            leader.lasts = leader.lasts.renewed(bid.lasting.from(now));
            leader.knows = true;
            if let Some(value) = bid.value {
                leader.value = value;
            }
            return Campaign::Yours(leader.term);
        }
        if self.leader.is_none() && self.line.is_none() {
            let term = self.elect(&candidate, bid, now, tokens);
            return term.map_or(Campaign::NoToken, Campaign::Elected);
        }
        let Some(waiter) = waiter else {
            return Campaign::Lost;
        };
        let asker = Asker { waiter, since: now, ask: bid };
        self.line.get_or_insert_default().join(&candidate, asker);
        Campaign::Waiting
    }

    /// Replaces what the leader has to say.
    pub fn proclaim(&mut self, candidate: &Owner, value: &[u8], now: Mono) -> ByLeader {
        self.lapse(now);
        let Some(leader) = self.led_by(candidate) else {
            return ByLeader::NotOwner;
        };
        leader.value = value.into();
        leader.knows = true;
        ByLeader::Done(leader.term)
    }

    /// Ends the leader's term before its time.
    pub fn resign(&mut self, candidate: &Owner, now: Mono) -> ByLeader {
        self.lapse(now);
        let Some(term) = self.led_by(candidate).map(|leader| leader.term) else {
            return ByLeader::NotOwner;
        };
        self.leader = None;
        ByLeader::Done(term)
    }

    /// Shows the leader, unless its term is the one that the observer has seen; then the next one
    /// is waited for, if the request can be parked.
    pub fn observe(
        &mut self,
        seen: Option<FenceToken>,
        waiter: Option<WaiterId>,
        now: Mono,
    ) -> Observe<'_> {
        self.lapse(now);
        match (&self.leader, waiter) {
            (Some(leader), _) if seen != Some(leader.term) => Observe::Leader(leader),
            (_, Some(waiter)) => {
                self.observers.insert(waiter, seen);
                Observe::Waiting
            }
            (_, None) => Observe::NoNews,
        }
    }

    /// Ends the term of a leader that hung on a lease that has ended. A later term, or one with an
    /// end of its own, is not meant.
    pub fn lease_ended(&mut self, candidate: &Owner, term: FenceToken) -> Option<Leader> {
        let meant = self
            .led_by(candidate)
            .is_some_and(|leader| leader.term == term && leader.lasts == Term::Lease);
        if meant { self.leader.take().map(|leader| *leader) } else { None }
    }

    /// Takes a parked request out, of a candidate or of an observer.
    pub fn withdraw(&mut self, waiter: WaiterId) -> Withdrawn {
        if self.observers.remove(&waiter).is_some() {
            return Withdrawn::Left;
        }
        let Some(line) = &mut self.line else {
            return Withdrawn::NotHere;
        };
        let withdrawn = line.withdraw(waiter);
        self.drop_empty_line();
        withdrawn
    }

    /// Makes the first in the line the leader if there is none. To be called after whatever may
    /// have ended a term or changed the line, until the answer is `Nobody`.
    pub fn next_leader(&mut self, now: Mono, tokens: &mut impl Tokens) -> Next {
        self.lapse(now);
        let first = self.line.as_ref().and_then(|line| line.front());
        let (Some(first), None) = (first, &self.leader) else {
            return Next::Nobody;
        };
        let (candidate, bid) = (first.owner.clone(), first.newest().ask.clone());
        let waiters = first.waiters().collect();
        let Some(term) = self.elect(&candidate, bid, now, tokens) else {
            return Next::NoToken;
        };
        self.line.as_mut().and_then(|line| line.pop_front());
        self.drop_empty_line();
        Next::Elected(Elected { candidate, waiters, term })
    }

    /// Takes back an election that none of the candidate's requests could be told of; a leader that
    /// has learnt of its term by another request keeps it.
    pub fn undo(&mut self, term: FenceToken) {
        if self.leader.as_ref().is_some_and(|leader| leader.term == term && !leader.knows) {
            self.leader = None;
        }
    }

    /// Ends the leader's term against its will. Who waits goes on waiting.
    pub fn depose(&mut self) {
        self.leader = None;
    }

    /// The observers that have waited for this leader: they are answered with it.
    pub fn informed(&mut self) -> Vec<WaiterId> {
        let Some(term) = self.leader.as_ref().map(|leader| leader.term) else {
            return Vec::new();
        };
        let news = |_: &WaiterId, seen: &mut Option<FenceToken>| *seen != Some(term);
        self.observers.extract_if(.., news).map(|(waiter, _)| waiter).collect()
    }

    /// Ends the leader's term if it is due, and says whose terms have run out since the last call:
    /// more than one only if nobody called at the deadline.
    pub fn tick(&mut self, now: Mono) -> Vec<Leader> {
        self.lapse(now);
        mem::take(&mut self.lapsed)
    }

    /// When to call `tick` next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let end = self.leader.as_ref().and_then(|leader| leader.lasts.deadline());
        if self.lapsed.is_empty() { end } else { Some(Mono(0)) }
    }

    /// Who leads, if anybody does and is not due.
    #[must_use]
    pub fn leader(&self, now: Mono) -> Option<&Leader> {
        self.leader.as_deref().filter(|leader| !leader.lasts.is_over(now))
    }

    /// Whether this candidate's campaign would be answered at once, with a term.
    #[must_use]
    pub fn admits(&self, candidate: &[u8], now: Mono) -> bool {
        match self.leader(now) {
            Some(leader) => leader.candidate.name() == candidate,
            None => self.line.is_none(),
        }
    }

    /// Who waits to lead, first in the line first.
    pub fn waiting(&self) -> impl Iterator<Item = &Place<Bid>> {
        self.line.iter().flat_map(|line| line.iter())
    }

    /// How many wait for another leader.
    #[must_use]
    pub fn audience(&self) -> usize {
        self.observers.len()
    }

    /// Whether nobody leads or waits, and nothing is left to be told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let empty = self.leader.is_none() && self.line.is_none();
        empty && self.observers.is_empty() && self.lapsed.is_empty()
    }

    /// Heap bytes, without the values of those who wait.
    #[must_use]
    pub fn memory(&self) -> usize {
        let leader = |leader: &Leader| {
            mem::size_of::<Leader>() + leader.candidate.name().len() + leader.value.len()
        };
        let line = |line: &Line<Bid>| mem::size_of::<Line<Bid>>() + line.memory();
        self.leader.as_deref().map_or(0, leader)
            + self.line.as_deref().map_or(0, line)
            + self.observers.len() * mem::size_of::<(WaiterId, Option<FenceToken>)>()
    }

    /// What is true between any two calls.
    ///
    /// # Panics
    /// If it is not.
    pub fn assert_invariants(&self) {
        let Some(line) = &self.line else { return };
        assert!(!line.is_empty(), "a line is dropped when nobody is in it");
        line.assert_invariants();
        if let Some(leader) = &self.leader {
            assert!(line.place(&leader.candidate).is_none(), "the leader does not wait");
        }
    }

    fn led_by(&mut self, candidate: &Owner) -> Option<&mut Leader> {
        self.leader.as_deref_mut().filter(|leader| leader.candidate == *candidate)
    }

    /// The only place where a term begins.
    fn elect(
        &mut self,
        candidate: &Owner,
        bid: Bid,
        now: Mono,
        tokens: &mut impl Tokens,
    ) -> Option<FenceToken> {
        assert!(self.leader.is_none(), "two never lead at once");
        let term = tokens.draw()?;
        let (candidate, value) = (candidate.clone(), bid.value.unwrap_or_default());
        let lasts = bid.lasting.from(now);
        let leader = Leader { candidate, term, value, lasts, since: now, knows: false };
        self.leader = Some(Box::new(leader));
        Some(term)
    }

    fn lapse(&mut self, now: Mono) {
        if self.leader.as_ref().is_some_and(|leader| leader.lasts.is_over(now)) {
            self.lapsed.extend(self.leader.take().map(|leader| *leader));
        }
    }

    fn drop_empty_line(&mut self) {
        if self.line.as_ref().is_some_and(|line| line.is_empty()) {
            self.line = None;
        }
    }
}

#[cfg(test)]
#[path = "election_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "election_model.rs"]
mod model;
