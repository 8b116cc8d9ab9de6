//! The one gate for change: it keeps totals, memory, timers and watch versions true and notes what
//! has happened, so no command can forget any of it.
//!
//! Every change asks for its event, or knows it. Not here: what a command decides. An `Edit` finds
//! its key once and is used up by most changes.

use crate::base::time::Mono;
use crate::keyspace::access::{Access, AccessMode};
use crate::keyspace::entry::{Entry, Timer};
use crate::keyspace::event::{self, Event};
use crate::keyspace::leases::Hold;
use crate::keyspace::shard::{Place, Shard, Use};
use crate::keyspace::table::Spot;
use crate::keyspace::value::{NewValue, Text, Value, WrongType};
use crate::keyspace::wheel::Target;
use crate::keyspace::{Db, Key};
use std::collections::TryReserveError;

/// When a written key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// When it would have ended before this write.
    Keep,
    /// At this instant.
    At(Mono),
}

/// A key about to be changed. A key whose time has run out is gone before anybody looks.
#[derive(Debug)]
pub struct Edit<'s, 'k> {
    pub(super) shard: &'s mut Shard,
    pub(super) db: Db,
    pub(super) table: u8,
    pub(super) index: usize,
    pub(super) key: Key<'k>,
    pub(super) hash: u64,
    pub(super) spot: Option<Spot>,
    pub(super) now: Mono,
}

/// An entry taken out of one key to be put under another (RENAME, MOVE).
#[derive(Debug)]
pub struct Taken {
    entry: Entry,
    deadline: Option<Mono>,
    /// The lease that it hung on.
    lease: Option<Hold>,
}

impl Taken {
    /// When it ends.
    #[must_use]
    pub const fn deadline(&self) -> Option<Mono> {
        self.deadline
    }
}

impl<'s, 'k> Edit<'s, 'k> {
    pub(crate) fn new(shard: &'s mut Shard, db: Db, key: Key<'k>, now: Mono) -> Self {
        shard.end_due_leases(now);
        let hash = shard.hash(key.bytes);
        let (index, table) = (shard.index(key.slot), shard.table_of(db));
        let mut spot = shard.find(db, key, hash);
        if let Some(found) = spot {
            let timer = shard.slots[index].table(table).at(found).timer();
            let is_due = timer.is_some_and(|timer| timer.deadline <= now);
            if is_due {
                spot = shard.outlives(Place { index, table, spot: found }, now);
            }
        }
        Self { shard, db, table, index, key, hash, spot, now }
    }

    pub(super) fn entry(&self) -> Option<&Entry> {
        self.spot.map(|spot| self.shard.slots[self.index].table(self.table).at(spot))
    }

    pub(super) fn entry_mut(&mut self) -> Option<&mut Entry> {
        let table = self.shard.slots[self.index].table_mut(self.table);
        self.spot.map(|spot| table.at_mut(spot))
    }

