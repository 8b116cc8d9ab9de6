//! Who waits for a lock, in which order, and who of them is next.
//!
//! An asker waits for the holders and for the earlier askers whose modes do not go with its own, so
//! that neighbours that go together are granted together and nobody is overtaken by anybody who
//! would keep it waiting. Askers whose owner holds the lock stand ahead of the line and wait for
//! the other holders alone. An owner never waits for itself: its later requests rest until its
//! first one is granted, and then stand ahead.
//! Not here: the holders (`holders.rs`), and what a grant is (`lock.rs`).
//! Invariant: every waiter is filed once under its place, and once under its owner.

use crate::base::time::Micros;
use crate::coord::ask::Ask;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::mode::Mode;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// The queue of one lock. Every step costs the logarithm of its length.
#[derive(Clone, Debug, Default)]
pub(crate) struct LockQueue {
    waiting: BTreeMap<WaiterId, Waiting>,
    /// Bytes of the owners' names of all that wait: asked for after every change.
    names: usize,
    /// The requests of each owner, oldest first.
    owners: BTreeMap<Owner, SmallVec<[WaiterId; 2]>>,
    /// Those that stand alike; no line is empty. There are few of them however many wait.
    lines: BTreeMap<Place, Line>,
}

/// A parked request.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) ask: Ask,
    /// Since when it waits.
    pub(crate) since: Micros,
    pub(crate) place: Place,
    /// Whether this is the lock at which its caller watches for it.
    watched: bool,
}

/// Where a waiter stands, and what it needs to be granted. The order serves the map only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Its owner holds the lock, or did after the request was parked. Whoever came ahead stays
    /// there when its grant ends: to be put back could close a cycle of waiters that no asker
    /// closed.
    Ahead { held: Option<Mode>, wants: Mode },
    /// Behind all that came before it.
    InLine { wants: Mode },
}

impl Place {
    pub(crate) const fn wants(self) -> Mode {
        match self {
            Self::Ahead { wants, .. } | Self::InLine { wants } => wants,
        }
    }

    pub(crate) const fn is_ahead(self) -> bool {
        matches!(self, Self::Ahead { .. })
    }

    /// Where an owner's request for `mode` stands once the owner holds the lock in mode `held`, or
    /// has lost it.
    fn after(self, held: Option<Mode>, mode: Mode) -> Self {
        match (held, self) {
            (Some(own), _) => Self::Ahead { held, wants: own.join(mode) },
            (None, Self::Ahead { .. }) => Self::Ahead { held, wants: mode },
            (None, Self::InLine { .. }) => self,
        }
    }
}

/// Waiters at one place.
#[derive(Clone, Debug, Default)]
struct Line {
    /// May be granted when they are first.
    ready: BTreeSet<WaiterId>,
    /// May not: they are watched elsewhere, or an older request of their owner goes first. They
    /// keep their place nevertheless.
    resting: BTreeSet<WaiterId>,
}

impl Line {
    fn first(&self) -> Option<WaiterId> {
        self.ready.first().into_iter().chain(self.resting.first()).min().copied()
    }
}

