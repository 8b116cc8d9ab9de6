//! The rules of the semaphore, one by one.

#![cfg(test)]

use super::*;
use crate::coord::test_tokens::{TestTokens, token};

fn permits(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn owner(name: &str) -> Owner {
    Owner::new(name.as_bytes())
}

/// A semaphore with a source of tokens, at an instant.
struct Bench {
    semaphore: Semaphore,
    tokens: TestTokens,
    now: Mono,
    limit: u32,
}

fn bench(limit: u32) -> Bench {
    let semaphore = Semaphore::new(permits(limit));
    Bench { semaphore, tokens: TestTokens::default(), now: Mono(0), limit }
}

impl Bench {
    /// For 5000 ms, parked as `waiter`.
    fn acquire(&mut self, name: &str, count: u32, waiter: impl Into<Option<u64>>) -> Acquire {
        let (count, limit) = (permits(count), permits(self.limit));
        let ask = Ask { owner: owner(name), count, limit, lasting: Lasting::Ms(5000) };
        let waiter = waiter.into().map(WaiterId);
        let answer = self.semaphore.acquire(ask, waiter, self.now, &mut self.tokens);
        self.semaphore.assert_invariants();
        answer
    }

    fn release(&mut self, name: &str, count: impl Into<Option<u32>>) -> Release {
        self.semaphore.release(&owner(name), count.into().map(permits), self.now)
    }

    fn next(&mut self) -> Next {
        let next = self.semaphore.next_grant(self.now, &mut self.tokens);
        self.semaphore.assert_invariants();
        next
    }

    /// The waiters that are served now, with their tokens.
    fn drain(&mut self) -> Vec<(u64, u64)> {
        let mut served = Vec::new();
        while let Next::Granted(grant) = self.next() {
            served.extend(grant.waiters.iter().map(|waiter| (waiter.0, grant.token.get())));
        }
        served
    }

    fn ended(&mut self, now: u64) -> Vec<Owner> {
        self.now = Mono(now);
        self.semaphore.tick(self.now).into_iter().map(|ended| ended.owner).collect()
    }
}

#[test]
fn permits_are_granted_up_to_the_limit() {
    let mut bench = bench(3);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 2, None), Acquire::NotFree);
    assert_eq!(bench.acquire("b", 1, None), Acquire::Granted(token(2)));
    assert_eq!(bench.acquire("c", 1, None), Acquire::NotFree);
    assert_eq!(bench.semaphore.used(), 3);
}

#[test]
fn a_repeat_returns_the_same_token_and_refreshes_the_end() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    bench.now = Mono(4999);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Yours(token(1)));
    assert_eq!(bench.ended(9998), []);
    assert_eq!(bench.ended(9999), [owner("a")]);
}

#[test]
fn a_permit_expires_with_its_holder_and_at_its_deadline() {
    let mut bench = bench(2);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, 7), Acquire::Waiting);
    assert_eq!(bench.semaphore.next_deadline(), Some(Mono(5000)));
    assert_eq!(bench.ended(4999), []);
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.ended(5000), [owner("a")]);
    assert_eq!(bench.drain(), [(7, 2)]);
}

#[test]
fn what_is_due_is_over_for_every_verb_and_told_by_the_next_tick() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    bench.now = Mono(5000);
    assert_eq!(bench.release("a", None), Release::NotOwner);
    assert_eq!(bench.semaphore.next_deadline(), Some(Mono(0)));
    assert!(!bench.semaphore.is_idle(), "somebody has to be told");
    assert_eq!(bench.acquire("b", 1, None), Acquire::Granted(token(2)));
    assert_eq!(bench.ended(5000), [owner("a")]);
}

#[test]
fn an_asker_for_many_is_not_overtaken_by_askers_for_few() {
    let mut bench = bench(3);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("many", 3, 1), Acquire::Waiting);
    assert_eq!(bench.acquire("few", 1, None), Acquire::NotFree);
    assert_eq!(bench.acquire("few", 1, 2), Acquire::Waiting);
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.release("a", None), Release::Left(0));
    assert_eq!(bench.drain(), [(1, 2)]);
    assert_eq!(bench.release("many", 1), Release::Left(2));
    assert_eq!(bench.drain(), [(2, 3)]);
}

#[test]
fn an_owner_that_asks_for_more_keeps_what_it_has_and_waits_for_the_difference() {
    let mut bench = bench(3);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 2, None), Acquire::Granted(token(2)));
    assert_eq!(bench.acquire("a", 3, None), Acquire::NotFree);
    assert_eq!(bench.acquire("a", 3, 1), Acquire::Waiting);
    assert_eq!(bench.semaphore.used(), 3);
    assert_eq!(bench.release("b", 1), Release::Left(1));
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.release("b", 1), Release::Left(0));
    assert_eq!(bench.drain(), [(1, 1)]);
    assert_eq!(bench.semaphore.used(), 3);
}

