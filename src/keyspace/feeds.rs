//! The change feeds of a shard: a slot has one from the first time that somebody asks for its
//! revision or its changes, until nobody has read for long.
//!
//! A feed sees the events that tell of changes, whatever `notify-keyspace-events` says. Not here:
//! how a feed is read (`feed`), and what the replies look like (`command/feed.rs`).
//! Invariant: between two revisions of one slot that a reader was told lie all changes that
//! happened between them, or the older one cannot be read from any more.

use crate::base::number::DECIMAL_MAX;
use crate::base::slot::SlotId;
use crate::base::time::Mono;
use crate::coord::grant::WaiterId;
use crate::coord::token::Epoch;
use crate::keyspace::event::Event;
use crate::keyspace::feed::{Change, Compacted, Feed, Page, Revision, Want};
use crate::keyspace::shard::Shard;
use crate::keyspace::value::Value;
use crate::keyspace::waiters::{Found, Parking};
use crate::keyspace::{Db, Key};
use std::collections::BTreeMap;

/// A feed that nobody has read for so long is given up: an hour.
pub const UNREAD_MS_MAX: u64 = 3_600_000;
/// A longer string is not told with its change: the reader asks for it.
pub const VALUE_BYTES_MAX: usize = 1_024;

/// All keys of a database are gone.
const FLUSHDB: &str = "flushdb";
/// Two databases have changed their keys for those of the other.
const SWAPDB: &str = "swapdb";

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Feeds {
    epoch: Epoch,
    /// By place of the slot in the shard.
    open: BTreeMap<usize, Feed>,
    /// No number above this one was told of feeds that were given up.
    told: u64,
    /// Bytes that a slot's changes may take (`feed-backlog`).
    backlog: usize,
    /// When the first feed may be unread for too long.
    look_at: Mono,
    memory: usize,
}

impl Feeds {
    pub(crate) const fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            open: BTreeMap::new(),
            told: 0,
            backlog: 0,
            look_at: Mono(u64::MAX),
            memory: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Heap bytes.
    pub(crate) const fn memory(&self) -> usize {
        self.memory
    }

    /// Gives up what nobody has read for long.
    fn close_unread(&mut self, now: Mono) {
        let is_unread =
            |feed: &Feed| feed.unread_since().is_some_and(|at| at.plus(UNREAD_MS_MAX) <= now);
        for (_, feed) in self.open.extract_if(.., |_, feed| is_unread(feed)) {
            self.told = self.told.max(feed.last());
            self.memory -= feed.memory();
        }
        // Those that are waited for are looked at again as if they had just been read.
        let next = self.open.values().map(|feed| feed.unread_since().unwrap_or(now)).min();
        self.look_at = next.map_or(Mono(u64::MAX), |at| at.plus(UNREAD_MS_MAX));
    }

    /// The feed of a slot, which somebody reads now.
    fn open(&mut self, index: usize, now: Mono) -> &mut Feed {
        self.look_at = self.look_at.min(now.plus(UNREAD_MS_MAX));
        // Above whatever was told of this slot before, or of another one, and never 0: that is what
        // somebody would guess who wants to see everything from the beginning.
        let last = self.told + 1;
        let feed = self.open.entry(index).or_insert_with(|| Feed::starting_behind(last, now));
        feed.touch(now);
        feed
    }

    /// Changes a feed and keeps count of its memory. `None` if there is none.
    fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Feed, usize) -> R) -> Option<R> {
        let feed = self.open.get_mut(&index)?;
        let before = feed.memory();
        let result = change(feed, self.backlog);
        self.memory = self.memory - before + feed.memory();
        Some(result)
    }

    pub(crate) fn leave(&mut self, index: usize, waiter: WaiterId) {
        let _ = self.change(index, |feed, _| feed.leave(waiter));
    }

    /// The feeds are as large as they say.
    pub(crate) fn assert_invariants(&self) {
        let memory: usize = self.open.values().map(Feed::memory).sum();
        assert_eq!(self.memory, memory, "the memory of feeds is what adding up gives");
    }
}

impl Shard {
    /// How many bytes the changes of a slot may take from now on.
    pub const fn limit_feeds(&mut self, bytes: usize) {
        self.feeds.backlog = bytes;
    }

