//! What one session follows.
//!
//! Invariant: it is registered in the hub for exactly these names; whoever drops them without
//! taking them out first leaves a deaf subscriber behind.

use crate::pubsub::hub::Hub;
use crate::pubsub::kind::Kind;
use crate::pubsub::subscriber::Subscriber;
use std::collections::BTreeSet;
use std::sync::Arc;

type Names = BTreeSet<Arc<[u8]>>;

/// See the module's documentation. Few sessions follow anything, so the rest of them own no more
/// than a pointer.
#[derive(Debug, Default)]
pub struct Subscriptions(Option<Box<Sets>>);

#[derive(Debug, Default)]
struct Sets {
    channels: Names,
    patterns: Names,
    shard_channels: Names,
}

/// How much a session follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscribed {
    /// Channels.
    pub channels: u32,
    /// Patterns.
    pub patterns: u32,
    /// Shard channels.
    pub shard_channels: u32,
}

impl Subscribed {
    /// Whether it is nothing.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.channels == 0 && self.patterns == 0 && self.shard_channels == 0
    }

    /// The count that a reply to a command about this kind has: shard channels count on their own.
    #[must_use]
    pub const fn told(self, kind: Kind) -> u32 {
        match kind {
            Kind::Channel | Kind::Pattern => self.channels + self.patterns,
            Kind::ShardChannel => self.shard_channels,
        }
    }
}

impl Sets {
    const fn of(&self, kind: Kind) -> &Names {
        match kind {
            Kind::Channel => &self.channels,
            Kind::Pattern => &self.patterns,
            Kind::ShardChannel => &self.shard_channels,
        }
    }

    const fn of_mut(&mut self, kind: Kind) -> &mut Names {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::ShardChannel => &mut self.shard_channels,
        }
    }
}

impl Subscriptions {
    /// Whether there are any: whether the session is a subscriber.
    #[must_use]
    #[inline]
    pub const fn any(&self) -> bool {
        self.0.is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn counts(&self) -> Subscribed {
        let Some(sets) = &self.0 else { return Subscribed::default() };
        Subscribed {
            channels: sets.channels.len() as u32,
            patterns: sets.patterns.len() as u32,
            shard_channels: sets.shard_channels.len() as u32,
        }
    }

    /// Whether a name is followed.
    #[must_use]
    pub fn has(&self, kind: Kind, name: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|sets| sets.of(kind).contains(name))
    }

    /// Lets `who`, whose subscriptions these are, follow a name, if it does not yet.
    pub fn follow<S: Subscriber>(&mut self, hub: &Hub<S>, who: &Arc<S>, kind: Kind, name: &[u8]) {
        let names = self.0.get_or_insert_default().of_mut(kind);
        if !names.contains(name) {
            names.insert(hub.subscribe(kind, name, who));
        }
    }

    /// Lets `who` leave a name, if it follows it.
    pub fn leave<S: Subscriber>(&mut self, hub: &Hub<S>, who: &S, kind: Kind, name: &[u8]) {
        let Some(sets) = &mut self.0 else { return };
        if let Some(name) = sets.of_mut(kind).take(name) {
            hub.unsubscribe(kind, &name, who.id());
        }
        if self.counts().is_nothing() {
            self.0 = None;
        }
    }

    /// The names of a kind, in order.
    #[must_use]
    pub fn names(&self, kind: Kind) -> Vec<Arc<[u8]>> {
        let names = self.0.as_ref().map(|sets| sets.of(kind));
        names.into_iter().flatten().map(Arc::clone).collect()
    }

    /// Lets `who` leave everything.
    pub fn leave_all<S: Subscriber>(&mut self, hub: &Hub<S>, who: &S) {
        let Some(sets) = self.0.take() else { return };
        let Sets { channels, patterns, shard_channels } = *sets;
        let leave = |kind, names: Names| {
            names.iter().for_each(|name| hub.unsubscribe(kind, name, who.id()));
        };
        leave(Kind::Channel, channels);
        leave(Kind::Pattern, patterns);
        leave(Kind::ShardChannel, shard_channels);
    }
}