    /// Whether the key exists.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.spot.is_some()
    }

    /// Whether the key holds a machine that coordinates.
    #[must_use]
    #[inline]
    pub fn coordinates(&self) -> bool {
        self.entry().is_some_and(Entry::coordinates)
    }

    /// The value before the change.
    #[must_use]
    pub fn value(&self) -> Option<Value<'_>> {
        self.entry().map(Entry::value)
    }

    /// The string before the change.
    ///
    /// # Errors
    /// The key holds something else.
    #[inline]
    pub fn text(&self) -> Result<Option<Text<'_>>, WrongType> {
        self.value().map(Value::text).transpose()
    }

    /// When the key ends, if it does.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.entry().and_then(Entry::timer).map(|timer| timer.deadline)
    }

    /// Notes a use of the key, if it exists and uses count: looking a key up to change it is one.
    pub fn used(&mut self, usage: Use) {
        if usage != Use::Touch || self.spot.is_none() {
            return;
        }
        let use_now = self.use_now();
        if let Some(entry) = self.entry_mut() {
            entry.set_access(use_now(entry.access()));
        }
    }

    /// What a use makes of the mark of earlier ones. Writing is a use too: a value that is replaced
    /// does not take with it how often its key was used.
    #[inline]
    fn use_now(&mut self) -> impl Fn(Access) -> Access + use<> {
        let (mode, now) = (self.shard.access_mode, self.now);
        let chance = if mode == AccessMode::Recency { 0 } else { self.shard.rng.u32(..) };
        move |access| access.used(mode, now, chance)
    }

    /// Forgets how the key was used, as if it had not been there before.
    pub fn mark_new(&mut self) {
        let access = Access::created(self.shard.access_mode, self.now);
        if let Some(entry) = self.entry_mut() {
            entry.set_access(access);
        }
    }

    /// Writes an integer over whatever the key has, and keeps its end.
    #[inline]
    pub fn set_int(&mut self, number: i64, event: &'static Event) {
        let use_now = self.use_now();
        // An integer over an integer changes no total, no timer and no size.
        if let Some(entry) = self.entry_mut()
            && entry.overwrite_int(number)
        {
            entry.set_access(use_now(entry.access()));
            self.changed(event);
        } else {
            self.set(NewValue::Int(number), Expiry::Keep, event);
        }
    }

    /// Writes the value, whether or not the key exists.
    pub fn set(&mut self, value: NewValue<'_>, expiry: Expiry, event: &'static Event) {
        self.write(value, expiry, Some(&event::NEW));
        self.changed(event);
    }

    /// Writes the value, which is followed by `changed`; notes `new` if there was no key.
    #[inline]
    pub(super) fn write(
        &mut self,
        value: NewValue<'_>,
        expiry: Expiry,
        new: Option<&'static Event>,
    ) {
        let old = self.entry().and_then(Entry::timer);
        let timer = self.shard.timer_for(self.target(), old, expiry);
        if let Some(spot) = self.spot {
            let use_now = self.use_now();
            self.keep_big(spot);
            self.rewrite(spot, |entry| {
                entry.replace(value, timer);
                entry.set_access(use_now(entry.access()));
            });
        } else {
            let access = Access::created(self.shard.access_mode, self.now);
            let entry = Entry::new(self.key.bytes, value, timer, access);
            self.shard.put(self.index, self.table, self.hash, entry);
            self.spot = self.shard.find(self.db, self.key, self.hash);
            new.into_iter().for_each(|event| self.note(event));
        }
        // What is written with an end of its own, or none, is something new.
        if !self.shard.leases.is_empty() && expiry != Expiry::Keep {
            self.shard.let_go_text(self.index, self.table, self.key.bytes);
        }
    }

    /// Changes the bytes of a string in place; `change` gets them, with room for `len` of them, and
    /// returns what it wants to report. A key that does not exist is made, with an empty string.
    /// Its encoding is `raw` from now on.
    ///
    /// # Errors
    /// There is no memory for so many bytes; the string is as it was.
    ///
    /// # Panics
    /// Never: the key exists by then.
    pub fn change_bytes<R>(
        &mut self,
        len: usize,
        event: &'static Event,
        change: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<R, TryReserveError> {
        if self.spot.is_none() {
            let mut bytes = Vec::new();
            bytes.try_reserve(len)?;
            self.write(NewValue::Heap(bytes), Expiry::Never, Some(&event::NEW));
        } else {
            self.used(Use::Touch);
        }
        let before = self.entry().map_or(0, Entry::memory);
        let entry = self.entry_mut().expect("the key exists or was made just now");
        let bytes = entry.heap_mut();
        let room = bytes.try_reserve(len.saturating_sub(bytes.len()));
        let result = room.map(|()| change(bytes));
        let after = entry.memory();
        self.shard.memory = self.shard.memory - before + after;
        if result.is_ok() {
            self.changed(event);
        }
        result
    }

    /// Removes the key; whether it was there. What coordinates is taken from everybody who has it;
    /// who waits for it may have it at once, and then there is such a key again.
    pub fn remove(mut self) -> bool {
        if self.coordinates() {
            self.break_open();
            return true;
        }
        self.remove_now(&event::DEL)
    }

    /// Removes the key and what it holds; whether it was there.
    pub(super) fn remove_now(&mut self, event: &'static Event) -> bool {
        let Some(taken) = self.take_now(event) else { return false };
        self.shard.discard(taken.entry);
        true
    }

    /// Ends the key as if its time had run out just now.
    pub fn end(mut self) {
        self.shard.counters.expired += 1;
        self.remove_now(&event::EXPIRED);
    }

    /// Takes the entry out, to be put elsewhere.
    pub fn take(mut self, event: &'static Event) -> Option<Taken> {
        self.take_now(event)
    }

    fn take_now(&mut self, event: &'static Event) -> Option<Taken> {
        let spot = self.spot.take()?;
        let place = Place { index: self.index, table: self.table, spot };
        let lease = self.shard.leases.hold_on_text(place, self.key.bytes);
        let entry = self.shard.take(place);
        let timer = entry.timer();
        if let Some(timer) = timer {
            self.shard.cancel(timer);
        }
        self.changed(event);
        Some(Taken { entry, deadline: timer.map(|timer| timer.deadline), lease })
    }

    /// Puts a taken entry under this key, in place of what was there; that the key is new has been
    /// noted when it was taken. It hangs on its lease if it is still in that one's slot and
    /// database.
    pub fn put(&mut self, mut taken: Taken, event: &'static Event) {
        let expiry = taken.deadline.map_or(Expiry::Never, Expiry::At);
        let access = taken.entry.access();
        match (taken.entry.take_boxed(), taken.entry.value()) {
            (Some(value), _) => self.write(value, expiry, None),
            (None, Value::Text(text)) => self.write(text.duplicate(), expiry, None),
            (None, Value::Collection(_) | Value::Primitive(_)) => {
                unreachable!("what is boxed has been taken")
            }
        }
        if let Some(entry) = self.entry_mut() {
            entry.set_access(access);
        }
        if let Some(lease) = taken.lease.and_then(|hold| hold.lease_in(self.index, self.table)) {
            self.hang_text(&lease);
        }
        self.changed(event);
    }

    /// Gives an existing key another end, or none; whether anything changed.
    pub fn set_expiry(&mut self, expiry: Expiry) -> bool {
        let Some(spot) = self.spot else { return false };
        let entry = self.shard.slots[self.index].table(self.table).at(spot);
        let old = entry.timer();
        if old.is_none() && expiry == Expiry::Never || expiry == Expiry::Keep {
            return false;
        }
        let timer = self.shard.timer_for(self.target(), old, expiry);
        self.rewrite(spot, |entry| entry.set_timer(timer));
        self.changed(if timer.is_some() { &event::EXPIRE } else { &event::PERSIST });
        true
    }

    /// Lays a big value aside that is about to be written over, so that it is freed later.
    #[inline]
    fn keep_big(&mut self, spot: Spot) {
        let entry = self.shard.slots[self.index].table(self.table).at(spot);
        if entry.is_big() {
            let mut old = None;
            self.rewrite(spot, |entry| old = entry.take_boxed());
            self.shard
                .garbage
                .extend(old.map(|value| Entry::new(b"", value, None, Access::default())));
        }
    }

    #[inline]
    fn rewrite(&mut self, spot: Spot, change: impl FnOnce(&mut Entry)) {
        self.shard.rewrite(Place { index: self.index, table: self.table, spot }, change);
    }

    const fn target(&self) -> Target {
        Target { hash: self.hash, slot: self.index as u16, table: self.table }
    }

    /// Notes an event that comes with the change before it.
    #[inline]
    pub fn note(&mut self, event: &'static Event) {
        self.shard.note(event, self.db, self.key.bytes);
    }

    /// What every change has in common.
    #[inline]
    pub(super) fn changed(&mut self, event: &'static Event) {
        self.touched();
        self.note(event);
    }

    /// As `changed`, where the events are noted by themselves.
    #[inline]
    pub(super) fn touched(&mut self) {
        self.shard.changes += 1;
        if !self.shard.watches.is_empty() {
            self.shard.watches.changed(self.db, self.key.bytes);
        }
    }
}

