//! Which owners wait for which, over all contended locks of the node, so that a request that would
//! close a cycle is refused instead of parked.
//!
//! In: `wait` before a request is parked, and what happens to contended locks afterwards. Out: the
//! cycle, if there is one. It repeats of the locks' queues just enough to tell who waits for whom,
//! by the same rule: for the holders and for earlier askers whose modes conflict; ahead of the
//! line, and behind an older request of the same owner, for the holders alone. The edges are not
//! kept but follow from the order, so that handing on a lock that a thousand wait for is two small
//! changes.
//!
//! Not here: locks that nobody waits for, delays, and the search itself (`wait_cycle.rs`).
//! Invariant: every lock in it has somebody who waits, and every owner in it holds or waits.

use crate::coord::grant::{Owner, WaiterId};
use crate::coord::mode::Mode;
use crate::coord::wait_cycle;
use std::collections::{BTreeMap, BTreeSet};

/// A lock of the node, numbered by whoever keeps the locks. A number names one lock as long as
/// somebody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LockId(pub u64);

/// What becomes of a request that is about to wait.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Wait {
    /// It may be parked; it is in the graph.
    Parks,
    /// It closes a cycle: each of these waits for the next and the last for the first, who is the
    /// asker. The graph is as it was.
    Deadlock(Vec<Owner>),
}

/// What has happened to a lock that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// A request waits no more: it was granted, or went away.
    Left(WaiterId),
    /// An owner holds the lock in this mode now.
    Holds(Owner, Mode),
    /// An owner's grant is over.
    Ended(Owner),
}

/// The contended locks of a node and the owners that meet there.
#[derive(Debug, Default)]
pub struct WaitGraph {
    locks: BTreeMap<LockId, Contended>,
    numbers: BTreeMap<Owner, OwnerNo>,
    members: Vec<Member>,
    /// Members that are nobody at the moment.
    vacant: Vec<OwnerNo>,
}

/// An owner in the graph, as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OwnerNo(usize);

/// What an owner does in the graph.
#[derive(Debug)]
pub(super) struct Member {
    owner: Owner,
    /// How many contended locks it holds.
    holds: usize,
    /// Where it waits.
    pub(super) waits: BTreeSet<(LockId, WaiterId)>,
}

/// A lock that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Contended {
    pub(super) holders: BTreeMap<OwnerNo, Mode>,
    pub(super) ahead: BTreeMap<WaiterId, Request>,
    pub(super) in_line: BTreeMap<WaiterId, Request>,
}

/// A parked request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) owner: OwnerNo,
    /// What it asks for. What its owner holds already does not add to whom it waits for: the other
    /// holders go with that, and who does not waits for it as a grant.
    pub(super) mode: Mode,
}

impl Contended {
    pub(super) fn is_ahead(&self, waiter: WaiterId) -> bool {
        self.ahead.contains_key(&waiter)
    }
}

impl Member {
    /// Whether none of its requests for the lock is older.
    pub(super) fn is_oldest_request(&self, lock: LockId, waiter: WaiterId) -> bool {
        self.waits.range((lock, WaiterId(0))..).next() == Some(&(lock, waiter))
    }
}

impl WaitGraph {
    /// Whether somebody waits for the lock.
    #[must_use]
    pub fn is_contended(&self, lock: LockId) -> bool {
        self.locks.contains_key(&lock)
    }

    /// Tells who holds a lock that somebody is about to wait for. Does nothing if somebody waits
    /// for it already. To be followed by [`WaitGraph::wait`].
    pub fn contend<'o>(
        &mut self,
        lock: LockId,
        holders: impl IntoIterator<Item = (&'o Owner, Mode)>,
    ) {
        if self.is_contended(lock) {
            return;
        }
        let mut contended = Contended::default();
        for (owner, mode) in holders {
            let number = self.number(owner);
            self.members[number.0].holds += 1;
            contended.holders.insert(number, mode);
        }
        self.locks.insert(lock, contended);
    }

