//! A group of hash slots as a machine: keys in, keys out, time as an argument.
//!
//! Not here: who borrows the shard (`borrow`), how a key changes (`edit`), and anything that waits.
//! Invariant: every timer of the wheel has an entry in a slot, and the reverse.

use crate::base::bytes::equal;
use crate::base::key_hash::KeyHash;
use crate::base::slot::SlotId;
use crate::base::time::{Micros, Mono};
use crate::coord::ask::Cause;
use crate::coord::token::{Epoch, EpochReserve, FenceToken};
use crate::coord::wait_graph::WaitGraph;
use crate::keyspace::access::AccessMode;
use crate::keyspace::edit::Edit;
use crate::keyspace::entry::{Entry, Timer};
use crate::keyspace::event::{self, Event};
use crate::keyspace::feeds::Feeds;
use crate::keyspace::hints::Hints;
use crate::keyspace::leases::Leases;
use crate::keyspace::locks::Locks;
use crate::keyspace::outbox::Outbox;
use crate::keyspace::slot::Slot;
use crate::keyspace::table::{Spot, Table};
use crate::keyspace::waiters::Waiters;
use crate::keyspace::watch::Watches;
use crate::keyspace::wheel::{Compaction, Due, Target, TimerId, Wheel};
use crate::keyspace::{Db, Key};
use parking_lot::Mutex;
use std::sync::Arc;

/// What a shard is made with.
#[derive(Clone, Copy, Debug)]
pub struct ShardSetup {
    /// Its first slot.
    pub first: SlotId,
    /// How many slots it has.
    pub slots: u16,
    /// The `databases` setting, at most 256.
    pub databases: u16,
    /// The epoch that its fencing tokens start in.
    pub epoch: Epoch,
    /// Seed of key hashes and of sampling.
    pub seed: u128,
    /// The time.
    pub now: Mono,
}

/// Whether reading a key counts as using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It does: eviction sees it.
    Touch,
    /// It does not (TTL, TYPE, and clients with NO-TOUCH).
    Peek,
    /// It does not, and nobody is told that there is no key (OBJECT, DEBUG).
    Inspect,
}

/// How many keys a database has in this shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Keys.
    pub keys: u64,
    /// Keys that end by themselves.
    pub expiring: u64,
    /// Sum of their deadlines in milliseconds, for the average TTL.
    pub deadlines_ms: u128,
}

/// What a shard has seen since the last `CONFIG RESETSTAT`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Keys that ended by time.
    pub expired: u64,
    /// Keys removed to make room.
    pub evicted: u64,
}

/// What `tick` has left.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// The step's budget is used up, and there is more that is due.
    More,
    /// Nothing is due before this instant.
    Until(Mono),
    /// There are no timers.
    Idle,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Shard {
    first: usize,
    pub(crate) slots: Box<[Slot]>,
    pub(crate) wheel: Wheel,
    /// Which table each database uses: SWAPDB swaps two numbers here and moves nothing.
    pub(crate) tables: Box<[u8]>,
    pub(crate) totals: Box<[Totals]>,
    /// Keys that transactions watch.
    pub watches: Watches,
    /// Hits, misses and ends.
    pub counters: Counters,
    /// Changes since the last snapshot; a key that ends by time is none, as in Redis.
    pub changes: u64,
    pub(crate) memory: usize,
    /// What the 24 access bits of entries mean.
    pub access_mode: AccessMode,
    /// Whether `tick` ends keys (DEBUG SET-ACTIVE-EXPIRE); reading always does.
    pub active_expiry: bool,
    pub(crate) earliest_new: Option<Mono>,
    /// The clock as it was read for the last command that coordinates: the time is an argument, but
    /// in milliseconds.
    pub(crate) reading: Micros,
    pub(crate) rng: fastrand::Rng,
    pub(crate) hashing: KeyHash,
    hints: Arc<Hints>,
    pub(crate) epochs: Arc<EpochReserve>,
    /// Requests that wait for what lies under keys.
    pub waiters: Waiters,
    /// What is known of all locks here.
    pub locks: Locks,
    /// What hangs on leases, and when those end.
    pub(crate) leases: Leases,
    /// What has happened to keys, for those who want to know.
    pub(crate) outbox: Outbox,
    /// What has changed in slots whose changes somebody reads.
    pub(crate) feeds: Feeds,
    /// Big values that are gone: they are freed when the shard has been given back.
    pub(crate) garbage: Vec<Entry>,
}

impl Shard {
    /// A shard without keys.
    #[must_use]
    pub fn new(setup: ShardSetup) -> Self {
        let epochs = Arc::new(EpochReserve::up_to(setup.epoch));
        Self::with_shared(setup, Arc::default(), epochs, Arc::default())
    }

