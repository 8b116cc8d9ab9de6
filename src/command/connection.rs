//! PING, ECHO, and the rows of QUIT and RESET, which the session carries out.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Deprecation, Flags, Group, Outcome, Run, SessionVerb, Spec};
use crate::resp::reply::Protocol;

const BASE: Spec =
    Spec { group: Group::Connection, acl: Acl::FAST.and(Acl::CONNECTION), ..Spec::BASE };

/// What may be said at any time, even before AUTH.
pub(super) const ANY_TIME: Flags = Flags::NOSCRIPT
    .and(Flags::LOADING)
    .and(Flags::STALE)
    .and(Flags::FAST)
    .and(Flags::NO_AUTH)
    .and(Flags::ALLOW_BUSY);

/// ECHO PING QUIT RESET
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "echo",
        arity: 2,
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        summary: "Returns the given string.",
        syntax: "message",
        run: Run::Plain(echo),
        ..BASE
    },
    Spec {
        name: "ping",
        arity: -1,
        flags: Flags::FAST.and(Flags::SUBSCRIBER),
        summary: "Returns the server's liveliness response.",
        syntax: "[message]",
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Plain(ping),
        ..BASE
    },
    Spec {
        name: "quit",
        arity: -1,
        flags: ANY_TIME.and(Flags::SUBSCRIBER),
        summary: "Closes the connection.",
        deprecated: Some(Deprecation {
            since: "7.2.0",
            replaced_by: "just closing the connection",
        }),
        run: Run::Session(SessionVerb::Quit),
        ..BASE
    },
    Spec {
        name: "reset",
        arity: 1,
        flags: ANY_TIME.and(Flags::SUBSCRIBER),
        summary: "Resets the connection.",
        since: "6.2.0",
        run: Run::Session(SessionVerb::Reset),
        ..BASE
    },
];

fn echo(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.bulk(args.take()?);
    Ok(())
}

fn ping(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let message = args.take_option();
    if args.left() > 0 {
        return Err(CommandError::arity("ping"));
    }
    match message {
        // So that a subscriber reads nothing but arrays.
        message if cx.caller.subscriptions.any() && cx.reply.protocol == Protocol::Resp2 => {
            cx.reply.array(2);
            cx.reply.bulk(b"pong");
            cx.reply.bulk(message.unwrap_or_default());
        }
        None => cx.reply.simple("PONG"),
        Some(message) => cx.reply.bulk(message),
    }
    Ok(())
}