    /// A request is about to wait for these locks, all of which are contended, until it can have
    /// all.
    pub fn wait(&mut self, waiter: WaiterId, owner: &Owner, wants: &[(LockId, Mode)]) -> Wait {
        // Who holds nothing that anybody waits for, and waits nowhere, is waited for by nobody.
        // Neither is who merely holds these locks and is the first to wait for them.
        let is_stranger = !self.numbers.contains_key(owner);
        let number = self.number(owner);
        for (lock, mode) in wants {
            self.enter(*lock, waiter, Request { owner: number, mode: *mode });
        }
        if is_stranger {
            return Wait::Parks;
        }
        match wait_cycle::through(self, number) {
            None => Wait::Parks,
            Some(cycle) => {
                let owners = cycle.into_iter().map(|member| self.member(member).owner.clone());
                let owners = owners.collect();
                for (lock, _) in wants {
                    self.withdraw(*lock, waiter);
                }
                Wait::Deadlock(owners)
            }
        }
    }

    /// A waiter waits no more for a lock.
    pub fn withdraw(&mut self, lock: LockId, waiter: WaiterId) {
        if let Some(request) = self.leave(lock, waiter) {
            self.dismiss_if_nobody(request.owner);
            self.forget_if_free(lock);
        }
    }

    /// A waiter has been granted a lock.
    pub fn granted(&mut self, lock: LockId, waiter: WaiterId) {
        let Some(request) = self.leave(lock, waiter) else { return };
        self.hold(lock, request.owner, request.mode);
        self.forget_if_free(lock);
    }

    /// An owner has been granted a lock without waiting. Need not be told of locks that are not
    /// contended.
    pub fn acquired(&mut self, lock: LockId, owner: &Owner, mode: Mode) {
        if self.is_contended(lock) {
            let number = self.number(owner);
            self.hold(lock, number, mode);
        }
    }

    /// An owner's grant is over: released, expired or broken. Need not be told of locks that are
    /// not contended. Where its requests stand ahead of the line, they stay there.
    pub fn ended(&mut self, lock: LockId, owner: &Owner) {
        let Some(number) = self.numbers.get(owner).copied() else { return };
        let Some(contended) = self.locks.get_mut(&lock) else { return };
        if contended.holders.remove(&number).is_some() {
            self.members[number.0].holds -= 1;
            self.dismiss_if_nobody(number);
        }
    }

    /// Repeats what has happened to a lock, in order.
    pub fn follow(&mut self, lock: LockId, moves: Vec<Move>) {
        for step in moves {
            match step {
                Move::Left(waiter) => self.withdraw(lock, waiter),
                Move::Holds(owner, mode) => self.acquired(lock, &owner, mode),
                Move::Ended(owner) => self.ended(lock, &owner),
            }
        }
    }

    /// Nobody waits for a lock any more, whatever happened to it.
    pub fn forget(&mut self, lock: LockId) {
        let Some(contended) = self.locks.remove(&lock) else { return };
        let mut met = BTreeSet::new();
        for (waiter, request) in contended.ahead.iter().chain(&contended.in_line) {
            self.members[request.owner.0].waits.remove(&(lock, *waiter));
            met.insert(request.owner);
        }
        for holder in contended.holders.into_keys() {
            self.members[holder.0].holds -= 1;
            met.insert(holder);
        }
        met.into_iter().for_each(|owner| self.dismiss_if_nobody(owner));
    }

    /// How many locks somebody waits for.
    #[must_use]
    pub fn contended(&self) -> usize {
        self.locks.len()
    }

    /// A cycle that an owner is in, if there is one, beginning with it. Requests close no cycle
    /// without being refused; only an owner that asks through several connections at once can close
    /// one by being granted something, which stays until one of the requests runs out of time.
    #[must_use]
    pub fn cycle_of(&self, owner: &Owner) -> Option<Vec<Owner>> {
        let cycle = wait_cycle::through(self, *self.numbers.get(owner)?)?;
        Some(cycle.into_iter().map(|member| self.member(member).owner.clone()).collect())
    }

