//! The rules of the election, one by one.

#![cfg(test)]

use super::*;
use crate::coord::test_tokens::{TestTokens, token};

fn owner(name: &str) -> Owner {
    Owner::new(name.as_bytes())
}

fn bid(value: &str) -> Bid {
    let value = (!value.is_empty()).then(|| value.as_bytes().into());
    Bid { lasting: Lasting::Ms(5000), value }
}

/// An election with a source of tokens, at an instant.
#[derive(Default)]
struct Bench {
    election: Election,
    tokens: TestTokens,
    now: Mono,
}

impl Bench {
    /// For 5000 ms, parked as `waiter`.
    fn campaign(&mut self, name: &str, value: &str, waiter: impl Into<Option<u64>>) -> Campaign {
        let waiter = waiter.into().map(WaiterId);
        let ask = Ask { candidate: owner(name), bid: bid(value) };
        let answer = self.election.campaign(ask, waiter, self.now, &mut self.tokens);
        self.election.assert_invariants();
        answer
    }

    fn resign(&mut self, name: &str) -> ByLeader {
        self.election.resign(&owner(name), self.now)
    }

    /// The term that an observer is shown, if any.
    fn observe(&mut self, seen: u64, waiter: impl Into<Option<u64>>) -> Result<u64, &'static str> {
        let waiter = waiter.into().map(WaiterId);
        match self.election.observe(FenceToken::new(seen), waiter, self.now) {
            Observe::Leader(leader) => Ok(leader.term.get()),
            Observe::Waiting => Err("waiting"),
            Observe::NoNews => Err("no news"),
        }
    }

    /// The waiters that are told that they lead, with their term.
    fn drain(&mut self) -> Vec<(u64, u64)> {
        let mut told = Vec::new();
        while let Next::Elected(elected) = self.election.next_leader(self.now, &mut self.tokens) {
            self.election.assert_invariants();
            told.extend(elected.waiters.iter().map(|waiter| (waiter.0, elected.term.get())));
        }
        told
    }

    fn informed(&mut self) -> Vec<u64> {
        self.election.informed().into_iter().map(|waiter| waiter.0).collect()
    }

    fn value(&self) -> &[u8] {
        &self.election.leader(self.now).unwrap().value
    }

    fn ended(&mut self, now: u64) -> Vec<Owner> {
        self.now = Mono(now);
        self.election.tick(self.now).into_iter().map(|leader| leader.candidate).collect()
    }
}

#[test]
fn one_leads_and_the_others_wait_in_order() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.campaign("b", "", 1), Campaign::Waiting);
    assert_eq!(bench.campaign("c", "", 2), Campaign::Waiting);
    assert_eq!(bench.campaign("d", "", None), Campaign::Lost);
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.resign("b"), ByLeader::NotOwner);
    assert_eq!(bench.resign("a"), ByLeader::Done(token(1)));
    assert_eq!(bench.campaign("d", "", None), Campaign::Lost, "those who wait come first");
    assert_eq!(bench.drain(), [(1, 2)]);
    assert_eq!(bench.resign("b"), ByLeader::Done(token(2)));
    assert_eq!(bench.drain(), [(2, 3)]);
}

#[test]
fn a_term_ends_at_its_deadline_and_the_next_one_begins() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.campaign("b", "", 1), Campaign::Waiting);
    assert_eq!(bench.election.next_deadline(), Some(Mono(5000)));
    assert_eq!(bench.ended(4999), []);
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.ended(5000), [owner("a")]);
    assert_eq!(bench.drain(), [(1, 2)]);
    assert_eq!(bench.election.next_deadline(), Some(Mono(10_000)));
}

#[test]
fn campaigning_again_keeps_the_term_and_refreshes_the_end() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "one", None), Campaign::Elected(token(1)));
    bench.now = Mono(4999);
    assert_eq!(bench.campaign("a", "", None), Campaign::Yours(token(1)));
    assert_eq!(bench.value(), b"one");
    assert_eq!(bench.campaign("a", "two", 9), Campaign::Yours(token(1)));
    assert_eq!(bench.value(), b"two");
    assert_eq!(bench.ended(9998), []);
    assert_eq!(bench.ended(9999), [owner("a")]);
}

#[test]
fn only_the_leader_proclaims() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "one", None), Campaign::Elected(token(1)));
    let proclaimed = bench.election.proclaim(&owner("a"), b"two", Mono(4999));
    assert_eq!((proclaimed, bench.value()), (ByLeader::Done(token(1)), &b"two"[..]));
    let mut proclaim = |name, now| bench.election.proclaim(&owner(name), b"three", Mono(now));
    assert_eq!(proclaim("b", 4999), ByLeader::NotOwner);
    assert_eq!(proclaim("a", 5000), ByLeader::NotOwner);
    assert_eq!(bench.ended(5000), [owner("a")]);
}

