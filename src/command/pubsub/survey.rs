//! PUBSUB: which channels there are, and how many follow them.

use crate::base::glob::{Case, matches};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::pubsub::BASE as FAMILY;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};
use crate::pubsub::Kind;
use std::sync::Arc;

const BASE: Spec = Spec { arity: -2, since: "2.8.0", ..FAMILY };

/// PUBSUB CHANNELS|HELP|NUMPAT|NUMSUB|SHARDCHANNELS|SHARDNUMSUB
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "channels",
        summary: "Returns the active channels.",
        complexity: "O(N) where N is the number of active channels, and assuming constant time \
                     pattern matching (relatively short channels and patterns)",
        syntax: "[pattern]",
        run: Run::Plain(channels),
        ..BASE
    },
    Spec {
        name: "help",
        arity: 2,
        flags: Flags::LOADING.and(Flags::STALE),
        acl: Acl::SLOW,
        summary: "Returns helpful text about the different subcommands.",
        since: "6.2.0",
        run: Run::Plain(help),
        ..BASE
    },
    Spec {
        name: "numpat",
        arity: 2,
        summary: "Returns a count of unique pattern subscriptions.",
        run: Run::Plain(numpat),
        ..BASE
    },
    Spec {
        name: "numsub",
        summary: "Returns a count of subscribers to channels.",
        complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
        syntax: "[channel [channel ...]]",
        run: Run::Plain(numsub),
        ..BASE
    },
    Spec {
        name: "shardchannels",
        summary: "Returns the active shard channels.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of active shard channels, and assuming constant \
                     time pattern matching (relatively short shard channels).",
        syntax: "[pattern]",
        run: Run::Plain(shardchannels),
        ..BASE
    },
    Spec {
        name: "shardnumsub",
        summary: "Returns the count of subscribers of shard channels.",
        since: "7.0.0",
        complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested \
                     shard channels",
        syntax: "[shardchannel [shardchannel ...]]",
        run: Run::Plain(shardnumsub),
        ..BASE
    },
];

const HELP: &[&str] = &[
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn channels(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let pattern = pattern(&args)?;
    let names = cx.node.pubsub.channels(|name| is_meant(pattern, name));
    list(cx, &names);
    Ok(())
}

fn shardchannels(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let pattern = pattern(&args)?;
    let names = cx.node.pubsub.shard_channels(|name| is_meant(pattern, name));
    list(cx, &names);
    Ok(())
}

/// Without a pattern every channel is; the pattern `*` leaves out the one without a name, as in
/// Redis.
fn is_meant(pattern: Option<&[u8]>, name: &[u8]) -> bool {
    pattern.is_none_or(|pattern| matches(pattern, name, Case::Sensitive))
}

fn pattern<'r>(args: &Args<'r>) -> Result<Option<&'r [u8]>, CommandError> {
    if args.left() <= 1 {
        return Ok(args.peek());
    }
    let subcommand = args.argv().get(1).unwrap_or_default();
    let before = "ERR unknown subcommand or wrong number of arguments for '";
    Err(CommandError::quoting(before, subcommand, "'. Try PUBSUB HELP."))
}

fn list(cx: &mut Context<'_>, names: &[Arc<[u8]>]) {
    cx.reply.array(names.len());
    names.iter().for_each(|name| cx.reply.bulk(name));
}

fn numpat(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.count(cx.node.pubsub.count(Kind::Pattern));
    Ok(())
}

fn numsub(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.array(2 * args.left());
    while let Some(name) = args.take_option() {
        cx.reply.bulk(name);
        cx.reply.count(cx.node.pubsub.channel_followers(name));
    }
    Ok(())
}

fn shardnumsub(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.array(2 * args.left());
    while let Some(name) = args.take_option() {
        cx.reply.bulk(name);
        cx.reply.count(cx.node.pubsub.shard_channel_followers(name));
    }
    Ok(())
}
