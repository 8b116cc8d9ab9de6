//! PUBLISH and SPUBLISH.
//!
//! Inside EXEC the message is delivered at its place among the transaction's effects, while the
//! shards are borrowed: two transactions that touch the same keys publish in the order in which
//! they change them, and whoever hears of a change finds it.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::Outcome;

pub(super) fn publish(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (channel, text) = (args.take()?, args.take()?);
    cx.reply.count(cx.node.pubsub.publish(channel, text));
    Ok(())
}

pub(super) fn spublish(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (channel, text) = (args.take()?, args.take()?);
    cx.reply.count(cx.node.pubsub.publish_to_shard(channel, text));
    Ok(())
}
