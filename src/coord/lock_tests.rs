//! The rules of the lock, each with both sides of its boundary.

#![cfg(test)]

use super::*;
use crate::coord::test_tokens::TestTokens;
use Mode::{Exclusive as X, IntentExclusive as IX, IntentShared as IS, Shared as S};

/// A lock and the tokens of its slot.
struct Door {
    lock: Lock,
    tokens: TestTokens,
}

fn door() -> Door {
    Door { lock: Lock::default(), tokens: TestTokens::default() }
}

/// A request for five seconds.
fn ask(owner: &str, mode: Mode) -> Ask {
    let lasting = Lasting::Ms(5000);
    let owner = Owner::new(owner.as_bytes());
    Ask { owner, mode, lasting, delay_ms: 0, reentrant: false, below: false }
}

fn reentrant(owner: &str) -> Ask {
    Ask { reentrant: true, ..ask(owner, X) }
}

fn delayed(owner: &str, mode: Mode, delay_ms: u64) -> Ask {
    Ask { delay_ms, ..ask(owner, mode) }
}

impl Door {
    fn acquire(&mut self, ask: Ask, at: u64) -> Acquire {
        let outcome = self.lock.acquire(ask, Mono(at), &mut self.tokens);
        self.lock.assert_invariants();
        outcome
    }

    /// The token of a new grant.
    fn token(&mut self, ask: Ask, at: u64) -> u64 {
        match self.acquire(ask, at) {
            Acquire::Granted(token) => token.get(),
            other @ (Acquire::AlreadyYours(_) | Acquire::Busy(_) | Acquire::NoToken) => {
                panic!("not a new grant: {other:?}")
            }
        }
    }

    fn again(&mut self, ask: Ask, at: u64) -> u64 {
        match self.acquire(ask, at) {
            Acquire::AlreadyYours(token) => token.get(),
            other @ (Acquire::Granted(_) | Acquire::Busy(_) | Acquire::NoToken) => {
                panic!("not a repeat: {other:?}")
            }
        }
    }

    fn is_busy(&mut self, ask: Ask, at: u64) -> bool {
        matches!(self.acquire(ask, at), Acquire::Busy(_))
    }

    fn park(&mut self, waiter: u64, ask: Ask, at: u64) {
        assert!(self.is_busy(ask.clone(), at), "who can be granted does not wait");
        self.lock.park(WaiterId(waiter), ask, Mono(at), &self.tokens);
        self.lock.assert_invariants();
    }

    fn release(&mut self, owner: &str, at: u64) -> Release {
        let outcome = self.lock.release(owner.as_bytes(), None, Mono(at));
        self.lock.assert_invariants();
        outcome
    }

    fn is_released(&mut self, owner: &str, at: u64) -> bool {
        matches!(self.release(owner, at), Release::Released(_))
    }

    /// Grants whatever can be granted: numbers of waiters and their tokens.
    fn grants(&mut self, at: u64) -> Vec<(u64, u64)> {
        let mut granted = Vec::new();
        while let Some(waiter) = self.lock.next_grantable(Mono(at)) {
            let grant = self.granted(waiter, at);
            granted.push((grant.waiter.0, grant.token.get()));
        }
        granted
    }

    fn granted(&mut self, waiter: WaiterId, at: u64) -> Granted {
        let outcome = self.lock.grant(waiter, Mono(at), &mut self.tokens);
        self.lock.assert_invariants();
        match outcome {
            Offer::Granted(granted) => granted,
            Offer::NotNext | Offer::NoToken => panic!("{waiter:?} is not granted: {outcome:?}"),
        }
    }

    /// Who is reported to have lost its grant by time.
    fn expired(&mut self, at: u64) -> Vec<(String, u64)> {
        let mut ended = Vec::new();
        self.lock.tick(Mono(at), &mut ended);
        self.lock.assert_invariants();
        let name = |ended: Ended| String::from_utf8(ended.owner.name().to_vec()).unwrap();
        ended.into_iter().map(|ended| (name(ended.clone()), ended.at.0)).collect()
    }
}

