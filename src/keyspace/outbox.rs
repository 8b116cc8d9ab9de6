//! What has happened to the keys of a shard and has not been told yet.
//!
//! While nobody wants to know, a change costs a look at `wanted`. Not here: telling
//! (`announce`). Invariant: whoever gives the shard back finds the events in the order in which
//! they happened, also across shards that are borrowed together.

use crate::base::events::{EventClass, EventClasses};
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
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    wanted: EventClasses,
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
    pub(crate) const fn want(&mut self, classes: EventClasses) {
        self.wanted = classes;
    }

    /// Whether any event may be wanted: what every change asks.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.wanted != EventClasses::NONE
    }

    /// Whether events of this class are wanted.
    pub(crate) const fn wants(&self, class: EventClass) -> bool {
        self.wanted.has(class)
    }

    /// Notes what has happened, if it is wanted.
    pub(crate) fn note(&mut self, event: &'static Event, db: Db, key: &[u8]) {
        if self.wants(event.class) {
            let stamp = Stamp(self.stamps.fetch_add(1, Ordering::Relaxed));
            self.events.push((stamp, KeyEvent { event, db, key: key.into() }));
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