#[test]
fn an_observer_sees_every_leader_it_has_not_seen() {
    let mut bench = Bench::default();
    assert_eq!(bench.observe(0, None), Err("no news"));
    assert_eq!(bench.observe(0, 10), Err("waiting"));
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.informed(), [10]);
    assert_eq!(bench.observe(0, 11), Ok(1));
    assert_eq!(bench.observe(1, None), Err("no news"));
    assert_eq!(bench.observe(1, 12), Err("waiting"));
    assert!(bench.informed().is_empty());
    assert_eq!(bench.resign("a"), ByLeader::Done(token(1)));
    assert!(bench.informed().is_empty());
    assert_eq!(bench.campaign("b", "", None), Campaign::Elected(token(2)));
    assert_eq!(bench.informed(), [12]);
    assert_eq!(bench.observe(1, None), Ok(2));
    assert_eq!(bench.election.audience(), 0);
}

#[test]
fn an_observer_is_not_shown_a_leader_whose_term_is_over() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    bench.now = Mono(4999);
    assert_eq!(bench.observe(0, None), Ok(1));
    bench.now = Mono(5000);
    assert!(bench.election.leader(Mono(5000)).is_none());
    assert_eq!(bench.observe(0, None), Err("no news"));
    assert_eq!(bench.election.next_deadline(), Some(Mono(0)), "the end has to be told");
    assert_eq!(bench.ended(5000), [owner("a")]);
}

#[test]
fn who_is_withdrawn_is_neither_elected_nor_informed() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.campaign("b", "", 1), Campaign::Waiting);
    assert_eq!(bench.campaign("c", "", 2), Campaign::Waiting);
    assert_eq!(bench.observe(1, 3), Err("waiting"));
    assert_eq!(bench.election.withdraw(WaiterId(1)), Withdrawn::Left);
    assert_eq!(bench.election.withdraw(WaiterId(3)), Withdrawn::Left);
    assert_eq!(bench.election.withdraw(WaiterId(3)), Withdrawn::NotHere);
    assert_eq!(bench.resign("a"), ByLeader::Done(token(1)));
    assert_eq!((bench.drain(), bench.informed()), (vec![(2, 2)], vec![]));
    assert_eq!(bench.resign("c"), ByLeader::Done(token(2)));
    assert!(bench.election.is_idle() && bench.election.memory() == 0);
}

#[test]
fn a_repeated_wait_keeps_its_place_and_the_newest_value() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.campaign("b", "old", 1), Campaign::Waiting);
    assert_eq!(bench.campaign("c", "", 2), Campaign::Waiting);
    assert_eq!(bench.campaign("b", "new", 3), Campaign::Waiting);
    assert_eq!(bench.resign("a"), ByLeader::Done(token(1)));
    assert_eq!(bench.drain(), [(1, 2), (3, 2)]);
    assert_eq!(bench.value(), b"new");
}

#[test]
fn a_leader_that_nobody_can_be_told_of_makes_way_for_the_next() {
    let mut bench = Bench::default();
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.campaign("b", "", 1), Campaign::Waiting);
    assert_eq!(bench.campaign("c", "", 2), Campaign::Waiting);
    assert_eq!(bench.observe(1, 3), Err("waiting"));
    assert_eq!(bench.resign("a"), ByLeader::Done(token(1)));
    let Next::Elected(gone) = bench.election.next_leader(Mono(0), &mut bench.tokens) else {
        panic!("somebody is elected");
    };
    bench.election.undo(gone.term);
    assert_eq!(bench.drain(), [(2, 3)]);
    bench.election.undo(gone.term);
    assert_eq!(bench.informed(), [3]);
    assert_eq!(bench.election.leader(Mono(0)).unwrap().term, token(3));
}

#[test]
fn a_leader_on_a_lease_leads_until_the_lease_ends() {
    let mut bench = Bench::default();
    let (candidate, tokens) = (owner("a"), &mut bench.tokens);
    let bid = Bid { lasting: Lasting::Lease, value: None };
    let ask = Ask { candidate: candidate.clone(), bid };
    let elected = bench.election.campaign(ask, None, Mono(0), tokens);
    assert_eq!(elected, Campaign::Elected(token(1)));
    assert_eq!(bench.ended(u64::MAX), []);
    assert_eq!(bench.election.lease_ended(&candidate, token(2)), None);
    let ended = bench.election.lease_ended(&candidate, token(1));
    assert_eq!(ended.map(|leader| leader.candidate), Some(candidate));
    bench.now = Mono(0);
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(2)));
    assert_eq!(bench.election.lease_ended(&owner("a"), token(2)), None);
}

#[test]
fn without_a_token_nobody_is_elected_and_nobody_loses_its_place() {
    let mut bench = Bench::default();
    bench.tokens.set_dry(true);
    assert_eq!(bench.campaign("a", "", 1), Campaign::NoToken);
    assert!(bench.election.is_idle());
    bench.tokens.set_dry(false);
    assert_eq!(bench.campaign("a", "", None), Campaign::Elected(token(1)));
    assert_eq!(bench.campaign("b", "", 1), Campaign::Waiting);
    assert_eq!(bench.resign("a"), ByLeader::Done(token(1)));
    bench.tokens.set_dry(true);
    assert_eq!(bench.election.next_leader(Mono(0), &mut bench.tokens), Next::NoToken);
    bench.tokens.set_dry(false);
    assert_eq!(bench.drain(), [(1, 2)]);
}
