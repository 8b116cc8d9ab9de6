//! The semaphore against a model that goes through lists: random histories, and after every step
//! the answers, the holders and the line are those of the model.

#![cfg(test)]

use super::*;
use crate::coord::test_tokens::TestTokens;
use proptest::prelude::*;

const OWNERS: u8 = 5;

#[derive(Clone, Debug)]
enum Step {
    /// Owner, count, limit, milliseconds (none: lease), whether to park it.
    Acquire(u8, u32, u32, Option<u64>, bool),
    Release(u8, Option<u32>),
    Extend(u8, Option<u64>),
    LeaseEnded(u8),
    /// The waiter with this place among those that wait; it may have been served before.
    Withdraw(usize),
    Pass(u64),
    /// For how many grants nobody can be told, from now on.
    Unreachable(u8),
    Dry(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    owner: u8,
    permits: u32,
    token: u64,
    end: Option<u64>,
}

#[derive(Clone, Debug)]
struct Waits {
    owner: u8,
    /// Waiter, count, milliseconds.
    asks: Vec<(u64, u32, Option<u64>)>,
}

/// Two lists and a number.
#[derive(Default)]
struct Model {
    limit: u32,
    held: Vec<Held>,
    line: Vec<Waits>,
    last_token: u64,
    now: u64,
    dry: bool,
}

impl Model {
    fn permits(&self, owner: u8) -> u32 {
        self.held.iter().filter(|held| held.owner == owner).map(|held| held.permits).sum()
    }

    fn free(&self) -> u32 {
        let used = self.held.iter().map(|held| held.permits).sum();
        self.limit.saturating_sub(used)
    }

    fn set(&mut self, owner: u8, permits: u32) {
        self.held.iter_mut().filter(|held| held.owner == owner).for_each(|h| h.permits = permits);
        self.held.retain(|held| held.permits > 0);
    }

    fn token(&self, owner: u8) -> u64 {
        self.held.iter().find(|held| held.owner == owner).map_or(0, |held| held.token)
    }

    fn can_have(&self, owner: u8, count: u32) -> bool {
        count <= self.permits(owner) || count - self.permits(owner) <= self.free()
    }

    /// False if there is no token.
    fn give(&mut self, owner: u8, count: u32, ms: Option<u64>) -> bool {
        if self.permits(owner) == 0 {
            if self.dry {
                return false;
            }
            self.last_token += 1;
            self.held.push(Held { owner, permits: count, token: self.last_token, end: None });
        }
        self.set(owner, count);
        let now = self.now;
        let mine = self.held.iter_mut().find(|held| held.owner == owner).unwrap();
        // A repeat does not bring the end forward.
        mine.end = ms.map(|ms| mine.end.map_or(now + ms, |end| end.max(now + ms)));
        true
    }

    fn acquire(&mut self, step: (u8, u32, u32, Option<u64>), waiter: Option<u64>) -> String {
        let (owner, count, limit, ms) = step;
        if count > limit {
            return "above".into();
        }
        self.limit = limit;
        let had = self.permits(owner);
        if had >= count || (self.line.is_empty() && self.can_have(owner, count)) {
            let given = self.give(owner, count, ms);
            let word = if had > 0 { "yours" } else { "granted" };
            return if given { format!("{word} {}", self.token(owner)) } else { "dry".into() };
        }
        let Some(waiter) = waiter else { return "busy".into() };
        match self.line.iter_mut().find(|waits| waits.owner == owner) {
            Some(waits) => waits.asks.push((waiter, count, ms)),
            None => self.line.push(Waits { owner, asks: vec![(waiter, count, ms)] }),
        }
        "waiting".into()
    }

    /// Who is served next, in the words of [`Run::next`]; none if nobody.
    fn next(&mut self, reachable: bool) -> Option<String> {
        let waits = self.line.first()?.clone();
        let (_, count, ms) = *waits.asks.last().unwrap();
        let waiters: Vec<_> = waits.asks.iter().map(|(waiter, ..)| *waiter).collect();
        if count > self.limit {
            self.line.remove(0);
            return Some(format!("above {waiters:?}"));
        }
        let before = self.permits(waits.owner);
        if !self.can_have(waits.owner, count) || !self.give(waits.owner, count, ms) {
            return None;
        }
        self.line.remove(0);
        let told = format!("{waiters:?} {} {count} {before}", self.token(waits.owner));
        if !reachable && before < count {
            self.set(waits.owner, before);
        }
        Some(told)
    }