#[test]
fn an_owner_whose_permits_end_while_it_waits_for_more_gets_a_new_token() {
    let mut bench = bench(2);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    bench.now = Mono(1);
    assert_eq!(bench.acquire("b", 1, None), Acquire::Granted(token(2)));
    assert_eq!(bench.acquire("a", 2, 1), Acquire::Waiting);
    assert_eq!(bench.ended(5000), [owner("a")]);
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.ended(5001), [owner("b")]);
    assert_eq!(bench.drain(), [(1, 3)]);
}

#[test]
fn an_owner_that_asks_for_less_frees_the_rest() {
    let mut bench = bench(3);
    assert_eq!(bench.acquire("a", 3, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, 1), Acquire::Waiting);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Yours(token(1)));
    assert_eq!(bench.drain(), [(1, 2)]);
}

#[test]
fn more_than_the_limit_is_refused_and_changes_nothing() {
    let mut bench = bench(3);
    assert_eq!(bench.acquire("a", 3, None), Acquire::Granted(token(1)));
    bench.limit = 2;
    assert_eq!(bench.acquire("a", 3, 1), Acquire::AboveLimit);
    assert_eq!((bench.semaphore.limit().get(), bench.semaphore.used()), (3, 3));
}

#[test]
fn nobody_loses_permits_to_a_lower_limit_and_new_grants_wait() {
    let mut bench = bench(4);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 2, None), Acquire::Granted(token(2)));
    bench.limit = 2;
    assert_eq!(bench.acquire("c", 1, 1), Acquire::Waiting);
    assert_eq!(bench.release("a", 1), Release::Left(1));
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.release("a", 1), Release::Left(0));
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.release("b", 1), Release::Left(1));
    assert_eq!(bench.drain(), [(1, 3)]);
}

#[test]
fn a_higher_limit_serves_the_line_before_the_one_who_raised_it() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, 1), Acquire::Waiting);
    bench.limit = 3;
    assert_eq!(bench.acquire("c", 1, 2), Acquire::Waiting);
    assert_eq!(bench.drain(), [(1, 2), (2, 3)]);
}

#[test]
fn who_waits_for_more_than_a_lowered_limit_is_refused_at_the_front_and_blocks_nobody() {
    let mut bench = bench(3);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 3, 1), Acquire::Waiting);
    bench.limit = 2;
    assert_eq!(bench.acquire("c", 1, 2), Acquire::Waiting);
    let refused = SmallVec::from_slice(&[WaiterId(1)]);
    assert_eq!(bench.next(), Next::AboveLimit(refused));
    assert_eq!(bench.drain(), []);
    assert_eq!(bench.release("a", 1), Release::Left(1));
    assert_eq!(bench.drain(), [(2, 2)]);
}

#[test]
fn release_is_loud() {
    let mut bench = bench(3);
    assert_eq!(bench.release("a", None), Release::NotOwner);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.release("a", 3), Release::MoreThanHeld(2));
    assert_eq!(bench.release("a", 2), Release::Left(0));
    assert_eq!(bench.release("a", 1), Release::NotOwner);
    assert!(bench.semaphore.is_idle() && bench.semaphore.memory() == 0);
}

#[test]
fn extending_sets_a_new_end() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    let mut extend = |name, lasting| bench.semaphore.extend(&owner(name), lasting, Mono(4999));
    assert_eq!(extend("a", Lasting::Ms(10)), Extend::Extended(token(1)));
    assert_eq!(extend("b", Lasting::Ms(10)), Extend::NotOwner);
    assert_eq!(bench.ended(5008), []);
    assert_eq!(bench.ended(5009), [owner("a")]);
    assert_eq!(bench.semaphore.extend(&owner("a"), Lasting::Ms(1), Mono(5009)), Extend::NotOwner);
}

#[test]
fn what_hangs_on_a_lease_ends_with_it_and_not_before() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    let on_lease = bench.semaphore.extend(&owner("a"), Lasting::Lease, Mono(0));
    assert_eq!(on_lease, Extend::Extended(token(1)));
    assert_eq!(bench.semaphore.next_deadline(), None);
    assert_eq!(bench.ended(u64::MAX), []);
    assert_eq!(bench.semaphore.lease_ended(&owner("a"), token(2)), None);
    let ended = bench.semaphore.lease_ended(&owner("a"), token(1)).unwrap();
    assert_eq!((ended.owner, ended.holder.permits), (owner("a"), 1));
    bench.semaphore.assert_invariants();
    assert!(bench.semaphore.is_idle());
}

#[test]
fn a_grant_with_an_end_of_its_own_outlives_the_lease_that_it_hung_on() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.semaphore.lease_ended(&owner("a"), token(1)), None);
    assert_eq!(bench.semaphore.used(), 1);
}