#[test]
fn a_grant_ends_at_its_deadline_and_the_next_has_a_higher_token() {
    let mut door = door();
    assert_eq!(door.token(ask("a", X), 0), 1);
    assert!(door.is_busy(ask("b", X), 4999));
    assert_eq!(door.token(ask("b", X), 5000), 2);
    assert_eq!(door.release("a", 5000), Release::NotOwner);
    assert_eq!(door.expired(5000), [("a".to_owned(), 5000)], "reported although b came first");
    assert_eq!(door.expired(5000), []);
}

#[test]
fn a_repeat_has_the_same_token_and_a_new_term() {
    let mut door = door();
    assert_eq!(door.token(ask("a", X), 0), 1);
    assert_eq!(door.again(ask("a", X), 3000), 1);
    assert_eq!(door.again(ask("a", S), 4000), 1, "what is weaker is covered");
    assert_eq!(door.lock.next_deadline(), Some(Mono(9000)));
    assert!(door.is_released("a", 4000), "repeats are not counted");
    assert!(door.lock.is_idle());
}

#[test]
fn a_reentrant_repeat_needs_a_release_of_its_own() {
    let mut door = door();
    let token = door.token(reentrant("a"), 0);
    assert_eq!((door.again(reentrant("a"), 0), door.again(ask("a", X), 0)), (token, token));
    assert_eq!(door.release("a", 1), Release::HoldsLeft(1));
    assert!(door.is_released("a", 1));
    assert_eq!(door.release("a", 1), Release::NotOwner);
}

#[test]
fn only_the_token_that_is_held_releases_and_extends() {
    let mut door = door();
    let token = door.token(ask("a", X), 0);
    let (lock, five) = (&mut door.lock, Lasting::Ms(5000));
    assert_eq!(lock.release(b"a", Some(token + 1), Mono(1)), Release::NotOwner);
    assert_eq!(lock.release(b"b", Some(token), Mono(1)), Release::NotOwner);
    assert_eq!(lock.extend(b"a", five, Some(token + 1), Mono(1)), Extend::NotOwner);
    assert!(matches!(lock.extend(b"a", five, Some(token), Mono(4999)), Extend::Extended(_)));
    assert_eq!(lock.next_deadline(), Some(Mono(9999)));
    assert_eq!(lock.extend(b"a", five, None, Mono(9999)), Extend::NotOwner, "it is over");
}

#[test]
fn neighbours_that_go_together_are_granted_together_and_nobody_is_overtaken() {
    let mut door = door();
    door.token(ask("a", X), 0);
    for (waiter, (owner, mode)) in [("b", S), ("c", S), ("d", X), ("e", S)].iter().enumerate() {
        door.park(waiter as u64, ask(owner, *mode), 1);
    }
    assert_eq!(door.grants(2), []);
    assert!(door.is_released("a", 2));
    assert_eq!(door.grants(2), [(0, 2), (1, 3)]);
    assert!(door.is_busy(ask("f", S), 2), "d was there before");
    assert!(door.is_released("b", 3) && door.grants(3).is_empty());
    assert!(door.is_released("c", 3));
    assert_eq!(door.grants(3), [(2, 4)]);
    assert!(door.is_released("d", 4));
    assert_eq!(door.grants(4), [(3, 5)]);
}

#[test]
fn who_goes_with_all_that_wait_does_not_wait_with_them() {
    let mut door = door();
    door.token(ask("a", IX), 0);
    door.park(1, ask("b", S), 0);
    assert_eq!(door.token(ask("c", IS), 0), 2);
    assert!(door.is_busy(ask("d", IX), 0), "b waits and does not go with it");
}

#[test]
fn a_withdrawn_waiter_lets_those_behind_it_through() {
    let mut door = door();
    door.token(ask("a", S), 0);
    door.park(1, ask("b", X), 0);
    door.park(2, ask("c", S), 0);
    assert_eq!(door.lock.withdraw(WaiterId(1)), Some(ask("b", X)));
    assert_eq!(door.lock.withdraw(WaiterId(1)), None);
    assert_eq!(door.grants(0), [(2, 2)]);
    assert!(!door.lock.is_contended());
}

