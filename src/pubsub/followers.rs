//! Who follows one name.
//!
//! Publishers take turns, so that all followers get the messages of one name in the same order.

use crate::pubsub::subscriber::{Message, Subscriber, SubscriberId};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Followers<S>(Mutex<HashMap<SubscriberId, Arc<S>>>);

impl<S> Default for Followers<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Subscriber> Followers<S> {
    pub(super) fn add(&mut self, who: &Arc<S>) {
        self.0.get_mut().insert(who.id(), Arc::clone(who));
    }

    pub(super) fn remove(&mut self, who: SubscriberId) {
        self.0.get_mut().remove(&who);
    }

    pub(super) fn retain(&mut self, stays: impl Fn(&S) -> bool) {
        self.0.get_mut().retain(|_, follower| stays(follower));
    }

    pub(super) fn is_empty(&mut self) -> bool {
        self.0.get_mut().is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Delivers to all of them; how many they are.
    pub(super) fn deliver(&self, message: Message<'_>) -> usize {
        let followers = self.0.lock();
        if followers.is_empty() {
            return 0;
        }
        let parcel = S::pack(message);
        followers.values().for_each(|follower| S::deliver(follower, &parcel));
        followers.len()
    }
}
