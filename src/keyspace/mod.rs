//! Slots, entries and the one gate through which they change. Knows no RESP and no routing.

pub mod access;
pub mod announce;
pub mod borrow;
pub mod collection;
pub mod coordinate;
pub mod edit;
pub mod entry;
pub mod event;
pub mod evict;
pub mod facts;
pub mod feed;
pub mod feeds;
pub mod flush;
mod gauge;
mod hints;
mod invariants;
pub mod leases;
pub mod listeners;
pub mod lock_figures;
pub mod lock_records;
pub mod locks;
mod model;
pub mod outbox;
pub mod paths;
pub mod primitive;
pub mod scan;
pub mod shard;
pub mod slot;
pub mod table;
pub mod value;
pub mod waiters;
pub mod watch;
pub mod wheel;

use crate::base::slot::SlotId;

/// The number of a database as `SELECT` names it, below the `databases` setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Db(pub u8);

/// A key and the slot it belongs to, computed once per request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'k> {
    /// The key's bytes.
    pub bytes: &'k [u8],
    /// Its hash slot.
    pub slot: SlotId,
}

impl<'k> Key<'k> {
    /// A key whose slot is computed here.
    #[must_use]
    pub fn new(bytes: &'k [u8]) -> Self {
        Self { bytes, slot: SlotId::of(bytes) }
    }
}
