//! The lock against a model: random histories of one lock with all verbs, next to two lists that
//! are searched from end to end.
//!
//! After every step: no two holders whose modes conflict, tokens strictly rising, every outcome as
//! the model says; and once `next_grantable` is drained, nobody who could be granted is left
//! waiting, and nobody waits while the lock is free. Waiters are granted in the model's order, and
//! none that has been withdrawn.

#![cfg(test)]

use crate::base::time::Mono;
use crate::coord::ask::{Ask, Ended};
use crate::coord::grant::{Lasting, Owner, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission, Extend, Offer, Release};
use crate::coord::mode::Mode;
use crate::coord::test_tokens::TestTokens;
use crate::coord::token::FenceToken;
use proptest::prelude::*;
use std::cmp::Reverse;

const OWNERS: usize = 5;
const MODES: usize = Mode::ALL.len();

#[derive(Clone, Debug)]
enum Step {
    Acquire {
        ask: Wish,
        waits: bool,
    },
    Release {
        owner: usize,
        claim: Claim,
    },
    /// A request for several locks waits here too, whether or not this one is in its way.
    Park(Wish),
    Extend {
        owner: usize,
        claim: Claim,
        ms: u64,
    },
    LeaseEnds {
        owner: usize,
    },
    Break {
        delay_ms: u64,
    },
    /// The n-th that waits leaves.
    Withdraw(usize),
    Pass(u64),
    /// Time goes on to the next deadline, or to the millisecond before it.
    PassTo {
        early: bool,
    },
    /// A waiter is watched elsewhere, or here again.
    Watch {
        nth: usize,
        here: bool,
    },
    /// So many tokens and no more are to be had for the next step.
    FewTokens(usize),
}

#[derive(Clone, Copy, Debug)]
enum Claim {
    None,
    Right,
    Wrong,
}

#[derive(Clone, Debug)]
struct Wish {
    owner: usize,
    mode: Mode,
    ms: Option<u64>,
    delay_ms: u64,
    reentrant: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Held {
    owner: usize,
    mode: Mode,
    token: FenceToken,
    until: Option<Mono>,
    holds: u32,
    delay_ms: u64,
}

#[derive(Clone, Debug)]
struct Parked {
    id: u64,
    wish: Wish,
    is_ahead: bool,
    is_watched: bool,
}

#[derive(Clone, Default)]
struct Model {
    held: Vec<Held>,
    parked: Vec<Parked>,
    closed_until: Mono,
    ended: Vec<(FenceToken, Mono)>,
}

impl Model {
    fn of(&self, owner: usize) -> Option<&Held> {
        self.held.iter().find(|held| held.owner == owner)
    }

    fn wants(&self, wish: &Wish) -> Mode {
        self.of(wish.owner).map_or(wish.mode, |held| held.mode.join(wish.mode))
    }

    fn covers(&self, wish: &Wish) -> bool {
        self.of(wish.owner).is_some_and(|held| held.mode.covers(wish.mode))
    }

    /// Whether other holders and the delay leave room.
    fn has_room(&self, wish: &Wish, now: Mono) -> bool {
        let wants = self.wants(wish);
        let others = self.held.iter().filter(|held| held.owner != wish.owner);
        let room = others.map(|held| held.mode).all(|mode| mode.goes_with(wants));
        self.covers(wish) || (room && self.closed_until <= now)
    }

    fn admits(&self, wish: &Wish, now: Mono) -> Admission {
        if self.covers(wish) {
            return Admission::AlreadyYours;
        }
        let passes = self.parked.iter().all(|parked| {
            parked.wish.owner != wish.owner && self.wants(&parked.wish).goes_with(wish.mode)
        });
        if self.has_room(wish, now) && (self.of(wish.owner).is_some() || passes) {
            Admission::Free
        } else {
            Admission::Busy
        }
    }

    fn is_grantable(&self, parked: &Parked, now: Mono) -> bool {
        let stands_before = |other: &&Parked| {
            !parked.is_ahead && other.id != parked.id && (other.is_ahead || other.id < parked.id)
        };
        let blocks = |other: &Parked| {
            other.wish.owner == parked.wish.owner
                || !self.wants(&other.wish).goes_with(parked.wish.mode)
        };
        let is_blocked = self.parked.iter().filter(stands_before).any(blocks);
        self.has_room(&parked.wish, now) && !is_blocked
    }

    fn next(&self, now: Mono) -> Option<u64> {
        let ready = |parked: &&Parked| parked.is_watched && self.is_grantable(parked, now);
        let order = |parked: &&Parked| (Reverse(parked.is_ahead), parked.id);
        self.parked.iter().filter(ready).min_by_key(order).map(|parked| parked.id)
    }