    /// A shard without keys that notes in `hints` where its buckets are, and hands out tokens of
    /// the epochs that all shards have reserved. Requests that wait for locks are in the graph
    /// `waits` of the node.
    pub(crate) fn with_shared(
        setup: ShardSetup,
        hints: Arc<Hints>,
        epochs: Arc<EpochReserve>,
        waits: Arc<Mutex<WaitGraph>>,
    ) -> Self {
        let hashing = KeyHash::new(setup.seed);
        let slots = std::iter::repeat_with(|| Slot::new(setup.epoch));
        let slots: Box<[Slot]> = slots.take(usize::from(setup.slots)).collect();
        for (index, slot) in slots.iter().enumerate() {
            hints.set_slot(setup.first.index() + index, slot);
        }
        Self {
            first: setup.first.index(),
            slots,
            wheel: Wheel::new(setup.now),
            tables: (0..setup.databases).map(|db| db as u8).collect(),
            totals: vec![Totals::default(); usize::from(setup.databases)].into(),
            watches: Watches::default(),
            counters: Counters::default(),
            changes: 0,
            memory: 0,
            access_mode: AccessMode::Recency,
            active_expiry: true,
            earliest_new: None,
            reading: Micros::at(setup.now),
            rng: hashing.dice(),
            hashing,
            hints,
            epochs,
            waiters: Waiters::default(),
            locks: Locks::new(waits),
            leases: Leases::default(),
            outbox: Outbox::default(),
            feeds: Feeds::new(setup.epoch),
            garbage: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.hashing.of(key)
    }

    #[inline]
    pub(crate) const fn index(&self, slot: SlotId) -> usize {
        slot.index() - self.first
    }

    #[inline]
    pub(crate) fn table_of(&self, db: Db) -> u8 {
        self.tables[usize::from(db.0)]
    }

    #[inline]
    pub(crate) fn find(&self, db: Db, key: Key<'_>, hash: u64) -> Option<Spot> {
        let table = self.slots[self.index(key.slot)].table(self.table_of(db));
        table.find(hash, |entry| equal(entry.key(), key.bytes))
    }

    /// The entry of a key, if there is one that has not ended. Counts as a hit or a miss.
    #[inline]
    pub fn read(&mut self, db: Db, key: Key<'_>, usage: Use, now: Mono) -> Option<&Entry> {
        self.end_due_leases(now);
        let hash = self.hash(key.bytes);
        let Some(mut spot) = self.find(db, key, hash) else {
            self.missed(db, key, usage);
            return None;
        };
        let (index, table, mode) = (self.index(key.slot), self.table_of(db), self.access_mode);
        let entry = self.slots[index].table_mut(table).at_mut(spot);
        if entry.timer().is_some_and(|timer| timer.deadline <= now) {
            let Some(after) = self.outlives(Place { index, table, spot }, now) else {
                self.missed(db, key, usage);
                return None;
            };
            spot = after;
        }
        let entry = self.slots[index].table_mut(table).at_mut(spot);
        if usage == Use::Touch {
            let chance = if mode == AccessMode::Recency { 0 } else { self.rng.u32(..) };
            entry.set_access(entry.access().used(mode, now, chance));
        }
        self.counters.hits += 1;
        Some(self.slots[index].table(table).at(spot))
    }

    fn missed(&mut self, db: Db, key: Key<'_>, usage: Use) {
        self.counters.misses += 1;
        if usage != Use::Inspect {
            self.note(&event::KEYMISS, db, key.bytes);
        }
    }

    /// Notes what has happened to a key, for those who want to know.
    #[inline]
    pub(crate) fn note(&mut self, event: &'static Event, db: Db, key: &[u8]) {
        if self.outbox.is_open() {
            self.note_with(event, db, key, None);
        }
    }

    /// As `note`, with what is told beside the event. Somebody wants to know something.
    #[cold]
    pub(crate) fn note_with(
        &mut self,
        event: &'static Event,
        db: Db,
        key: &[u8],
        text: Option<Box<[u8]>>,
    ) {
        if event.is_change() && !self.feeds.is_empty() {
            self.record(event, db, key, text.as_deref());
        }
        self.outbox.note(event, db, key, text);
    }

    /// Fetches a key's entry into the cache.
    #[inline]
    pub(crate) fn prefetch(&self, db: Db, slot: SlotId, hash: u64) {
        self.slots[self.index(slot)].table(self.table_of(db)).prefetch(hash);
    }

    /// Clears a key away if its time has run out.
    pub fn remove_if_ended(&mut self, db: Db, key: Key<'_>, now: Mono) {
        let _ = self.edit(db, key, now);
    }

    /// The one way to change a key.
    #[inline]
    pub fn edit<'s, 'k>(&'s mut self, db: Db, key: Key<'k>, now: Mono) -> Edit<'s, 'k> {
        Edit::new(self, db, key, now)
    }

    /// Notes how finely the time is known: durations are told in microseconds.
    #[inline]
    pub const fn note_reading(&mut self, reading: Micros) {
        self.reading = reading;
    }

    /// The slot's next fencing token; `None` while the epoch it would be in is not on disk.
    pub fn issue_token(&mut self, slot: SlotId) -> Option<FenceToken> {
        let index = self.index(slot);
        self.slots[index].tokens.issue(&self.epochs)
    }

    /// Whether the slot's next `count` fencing tokens are to be had.
    #[must_use]
    pub fn has_tokens(&self, slot: SlotId, count: u64) -> bool {
        self.slots[self.index(slot)].tokens.has(count, &self.epochs)
    }

    /// The table of one slot, for walks over all keys. May hold keys that have ended.
    #[must_use]
    pub fn table(&self, db: Db, slot: SlotId) -> &Table {
        self.slots[self.index(slot)].table(self.table_of(db))
    }

    /// The slots of this shard.
    pub fn slot_ids(&self) -> impl Iterator<Item = SlotId> + use<> {
        let first = self.first as u16;
        (first..first + self.slots.len() as u16).filter_map(SlotId::new)
    }

    /// Counts of a database.
    #[must_use]
    pub fn totals(&self, db: Db) -> Totals {
        self.totals[usize::from(self.table_of(db))]
    }

    /// Heap bytes of entries, tables, timers, feeds and what hangs on leases.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory + self.wheel.memory() + self.leases.memory() + self.feeds.memory()
    }

