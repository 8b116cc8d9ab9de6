//! Connections: who they are, which database and protocol they use.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, Outcome, Run, SessionVerb, Spec};

const BASE: Spec = Spec { group: Group::Connection, ..Spec::BASE };

/// PING QUIT
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "ping",
        arity: -1,
        flags: Flags::FAST,
        acl: Acl::FAST.and(Acl::CONNECTION),
        summary: "Returns the server's liveliness response.",
        syntax: "[message]",
        run: Run::Plain(ping),
        ..BASE
    },
    Spec {
        name: "quit",
        arity: -1,
        flags: Flags::ALLOW_BUSY
            .and(Flags::NOSCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::FAST)
            .and(Flags::NO_AUTH),
        acl: Acl::FAST.and(Acl::CONNECTION),
        summary: "Closes the connection.",
        run: Run::Session(SessionVerb::Quit),
        ..BASE
    },
];

fn ping(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    match (args.take_option(), args.left()) {
        (None, _) => cx.reply.simple("PONG"),
        (Some(message), 0) => cx.reply.bulk(message),
        (Some(_), _) => return Err(CommandError::arity("ping")),
    }
    Ok(())
}