    fn withdraw(&mut self, waiter: u64) {
        for waits in &mut self.line {
            waits.asks.retain(|(other, ..)| *other != waiter);
        }
        self.line.retain(|waits| !waits.asks.is_empty());
    }

    fn tick(&mut self) -> Vec<u8> {
        let now = self.now;
        let due = |held: &Held| held.end.is_some_and(|end| end <= now);
        let mut ended: Vec<Held> = self.held.iter().filter(|held| due(held)).cloned().collect();
        self.held.retain(|held| !due(held));
        ended.sort_by_key(|held| (held.end, held.token));
        ended.iter().map(|held| held.owner).collect()
    }
}

/// The semaphore beside its model.
struct Run {
    semaphore: Semaphore,
    tokens: TestTokens,
    model: Model,
    waiters: u64,
    unreachable: u8,
}

fn owner(number: u8) -> Owner {
    Owner::new(&[number])
}

fn lasting(ms: Option<u64>) -> Lasting {
    ms.map_or(Lasting::Lease, Lasting::Ms)
}

impl Run {
    fn new() -> Self {
        let semaphore = Semaphore::new(NonZeroU32::MIN);
        let model = Model { limit: 1, ..Model::default() };
        Self { semaphore, tokens: TestTokens::default(), model, waiters: 0, unreachable: 0 }
    }

    fn now(&self) -> Mono {
        Mono(self.model.now)
    }

    fn acquire(&mut self, step: (u8, u32, u32, Option<u64>), park: bool) {
        let (name, count, limit, ms) = step;
        self.waiters += u64::from(park);
        let waiter = park.then_some(self.waiters);
        let [count, limit] = [count, limit].map(|n| NonZeroU32::new(n).unwrap());
        let ask = Ask { owner: owner(name), count, limit, lasting: lasting(ms) };
        let now = self.now();
        let answer = self.semaphore.acquire(ask, waiter.map(WaiterId), now, &mut self.tokens);
        let answer = match answer {
            Acquire::Granted(token) => format!("granted {}", token.get()),
            Acquire::Yours(token) => format!("yours {}", token.get()),
            Acquire::Waiting => "waiting".into(),
            Acquire::NotFree => "busy".into(),
            Acquire::AboveLimit => "above".into(),
            Acquire::NoToken => "dry".into(),
        };
        assert_eq!(answer, self.model.acquire(step, waiter));
    }

    fn release(&mut self, name: u8, count: Option<u32>) {
        let held = self.model.permits(name);
        let back = count.unwrap_or(held);
        let expected = match held {
            0 => Release::NotOwner,
            _ if back > held => Release::MoreThanHeld(held),
            _ => Release::Left(held - back),
        };
        if back <= held {
            self.model.set(name, held - back);
        }
        let (count, now) = (count.and_then(NonZeroU32::new), self.now());
        assert_eq!(self.semaphore.release(&owner(name), count, now), expected);
    }

    fn extend(&mut self, name: u8, ms: Option<u64>) {
        let now = self.now();
        let answer = self.semaphore.extend(&owner(name), lasting(ms), now);
        match self.model.held.iter_mut().find(|held| held.owner == name) {
            Some(held) => {
                held.end = ms.map(|ms| now.0 + ms);
                assert!(matches!(answer, Extend::Extended(token) if token.get() == held.token));
            }
            None => assert_eq!(answer, Extend::NotOwner),
        }
    }

    fn lease_ended(&mut self, name: u8) {
        let Some(token) = FenceToken::new(self.model.token(name)) else { return };
        let ended = self.semaphore.lease_ended(&owner(name), token);
        let on_lease = |held: &&Held| held.owner == name && held.end.is_none();
        let expected = self.model.held.iter().find(on_lease).map(|held| held.permits);
        assert_eq!(ended.map(|ended| ended.holder.permits), expected);
        if expected.is_some() {
            self.model.set(name, 0);
        }
    }

    fn withdraw(&mut self, index: usize) {
        let waiter = 1 + index as u64 % (self.waiters + 1);
        let waits = self.model.line.iter().flat_map(|waits| &waits.asks);
        let here = waits.filter(|(other, ..)| *other == waiter).count() == 1;
        let expected = if here { Withdrawn::Left } else { Withdrawn::NotHere };
        assert_eq!(self.semaphore.withdraw(WaiterId(waiter)), expected);
        self.model.withdraw(waiter);
    }