impl Shard {
    /// Changes an entry where it is, and keeps totals and memory true.
    #[inline]
    pub(super) fn rewrite(&mut self, place: Place, change: impl FnOnce(&mut Entry)) {
        let entry = self.slots[place.index].table_mut(place.table).at_mut(place.spot);
        let totals = &mut self.totals[usize::from(place.table)];
        totals.remove(entry);
        self.memory -= entry.memory();
        change(entry);
        totals.add(entry);
        self.memory += entry.memory();
        self.compact_timers();
    }

    /// The timer that an entry shall have, with the wheel brought in line.
    pub(super) fn timer_for(
        &mut self,
        target: Target,
        old: Option<Timer>,
        expiry: Expiry,
    ) -> Option<Timer> {
        match (expiry, old) {
            (Expiry::Keep, old) => old,
            (Expiry::Never, None) => None,
            (Expiry::Never, Some(old)) => {
                self.wheel.cancel(old.id);
                None
            }
            (Expiry::At(deadline), Some(old)) => {
                self.wheel.reset(old.id, deadline);
                self.note_deadline(deadline);
                Some(Timer { deadline, id: old.id })
            }
            (Expiry::At(deadline), None) => {
                self.note_deadline(deadline);
                Some(Timer { deadline, id: self.wheel.add(deadline, target) })
            }
        }
    }

    fn note_deadline(&mut self, deadline: Mono) {
        let earliest = &mut self.earliest_new;
        *earliest = Some(earliest.map_or(deadline, |earliest| earliest.min(deadline)));
    }
}