    /// Whether nobody waits for anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    pub(super) fn member(&self, owner: OwnerNo) -> &Member {
        &self.members[owner.0]
    }

    pub(super) fn lock(&self, lock: LockId) -> &Contended {
        &self.locks[&lock]
    }

    fn enter(&mut self, lock: LockId, waiter: WaiterId, request: Request) {
        let contended = self.locks.get_mut(&lock);
        let contended = contended.expect("the holders of the lock have been told before");
        let holds = contended.holders.contains_key(&request.owner);
        let requests = if holds { &mut contended.ahead } else { &mut contended.in_line };
        requests.insert(waiter, request);
        self.members[request.owner.0].waits.insert((lock, waiter));
    }

    fn leave(&mut self, lock: LockId, waiter: WaiterId) -> Option<Request> {
        let contended = self.locks.get_mut(&lock)?;
        let ahead = contended.ahead.remove(&waiter);
        let request = ahead.or_else(|| contended.in_line.remove(&waiter))?;
        self.members[request.owner.0].waits.remove(&(lock, waiter));
        Some(request)
    }

    fn hold(&mut self, lock: LockId, owner: OwnerNo, mode: Mode) {
        let contended = self.locks.get_mut(&lock).expect("only contended locks are noted");
        let member = &mut self.members[owner.0];
        match contended.holders.get_mut(&owner) {
            Some(held) => *held = held.join(mode),
            None => {
                contended.holders.insert(owner, mode);
                member.holds += 1;
            }
        }
        for (_, waiter) in member.waits.range((lock, WaiterId(0))..=(lock, WaiterId(u64::MAX))) {
            if let Some(request) = contended.in_line.remove(waiter) {
                contended.ahead.insert(*waiter, request);
            }
        }
    }

    fn forget_if_free(&mut self, lock: LockId) {
        let contended = &self.locks[&lock];
        if contended.ahead.is_empty() && contended.in_line.is_empty() {
            let contended = self.locks.remove(&lock).expect("it was just looked at");
            for holder in contended.holders.into_keys() {
                self.members[holder.0].holds -= 1;
                self.dismiss_if_nobody(holder);
            }
        }
    }

    /// The number of an owner, who is in the graph from now on.
    fn number(&mut self, owner: &Owner) -> OwnerNo {
        if let Some(number) = self.numbers.get(owner) {
            return *number;
        }
        let member = Member { owner: owner.clone(), holds: 0, waits: BTreeSet::new() };
        let number = match self.vacant.pop() {
            Some(number) => {
                self.members[number.0] = member;
                number
            }
            None => {
                self.members.push(member);
                OwnerNo(self.members.len() - 1)
            }
        };
        self.numbers.insert(owner.clone(), number);
        number
    }

    fn dismiss_if_nobody(&mut self, number: OwnerNo) {
        let member = &self.members[number.0];
        if member.holds == 0 && member.waits.is_empty() {
            self.numbers.remove(&member.owner);
            self.vacant.push(number);
        }
    }

    /// Stops the process if the graph contradicts itself.
    ///
    /// # Panics
    ///
    /// When it does.
    pub fn assert_invariants(&self) {
        let mut holds = vec![0; self.members.len()];
        let mut waits = 0;
        for (lock, contended) in &self.locks {
            let requests = contended.ahead.iter().chain(&contended.in_line);
            let before = waits;
            for (waiter, request) in requests {
                let listed = self.member(request.owner).waits.contains(&(*lock, *waiter));
                assert!(listed, "a request is its owner's");
                waits += 1;
            }
            assert!(waits > before, "somebody waits for a lock that is here");
            contended.holders.keys().for_each(|holder| holds[holder.0] += 1);
            let stands_back = |request: &Request| contended.holders.contains_key(&request.owner);
            assert!(!contended.in_line.values().any(stands_back), "holders stand ahead");
        }
        for (owner, number) in &self.numbers {
            let member = self.member(*number);
            assert_eq!(*owner, member.owner, "an owner is found under its name");
            assert_eq!(member.holds, holds[number.0], "its grants are counted");
            assert!(member.holds > 0 || !member.waits.is_empty(), "and it holds or waits");
            waits -= member.waits.len();
        }
        assert_eq!(waits, 0, "every request is somebody's");
        assert_eq!(self.numbers.len() + self.vacant.len(), self.members.len(), "all are known");
    }
}

#[path = "wait_graph_tests.rs"]
mod tests;
