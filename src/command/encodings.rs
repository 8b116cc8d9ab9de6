//! Up to which size collections are kept packed: what every write to one asks, so it is to be had
//! without a lock.
//!
//! Not here: the directives (`config/table/encodings.rs`), and what a structure makes of them.

use crate::command::node::Node;
use crate::config::Settings;
use crate::types::hash;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A copy of the directives.
#[derive(Debug, Default)]
pub(super) struct Encodings {
    hash_fields: AtomicUsize,
    hash_bytes: AtomicUsize,
}

impl Encodings {
    /// Notes what the settings say now. What is large already stays so.
    pub(super) fn take_over(&self, settings: &Settings) {
        self.hash_fields.store(settings.hash_max_listpack_entries, Ordering::Relaxed);
        self.hash_bytes.store(settings.hash_max_listpack_value, Ordering::Relaxed);
    }
}

impl Node {
    /// How large a packed hash may be.
    #[must_use]
    #[inline]
    pub fn hash_limits(&self) -> hash::Limits<'_> {
        hash::Limits {
            fields: self.encodings.hash_fields.load(Ordering::Relaxed),
            bytes: self.encodings.hash_bytes.load(Ordering::Relaxed),
            hashing: self.keyspace.hashing(),
        }
    }
}
