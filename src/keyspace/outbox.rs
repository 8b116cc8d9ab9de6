//! What has happened to the keys of a shard and has not been told yet.
//!
//! While nobody wants to know, a change costs a look at `open`. Not here: telling (`announce`),
//! and change feeds, which are part of the question whether anybody wants to know (`feeds`).
//! Invariant: whoever gives the shard back finds the events in the order in which they happened,
//! also across shards that are borrowed together.

use crate::base::events::EventClasses;
use crate::keyspace::Db;
use crate::keyspace::event::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something that has happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEvent {
    /// What.
    pub event: &'static Event,
    /// In this database.
    pub db: Db,
    /// To this key.
    pub key: Box<[u8]>,
    /// What else is told of it: whose grant it is, and its token.
    pub text: Option<Box<[u8]>>,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Whether anybody wants to know anything.
    open: bool,
    wanted: EventClasses,
    has_feeds: bool,
    events: Vec<(Stamp, KeyEvent)>,
    /// The last stamp of the keyspace.
    stamps: Arc<AtomicU64>,
}

/// The place of an event among those of all shards that are borrowed together with its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Outbox {
    /// An outbox whose events are in one order with those of all that have the same `stamps`.
    pub(crate) fn new(stamps: Arc<AtomicU64>) -> Self {
        Self { stamps, ..Self::default() }
    }

    /// Lets events of these classes be noted, and no others.
    pub(crate) fn want(&mut self, classes: EventClasses) {
        self.wanted = classes;
        self.open = self.has_feeds || classes != EventClasses::NONE;
    }

    /// Says whether there are change feeds, which want to know of all changes.
    pub(crate) fn feed(&mut self, has_feeds: bool) {
        self.has_feeds = has_feeds;
        self.want(self.wanted);
    }

    /// Whether any event may be wanted: what every change asks.
    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    /// Notes what has happened, if it is wanted.
    pub(crate) fn note(
        &mut self,
        event: &'static Event,
        db: Db,
        key: &[u8],
        text: Option<Box<[u8]>>,
    ) {
        if self.wanted.has(event.class) {
            let stamp = Stamp(self.stamps.fetch_add(1, Ordering::Relaxed));
            self.events.push((stamp, KeyEvent { event, db, key: key.into(), text }));
        }
    }

    /// Whether there is anything to tell.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What has happened since the last call.
    pub(crate) fn take(&mut self) -> Vec<(Stamp, KeyEvent)> {
        std::mem::take(&mut self.events)
    }
}
