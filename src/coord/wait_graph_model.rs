//! The wait-for graph against the locks themselves: random histories over 2 to 10 locks with single
//! and all-or-nothing requests, in which a caller keeps locks and graph as a server would.
//!
//! Whether there is a cycle is found out twice: from all edges, built anew from the locks; and by
//! letting everybody who does not wait release everything, again and again: who waits then, waits
//! for ever. A request is refused exactly when it would be left over, and without a refusal nobody
//! ever is. After every step nobody waits who could be granted all that it asked for.

#![cfg(test)]

use crate::base::time::Mono;
use crate::coord::ask::Ask;
use crate::coord::grant::{Lasting, Owner, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission, Offer, Release};
use crate::coord::mode::Mode;
use crate::coord::test_tokens::TestTokens;
use crate::coord::wait_graph::{LockId, Wait, WaitGraph};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const OWNERS: usize = 6;
const LOCKS_MAX: usize = 10;

#[derive(Clone, Debug)]
enum Step {
    /// One request for some locks. Numbers are taken modulo how many there are.
    Ask {
        owner: usize,
        wants: Vec<(usize, Mode)>,
        ms: Option<u64>,
    },
    Release {
        owner: usize,
        lock: usize,
    },
    Break {
        lock: usize,
    },
    Withdraw {
        nth: usize,
    },
    Pass {
        ms: u64,
    },
}

/// The locks of a node and the requests parked there.
#[derive(Clone)]
struct Locks {
    locks: Vec<Lock>,
    parked: BTreeMap<WaiterId, (usize, Vec<usize>)>,
    now: Mono,
}

type Edges = BTreeSet<(usize, usize)>;

fn owner(number: usize) -> Owner {
    Owner::new(&[b'a' + u8::try_from(number).unwrap()])
}

fn number(owner: &Owner) -> usize {
    usize::from(owner.name()[0] - b'a')
}

fn ask(number: usize, mode: Mode, ms: Option<u64>) -> Ask {
    let lasting = ms.map_or(Lasting::Lease, Lasting::Ms);
    let owner = owner(number);
    Ask { owner, mode, lasting, delay_ms: 0, reentrant: false, below: false }
}

impl Locks {
    fn is_waiting(&self, owner: usize) -> bool {
        self.parked.values().any(|(asker, _)| *asker == owner)
    }

    fn holds(&self, owner: usize, lock: usize) -> bool {
        self.locks[lock].holder(&[b'a' + u8::try_from(owner).unwrap()], self.now).is_some()
    }

    fn park(&mut self, waiter: WaiterId, owner: usize, wants: &[(usize, Mode)], ms: Option<u64>) {
        let mut is_watched = false;
        for (lock, mode) in wants {
            let lock = &mut self.locks[*lock];
            let admission = lock.admits(&[b'a' + u8::try_from(owner).unwrap()], *mode, self.now);
            lock.park(waiter, ask(owner, *mode, ms), self.now, &TestTokens::default());
            if is_watched || admission != Admission::Busy {
                lock.rest(waiter);
            } else {
                is_watched = true;
            }
        }
        assert!(is_watched, "somebody is in its way");
        self.parked.insert(waiter, (owner, wants.iter().map(|(lock, _)| *lock).collect()));
    }

    /// Grants all that can be granted.
    fn drain(&mut self, tokens: &mut TestTokens) {
        let mut pending: BTreeSet<usize> = (0..self.locks.len()).collect();
        while let Some(at) = pending.pop_first() {
            while let Some(waiter) = self.locks[at].next_grantable(self.now) {
                let locks = self.parked[&waiter].1.clone();
                let now = self.now;
                match locks.iter().find(|lock| !self.locks[**lock].is_grantable(waiter, now)) {
                    Some(busy) => {
                        self.locks[at].rest(waiter);
                        self.locks[*busy].watch(waiter);
                    }
                    None => {
                        for lock in &locks {
                            let offer = self.locks[*lock].grant(waiter, now, tokens);
                            assert!(matches!(offer, Offer::Granted(_)), "all or nothing");
                        }
                        self.parked.remove(&waiter);
                        pending.extend(&locks);
                    }
                }
            }
        }
    }

    /// Nobody waits who could be granted everything, and the locks are sound.
    fn check(&mut self) {
        for lock in &self.locks {
            lock.assert_invariants();
        }
        for (waiter, (_, locks)) in self.parked.clone() {
            let all = locks.iter().all(|lock| self.locks[*lock].is_grantable(waiter, self.now));
            assert!(!all, "{waiter:?} was forgotten");
        }
    }