#[test]
fn the_term_of_a_waiter_runs_from_its_grant() {
    let mut door = door();
    door.token(ask("a", X), 0);
    door.park(1, ask("b", X), 1000);
    assert_eq!((door.grants(4999), door.grants(5000)), (vec![], vec![(1, 2)]));
    let holder = door.lock.holder(b"b", Mono(9999)).unwrap();
    assert_eq!((holder.term(), holder.since), (Term::Until(Mono(10_000)), Micros(5_000_000)));
    assert!(door.lock.holder(b"b", Mono(10_000)).is_none());
}

#[test]
fn the_term_of_a_waiter_does_not_begin_before_it_asked() {
    let mut door = door();
    door.token(ask("a", X), 0);
    door.park(1, ask("b", X), 10);
    // The core that releases has read the clock three milliseconds before the request came.
    assert!(door.is_released("a", 7));
    assert_eq!(door.grants(7), [(1, 2)]);
    assert_eq!(door.lock.holder(b"b", Mono(7)).unwrap().term(), Term::Until(Mono(5_010)));
}

#[test]
fn a_conversion_goes_ahead_and_waits_for_other_holders_alone() {
    let mut door = door();
    assert_eq!((door.token(ask("a", S), 0), door.token(ask("b", S), 0)), (1, 2));
    door.park(1, ask("c", X), 0);
    door.park(2, ask("a", X), 0);
    let order: Vec<_> = door.lock.waiters().map(|waiter| (waiter.id.0, waiter.is_ahead)).collect();
    assert_eq!(order, [(2, true), (1, false)]);
    assert!(door.is_released("b", 1));
    assert_eq!(door.grants(1), [(2, 3)], "with a token above b's");
    assert!(door.is_released("a", 1));
    assert_eq!(door.grants(1), [(1, 4)]);
}

#[test]
fn a_conversion_alone_is_granted_past_the_queue_and_keeps_its_holds() {
    let mut door = door();
    door.token(Ask { reentrant: true, ..ask("a", S) }, 0);
    door.park(1, ask("b", X), 0);
    assert_eq!(door.token(Ask { reentrant: true, ..ask("a", IX) }, 10), 2);
    let holder = door.lock.holder(b"a", Mono(10)).unwrap();
    assert_eq!((holder.mode.name(), holder.holds, holder.since), ("SIX", 2, Micros(0)));
    assert_eq!(door.release("a", 11), Release::HoldsLeft(1));
    assert_eq!(door.lock.holder(b"a", Mono(11)).unwrap().mode.name(), "SIX");
}

#[test]
fn a_converter_whose_grant_ends_stays_ahead_and_is_granted_what_it_asked_for() {
    let mut door = door();
    door.token(ask("a", S), 0);
    door.token(ask("b", S), 1000);
    door.park(1, ask("c", X), 1000);
    door.park(2, ask("a", IX), 1000);
    assert_eq!(door.expired(5000), [("a".to_owned(), 5000)]);
    assert!(door.grants(5000).is_empty() && door.is_released("b", 5000));
    assert_eq!(door.grants(5000), [(2, 3)]);
    assert_eq!(door.lock.holder(b"a", Mono(5000)).unwrap().mode, IX);
}

#[test]
fn a_repeat_of_a_waiting_request_is_granted_with_it() {
    let mut door = door();
    door.token(ask("a", S), 0);
    door.park(1, ask("b", X), 0);
    door.park(2, ask("c", X), 0);
    door.park(3, ask("b", S), 0);
    assert!(door.is_released("a", 1));
    assert_eq!(door.grants(1), [(1, 2), (3, 2)], "one token for both");
    assert!(door.is_released("b", 1));
    assert_eq!(door.grants(1), [(2, 3)]);
}

#[test]
fn when_the_first_of_two_requests_is_withdrawn_the_second_keeps_its_own_place() {
    let mut door = door();
    door.token(ask("a", X), 0);
    door.park(1, ask("b", X), 0);
    door.park(2, ask("c", X), 0);
    door.park(3, ask("b", X), 0);
    assert!(door.lock.withdraw(WaiterId(1)).is_some() && door.is_released("a", 1));
    assert_eq!(door.grants(1), [(2, 2)]);
    assert!(door.is_released("c", 1));
    assert_eq!(door.grants(1), [(3, 3)]);
}

