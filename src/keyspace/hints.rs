//! Where the buckets of every slot are, readable without borrowing the shard: a pipeline's keys are
//! fetched into the cache while the requests before them run.
//!
//! Only hints: an address may be out of date, and nobody reads what it points to.

use crate::base::prefetch::prefetch;
use crate::base::slot::SlotId;
use crate::keyspace::slot::Slot;
use crate::keyspace::table::{BUCKET_BYTES, Table};
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Default)]
struct Hint {
    slot: AtomicUsize,
    buckets: AtomicUsize,
    mask: AtomicUsize,
}

/// One hint per slot, for its table 0.
#[derive(Debug)]
pub(crate) struct Hints(Box<[Hint]>);

impl Default for Hints {
    fn default() -> Self {
        Self((0..SlotId::COUNT).map(|_| Hint::default()).collect())
    }
}

impl Hints {
    /// Notes where `slot` lies.
    pub(crate) fn set_slot(&self, id: usize, slot: &Slot) {
        self.0[id].slot.store(std::ptr::from_ref(slot).addr(), Ordering::Relaxed);
    }

    /// Notes where its buckets are now.
    pub(crate) fn set_buckets(&self, id: usize, table: &Table) {
        self.0[id].buckets.store(table.buckets_address(), Ordering::Relaxed);
        self.0[id].mask.store(table.bucket_count().saturating_sub(1), Ordering::Relaxed);
    }

    /// Fetches the slot and the bucket that a key with this hash would be in.
    #[inline]
    pub(crate) fn prefetch(&self, slot: SlotId, hash: u64) {
        let hint = &self.0[slot.index()];
        prefetch(std::ptr::without_provenance::<Slot>(hint.slot.load(Ordering::Relaxed)));
        let bucket = hash as usize & hint.mask.load(Ordering::Relaxed);
        let address = hint.buckets.load(Ordering::Relaxed) + bucket * BUCKET_BYTES;
        prefetch(std::ptr::without_provenance::<u64>(address));
    }
}