    fn give(&mut self, wish: &Wish, token: FenceToken, now: Mono) {
        let mode = self.wants(wish);
        let asked = wish.ms.map(|ms| now.plus(ms));
        let until = match self.of(wish.owner).map(|held| held.until) {
            // A repeat does not bring the end forward.
            Some(Some(before)) => asked.map(|until| until.max(before)),
            Some(None) | None => asked,
        };
        let before = self.of(wish.owner).map(|held| held.holds + u32::from(wish.reentrant));
        let (owner, holds, delay_ms) = (wish.owner, before.unwrap_or(1), wish.delay_ms);
        self.held.retain(|held| held.owner != owner);
        self.held.push(Held { owner, mode, token, until, holds, delay_ms });
        let own = self.parked.iter_mut().filter(|parked| parked.wish.owner == owner);
        own.for_each(|parked| parked.is_ahead = true);
    }

    /// Ends grants that are over, in the order in which they ended.
    fn pass(&mut self, now: Mono) {
        let is_over = |held: &&Held| held.until.is_some_and(|until| until <= now);
        let mut over: Vec<_> = self.held.iter().filter(is_over).cloned().collect();
        over.sort_by_key(|held| (held.until, held.token));
        for held in over {
            let until = held.until.unwrap();
            self.held.retain(|other| other.owner != held.owner);
            self.close(until, held.delay_ms);
            self.ended.push((held.token, until));
        }
    }

    fn close(&mut self, at: Mono, delay_ms: u64) {
        if delay_ms > 0 {
            self.closed_until = self.closed_until.max(at.plus(delay_ms));
        }
    }

    fn next_deadline(&self, now: Mono) -> Option<Mono> {
        let opens = Some(self.closed_until).filter(|until| *until > now);
        self.held.iter().filter_map(|held| held.until).chain(opens).min()
    }
}

/// The lock and the model, side by side.
struct Run {
    lock: Lock,
    model: Model,
    tokens: TestTokens,
    last_token: FenceToken,
    now: Mono,
    parked: u64,
}

fn owner(number: usize) -> Owner {
    Owner::new(&[b'a' + u8::try_from(number).unwrap()])
}

fn ask(wish: &Wish) -> Ask {
    Ask {
        owner: owner(wish.owner),
        mode: wish.mode,
        lasting: wish.ms.map_or(Lasting::Lease, Lasting::Ms),
        delay_ms: wish.delay_ms,
        reentrant: wish.reentrant,
        below: false,
    }
}

impl Run {
    fn new() -> Self {
        Self {
            lock: Lock::default(),
            model: Model::default(),
            tokens: TestTokens::default(),
            last_token: FenceToken::default(),
            now: Mono(0),
            parked: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Acquire { ask, waits } => self.acquire(ask, *waits),
            Step::Park(wish) => self.park(wish, ask(wish), false),
            Step::Release { owner, claim } => self.release(*owner, *claim),
            Step::Extend { owner, claim, ms } => self.extend(*owner, *claim, *ms),
            Step::LeaseEnds { owner } => self.lease_ends(*owner),
            Step::Break { delay_ms } => self.break_open(*delay_ms),
            Step::Withdraw(nth) => {
                if let Some(parked) = self.nth(*nth).map(|nth| self.model.parked.remove(nth)) {
                    assert_eq!(self.lock.withdraw(WaiterId(parked.id)), Some(ask(&parked.wish)));
                    assert_eq!(self.lock.withdraw(WaiterId(parked.id)), None);
                }
            }
            Step::Pass(ms) => self.pass_to(self.now.plus(*ms)),
            Step::PassTo { early } => {
                if let Some(end) = self.model.next_deadline(self.now) {
                    self.pass_to(Mono(end.0 - u64::from(*early)).max(self.now));
                }
            }
            Step::Watch { nth, here } => {
                if let Some(nth) = self.nth(*nth) {
                    let parked = &mut self.model.parked[nth];
                    parked.is_watched = *here;
                    let id = WaiterId(parked.id);
                    if *here { self.lock.watch(id) } else { self.lock.rest(id) }
                }
            }
            Step::FewTokens(left) => {
                self.tokens.left = *left;
                return;
            }
        }
        self.check();
        self.drain();
        self.tokens.left = usize::MAX;
        self.drain();
        self.check_drained();
    }

    fn nth(&self, nth: usize) -> Option<usize> {
        nth.checked_rem(self.model.parked.len())
    }

