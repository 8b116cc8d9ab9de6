//! The gate for what coordinates: a machine under a key is changed, who waits for it gets what is
//! free, and the key's timer and memory follow.
//!
//! Not here: the rules of the machines (`coord`), and what a command decides.
//! Invariant: a machine that is idle has no key, and the timer of its key is its next deadline.

use crate::base::bytes::equal;
use crate::base::slot::SlotId;
use crate::base::time::{Micros, Mono};
use crate::coord::ask::{Cause, Ended};
use crate::coord::grant::{Owner, Term, Tokens, WaiterId};
use crate::coord::holder::Holder;
use crate::coord::lock::Lock;
use crate::coord::path;
use crate::coord::token::{EpochReserve, FenceToken, TokenSequence};
use crate::coord::wait_graph::LockId;
use crate::keyspace::edit::{Edit, Expiry};
use crate::keyspace::event::{self, Event};
use crate::keyspace::facts::{Fact, compare};
use crate::keyspace::lock_figures::LockEvent;
use crate::keyspace::lock_records::LockRecord;
use crate::keyspace::locks::{Before, lock_id};
use crate::keyspace::paths::{Above, FollowUp, Noting, Tenures};
use crate::keyspace::primitive::{Kind, Machine, Primitive};
use crate::keyspace::shard::{Place, Shard};
use crate::keyspace::value::{NewValue, Value, WrongType};
use crate::keyspace::waiters::{Found, Left, Notice, Parking, Place as WaitPlace};
use crate::keyspace::wheel::Target;
use crate::keyspace::{Db, Key};
use std::sync::Arc;

/// Draws tokens from the sequence of a slot.
#[derive(Debug)]
pub struct SlotTokens<'s> {
    pub(crate) sequence: &'s mut TokenSequence,
    pub(crate) epochs: &'s EpochReserve,
    pub(crate) reading: Micros,
}

impl Tokens for SlotTokens<'_> {
    fn draw(&mut self) -> Option<FenceToken> {
        self.sequence.issue(self.epochs)
    }

    fn instant(&self, now: Mono) -> Micros {
        instant(self.reading, now)
    }
}

/// The time `now`, as finely as the last reading of the clock tells it.
fn instant(reading: Micros, now: Mono) -> Micros {
    if reading.ms() == now { reading } else { Micros::at(now) }
}

impl Edit<'_, '_> {
    /// The machine under the key.
    ///
    /// # Errors
    /// The key holds something else.
    pub fn machine<M: Machine>(&self) -> Result<Option<&M>, WrongType> {
        match self.value() {
            None => Ok(None),
            Some(Value::Primitive(primitive)) => M::of(primitive).map(Some).ok_or(WrongType),
            Some(Value::Text(_) | Value::Collection(_)) => Err(WrongType),
        }
    }

