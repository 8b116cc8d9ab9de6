//! Patterns, each of which is compared with the channel of every message.
//!
//! Invariant: a pattern is here exactly as long as somebody follows it.

use crate::base::glob::{Case, matches};
use crate::pubsub::followers::Followers;
use crate::pubsub::subscriber::{Message, Subscriber, SubscriberId, Via};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Patterns<S> {
    by_text: RwLock<BTreeMap<Arc<[u8]>, Followers<S>>>,
    /// How many there are, so that asking costs one load.
    count: AtomicUsize,
}

impl<S> Default for Patterns<S> {
    fn default() -> Self {
        Self { by_text: RwLock::default(), count: AtomicUsize::new(0) }
    }
}

impl<S: Subscriber> Patterns<S> {
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Returns the pattern's text, to be shared.
    pub(super) fn follow(&self, text: &[u8], who: &Arc<S>) -> Arc<[u8]> {
        let mut by_text = self.by_text.write();
        let entry = by_text.entry(text.into());
        let text = Arc::clone(entry.key());
        entry.or_default().add(who);
        self.count.store(by_text.len(), Ordering::Release);
        text
    }

    /// When it returns, nothing more because of this pattern is delivered.
    pub(super) fn leave(&self, text: &Arc<[u8]>, who: SubscriberId) {
        let mut by_text = self.by_text.write();
        let Entry::Occupied(mut entry) = by_text.entry(Arc::clone(text)) else { return };
        entry.get_mut().remove(who);
        if entry.get_mut().is_empty() {
            entry.remove();
        }
        self.count.store(by_text.len(), Ordering::Release);
    }

    /// Those who do not stay leave everything.
    pub(super) fn retain(&self, stays: impl Fn(&S) -> bool) {
        let mut by_text = self.by_text.write();
        by_text.retain(|_, followers| {
            followers.retain(&stays);
            !followers.is_empty()
        });
        self.count.store(by_text.len(), Ordering::Release);
    }

    /// Delivers what is published at `channel` once for each pattern that matches.
    pub(super) fn deliver(&self, channel: &[u8], text: &[u8]) -> usize {
        let by_text = self.by_text.read();
        let matching = by_text.iter().filter(|(it, _)| matches(it, channel, Case::Sensitive));
        let deliver = |(pattern, followers): (&Arc<[u8]>, &Followers<S>)| {
            followers.deliver(Message { via: Via::Pattern(pattern), channel, text })
        };
        matching.map(deliver).sum()
    }
}