    fn claimed(&self, owner: usize, claim: Claim) -> Option<u64> {
        let token = self.model.of(owner).map_or(0, |held| held.token.get());
        match claim {
            Claim::None => None,
            Claim::Right => Some(token),
            Claim::Wrong => Some(token + 1),
        }
    }

    fn rightful(&mut self, owner: usize, claim: Claim) -> Option<&mut Held> {
        let is_right = !matches!(claim, Claim::Wrong);
        self.model.held.iter_mut().find(|held| held.owner == owner && is_right)
    }

    fn new_token(&mut self, token: FenceToken) {
        assert!(token > self.last_token, "tokens strictly rise");
        self.last_token = token;
    }

    fn acquire(&mut self, wish: &Wish, waits: bool) {
        let admission = self.model.admits(wish, self.now);
        assert_eq!(self.lock.admits(owner(wish.owner).name(), wish.mode, self.now), admission);
        match (admission, self.lock.acquire(ask(wish), self.now, &mut self.tokens)) {
            (Admission::AlreadyYours, Acquire::AlreadyYours(token)) => {
                assert_eq!(self.model.of(wish.owner).unwrap().token, token);
                let mode = self.model.of(wish.owner).unwrap().mode;
                self.model.give(&Wish { mode, ..wish.clone() }, token, self.now);
            }
            (Admission::Free, Acquire::Granted(token)) => {
                self.new_token(token);
                self.model.give(wish, token, self.now);
            }
            (Admission::Free, Acquire::NoToken) => assert_eq!(self.tokens.left, 0),
            (Admission::Busy, Acquire::Busy(back)) => {
                assert_eq!(back, ask(wish));
                if waits {
                    self.park(wish, back, true);
                }
            }
            (expected, outcome) => panic!("{outcome:?} where the model says {expected:?}"),
        }
    }

    fn park(&mut self, wish: &Wish, ask: Ask, is_watched: bool) {
        self.parked += 1;
        self.lock.park(WaiterId(self.parked), ask, self.now, &self.tokens);
        if !is_watched {
            self.lock.rest(WaiterId(self.parked));
        }
        let is_ahead = self.model.of(wish.owner).is_some();
        let (id, wish) = (self.parked, wish.clone());
        self.model.parked.push(Parked { id, wish, is_ahead, is_watched });
    }

    fn release(&mut self, number: usize, claim: Claim) {
        let claimed = self.claimed(number, claim);
        let outcome = self.lock.release(owner(number).name(), claimed, self.now);
        match self.rightful(number, claim) {
            None => assert_eq!(outcome, Release::NotOwner),
            Some(held) if held.holds > 1 => {
                held.holds -= 1;
                assert_eq!(outcome, Release::HoldsLeft(held.holds.into()));
            }
            Some(_) => {
                self.model.held.retain(|held| held.owner != number);
                assert!(matches!(outcome, Release::Released(_)), "{outcome:?}");
            }
        }
    }

    fn extend(&mut self, number: usize, claim: Claim, ms: u64) {
        let (claimed, now) = (self.claimed(number, claim), self.now);
        let outcome = self.lock.extend(owner(number).name(), Lasting::Ms(ms), claimed, now);
        match self.rightful(number, claim) {
            None => assert_eq!(outcome, Extend::NotOwner),
            Some(held) => {
                held.until = Some(now.plus(ms));
                assert_eq!(outcome, Extend::Extended(held.token));
            }
        }
    }

    fn lease_ends(&mut self, number: usize) {
        let Some(held) = self.model.of(number).cloned() else { return };
        let ended = self.lock.lease_ended(owner(number).name(), held.token, self.now);
        assert_eq!(ended.is_some(), held.until.is_none());
        if ended.is_some() {
            self.model.held.retain(|held| held.owner != number);
            self.model.close(self.now, held.delay_ms);
        }
    }

    fn break_open(&mut self, delay_ms: u64) {
        let broken = self.lock.break_open(delay_ms, self.now);
        assert_eq!(broken.len(), self.model.held.len());
        self.model.held.clear();
        self.model.closed_until = Mono(0);
        self.model.close(self.now, delay_ms);
    }

    /// Time passes; whether or not the lock is ticked, its next verb knows.
    fn pass_to(&mut self, now: Mono) {
        self.now = now;
        self.model.pass(now);
    }

