//! CLUSTER: what a node can say about slots and itself while it runs alone.
//!
//! Not here: cluster mode. CLUSTER INFO answers as Redis does without it, so that clients see at
//! once that this node runs alone; for the other subcommands of Redis the error says that they are
//! absent.

use crate::base::slot::SlotId;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::spec::{Acl, Flags, Group, Outcome, Run, Spec};

const BASE: Spec = Spec {
    arity: 2,
    group: Group::Cluster,
    flags: Flags::STALE,
    acl: Acl::SLOW,
    since: "3.0.0",
    ..Spec::BASE
};

/// CLUSTER HELP|INFO|KEYSLOT|MYID
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "cluster",
    arity: -2,
    flags: Flags::NONE,
    summary: "A container for Redis Cluster commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        Spec {
            name: "help",
            flags: Flags::LOADING.and(Flags::STALE),
            summary: "Returns helpful text about the different subcommands.",
            since: "5.0.0",
            run: Run::Plain(help),
            ..BASE
        },
        Spec {
            name: "info",
            summary: "Returns information about the state of a node.",
            tips: &["nondeterministic_output"],
            run: Run::Plain(state),
            ..BASE
        },
        Spec {
            name: "keyslot",
            arity: 3,
            summary: "Returns the hash slot for a key.",
            complexity: "O(N) where N is the number of bytes in the key",
            syntax: "key",
            run: Run::Plain(key_slot),
            ..BASE
        },
        Spec { name: "myid", summary: "Returns the ID of a node.", run: Run::Plain(my_id), ..BASE },
    ],
    run: Run::Container,
    ..BASE
}];

const HELP: &[&str] =
    &["KEYSLOT <key>", "    Return the hash slot for <key>.", "MYID", "    Return the node id."];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn state(_: &mut Context<'_>, _: Args<'_>) -> Outcome {
    Err(CommandError::fixed("ERR This instance has cluster support disabled"))
}

fn key_slot(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.count(SlotId::of(args.take()?).index());
    Ok(())
}

fn my_id(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.bulk(cx.node.identity.node_id.as_bytes());
    Ok(())
}