    /// Who waits for whom, from all pairs of requests and grants.
    fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for lock in &self.locks {
            let held: BTreeMap<usize, Mode> =
                lock.holders(self.now).map(|held| (number(&held.owner), held.mode)).collect();
            let wants =
                |asker: usize, mode: Mode| held.get(&asker).map_or(mode, |own| own.join(mode));
            let waiters: Vec<_> =
                lock.waiters().map(|at| (at, number(&at.owner.clone()))).collect();
            for (one, asker) in &waiters {
                let needs = wants(*asker, one.mode);
                let holders = held.iter().filter(|(_, mode)| !mode.goes_with(needs));
                edges.extend(holders.map(|(holder, _)| (*asker, *holder)));
                let is_behind_itself =
                    waiters.iter().any(|(other, by)| by == asker && other.id < one.id);
                if one.is_ahead || is_behind_itself {
                    continue;
                }
                let before = waiters.iter().filter(|(at, _)| at.is_ahead || at.id < one.id);
                let blocks = before.filter(|(at, by)| !wants(*by, at.mode).goes_with(needs));
                edges.extend(blocks.map(|(_, by)| (*asker, *by)));
            }
        }
        edges.retain(|(asker, other)| asker != other);
        edges
    }

    /// Who waits for ever if everybody who does not wait releases everything.
    fn left_over(&self) -> Vec<WaiterId> {
        let last = self.locks.iter().map(Lock::last_token).max().unwrap();
        let (mut after, mut tokens) = (self.clone(), TestTokens::above(last));
        loop {
            let (mut has_changed, count) = (false, after.locks.len());
            for (at, who) in (0..OWNERS).flat_map(|who| (0..count).map(move |at| (at, who))) {
                if !after.is_waiting(who) && after.holds(who, at) {
                    let released = after.locks[at].release(owner(who).name(), None, after.now);
                    assert!(matches!(released, Release::Released(_)));
                    has_changed = true;
                }
            }
            after.drain(&mut tokens);
            if !has_changed {
                return after.parked.into_keys().collect();
            }
        }
    }
}

/// Whether a path along the edges leads from an owner back to it.
fn is_in_cycle(edges: &Edges, owner: usize) -> bool {
    let mut reached: BTreeSet<usize> = BTreeSet::from([owner]);
    loop {
        let next: BTreeSet<usize> =
            edges.iter().filter(|(from, _)| reached.contains(from)).map(|(_, to)| *to).collect();
        if edges.iter().any(|(from, to)| reached.contains(from) && *to == owner) {
            return true;
        }
        let before = reached.len();
        reached.extend(next);
        if reached.len() == before {
            return false;
        }
    }
}

fn is_cycle(edges: &Edges, cycle: &[usize]) -> bool {
    let next = cycle.iter().cycle().skip(1);
    cycle.len() > 1 && cycle.iter().zip(next).all(|(one, other)| edges.contains(&(*one, *other)))
}

struct Run {
    locks: Locks,
    graph: WaitGraph,
    tokens: TestTokens,
    parked: u64,
    /// Whether an owner asks from one connection, so that it does nothing while it waits.
    single: bool,
    deadlocks: usize,
}

impl Run {
    fn new(locks: usize, single: bool) -> Self {
        let locks =
            Locks { locks: vec![Lock::default(); locks], parked: BTreeMap::new(), now: Mono(0) };
        let (graph, tokens) = (WaitGraph::default(), TestTokens::default());
        Self { locks, graph, tokens, parked: 0, single, deadlocks: 0 }
    }

    fn step(&mut self, step: &Step) {
        let count = self.locks.locks.len();
        match step {
            Step::Ask { owner, wants, ms } => {
                // Each lock once, in no particular order.
                let mut seen = BTreeSet::new();
                let wants = wants.iter().map(|(lock, mode)| (lock % count, *mode));
                let wants: Vec<_> = wants.filter(|(lock, _)| seen.insert(*lock)).collect();
                if !(self.single && self.locks.is_waiting(*owner)) {
                    self.ask(*owner, &wants, *ms);
                }
            }
            Step::Release { owner: who, lock } => {
                if !(self.single && self.locks.is_waiting(*who)) {
                    let (at, name) = (lock % count, owner(*who));
                    let _ = self.locks.locks[at].release(name.name(), None, self.locks.now);
                }
            }
            Step::Break { lock } => {
                let at = lock % count;
                let _ = self.locks.locks[at].break_open(0, self.locks.now);
            }
            Step::Withdraw { nth } => self.withdraw(*nth),
            Step::Pass { ms } => self.pass(*ms),
        }
        self.locks.drain(&mut self.tokens);
        self.tell();
        self.check();
    }

    /// Tells the graph what has happened, as whoever keeps the locks does.
    fn tell(&mut self) {
        for (at, lock) in (0..).zip(&mut self.locks.locks) {
            if lock.is_contended() {
                self.graph.follow(LockId(at), lock.take_moves());
            } else {
                self.graph.forget(LockId(at));
            }
        }
    }

