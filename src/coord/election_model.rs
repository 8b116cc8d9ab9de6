//! The election against a model that goes through lists: random histories, and after every step
//! the answers, the leader, the line and the audience are those of the model.

#![cfg(test)]

use super::*;
use crate::coord::test_tokens::{TestTokens, token};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Candidate, milliseconds (none: lease), value, whether to park it.
    Campaign(u8, Option<u64>, Option<u8>, bool),
    Proclaim(u8, u8),
    Resign(u8),
    /// What has been seen: so many terms before the newest; whether to park it.
    Observe(u64, bool),
    LeaseEnded(u8),
    Withdraw(u64),
    Pass(u64),
    /// How many of the next elected cannot be told.
    Unreachable(u8),
    Dry(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Leads {
    candidate: u8,
    term: u64,
    value: Option<u8>,
    end: Option<u64>,
}

/// Waiter, milliseconds, value.
type Request = (u64, Option<u64>, Option<u8>);

#[derive(Default)]
struct Model {
    leader: Option<Leads>,
    line: Vec<(u8, Vec<Request>)>,
    /// Waiter and the term it has seen, 0 for none.
    audience: Vec<(u64, u64)>,
    terms: u64,
    now: u64,
    dry: bool,
}

impl Model {
    fn leads(&mut self, candidate: u8) -> Option<&mut Leads> {
        self.leader.as_mut().filter(|leads| leads.candidate == candidate)
    }

    fn elect(&mut self, candidate: u8, ms: Option<u64>, value: Option<u8>) -> Option<u64> {
        if self.dry {
            return None;
        }
        self.terms += 1;
        let end = ms.map(|ms| self.now + ms);
        self.leader = Some(Leads { candidate, term: self.terms, value, end });
        Some(self.terms)
    }

    fn campaign(&mut self, candidate: u8, request: Request, park: bool) -> Campaign {
        let (waiter, ms, value) = request;
        let end = ms.map(|ms| self.now + ms);
        if let Some(leads) = self.leads(candidate) {
            // A repeat does not bring the end forward.
            leads.end = end.map(|end| leads.end.map_or(end, |before| before.max(end)));
            leads.value = value.or(leads.value);
            return Campaign::Yours(token(leads.term));
        }
        if self.leader.is_none() && self.line.is_empty() {
            let term = self.elect(candidate, ms, value);
            return term.map_or(Campaign::NoToken, |term| Campaign::Elected(token(term)));
        }
        if !park {
            return Campaign::Lost;
        }
        match self.line.iter_mut().find(|(other, _)| *other == candidate) {
            Some((_, requests)) => requests.push((waiter, ms, value)),
            None => self.line.push((candidate, vec![request])),
        }
        Campaign::Waiting
    }

    /// Who is told that it leads, and the term.
    fn next(&mut self, reachable: bool) -> Option<(Vec<u64>, u64)> {
        let (candidate, requests) = self.line.first()?.clone();
        let (_, ms, value) = *requests.last().unwrap();
        if self.leader.is_some() {
            return None;
        }
        let term = self.elect(candidate, ms, value)?;
        self.line.remove(0);
        if !reachable {
            self.leader = None;
        }
        Some((requests.iter().map(|(waiter, ..)| *waiter).collect(), term))
    }

    fn withdraw(&mut self, waiter: u64) -> bool {
        let waiting = |model: &Self| {
            model.audience.len() + model.line.iter().map(|(_, all)| all.len()).sum::<usize>()
        };
        let before = waiting(self);
        self.audience.retain(|(other, _)| *other != waiter);
        for (_, requests) in &mut self.line {
            requests.retain(|(other, ..)| *other != waiter);
        }
        self.line.retain(|(_, requests)| !requests.is_empty());
        waiting(self) < before
    }

    fn informed(&mut self) -> Vec<u64> {
        let Some(term) = self.leader.as_ref().map(|leads| leads.term) else { return Vec::new() };
        let (told, waiting) = self.audience.iter().partition(|(_, seen)| *seen != term);
        self.audience = waiting;
        told.into_iter().map(|(waiter, _)| waiter).collect()
    }

    fn tick(&mut self) -> Option<u8> {
        let now = self.now;
        let due = |leads: &mut Leads| leads.end.is_some_and(|end| end <= now);
        self.leader.take_if(due).map(|leads| leads.candidate)
    }
}

/// The election beside its model.
#[derive(Default)]
struct Run {
    election: Election,
    tokens: TestTokens,
    model: Model,
    waiters: u64,
    unreachable: u8,
}

fn owner(number: u8) -> Owner {
    Owner::new(&[number])
}

impl Run {
    fn campaign(&mut self, candidate: u8, ms: Option<u64>, value: Option<u8>, park: bool) {
        self.waiters += 1;
        let waiter = park.then_some(WaiterId(self.waiters));
        let lasting = ms.map_or(Lasting::Lease, Lasting::Ms);
        let bid = Bid { lasting, value: value.map(|value| [value].into()) };
        let now = Mono(self.model.now);
        let ask = Ask { candidate: owner(candidate), bid };
        let answer = self.election.campaign(ask, waiter, now, &mut self.tokens);
        let expected = self.model.campaign(candidate, (self.waiters, ms, value), park);
        assert_eq!(answer, expected);
    }

    fn by_leader(&mut self, candidate: u8, value: Option<u8>) {
        let (name, now) = (owner(candidate), Mono(self.model.now));
        let answer = match value {
            Some(value) => self.election.proclaim(&name, &[value], now),
            None => self.election.resign(&name, now),
        };
        let leads = self.model.leads(candidate);
        let expected = leads.map_or(ByLeader::NotOwner, |leads| {
            leads.value = value.or(leads.value);
            ByLeader::Done(token(leads.term))
        });
        assert_eq!(answer, expected);
        if value.is_none() && answer != ByLeader::NotOwner {
            self.model.leader = None;
        }
    }

    fn observe(&mut self, terms_ago: u64, park: bool) {
        self.waiters += 1;
        let (waiter, now) = (self.waiters, Mono(self.model.now));
        let seen = self.model.terms.saturating_sub(terms_ago);
        let park = park.then_some(WaiterId(waiter));
        let term = self.model.leader.as_ref().map(|leads| leads.term);
        match self.election.observe(FenceToken::new(seen), park, now) {
            Observe::Leader(leader) => {
                assert_eq!(Some(leader.term.get()), term);
                assert_ne!(leader.term.get(), seen);
            }
            Observe::Waiting => {
                assert!(term.is_none_or(|term| term == seen) && park.is_some());
                self.model.audience.push((waiter, seen));
            }
            Observe::NoNews => {
                assert!(term.is_none_or(|term| term == seen) && park.is_none());
            }
        }
    }

    fn lease_ended(&mut self, candidate: u8) {
        let Some(term) = self.model.leads(candidate).map(|leads| leads.term) else { return };
        let ended = self.election.lease_ended(&owner(candidate), token(term));
        let expected = self.model.leader.take_if(|leads| leads.end.is_none());
        assert_eq!(ended.map(|leader| leader.term.get()), expected.map(|leads| leads.term));
    }

    /// First come, first elected; nobody waits while nobody leads; no withdrawn waiter is told.
    fn drain(&mut self) {
        let now = Mono(self.model.now);
        loop {
            let reachable = self.unreachable == 0;
            let expected = self.model.next(reachable);
            match self.election.next_leader(now, &mut self.tokens) {
                Next::Elected(elected) => {
                    if !reachable {
                        self.election.undo(elected.term);
                    }
                    let waiters = elected.waiters.iter().map(|waiter| waiter.0).collect();
                    assert_eq!(Some((waiters, elected.term.get())), expected);
                }
                Next::Nobody | Next::NoToken => {
                    assert_eq!(expected, None);
                    break;
                }
            }
            self.election.assert_invariants();
            self.unreachable = self.unreachable.saturating_sub(1);
        }
        let informed: Vec<_> = self.election.informed().iter().map(|waiter| waiter.0).collect();
        assert_eq!(informed, self.model.informed());
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Campaign(candidate, ms, value, park) => {
                self.campaign(candidate, ms, value, park);
            }
            Step::Proclaim(candidate, value) => self.by_leader(candidate, Some(value)),
            Step::Resign(candidate) => self.by_leader(candidate, None),
            Step::Observe(terms_ago, park) => self.observe(terms_ago, park),
            Step::LeaseEnded(candidate) => self.lease_ended(candidate),
            Step::Withdraw(waiter) => {
                let left = self.election.withdraw(WaiterId(waiter)) == Withdrawn::Left;
                assert_eq!(left, self.model.withdraw(waiter));
            }
            Step::Pass(ms) => {
                self.model.now += ms;
                let ended = self.election.tick(Mono(self.model.now));
                let ended: Vec<_> = ended.iter().map(|leader| leader.candidate.name()[0]).collect();
                assert_eq!(ended, Vec::from_iter(self.model.tick()));
            }
            Step::Unreachable(elections) => self.unreachable = elections,
            Step::Dry(dry) => {
                self.tokens.set_dry(dry);
                self.model.dry = dry;
            }
        }
        self.election.assert_invariants();
        self.drain();
        self.compare();
    }

    fn compare(&self) {
        let leader = self.election.leader(Mono(self.model.now)).map(|leader| Leads {
            candidate: leader.candidate.name()[0],
            term: leader.term.get(),
            value: leader.value.first().copied(),
            end: leader.lasts.deadline().map(|end| end.0),
        });
        assert_eq!(leader, self.model.leader);
        let line = self.election.waiting().map(|place| place.owner.name()[0]);
        assert!(line.eq(self.model.line.iter().map(|(candidate, _)| *candidate)));
        assert_eq!(self.election.audience(), self.model.audience.len());
        let deadline = leader.as_ref().and_then(|leads| leads.end).map(Mono);
        assert_eq!(self.election.next_deadline(), deadline);
        let empty = leader.is_none() && self.model.line.is_empty();
        assert_eq!(self.election.is_idle(), empty && self.model.audience.is_empty());
    }
}

fn step() -> impl Strategy<Value = Step> {
    let ms = prop_oneof![3 => (1..20u64).prop_map(Some), 1 => Just(None)];
    let campaign = (0..5u8, ms, prop::option::of(0..9u8), prop::bool::weighted(0.8));
    prop_oneof![
        6 => campaign.prop_map(|(a, b, c, d)| Step::Campaign(a, b, c, d)),
        1 => (0..5u8, 0..9u8).prop_map(|(a, b)| Step::Proclaim(a, b)),
        4 => (0..5u8).prop_map(Step::Resign),
        3 => (0..3u64, any::<bool>()).prop_map(|(a, b)| Step::Observe(a, b)),
        1 => (0..5u8).prop_map(Step::LeaseEnded),
        2 => (1..40u64).prop_map(Step::Withdraw),
        3 => (1..15u64).prop_map(Step::Pass),
        1 => (0..3u8).prop_map(Step::Unreachable),
        1 => prop::bool::weighted(0.3).prop_map(Step::Dry),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_goes_as_in_the_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut run = Run::default();
        for step in &steps {
            run.step(step);
        }
    }
}