    /// Changes the machine under the key, which is made if there is none; then lets in who is next,
    /// and removes the key if nothing is left to remember.
    ///
    /// # Errors
    /// The key holds something else. Nothing has changed.
    pub fn coordinate<M: Machine, R>(
        &mut self,
        change: impl FnOnce(&mut M, &mut SlotTokens<'_>) -> R,
    ) -> Result<R, WrongType> {
        if self.machine::<M>()?.is_none() {
            let machine = M::default().into_primitive();
            self.write(NewValue::Primitive(Box::new(machine)), Expiry::Never, Some(&event::NEW));
        }
        let place = self.place().ok_or(WrongType)?;
        let why = (Cause::Release, self.now);
        let changed = self.shard.change_primitive(place, why, |primitive, tokens| {
            M::of_mut(primitive).map(|machine| change(machine, tokens))
        });
        self.spot = self.shard.find(self.db, self.key, self.hash);
        self.touched();
        changed.flatten().ok_or(WrongType)
    }

    /// Counts what has happened to the lock under the key.
    pub fn note_lock(&mut self, event: LockEvent) {
        self.shard.locks.note(lock_id(self.hash, self.table), event);
    }

    /// Counts a token that was refused because it is not the latest one, by something else than a
    /// lock.
    pub fn note_stale_token(&mut self) {
        self.shard.locks.figures.note(LockEvent::StaleToken);
    }

    /// The time, in microseconds.
    #[must_use]
    pub fn reading(&self) -> Micros {
        instant(self.shard.reading, self.now)
    }

    /// What has happened to the lock under the key lately.
    #[must_use]
    pub fn lock_record(&self) -> Option<&LockRecord> {
        self.shard.locks.records.get(lock_id(self.hash, self.table))
    }

    /// Notes that the owner's grant here relies on what the owner has of the locks above.
    pub fn note_path(&mut self, owner: &Owner, tenures: Tenures) -> Noting {
        let (id, lock) = self.shard.lock(self.db, self.key);
        let holder = lock.and_then(|lock| lock.holder(owner.name(), self.now));
        let term = holder.map_or(Term::Until(self.now), Holder::term);
        self.shard.locks.paths.note((id, self.table), owner, tenures, term)
    }

    /// Lets a connection hear when the owner's grant here is lost.
    pub fn listen(&mut self, owner: &Owner, notice: &Arc<dyn Notice>) {
        let (id, lock) = self.shard.lock(self.db, self.key);
        let Some(token) = lock.and_then(|it| it.holder(owner.name(), self.now)).map(|it| it.token)
        else {
            return;
        };
        let listeners = &mut self.shard.locks.listeners;
        listeners.listen((id, self.table), self.key.bytes, (owner, token), notice);
    }

    /// Parks a request at the key, whose machine knows of it already.
    pub fn park(&mut self, waiter: WaiterId, parking: Parking) {
        let place =
            WaitPlace { table: self.table, slot: self.key.slot, key: self.key.bytes.into() };
        self.shard.waiters.park(waiter, place, parking);
    }

    /// Gives a parked request what it has got. The machine under the key does not know of it any
    /// more.
    pub fn find(&mut self, waiter: WaiterId, found: Found) {
        self.shard.waiters.find(waiter, found);
    }

    /// Takes everything from everybody who has something under this key. Who waits there goes on
    /// waiting, and may be let in at once.
    pub(crate) fn break_open(&mut self) {
        let Some(place) = self.place() else { return };
        self.changed(&event::DEL);
        let (now, why) = (self.now, (Cause::Deletion, self.now));
        let _ = self.shard.change_primitive(place, why, |primitive, _| primitive.break_open(now));
        self.spot = self.shard.find(self.db, self.key, self.hash);
    }

    fn place(&self) -> Option<Place> {
        Some(Place { index: self.index, table: self.table, spot: self.spot? })
    }
}

/// An event, and what is told beside it.
pub(crate) type Told = (&'static Event, Option<Box<[u8]>>);

/// What has happened to a machine since it showed these facts.
#[cold]
fn told(
    before: Vec<Fact>,
    primitive: &Primitive,
    ended: &[Ended],
    why: (Cause, Mono),
) -> Vec<Told> {
    let turns = compare(before, primitive.facts(), ended, why);
    turns.iter().map(|(turn, fact)| (primitive.event(*turn, fact), fact.text())).collect()
}

impl Shard {
    /// Changes a machine and does what has to follow; grants that end by this alone, end for
    /// `cause`. The key may be gone after that. `None` if there is no machine at this place.
    pub(crate) fn change_primitive<R>(
        &mut self,
        place: Place,
        (cause, now): (Cause, Mono),
        change: impl FnOnce(&mut Primitive, &mut SlotTokens<'_>) -> R,
    ) -> Option<R> {
        let (table, sequence) = self.slots[place.index].table_and_tokens(place.table);
        let reading = self.reading;
        let mut tokens = SlotTokens { sequence, epochs: &self.epochs, reading };
        let entry = table.at_mut(place.spot);
        let before = entry.memory();
        let is_noted = !self.locks.paths.is_empty() || !self.locks.listeners.is_empty();
        let noted = is_noted.then(|| lock_id(self.hashing.of(entry.key()), place.table));
        let primitive = entry.primitive_mut()?;
        let facts = self.outbox.is_open().then(|| primitive.facts());
        let before_change = Before::of(primitive);
        let alive = primitive.alive();
        let result = change(primitive, &mut tokens);
        let before_grants = Before::of(primitive);
        primitive.advance(now, &mut tokens, &mut self.waiters);
        let (news, lost) =
            self.locks.changed((before_change.and(before_grants), place.table), primitive, now);
        let mut follow_ups = Vec::new();
        if let (Some(id), Some(lock)) = (noted, Lock::of(primitive)) {
            self.waiters.tell(self.locks.listeners.follow(id, lock, &lost));
            follow_ups = self.locks.paths.follow(id, lock);
        }
        let ended = primitive.ended(now);
        let told = facts.map(|facts| told(facts, primitive, &lost, (cause, now)));
        let (is_idle, deadline) = (primitive.is_idle(), primitive.next_deadline());
        let leased = self.leases.follow(entry, alive, place, now);
        self.memory = self.memory - before + entry.memory();
        if news.is_some() || !lost.is_empty() {
            let id = lock_id(self.hashing.of(entry.key()), place.table);
            self.locks.note_ends(id, &lost, instant(reading, now));
            news.into_iter().for_each(|news| self.locks.tell(id, news));
        }
        let needs_key = told.is_some() || !follow_ups.is_empty();
        let key = if needs_key { Box::from(entry.key()) } else { Box::default() };
        if let Some(told) = told {
            self.tell(place.table, &key, told);
        }
        if is_idle {
            let entry = self.take(place);
            if let Some(timer) = entry.timer() {
                self.cancel(timer);
            }
        } else {
            self.set_deadline(place, deadline);
        }
        self.let_go(place, leased);
        self.end_attached((place.index, place.table), ended, now);
        if self.waiters.has_to_hang() {
            self.hang_granted(now);
        }
        self.follow_up(place.table, &key, follow_ups, now);
        Some(result)
    }

    /// Notes what has happened to the machine under `key`.
    #[cold]
    pub(crate) fn tell(&mut self, table: u8, key: &[u8], told: Vec<Told>) {
        let db = self.db_of(table);
        for (event, text) in told {
            self.note_with(event, db, key, text);
        }
    }

    /// Does what a change of the lock under `key` means for the locks above it.
    fn follow_up(&mut self, table: u8, key: &[u8], follow_ups: Vec<FollowUp>, now: Mono) {
        for FollowUp { owner, tenures, was, what } in follow_ups {
            for (above, tenure) in path::above(key).zip(tenures) {
                let place = WaitPlace { table, slot: SlotId::of(above), key: above.into() };
                self.at_place(&place, now, |primitive| {
                    let Some(lock) = Lock::of_mut(primitive) else { return };
                    match what {
                        Above::End => {
                            let ended = lock.end_below(owner.name(), (tenure, was), now);
                            lock.report(ended.into_iter().collect());
                        }
                        Above::Change(term) => {
                            lock.change_below(owner.name(), (tenure, was), term);
                        }
                    }
                });
            }
        }
    }

    /// Lets a key's timer go off at `deadline`.
    fn set_deadline(&mut self, place: Place, deadline: Option<Mono>) {
        let entry = self.slots[place.index].table_mut(place.table).at_mut(place.spot);
        let old = entry.timer();
        if old.map(|timer| timer.deadline) == deadline {
            return;
        }
        let hash = self.hashing.of(entry.key());
        let target = Target { hash, slot: place.index as u16, table: place.table };
        let timer = self.timer_for(target, old, deadline.map_or(Expiry::Never, Expiry::At));
        self.rewrite(place, |entry| entry.set_timer(timer));
    }

    /// The lock under a key and its number, as it is: what is due may not have ended yet.
    #[must_use]
    pub fn lock(&self, db: Db, key: Key<'_>) -> (LockId, Option<&Lock>) {
        let (hash, table) = (self.hash(key.bytes), self.table_of(db));
        let entry = self.find(db, key, hash);
        let entry = entry.map(|spot| self.slots[self.index(key.slot)].table(table).at(spot));
        let lock = entry.and_then(|entry| match entry.value() {
            Value::Primitive(primitive) => Lock::of(primitive),
            Value::Text(_) | Value::Collection(_) => None,
        });
        (lock_id(hash, table), lock)
    }

    /// What a parked request has got so far. It stays parked.
    pub fn look(&mut self, waiter: WaiterId) -> Option<Found> {
        self.waiters.look(waiter)
    }

    /// Takes a parked request out: what it has got, or nothing if it has to go without.
    pub fn end_wait(&mut self, waiter: WaiterId, now: Mono) -> Option<Found> {
        self.end_due_leases(now);
        let left = self.waiters.leave(waiter)?;
        self.leave_others(waiter, &left);
        if let Some(found) = left.found
            && found != Found::Look
        {
            return Some(found);
        }
        for place in &left.places {
            self.at_place(place, now, |primitive| primitive.withdraw(waiter, now));
        }
        left.found
    }

    /// A parked request goes away without a word: its connection is closed. What it has got goes to
    /// those who are next.
    pub fn abandon(&mut self, waiter: WaiterId, now: Mono) {
        self.end_due_leases(now);
        let Some(left) = self.waiters.leave(waiter) else { return };
        self.leave_others(waiter, &left);
        for place in &left.places {
            self.at_place(place, now, |primitive| match left.found {
                Some(Found::Look) | None => primitive.withdraw(waiter, now),
                Some(found) => primitive.take_back(&left.owner, found, now),
            });
        }
    }

    /// A request that is not parked any more leaves whatever else has it on a list.
    fn leave_others(&mut self, waiter: WaiterId, left: &Left) {
        self.leave_lease(waiter, left);
        if let Some(slot) = left.reads {
            self.feeds.leave(self.index(slot), waiter);
        }
    }

    /// Where a key of this slot and table is.
    pub(crate) fn place_of(&self, index: usize, table: u8, key: &[u8]) -> Option<Place> {
        let hash = self.hashing.of(key);
        let spot = self.slots[index].table(table).find(hash, |it| equal(it.key(), key))?;
        Some(Place { index, table, spot })
    }

    pub(crate) fn at_place(
        &mut self,
        at: &WaitPlace,
        now: Mono,
        change: impl FnOnce(&mut Primitive),
    ) {
        if let Some(place) = self.place_of(self.index(at.slot), at.table, &at.key) {
            let why = (Cause::Release, now);
            let _ = self.change_primitive(place, why, |primitive, _| change(primitive));
        }
    }
}