#[test]
fn a_grant_that_ends_by_time_closes_the_lock_for_its_delay() {
    let mut door = door();
    door.token(delayed("a", X, 300), 0);
    door.park(1, ask("b", X), 0);
    assert_eq!(door.expired(5000), [("a".to_owned(), 5000)]);
    assert_eq!(
        (door.lock.delayed_ms(Mono(5100)), door.lock.next_deadline()),
        (200, Some(Mono(5300)))
    );
    assert_eq!((door.grants(5299), door.grants(5300)), (vec![], vec![(1, 2)]));
    assert!(door.is_released("b", 5300) && door.expired(5300).is_empty() && door.lock.is_idle());
}

#[test]
fn a_delay_runs_from_the_deadline_however_late_it_is_noticed_and_holds_for_the_old_owner_too() {
    let mut door = door();
    door.token(delayed("a", X, 300), 0);
    assert_eq!(door.lock.admits(b"a", X, Mono(5299)), Admission::Busy);
    assert_eq!(door.lock.admits(b"a", X, Mono(5300)), Admission::Free);
    assert_eq!(door.lock.admits(b"a", X, Mono(4999)), Admission::AlreadyYours, "nothing changed");
    assert!(door.is_busy(ask("a", X), 5299));
    assert_eq!(door.token(ask("a", X), 5300), 2);
}

#[test]
fn a_release_leaves_no_delay_and_a_later_request_replaces_it() {
    let mut door = door();
    door.token(delayed("a", X, 300), 0);
    assert!(door.is_released("a", 1));
    assert_eq!(door.token(delayed("b", X, 300), 1), 2);
    door.again(ask("b", X), 1);
    assert_eq!(door.token(ask("c", X), 5001), 3, "b asked again, without a delay");
}

#[test]
fn a_delay_of_one_of_two_holders_stops_conversions_but_not_repeats() {
    let mut door = door();
    door.token(delayed("a", S, 300), 0);
    door.token(ask("b", S), 1000);
    assert!(door.is_busy(ask("b", X), 5299));
    assert_eq!(door.again(ask("b", S), 5299), 2);
    assert_eq!(door.token(ask("b", X), 5300), 3);
}

#[test]
fn of_two_delays_the_longer_one_holds() {
    let mut door = door();
    door.token(delayed("a", S, 3000), 0);
    door.token(delayed("b", S, 100), 1000);
    assert!(door.is_busy(ask("c", X), 7999));
    door.token(ask("c", X), 8000);
}

#[test]
fn a_waiter_whose_owner_has_what_it_wants_is_granted_while_the_lock_is_closed() {
    let mut door = door();
    door.token(delayed("a", S, 3000), 0);
    door.token(ask("b", S), 1000);
    door.lock.park(WaiterId(1), ask("b", S), Mono(1000), &door.tokens);
    door.lock.rest(WaiterId(1));
    door.lock.watch(WaiterId(1));
    assert_eq!(door.grants(5500), [(1, 2)]);
}

#[test]
fn the_end_of_its_lease_ends_a_grant_like_time_does() {
    let mut door = door();
    let leased = Ask { lasting: Lasting::Lease, ..delayed("a", X, 300) };
    door.token(leased, 0);
    let token = door.lock.last_token();
    assert_eq!(door.lock.next_deadline(), None);
    assert!(door.is_busy(ask("b", X), 1_000_000));
    let ended = door.lock.lease_ended(b"a", token, Mono(1_000_000)).unwrap();
    assert_eq!((ended.token, ended.at), (token, Mono(1_000_000)));
    assert!(door.is_busy(ask("b", X), 1_000_299));
    door.token(ask("b", X), 1_000_300);
    assert_eq!(door.lock.lease_ended(b"b", door.lock.last_token(), Mono(1_000_300)), None);
}

#[test]
fn a_broken_lock_has_no_holder_and_the_delay_that_the_operator_wants() {
    let mut door = door();
    door.token(delayed("a", S, 300), 0);
    door.token(ask("b", S), 0);
    door.park(1, ask("c", X), 0);
    assert_eq!(door.lock.break_open(200, Mono(10)).len(), 2);
    assert_eq!((door.grants(209), door.grants(210)), (vec![], vec![(1, 3)]));
    assert_eq!(door.lock.break_open(0, Mono(220)).len(), 1);
    assert!(door.lock.is_idle());
}