impl LockQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn get(&self, waiter: WaiterId) -> Option<&Waiting> {
        self.waiting.get(&waiter)
    }

    /// Those ahead of the line, then those in it, each oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (WaiterId, &Waiting)> {
        let those = |ahead| self.waiting.iter().filter(move |(_, at)| at.place.is_ahead() == ahead);
        those(true).chain(those(false)).map(|(waiter, waiting)| (*waiter, waiting))
    }

    /// Parks a request whose owner holds the lock in mode `held`.
    pub(crate) fn park(&mut self, waiter: WaiterId, ask: Ask, held: Option<Mode>, since: Micros) {
        let last = self.waiting.last_key_value().map(|(last, _)| *last);
        assert!(last < Some(waiter), "requests are numbered in the order in which they are parked");
        let place = Place::InLine { wants: ask.mode }.after(held, ask.mode);
        match self.owners.get_mut(ask.owner.name()) {
            Some(requests) => requests.push(waiter),
            None => drop(self.owners.insert(ask.owner.clone(), SmallVec::from_slice(&[waiter]))),
        }
        self.names += ask.owner.name().len();
        self.waiting.insert(waiter, Waiting { ask, since, place, watched: true });
        self.file(waiter);
    }

    /// Takes a request out.
    pub(crate) fn remove(&mut self, waiter: WaiterId) -> Option<Waiting> {
        self.waiting.get(&waiter)?;
        self.unfile(waiter);
        let gone = self.waiting.remove(&waiter)?;
        self.names -= gone.ask.owner.name().len();
        let owner = gone.ask.owner.name();
        let requests = self.owners.get_mut(owner).expect("every waiter is filed under its owner");
        let was_first = requests.first() == Some(&waiter);
        requests.retain(|request| *request != waiter);
        match requests.first().copied() {
            None => drop(self.owners.remove(owner)),
            Some(first) if was_first => self.move_to(first, |waiting| waiting.place),
            Some(_) => {}
        }
        Some(gone)
    }

    /// Notes that an owner holds the lock in mode `held` now, or not any more.
    pub(crate) fn owner_holds(&mut self, owner: &[u8], held: Option<Mode>) {
        let Some(requests) = self.owners.get(owner).cloned() else { return };
        for waiter in requests {
            self.move_to(waiter, |waiting| waiting.place.after(held, waiting.ask.mode));
        }
    }

    /// Whether a waiter is offered by [`LockQueue::next`] here; it keeps its place in any case.
    pub(crate) fn set_watched(&mut self, waiter: WaiterId, watched: bool) {
        if self.waiting.get(&waiter).is_none_or(|waiting| waiting.watched == watched) {
            return;
        }
        self.unfile(waiter);
        if let Some(waiting) = self.waiting.get_mut(&waiter) {
            waiting.watched = watched;
        }
        self.file(waiter);
    }

    /// Whether somebody who comes now and wants `mode` would wait for nobody in the queue. An owner
    /// that waits here already does not get past itself.
    pub(crate) fn lets_in(&self, owner: &[u8], mode: Mode) -> bool {
        self.lines.keys().all(|place| place.wants().goes_with(mode))
            && !self.owners.contains_key(owner)
    }

    /// Whether `waiter` could be granted now, wherever it is watched. `fits` says whether a mode
    /// has room beside the holders, of whom one may be the asker's own grant.
    pub(crate) fn is_next(
        &self,
        waiter: WaiterId,
        fits: impl Fn(Mode, Option<Mode>) -> bool,
    ) -> bool {
        let Some(waiting) = self.waiting.get(&waiter) else { return false };
        match waiting.place {
            Place::Ahead { held, wants } => fits(wants, held),
            Place::InLine { wants } => {
                fits(wants, None)
                    && self.leads(waiter, &waiting.ask.owner)
                    && self.reaches(waiter, wants)
            }
        }
    }

    /// The first that can be granted: of those ahead of the line if there is one, else in line.
    pub(crate) fn next(&self, fits: impl Fn(Mode, Option<Mode>) -> bool) -> Option<WaiterId> {
        // Who is first in a line and cannot be granted keeps everybody behind it there from being
        // granted, so that it is enough to look at the first of each.
        let first_of = |(place, line): (&Place, &Line)| {
            let first = line.ready.first().copied()?;
            let granted = match *place {
                Place::Ahead { held, wants } => fits(wants, held),
                Place::InLine { wants } => fits(wants, None) && self.reaches(first, wants),
            };
            granted.then_some((!place.is_ahead(), first))
        };
        self.lines.iter().filter_map(first_of).min().map(|(_, waiter)| waiter)
    }

    /// Whether a waiter in line that wants `wants` has nobody before it that it has to wait for.
    fn reaches(&self, waiter: WaiterId, wants: Mode) -> bool {
        self.lines.iter().all(|(place, line)| {
            let clear = match place {
                Place::Ahead { .. } => false,
                Place::InLine { .. } => line.first() >= Some(waiter),
            };
            clear || place.wants().goes_with(wants)
        })
    }

    /// Whether it is the oldest request of its owner.
    fn leads(&self, waiter: WaiterId, owner: &Owner) -> bool {
        self.owners.get(owner).and_then(|requests| requests.first()) == Some(&waiter)
    }

    fn move_to(&mut self, waiter: WaiterId, place: impl FnOnce(&Waiting) -> Place) {
        self.unfile(waiter);
        let waiting = self.waiting.get_mut(&waiter).expect("its owner's list names it");
        waiting.place = place(waiting);
        self.file(waiter);
    }

    fn file(&mut self, waiter: WaiterId) {
        let waiting = &self.waiting[&waiter];
        let may_be_first = waiting.place.is_ahead() || self.leads(waiter, &waiting.ask.owner);
        let is_ready = waiting.watched && may_be_first;
        let line = self.lines.entry(waiting.place).or_default();
        let side = if is_ready { &mut line.ready } else { &mut line.resting };
        side.insert(waiter);
    }

    fn unfile(&mut self, waiter: WaiterId) {
        let place = self.waiting[&waiter].place;
        let line = self.lines.get_mut(&place).expect("every waiter is filed under its place");
        let filed = line.ready.remove(&waiter) || line.resting.remove(&waiter);
        assert!(filed, "every waiter is filed under its place");
        if line.first().is_none() {
            self.lines.remove(&place);
        }
    }

    /// Heap bytes, as near as the standard maps let one tell.
    pub(crate) fn memory(&self) -> usize {
        let each = size_of::<(WaiterId, Waiting)>()
            + size_of::<(Owner, SmallVec<[WaiterId; 2]>)>()
            + size_of::<WaiterId>();
        2 * self.names + each * self.waiting.len() + self.lines.len() * size_of::<(Place, Line)>()
    }

    /// `held` tells in which mode an owner holds the lock.
    pub(crate) fn assert_invariants(&self, held: impl Fn(&[u8]) -> Option<Mode>) {
        let names = self.waiting.values().map(|at| at.ask.owner.name().len()).sum::<usize>();
        assert_eq!(self.names, names, "the bytes of names are what counting gives");
        for (waiter, waiting) in &self.waiting {
            let owner = waiting.ask.owner.name();
            let line = self.lines.get(&waiting.place).expect("a waiter's place has a line");
            let may_be_first = waiting.place.is_ahead() || self.leads(*waiter, &waiting.ask.owner);
            let is_ready = waiting.watched && may_be_first;
            assert_eq!(line.ready.contains(waiter), is_ready, "the ready may be granted");
            assert_eq!(line.resting.contains(waiter), !is_ready, "and the others rest");
            assert_eq!(
                waiting.place,
                waiting.place.after(held(owner), waiting.ask.mode),
                "holders stand ahead of the line"
            );
        }
        let in_lines: usize = self.lines.values().map(|at| at.ready.len() + at.resting.len()).sum();
        let by_owner: usize = self.owners.values().map(SmallVec::len).sum();
        assert_eq!(in_lines, self.waiting.len(), "who is in a line waits");
        assert_eq!(by_owner, self.waiting.len(), "and so does who is filed under its owner");
        assert!(self.lines.values().all(|line| line.first().is_some()), "no line is empty");
        for requests in self.owners.values() {
            assert!(!requests.is_empty() && requests.is_sorted(), "oldest first");
        }
    }
}