    fn ask(&mut self, who: usize, wants: &[(usize, Mode)], ms: Option<u64>) {
        let (name, now) = (owner(who), self.locks.now);
        let is_busy = |(lock, mode): &(usize, Mode)| {
            self.locks.locks[*lock].admits(name.name(), *mode, now) == Admission::Busy
        };
        if !wants.iter().any(is_busy) {
            for (lock, mode) in wants {
                let outcome =
                    self.locks.locks[*lock].acquire(ask(who, *mode, ms), now, &mut self.tokens);
                assert!(matches!(outcome, Acquire::Granted(_) | Acquire::AlreadyYours(_)));
            }
            return;
        }
        for (lock, _) in wants {
            let holders = self.locks.locks[*lock].holders(now);
            self.graph.contend(LockId(*lock as u64), holders.map(|held| (&held.owner, held.mode)));
        }
        self.parked += 1;
        let waiter = WaiterId(self.parked);
        let mut anyway = self.locks.clone();
        anyway.park(waiter, who, wants, ms);
        let edges = anyway.edges();
        let places: Vec<_> =
            wants.iter().map(|(lock, mode)| (LockId(*lock as u64), *mode)).collect();
        match self.graph.wait(waiter, &name, &places) {
            Wait::Parks => {
                assert!(!is_in_cycle(&edges, who), "a cycle that was not found: {edges:?}");
                self.locks = anyway;
                if self.single {
                    assert_eq!(self.locks.left_over(), [], "a deadlock that was not found");
                }
            }
            Wait::Deadlock(cycle) => {
                let cycle: Vec<_> = cycle.iter().map(number).collect();
                assert_eq!(cycle[0], who);
                assert!(is_cycle(&edges, &cycle), "{cycle:?} is no cycle in {edges:?}");
                if self.single {
                    assert!(anyway.left_over().contains(&waiter), "it would not wait for ever");
                }
                self.deadlocks += 1;
            }
        }
    }

    fn withdraw(&mut self, nth: usize) {
        let Some(nth) = nth.checked_rem(self.locks.parked.len()) else { return };
        let waiter = *self.locks.parked.keys().nth(nth).unwrap();
        let (_, locks) = self.locks.parked.remove(&waiter).unwrap();
        for lock in locks {
            assert!(self.locks.locks[lock].withdraw(waiter).is_some());
        }
    }

    fn pass(&mut self, ms: u64) {
        self.locks.now = self.locks.now.plus(ms);
        self.locks.locks.iter_mut().for_each(|lock| lock.tick(self.locks.now, &mut Vec::new()));
    }

    fn check(&mut self) {
        self.locks.check();
        self.graph.assert_invariants();
        for (at, lock) in self.locks.locks.iter().enumerate() {
            assert_eq!(self.graph.is_contended(LockId(at as u64)), lock.is_contended());
        }
        let edges = self.locks.edges();
        for who in 0..OWNERS {
            let cycle = self.graph.cycle_of(&owner(who));
            assert_eq!(cycle.is_some(), is_in_cycle(&edges, who), "{who} in {edges:?}");
            assert!(!self.single || cycle.is_none(), "nobody is let into a cycle");
        }
        if self.single {
            assert_eq!(self.locks.left_over(), [], "nobody waits for ever");
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let mode = || prop_oneof![Just(Mode::Exclusive), (0..5usize).prop_map(|at| Mode::ALL[at])];
    let want = move || (0..LOCKS_MAX, mode());
    let ms = prop_oneof![3 => Just(None), 1 => (1..40u64).prop_map(Some)];
    let wants = prop_oneof![
        3 => prop::collection::vec(want(), 1),
        1 => prop::collection::vec(want(), 2..4),
    ];
    let ask = (0..OWNERS, wants, ms).prop_map(|(owner, wants, ms)| Step::Ask { owner, wants, ms });
    let release = (0..OWNERS, 0..LOCKS_MAX);
    prop_oneof![
        14 => ask,
        5 => release.prop_map(|(owner, lock)| Step::Release { owner, lock }),
        1 => (0..LOCKS_MAX).prop_map(|lock| Step::Break { lock }),
        1 => (0..4usize).prop_map(|nth| Step::Withdraw { nth }),
        1 => (1..20u64).prop_map(|ms| Step::Pass { ms }),
    ]
}

fn history() -> impl Strategy<Value = (usize, Vec<Step>)> {
    (2..=LOCKS_MAX, prop::collection::vec(step(), 1..60))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_refused_exactly_when_it_would_wait_for_ever((locks, steps) in history()) {
        let mut run = Run::new(locks, true);
        steps.iter().for_each(|step| run.step(step));
    }

    #[test]
    fn owners_that_ask_from_several_connections_are_judged_by_the_same_edges(
        (locks, steps) in history(),
    ) {
        let mut run = Run::new(locks, false);
        steps.iter().for_each(|step| run.step(step));
    }
}

#[test]
fn the_histories_are_full_of_deadlocks() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut deadlocks = 0;
    for _ in 0..50 {
        let (locks, steps) = history().new_tree(&mut runner).unwrap().current();
        let mut run = Run::new(locks, true);
        steps.iter().for_each(|step| run.step(step));
        deadlocks += run.deadlocks;
    }
    assert!(deadlocks > 50, "{deadlocks} requests were refused");
}
