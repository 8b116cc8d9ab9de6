//! SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites.
//!
//! Each name is answered by a message of its own, which stands between the messages of channels
//! where it belongs: nothing of a channel comes before the subscription or after its end.

use crate::clients::Push;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::pubsub::Kind;
use crate::resp::reply::{Protocol, Writer};
use std::sync::Arc;

/// As Redis's text: inside EXEC a request has one reply, and this command has one per channel.
const NOT_IN_EXEC: CommandError =
    CommandError::fixed("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");

pub(super) fn subscribe(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    follow(cx, args, Kind::Channel);
    Ok(())
}

pub(super) fn psubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    follow(cx, args, Kind::Pattern);
    Ok(())
}

pub(super) fn ssubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    if cx.in_transaction {
        return Err(NOT_IN_EXEC);
    }
    follow(cx, args, Kind::ShardChannel);
    Ok(())
}

pub(super) fn unsubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    leave(cx, args, Kind::Channel);
    Ok(())
}

pub(super) fn punsubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    leave(cx, args, Kind::Pattern);
    Ok(())
}

pub(super) fn sunsubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    leave(cx, args, Kind::ShardChannel);
    Ok(())
}

fn follow(cx: &mut Context<'_>, mut args: Args<'_>, kind: Kind) {
    let word: &[u8] = match kind {
        Kind::Channel => b"subscribe",
        Kind::Pattern => b"psubscribe",
        Kind::ShardChannel => b"ssubscribe",
    };
    while let Some(name) = args.take_option() {
        let subscriptions = &mut cx.caller.subscriptions;
        let count = subscriptions.counts().told(kind) + u32::from(!subscriptions.has(kind, name));
        // The first message may come as soon as the hub knows of the subscription.
        confirm(cx, word, Some(name), count);
        let caller = &mut *cx.caller;
        caller.subscriptions.follow(&cx.node.pubsub, &caller.client, kind, name);
    }
    note(cx);
}

/// Ends subscriptions: those that the request names, or all of a kind.
fn leave(cx: &mut Context<'_>, mut args: Args<'_>, kind: Kind) {
    let word: &[u8] = match kind {
        Kind::Channel => b"unsubscribe",
        Kind::Pattern => b"punsubscribe",
        Kind::ShardChannel => b"sunsubscribe",
    };
    let mut names: Vec<Arc<[u8]>> = Vec::with_capacity(args.left());
    if args.left() == 0 {
        names = cx.caller.subscriptions.names(kind);
    }
    while let Some(name) = args.take_option() {
        names.push(name.into());
    }
    let caller = &mut *cx.caller;
    let left = names.iter().map(|name| {
        caller.subscriptions.leave(&cx.node.pubsub, &*caller.client, kind, name);
        caller.subscriptions.counts().told(kind)
    });
    let left: Vec<u32> = left.collect();
    // Nothing more of these names comes in from here on.
    send_what_came(cx);
    for (name, count) in names.iter().zip(left) {
        confirm(cx, word, Some(name), count);
    }
    if names.is_empty() {
        let count = cx.caller.subscriptions.counts().told(kind);
        confirm(cx, word, None, count);
    }
    note(cx);
}

/// Lets the others see how much the caller follows.
fn note(cx: &Context<'_>) {
    cx.caller.client.set_subscribed(cx.caller.subscriptions.counts());
}

/// Writes the messages that have come in before the reply. Inside EXEC that is the reply to EXEC,
/// which no message may divide. In RESP2, whoever has left its last channel would take a message
/// behind it for a reply.
fn send_what_came(cx: &mut Context<'_>) {
    // RESP3 tells a message of a channel from everything else, wherever it comes.
    let later = cx.in_transaction && cx.reply.protocol == Protocol::Resp3;
    if later || cx.caller.replies.are_silent() {
        return;
    }
    // Whoever has too many is closed when the connection finds out.
    let pushes = cx.caller.client.take_pushes().unwrap_or_default();
    let mut came = Writer { protocol: cx.reply.protocol, ..Writer::default() };
    pushes.iter().for_each(|push| push.write(&mut came));
    let start = cx.reply_start;
    cx.reply.out.splice(start..start, came.out);
}

/// Tells the caller what became of a name. It hears it even if it wants no replies (CLIENT REPLY):
/// by way of the messages then, to keep the order.
fn confirm(cx: &mut Context<'_>, word: &[u8], name: Option<&[u8]>, count: u32) {
    if cx.caller.replies.are_silent() {
        let mut spelled = Writer { protocol: Protocol::Resp3, ..Writer::default() };
        spell(&mut spelled, word, name, count);
        cx.caller.client.push(Push::Message(spelled.out.into()));
    } else {
        spell(cx.reply, word, name, count);
    }
}

fn spell(writer: &mut Writer, word: &[u8], name: Option<&[u8]>, count: u32) {
    writer.push(3);
    writer.bulk(word);
    writer.bulk_or_null(name);
    writer.int(i64::from(count));
}
