//! Channels: SUBSCRIBE and its kin, PUBLISH, and PUBSUB. What they do is beside this file.
//!
//! Not here: who follows what (`pubsub`), and when messages are sent (`server`, `net`).

mod follow;
mod publish;
mod survey;

use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Run, Spec};

const BASE: Spec = Spec {
    group: Group::Pubsub,
    flags: Flags::PUBSUB.and(Flags::LOADING).and(Flags::STALE),
    acl: Acl::PUBSUB.and(Acl::SLOW),
    since: "2.0.0",
    ..Spec::BASE
};

const FOLLOW: Spec = Spec { flags: BASE.flags.and(Flags::NOSCRIPT).and(Flags::SUBSCRIBER), ..BASE };

const PUBLISH: Spec = Spec {
    arity: 3,
    flags: BASE.flags.and(Flags::FAST).and(Flags::MAY_REPLICATE),
    acl: Acl::PUBSUB.and(Acl::FAST),
    ..BASE
};

const SHARD_CHANNELS: &[KeySpec] = &[KeySpec::words(1, -1, 1, KeyFlags::NOT_KEY)];

/// SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE PUBLISH SPUBLISH PUBSUB
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "subscribe",
        arity: -2,
        summary: "Listens for messages published to channels.",
        complexity: "O(N) where N is the number of channels to subscribe to.",
        syntax: "channel [channel ...]",
        run: Run::Plain(follow::subscribe),
        ..FOLLOW
    },
    Spec {
        name: "unsubscribe",
        arity: -1,
        summary: "Stops listening to messages posted to channels.",
        complexity: "O(N) where N is the number of channels to unsubscribe.",
        syntax: "[channel [channel ...]]",
        run: Run::Plain(follow::unsubscribe),
        ..FOLLOW
    },
    Spec {
        name: "psubscribe",
        arity: -2,
        summary: "Listens for messages published to channels that match one or more patterns.",
        complexity: "O(N) where N is the number of patterns to subscribe to.",
        syntax: "pattern [pattern ...]",
        run: Run::Plain(follow::psubscribe),
        ..FOLLOW
    },
    Spec {
        name: "punsubscribe",
        arity: -1,
        summary: "Stops listening to messages published to channels that match one or more \
                  patterns.",
        complexity: "O(N) where N is the number of patterns to unsubscribe.",
        syntax: "[pattern [pattern ...]]",
        run: Run::Plain(follow::punsubscribe),
        ..FOLLOW
    },
    Spec {
        name: "ssubscribe",
        arity: -2,
        keys: SHARD_CHANNELS,
        summary: "Listens for messages published to shard channels.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels to subscribe to.",
        syntax: "shardchannel [shardchannel ...]",
        run: Run::Plain(follow::ssubscribe),
        ..FOLLOW
    },
    Spec {
        name: "sunsubscribe",
        arity: -1,
        keys: SHARD_CHANNELS,
        summary: "Stops listening to messages posted to shard channels.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels to unsubscribe.",
        syntax: "[shardchannel [shardchannel ...]]",
        run: Run::Plain(follow::sunsubscribe),
        ..FOLLOW
    },
    Spec {
        name: "publish",
        summary: "Posts a message to a channel.",
        complexity: "O(N+M) where N is the number of clients subscribed to the receiving channel \
                     and M is the total number of subscribed patterns (by any client).",
        syntax: "channel message",
        run: Run::Plain(publish::publish),
        ..PUBLISH
    },
    Spec {
        name: "spublish",
        keys: &[KeySpec::one(1, KeyFlags::NOT_KEY)],
        summary: "Post a message to a shard channel",
        since: "7.0.0",
        complexity: "O(N) where N is the number of clients subscribed to the receiving shard \
                     channel.",
        syntax: "shardchannel message",
        run: Run::Plain(publish::spublish),
        ..PUBLISH
    },
    Spec {
        name: "pubsub",
        arity: -2,
        flags: Flags::NONE,
        acl: Acl::SLOW,
        summary: "A container for Pub/Sub commands.",
        since: "2.8.0",
        complexity: "Depends on subcommand.",
        subcommands: survey::ROWS,
        run: Run::Container,
        ..BASE
    },
];