#[test]
fn a_repeated_wait_keeps_its_place_and_both_requests_are_answered() {
    let mut bench = bench(1);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, 1), Acquire::Waiting);
    assert_eq!(bench.acquire("c", 1, 2), Acquire::Waiting);
    assert_eq!(bench.acquire("b", 1, 3), Acquire::Waiting);
    assert_eq!(bench.release("a", None), Release::Left(0));
    assert_eq!(bench.drain(), [(1, 2), (3, 2)]);
}

#[test]
fn a_withdrawn_asker_for_many_lets_the_others_pass() {
    let mut bench = bench(2);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 2, 1), Acquire::Waiting);
    assert_eq!(bench.acquire("c", 1, 2), Acquire::Waiting);
    assert_eq!(bench.semaphore.withdraw(WaiterId(1)), Withdrawn::Left);
    assert_eq!(bench.drain(), [(2, 2)]);
    assert_eq!(bench.semaphore.withdraw(WaiterId(2)), Withdrawn::NotHere);
}

#[test]
fn a_grant_that_nobody_can_be_told_of_goes_to_the_next() {
    let mut bench = bench(2);
    assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, None), Acquire::Granted(token(2)));
    assert_eq!(bench.acquire("a", 2, 1), Acquire::Waiting);
    assert_eq!(bench.acquire("c", 1, 2), Acquire::Waiting);
    assert_eq!(bench.release("b", None), Release::Left(0));
    let Next::Granted(raise) = bench.next() else { panic!("the raise is next") };
    assert_eq!((raise.before, raise.permits), (1, 2));
    bench.semaphore.take_back(&raise.owner, raise.offer);
    let Next::Granted(fresh) = bench.next() else { panic!("the newcomer is next") };
    assert_eq!((fresh.before, fresh.permits, fresh.token), (0, 1, token(3)));
    bench.semaphore.take_back(&fresh.owner, fresh.offer);
    bench.semaphore.assert_invariants();
    assert_eq!(bench.semaphore.used(), 1);
}

/// A grant of 1 permit that answers the requests 1 and 2 of owner `a`.
fn granted_to_two(bench: &mut Bench) -> Granted {
    assert_eq!(bench.acquire("b", 1, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("a", 1, 1), Acquire::Waiting);
    assert_eq!(bench.acquire("a", 1, 2), Acquire::Waiting);
    assert_eq!(bench.release("b", None), Release::Left(0));
    let Next::Granted(grant) = bench.next() else { panic!("it is its turn") };
    grant
}

#[test]
fn a_grant_to_two_requests_stays_until_both_are_gone_untold() {
    let mut bench = bench(1);
    let grant = granted_to_two(&mut bench);
    bench.semaphore.take_back(&grant.owner, grant.offer);
    assert_eq!(bench.semaphore.used(), 1);
    bench.semaphore.take_back(&grant.owner, grant.offer);
    assert!(bench.semaphore.is_idle());
}

#[test]
fn what_an_owner_has_shown_to_know_is_not_taken_back() {
    let repeat = |bench: &mut Bench| {
        assert_eq!(bench.acquire("a", 1, None), Acquire::Yours(token(2)));
    };
    let extend = |bench: &mut Bench| {
        let extended = bench.semaphore.extend(&owner("a"), Lasting::Ms(1), bench.now);
        assert_eq!(extended, Extend::Extended(token(2)));
    };
    let again = |bench: &mut Bench| {
        assert_eq!(bench.release("a", None), Release::Left(0));
        assert_eq!(bench.acquire("a", 1, None), Acquire::Granted(token(3)));
    };
    for shows in [repeat, extend, again] {
        let mut bench = bench(1);
        let grant = granted_to_two(&mut bench);
        shows(&mut bench);
        for _ in &grant.waiters {
            bench.semaphore.take_back(&grant.owner, grant.offer);
        }
        assert_eq!(bench.semaphore.used(), 1);
    }
}

#[test]
fn broken_open_it_serves_the_line() {
    let mut bench = bench(2);
    assert_eq!(bench.acquire("a", 2, None), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, 1), Acquire::Waiting);
    bench.semaphore.break_open();
    bench.semaphore.assert_invariants();
    assert_eq!(bench.drain(), [(1, 2)]);
    assert_eq!(bench.release("a", None), Release::NotOwner);
}

#[test]
fn without_a_token_nothing_changes() {
    let mut bench = bench(1);
    bench.tokens.set_dry(true);
    assert_eq!(bench.acquire("a", 1, 1), Acquire::NoToken);
    assert!(bench.semaphore.is_idle());
    bench.tokens.set_dry(false);
    assert_eq!(bench.acquire("a", 1, 1), Acquire::Granted(token(1)));
    assert_eq!(bench.acquire("b", 1, 2), Acquire::Waiting);
    assert_eq!(bench.release("a", None), Release::Left(0));
    bench.tokens.set_dry(true);
    assert_eq!(bench.next(), Next::NoToken);
    bench.tokens.set_dry(false);
    assert_eq!(bench.drain(), [(2, 2)]);
}
