//! The one place where publishers and subscribers of a node meet, whatever their cores.
//!
//! A message is in its subscribers' hands when `publish` returns, so a publisher's messages arrive
//! in their order, and whoever hears of a message by another way finds it delivered.
//! Invariant: locks are taken in the order shard, hub, subscriber. The hub calls nobody but
//! `Subscriber::deliver`.

use crate::pubsub::channels::Channels;
use crate::pubsub::kind::Kind;
use crate::pubsub::patterns::Patterns;
use crate::pubsub::subscriber::{Message, Subscriber, SubscriberId, Via};
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug)]
pub struct Hub<S> {
    channels: Channels<S>,
    patterns: Patterns<S>,
    shard_channels: Channels<S>,
}

impl<S> Default for Hub<S> {
    fn default() -> Self {
        let (channels, shard_channels) = Default::default();
        Self { channels, patterns: Patterns::default(), shard_channels }
    }
}

impl<S: Subscriber> Hub<S> {
    /// Whether anybody follows a channel or pattern: what `publish` asks first. One who has
    /// messages to make can spare itself the work when nobody does.
    #[must_use]
    #[inline]
    pub fn has_listeners(&self) -> bool {
        self.channels.count() > 0 || self.patterns.count() > 0
    }

    /// Delivers a message to all who follow the channel or a pattern that matches it; how many they
    /// are. Who follows both counts, and hears it, twice.
    pub fn publish(&self, channel: &[u8], text: &[u8]) -> usize {
        let mut receivers = 0;
        if self.channels.count() > 0 {
            receivers += self.channels.deliver(Message { via: Via::Channel, channel, text });
        }
        if self.patterns.count() > 0 {
            receivers += self.patterns.deliver(channel, text);
        }
        receivers
    }

    /// Delivers a message to all who follow the shard channel; how many they are.
    pub fn publish_to_shard(&self, channel: &[u8], text: &[u8]) -> usize {
        if self.shard_channels.count() == 0 {
            return 0;
        }
        self.shard_channels.deliver(Message { via: Via::ShardChannel, channel, text })
    }

    /// Lets `who` follow a name; returns the name, to be shared and given to `unsubscribe`.
    pub fn subscribe(&self, kind: Kind, name: &[u8], who: &Arc<S>) -> Arc<[u8]> {
        match kind {
            Kind::Channel => self.channels.follow(name, who),
            Kind::Pattern => self.patterns.follow(name, who),
            Kind::ShardChannel => self.shard_channels.follow(name, who),
        }
    }

    /// When it returns, `who` gets nothing more for this name.
    pub fn unsubscribe(&self, kind: Kind, name: &Arc<[u8]>, who: SubscriberId) {
        match kind {
            Kind::Channel => self.channels.leave(name, who),
            Kind::Pattern => self.patterns.leave(name, who),
            Kind::ShardChannel => self.shard_channels.leave(name, who),
        }
    }

    /// Those who do not stay leave everything, at once for all who look: what it costs is a walk
    /// over all names. They may say so themselves later.
    pub fn retain(&self, stays: impl Fn(&S) -> bool) {
        self.channels.retain(&stays);
        self.patterns.retain(&stays);
        self.shard_channels.retain(&stays);
    }

    /// How many different names of a kind are followed.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Channel => self.channels.count(),
            Kind::Pattern => self.patterns.count(),
            Kind::ShardChannel => self.shard_channels.count(),
        }
    }

    /// The channels that `wanted` takes, in order.
    #[must_use]
    pub fn channels(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<Arc<[u8]>> {
        self.channels.names(wanted)
    }

    /// The shard channels that `wanted` takes, in order.
    #[must_use]
    pub fn shard_channels(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<Arc<[u8]>> {
        self.shard_channels.names(wanted)
    }

    /// How many follow a channel by its name.
    #[must_use]
    pub fn channel_followers(&self, name: &[u8]) -> usize {
        self.channels.followers(name)
    }

    /// How many follow a shard channel.
    #[must_use]
    pub fn shard_channel_followers(&self, name: &[u8]) -> usize {
        self.shard_channels.followers(name)
    }
}