    /// Where the slot is now. From here on its changes are recorded.
    pub fn feed_revision(&mut self, slot: SlotId, now: Mono) -> Revision {
        self.end_due_leases(now);
        self.close_unread_feeds(now);
        let (index, epoch) = (self.index(slot), self.feeds.epoch);
        let seq = self.feeds.open(index, now).last();
        self.outbox.feed(true);
        Revision { epoch, seq }
    }

    /// At most `count` changes behind `since`.
    ///
    /// # Errors
    /// Not all of them are known: the oldest revision that can be read from.
    pub fn read_feed(
        &mut self,
        slot: SlotId,
        since: Revision,
        (want, count): (&Want, usize),
        now: Mono,
    ) -> Result<Page<'_>, Revision> {
        let index = self.index(slot);
        self.close_unread_feeds(now);
        let was_open = self.feeds.open.contains_key(&index);
        let at = self.feed_revision(slot, now);
        let feed = self.feeds.open(index, now);
        let oldest = Revision { seq: feed.oldest(), ..at };
        if !was_open || since.epoch != at.epoch {
            return Err(oldest);
        }
        feed.read(since.seq, want, count).map_err(|Compacted| oldest)
    }

    /// Parks a request at a slot until there is a change that it wants.
    pub fn park_at_feed(&mut self, slot: SlotId, waiter: WaiterId, parking: Parking, want: Want) {
        self.waiters.park_at_feed(waiter, slot, parking);
        let _ = self.feeds.change(self.index(slot), |feed, _| feed.park(waiter, want));
    }

    /// Gives up the feeds that nobody reads.
    pub(crate) fn close_unread_feeds(&mut self, now: Mono) {
        if self.feeds.look_at <= now {
            self.feeds.close_unread(now);
            self.outbox.feed(!self.feeds.is_empty());
        }
    }

    /// Records what has happened to a key, with what is told beside the event, or the string that
    /// the key has now.
    pub(crate) fn record(&mut self, event: &Event, db: Db, key: &[u8], text: Option<&[u8]>) {
        let slot = SlotId::of(key);
        let index = self.index(slot);
        if !self.feeds.open.contains_key(&index) {
            return;
        }
        let value = match text {
            Some(text) => Some(text.into()),
            None if event.writes() => self.short_string(db, Key { bytes: key, slot }),
            None => None,
        };
        self.add_change(index, Change { name: event.name, db, key: Some(key.into()), value });
    }

    /// Which slots with a feed have keys in one of these tables.
    pub(crate) fn fed_slots(&self, tables: &[u8]) -> Vec<usize> {
        let has_keys =
            |index: &usize| tables.iter().any(|&table| !self.slots[*index].table(table).is_empty());
        self.feeds.open.keys().copied().filter(has_keys).collect()
    }

    /// All keys of a database are gone in these slots.
    pub(crate) fn record_flush(&mut self, slots: &[usize], db: Db) {
        self.record_all(slots, FLUSHDB, db);
    }

    /// A database has other keys in these slots.
    pub(crate) fn record_swap(&mut self, slots: &[usize], db: Db) {
        self.record_all(slots, SWAPDB, db);
    }

    fn record_all(&mut self, slots: &[usize], name: &'static str, db: Db) {
        for &index in slots {
            self.add_change(index, Change { name, db, key: None, value: None });
        }
    }

    fn add_change(&mut self, index: usize, change: Change) {
        let recorded = self.feeds.change(index, |feed, limit| {
            let woken = feed.record(change, limit);
            (woken, feed.last() - 1)
        });
        let Some((woken, after)) = recorded else { return };
        for waiter in woken {
            self.waiters.find(waiter, Found::Changes { after });
        }
    }

    /// The string under a key, if there is one that is short.
    fn short_string(&self, db: Db, key: Key<'_>) -> Option<Box<[u8]>> {
        let spot = self.find(db, key, self.hash(key.bytes))?;
        let entry = self.slots[self.index(key.slot)].table(self.table_of(db)).at(spot);
        let Value::Text(text) = entry.value() else { return None };
        let mut space = [0; DECIMAL_MAX];
        let bytes = text.bytes(&mut space);
        (bytes.len() <= VALUE_BYTES_MAX).then(|| bytes.into())
    }
}

#[cfg(test)]
#[path = "feeds_model.rs"]
mod model;