    fn next(&mut self, reachable: bool) -> Option<String> {
        let now = self.now();
        match self.semaphore.next_grant(now, &mut self.tokens) {
            Next::Granted(grant) => {
                if !reachable {
                    for _ in &grant.waiters {
                        self.semaphore.take_back(&grant.owner, grant.offer);
                    }
                }
                let waiters: Vec<_> = grant.waiters.iter().map(|waiter| waiter.0).collect();
                let Granted { token, permits, before, .. } = grant;
                Some(format!("{waiters:?} {} {permits} {before}", token.get()))
            }
            Next::AboveLimit(waiters) => {
                Some(format!("above {:?}", waiters.iter().map(|w| w.0).collect::<Vec<_>>()))
            }
            Next::Nobody | Next::NoToken => None,
        }
    }

    /// Serves whoever can be served, as the model does: first come, first served, nobody left who
    /// could go on, no withdrawn waiter.
    fn drain(&mut self) {
        loop {
            let reachable = self.unreachable == 0;
            let expected = self.model.next(reachable);
            assert_eq!(self.next(reachable), expected);
            self.semaphore.assert_invariants();
            if expected.is_none() {
                return;
            }
            self.unreachable = self.unreachable.saturating_sub(1);
        }
    }

    fn tick(&mut self) {
        let ended = self.semaphore.tick(self.now());
        let ended: Vec<_> = ended.into_iter().map(|ended| ended.owner.name()[0]).collect();
        assert_eq!(ended, self.model.tick());
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Acquire(owner, count, limit, ms, park) => {
                self.acquire((owner, count, limit, ms), park);
            }
            Step::Release(owner, count) => self.release(owner, count),
            Step::Extend(owner, ms) => self.extend(owner, ms),
            Step::LeaseEnded(owner) => self.lease_ended(owner),
            Step::Withdraw(index) => self.withdraw(index),
            Step::Pass(ms) => {
                self.model.now += ms;
                self.tick();
            }
            Step::Unreachable(grants) => self.unreachable = grants,
            Step::Dry(dry) => {
                self.tokens.set_dry(dry);
                self.model.dry = dry;
            }
        }
        self.semaphore.assert_invariants();
        self.drain();
        self.compare();
    }

    fn compare(&self) {
        let mut held = self.model.held.clone();
        held.sort_by_key(|held| held.owner);
        let real = self.semaphore.holders().map(|(owner, holder)| Held {
            owner: owner.name()[0],
            permits: holder.permits,
            token: holder.token.get(),
            end: holder.term.deadline().map(|end| end.0),
        });
        assert_eq!(real.collect::<Vec<_>>(), held);
        let line: Vec<_> = self.model.line.iter().map(|waits| waits.owner).collect();
        let real = self.semaphore.waiting().map(|place| place.owner.name()[0]);
        assert_eq!(real.collect::<Vec<_>>(), line);
        let deadline = held.iter().filter_map(|held| held.end).min();
        assert_eq!(self.semaphore.next_deadline(), deadline.map(Mono));
        assert_eq!(self.semaphore.is_idle(), held.is_empty() && line.is_empty());
    }
}

fn step() -> impl Strategy<Value = Step> {
    let ms = || prop_oneof![3 => (1..20u64).prop_map(Some), 1 => Just(None)];
    let acquire = (0..OWNERS, 1..5u32, 1..5u32, ms(), prop::bool::weighted(0.8));
    prop_oneof![
        8 => acquire.prop_map(|(a, b, c, d, e)| Step::Acquire(a, b, c, d, e)),
        4 => (0..OWNERS, prop::option::of(1..4u32)).prop_map(|(a, b)| Step::Release(a, b)),
        1 => (0..OWNERS, ms()).prop_map(|(a, b)| Step::Extend(a, b)),
        1 => (0..OWNERS).prop_map(Step::LeaseEnded),
        2 => (0..40usize).prop_map(Step::Withdraw),
        3 => (1..15u64).prop_map(Step::Pass),
        1 => (0..3u8).prop_map(Step::Unreachable),
        1 => prop::bool::weighted(0.3).prop_map(Step::Dry),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_goes_as_in_the_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
    }
}