    /// Bytes that one key costs: its entry, its timer, and its share of the table that it is in.
    pub fn memory_of(&mut self, db: Db, key: Key<'_>, now: Mono) -> Option<usize> {
        self.remove_if_ended(db, key, now);
        let spot = self.find(db, key, self.hash(key.bytes))?;
        let table = self.table(db, key.slot);
        let entry = table.at(spot);
        let timer = entry.timer().map_or(0, |_| Wheel::TIMER_BYTES);
        Some(entry.memory() + timer + table.memory() / table.len())
    }

    /// The earliest deadline that was set since the last call: the home core may have to wake up
    /// for it.
    #[inline]
    pub const fn take_earliest_new(&mut self) -> Option<Mono> {
        self.earliest_new.take()
    }

    /// Ends what is due, at most `steps` of it, so that nobody waits long for the shard.
    pub fn tick(&mut self, now: Mono, steps: usize) -> Tick {
        self.close_unread_feeds(now);
        if !self.active_expiry {
            return Tick::Idle;
        }
        self.end_due_leases(now);
        for _ in 0..steps {
            match self.wheel.pop_due(now) {
                Due::Timer(id, target) => self.end(id, target, now),
                Due::Sorting => {}
                Due::Nothing => return self.wheel.next_deadline().map_or(Tick::Idle, Tick::Until),
            }
        }
        Tick::More
    }

    fn end(&mut self, id: TimerId, target: Target, now: Mono) {
        let place = self.ended_by(id, target);
        let entry = self.slots[place.index].table(place.table).at(place.spot);
        if entry.coordinates() {
            self.rewrite(place, |entry| entry.set_timer(None));
            let _ = self.change_primitive(place, (Cause::Release, now), |_, _| ());
            return;
        }
        let entry = self.take(place);
        self.compact_timers();
        self.ended(target.table, entry);
    }

    /// Where the entry is that a timer ends.
    fn ended_by(&self, id: TimerId, target: Target) -> Place {
        let index = usize::from(target.slot);
        let table = self.slots[index].table(target.table);
        let is_it = |entry: &Entry| entry.timer().is_some_and(|timer| timer.id == id);
        let spot = table.find(target.hash, is_it).expect("every timer of the wheel has an entry");
        Place { index, table: target.table, spot }
    }

    /// Gives room of timers back, as much as belongs to one that has gone. No entry may name a
    /// timer that is not in the wheel: another one could be given its name.
    #[inline]
    pub(crate) fn compact_timers(&mut self) {
        let _ = self.compact_timer();
        let _ = self.compact_timer();
    }