#[test]
fn without_a_token_nothing_changes() {
    let mut door = door();
    door.tokens.left = 1;
    door.token(ask("a", S), 0);
    door.park(1, ask("b", X), 0);
    assert_eq!(door.acquire(ask("a", X), 1), Acquire::NoToken);
    assert_eq!(door.lock.holder(b"a", Mono(1)).unwrap().mode, S);
    assert!(door.is_released("a", 1));
    let waiter = door.lock.next_grantable(Mono(1)).unwrap();
    assert_eq!(door.lock.grant(waiter, Mono(1), &mut door.tokens), Offer::NoToken);
    door.tokens.left = 1;
    assert_eq!(door.grants(1), [(1, 2)]);
}

#[test]
fn a_grant_to_somebody_who_is_gone_is_taken_back() {
    let mut door = door();
    door.token(ask("a", X), 0);
    door.park(1, ask("b", X), 0);
    door.park(2, ask("c", X), 0);
    assert!(door.is_released("a", 1));
    let granted = door.granted(WaiterId(1), 1);
    assert_eq!(granted.how, How::New);
    assert!(door.lock.take_back(b"b", &granted, Mono(1)).is_some());
    assert_eq!(door.grants(1), [(2, 3)]);
    assert_eq!(door.lock.take_back(b"b", &granted, Mono(1)), None);
}

#[test]
fn what_is_taken_back_from_one_request_stays_with_the_others_of_its_owner() {
    let mut door = door();
    door.token(ask("a", X), 0);
    door.park(1, reentrant("b"), 0);
    door.park(2, reentrant("b"), 0);
    assert!(door.is_released("a", 1));
    let (first, second) = (door.granted(WaiterId(1), 1), door.granted(WaiterId(2), 1));
    assert_eq!(second.how, How::Again { counted: true });
    assert_eq!(door.lock.take_back(b"b", &second, Mono(1)), None);
    assert_eq!(door.lock.holder(b"b", Mono(1)).unwrap().holds, 1);
    assert_eq!(door.lock.take_back(b"b", &first, Mono(1)), None, "asked for twice");
    assert!(door.is_released("b", 1));
}

#[test]
fn a_grant_that_its_owner_has_extended_is_not_taken_back() {
    let mut door = door();
    door.token(ask("a", X), 0);
    door.park(1, ask("b", X), 0);
    assert!(door.is_released("a", 1));
    let granted = door.granted(WaiterId(1), 1);
    let extended = door.lock.extend(b"b", Lasting::Ms(50), None, Mono(1));
    assert_eq!(extended, Extend::Extended(granted.token));
    assert_eq!(door.lock.take_back(b"b", &granted, Mono(1)), None);
    assert!(door.lock.holder(b"b", Mono(50)).is_some());
}

#[test]
fn a_waiter_over_two_locks_keeps_its_place_in_both_and_is_offered_by_one() {
    let (mut one, mut two) = (door(), door());
    one.token(ask("a", X), 0);
    two.token(ask("b", X), 0);
    let both = WaiterId(7);
    one.park(7, ask("c", X), 0);
    two.park(7, ask("c", X), 0);
    two.lock.rest(both);
    one.park(8, ask("d", X), 0);
    two.park(8, ask("d", X), 0);
    assert!(one.is_released("a", 1));
    assert_eq!(one.lock.next_grantable(Mono(1)), Some(both));
    assert!(!two.lock.is_grantable(both, Mono(1)));
    one.lock.rest(both);
    two.lock.watch(both);
    assert_eq!(one.lock.next_grantable(Mono(1)), None, "d stays behind c");
    assert!(one.is_busy(ask("e", S), 1));
    assert!(two.is_released("b", 1));
    assert_eq!(two.lock.next_grantable(Mono(1)), Some(both));
    assert!(one.lock.is_grantable(both, Mono(1)));
    assert_eq!((one.granted(both, 1).token.get(), two.granted(both, 1).token.get()), (2, 2));
}

#[test]
fn a_lock_with_one_holder_takes_no_heap_but_for_the_name_of_its_owner() {
    let mut door = door();
    door.token(ask("a", X), 0);
    assert_eq!(door.lock.memory(), 1);
    assert!(size_of::<Lock>() <= 112, "{} bytes", size_of::<Lock>());
}
