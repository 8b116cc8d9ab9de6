//! What can happen to a key, by Redis's names (Redis documentation, "Redis keyspace
//! notifications").
//!
//! A family names its own events beside its commands; here are those that several share. Not here:
//! who wants to know (`outbox`), and what clients see of it.

use crate::base::events::EventClass;

/// What has happened to a key. Every change through an `Edit` asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What switches it on.
    pub class: EventClass,
    /// Its name on the wire.
    pub name: &'static str,
}

impl Event {
    /// An event of this class.
    #[must_use]
    pub const fn new(class: EventClass, name: &'static str) -> Self {
        Self { class, name }
    }

    /// Whether the key may have another value than before.
    #[must_use]
    pub fn writes(&self) -> bool {
        *self != EXPIRE && *self != PERSIST
    }

    /// Whether it tells of a change, and tells it by itself: a miss changes nothing, and what a new
    /// key is made with has an event of its own.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        !matches!(self.class, EventClass::New | EventClass::Miss)
    }
}

/// A key is there that was not. Comes before what it was made with.
pub const NEW: Event = Event::new(EventClass::New, "new");
/// A read has found no key.
pub const KEYMISS: Event = Event::new(EventClass::Miss, "keymiss");
/// The key's time has run out, or that of the lease that it hung on.
pub const EXPIRED: Event = Event::new(EventClass::Expired, "expired");
/// The key had to make room.
pub const EVICTED: Event = Event::new(EventClass::Evicted, "evicted");
/// A command has removed the key.
pub const DEL: Event = Event::new(EventClass::Generic, "del");
/// The key ends by itself now.
pub const EXPIRE: Event = Event::new(EventClass::Generic, "expire");
/// The key does not end by itself any more.
pub const PERSIST: Event = Event::new(EventClass::Generic, "persist");
/// A string has been written.
pub const SET: Event = Event::new(EventClass::String, "set");