    /// One step of it; whether there is more to give back.
    #[inline]
    pub(crate) fn compact_timer(&mut self) -> bool {
        match self.wheel.compact() {
            Compaction::Enough => false,
            Compaction::Freed => true,
            Compaction::Renamed { from, to, target } => {
                let Place { index, table, spot } = self.ended_by(from, target);
                let entry = self.slots[index].table_mut(table).at_mut(spot);
                let deadline = entry.timer().map(|timer| timer.deadline);
                entry.set_timer(deadline.map(|deadline| Timer { deadline, id: to }));
                true
            }
        }
    }

    /// What becomes of an entry whose timer has gone off: a string ends, a machine does what is due
    /// and may have more to do. Where the entry is then, if it is still there.
    #[cold]
    pub(crate) fn outlives(&mut self, place: Place, now: Mono) -> Option<Spot> {
        let entry = self.slots[place.index].table(place.table).at(place.spot);
        let timer = entry.timer();
        if entry.coordinates() {
            let key: Box<[u8]> = entry.key().into();
            let _ = self.change_primitive(place, (Cause::Release, now), |_, _| ());
            let table = self.slots[place.index].table(place.table);
            return table.find(self.hash(&key), |entry| equal(entry.key(), &key));
        }
        let entry = self.take(place);
        if let Some(timer) = timer {
            self.cancel(timer);
        }
        self.ended(place.table, entry);
        None
    }

    /// Takes the timer of an entry that has been taken out of its table.
    #[inline]
    pub(crate) fn cancel(&mut self, timer: Timer) {
        self.wheel.cancel(timer.id);
        self.compact_timers();
    }

    fn ended(&mut self, table: u8, entry: Entry) {
        self.counters.expired += 1;
        self.gone(table, entry, &event::EXPIRED);
    }

    /// Frees an entry that has been taken out; later, if that takes long.
    #[inline]
    pub(crate) fn discard(&mut self, entry: Entry) {
        if entry.is_big() {
            self.garbage.push(entry);
        }
    }

    /// What has to be known about an entry that the server has removed by itself.
    pub(crate) fn gone(&mut self, table: u8, entry: Entry, event: &'static Event) {
        if !self.watches.is_empty() || self.outbox.is_open() {
            let db = self.db_of(table);
            self.watches.changed(db, entry.key());
            self.note(event, db, entry.key());
        }
        self.discard(entry);
    }

    /// The database that has this table.
    pub(crate) fn db_of(&self, table: u8) -> Db {
        let db = self.tables.iter().position(|&of_db| of_db == table);
        Db(db.expect("tables are permuted") as u8)
    }

    /// Takes an entry out of its table and out of the totals. Its timer is the caller's.
    pub(crate) fn take(&mut self, place: Place) -> Entry {
        let table = self.slots[place.index].table_mut(place.table);
        let before = table.memory();
        let entry = table.remove(place.spot, |key| self.hashing.of(key));
        let after = table.memory();
        self.memory = self.memory - before + after - entry.memory();
        if before != after && place.table == 0 {
            self.hints.set_buckets(self.first + place.index, table);
        }
        self.totals[usize::from(place.table)].remove(&entry);
        if !self.leases.is_empty() {
            self.let_go_text(place.index, place.table, entry.key());
        }
        entry
    }

    /// Tells the hints where the tables are after many of them have been replaced.
    pub(crate) fn renew_hints(&self) {
        for (index, slot) in self.slots.iter().enumerate() {
            self.hints.set_buckets(self.first + index, slot.table(0));
        }
    }

    /// Puts an entry into its table and into the totals.
    pub(crate) fn put(&mut self, index: usize, table: u8, hash: u64, entry: Entry) {
        self.totals[usize::from(table)].add(&entry);
        self.memory += entry.memory();
        let slot_table = self.slots[index].table_mut(table);
        let before = slot_table.memory();
        slot_table.insert(hash, entry, |key| self.hashing.of(key));
        let after = slot_table.memory();
        self.memory = self.memory - before + after;
        if after != before && table == 0 {
            self.hints.set_buckets(self.first + index, slot_table);
        }
    }
}

impl Totals {
    fn count(&mut self, entry: &Entry, step: i8) {
        self.keys = self.keys.wrapping_add_signed(i64::from(step));
        if let Some(timer) = entry.timer() {
            self.expiring = self.expiring.wrapping_add_signed(i64::from(step));
            let signed = i128::from(timer.deadline.0) * i128::from(step);
            self.deadlines_ms = self.deadlines_ms.wrapping_add_signed(signed);
        }
    }

    pub(crate) fn add(&mut self, entry: &Entry) {
        self.count(entry, 1);
    }

    pub(crate) fn remove(&mut self, entry: &Entry) {
        self.count(entry, -1);
    }
}

/// Where an entry is: slot of the shard, table of the slot, place in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) index: usize,
    pub(crate) table: u8,
    pub(crate) spot: Spot,
}