    fn check(&mut self) {
        let mut ended = Vec::new();
        // Every other millisecond nobody ticks, and the verbs have to find out for themselves.
        if self.now.0.is_multiple_of(2) {
            self.lock.tick(self.now, &mut ended);
            let ended: Vec<_> = ended.iter().map(|Ended { token, at, .. }| (*token, *at)).collect();
            assert_eq!(ended, std::mem::take(&mut self.model.ended), "all ends are reported once");
        }
        self.lock.assert_invariants();
        let held = self.lock.holders(self.now).map(|holder| {
            let number = usize::from(holder.owner.name()[0] - b'a');
            let (mode, token, until) = (holder.mode, holder.token, holder.term().deadline());
            let (holds, delay_ms) = (holder.holds, holder.delay_ms());
            Held { owner: number, mode, token, until, holds, delay_ms }
        });
        self.model.held.sort_by_key(|held| held.token);
        assert_eq!(held.collect::<Vec<_>>(), self.model.held);
        for (index, one) in self.model.held.iter().enumerate() {
            let others = &self.model.held[index + 1..];
            assert!(others.iter().all(|other| one.mode.goes_with(other.mode)), "overlap");
        }
    }

    fn drain(&mut self) {
        loop {
            let next = self.lock.next_grantable(self.now);
            assert_eq!(next.map(|waiter| waiter.0), self.model.next(self.now), "FIFO");
            let Some(waiter) = next else { return };
            for parked in &self.model.parked {
                let expected = self.model.is_grantable(parked, self.now);
                assert_eq!(self.lock.is_grantable(WaiterId(parked.id), self.now), expected);
            }
            let at = self.model.parked.iter().position(|parked| parked.id == waiter.0).unwrap();
            match self.lock.grant(waiter, self.now, &mut self.tokens) {
                Offer::Granted(granted) => {
                    let parked = self.model.parked.remove(at);
                    if self.model.covers(&parked.wish) {
                        assert_eq!(self.model.of(parked.wish.owner).unwrap().token, granted.token);
                    } else {
                        self.new_token(granted.token);
                    }
                    self.model.give(&parked.wish, granted.token, self.now);
                }
                Offer::NoToken => {
                    assert_eq!(self.tokens.left, 0);
                    return;
                }
                Offer::NotNext => panic!("{waiter:?} was offered and is refused"),
            }
            self.check();
        }
    }

    fn check_drained(&self) {
        let is_free = self.model.held.is_empty() && self.model.closed_until <= self.now;
        let watched = self.model.parked.iter().filter(|parked| parked.is_watched);
        let resting = self.model.parked.len() - watched.count();
        assert!(!is_free || resting > 0 || self.model.parked.is_empty(), "nobody waits if free");
        assert_eq!(self.lock.waiting(), self.model.parked.len());
    }
}

fn wish() -> impl Strategy<Value = Wish> {
    let ms = prop_oneof![9 => (1..60u64).prop_map(Some), 1 => Just(None)];
    let delay_ms = prop_oneof![Just(0), 1..60u64];
    // Exclusive as often as all others, as in life.
    let mode = prop_oneof![Just(Mode::Exclusive), (0..MODES).prop_map(|at| Mode::ALL[at])];
    (0..OWNERS, mode, ms, delay_ms, any::<bool>()).prop_map(
        |(owner, mode, ms, delay_ms, reentrant)| Wish { owner, mode, ms, delay_ms, reentrant },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let claim =
        || prop_oneof![2 => Just(Claim::None), 1 => Just(Claim::Right), 1 => Just(Claim::Wrong)];
    let acquire = (wish(), any::<bool>()).prop_map(|(ask, waits)| Step::Acquire { ask, waits });
    let release = (0..OWNERS, claim()).prop_map(|(owner, claim)| Step::Release { owner, claim });
    let extend = (0..OWNERS, claim(), 1..60u64);
    prop_oneof![
        12 => acquire,
        8 => release,
        2 => wish().prop_map(Step::Park),
        2 => extend.prop_map(|(owner, claim, ms)| Step::Extend { owner, claim, ms }),
        1 => (0..OWNERS).prop_map(|owner| Step::LeaseEnds { owner }),
        1 => (0..15u64).prop_map(|delay_ms| Step::Break { delay_ms }),
        2 => (0..8usize).prop_map(Step::Withdraw),
        3 => (0..20u64).prop_map(Step::Pass),
        2 => any::<bool>().prop_map(|early| Step::PassTo { early }),
        2 => (0..8usize, any::<bool>()).prop_map(|(nth, here)| Step::Watch { nth, here }),
        1 => (0..3usize).prop_map(Step::FewTokens),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn a_lock_does_what_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
    }
}
