//! Channels by their names.
//!
//! Invariant: a channel is here exactly as long as somebody follows it.

use crate::pubsub::followers::Followers;
use crate::pubsub::subscriber::{Message, Subscriber, SubscriberId};
use dashmap::{DashMap, Entry};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Channels<S> {
    by_name: DashMap<Arc<[u8]>, Followers<S>>,
    /// How many there are, so that asking costs one load.
    count: AtomicUsize,
}

impl<S> Default for Channels<S> {
    fn default() -> Self {
        Self { by_name: DashMap::new(), count: AtomicUsize::new(0) }
    }
}

impl<S: Subscriber> Channels<S> {
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Returns the channel's name, to be shared.
    pub(super) fn follow(&self, name: &[u8], who: &Arc<S>) -> Arc<[u8]> {
        let mut entry = self.by_name.entry(name.into()).or_insert_with(|| {
            self.count.fetch_add(1, Ordering::Release);
            Followers::default()
        });
        entry.add(who);
        Arc::clone(entry.key())
    }

    /// When it returns, nothing more of this channel is delivered.
    pub(super) fn leave(&self, name: &Arc<[u8]>, who: SubscriberId) {
        let Entry::Occupied(mut entry) = self.by_name.entry(Arc::clone(name)) else { return };
        entry.get_mut().remove(who);
        if entry.get_mut().is_empty() {
            entry.remove();
            self.count.fetch_sub(1, Ordering::Release);
        }
    }

    /// Those who do not stay leave everything.
    pub(super) fn retain(&self, stays: impl Fn(&S) -> bool) {
        self.by_name.retain(|_, followers| {
            followers.retain(&stays);
            let followed = !followers.is_empty();
            self.count.fetch_sub(usize::from(!followed), Ordering::Release);
            followed
        });
    }

    pub(super) fn deliver(&self, message: Message<'_>) -> usize {
        self.by_name.get(message.channel).map_or(0, |followers| followers.deliver(message))
    }

    pub(super) fn followers(&self, name: &[u8]) -> usize {
        self.by_name.get(name).map_or(0, |followers| followers.len())
    }

    /// The names that `wanted` takes, in order.
    pub(super) fn names(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<Arc<[u8]>> {
        let all = self.by_name.iter().filter(|entry| wanted(entry.key()));
        let mut names: Vec<Arc<[u8]>> = all.map(|entry| Arc::clone(entry.key())).collect();
        names.sort_unstable();
        names
    }
}
