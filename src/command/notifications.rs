//! Keyspace notifications (Redis documentation, "Redis keyspace notifications"): what happens to
//! keys, as messages of channels.
//!
//! Not here: what happens (`keyspace/event.rs`), and who follows the channels (`pubsub`).

use crate::base::events::{EventClass, EventClasses};
use crate::clients::Client;
use crate::keyspace::announce::Audience;
use crate::keyspace::outbox::KeyEvent;
use crate::pubsub::Hub;
use parking_lot::RwLock;
use std::sync::Arc;

/// Publishes what happens to keys.
#[derive(Debug, Default)]
pub struct Notifications {
    /// Every channel.
    pub hub: Arc<Hub<Client>>,
    /// Which channels there are (`notify-keyspace-events`).
    classes: RwLock<EventClasses>,
}

impl Notifications {
    /// Takes over a changed setting.
    pub(super) fn set_classes(&self, classes: EventClasses) {
        *self.classes.write() = classes;
    }
}

impl Audience for Notifications {
    fn hear(&self, it: &KeyEvent) {
        if !self.hub.has_listeners() {
            return;
        }
        let (classes, name, db) = (*self.classes.read(), it.event.name.as_bytes(), it.db.0);
        let publish = |kind: &str, rest: &[u8], message: &[u8]| {
            let channel = [format!("__{kind}@{db}__:").as_bytes(), rest].concat();
            self.hub.publish(&channel, message);
        };
        if classes.by_key() {
            publish("keyspace", &it.key, name);
        }
        if classes.by_event() {
            publish("keyevent", name, &it.key);
        }
        if it.event.class == EventClass::Coordination {
            let words = [Some(name), it.text.as_deref()];
            publish("lock", &it.key, &words.into_iter().flatten().collect::<Vec<_>>().join(&b' '));
        }
    }
}
