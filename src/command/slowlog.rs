//! SLOWLOG: the latest requests that took long (Redis documentation, "SLOWLOG GET").
//!
//! Not here: what enters the log (`server/dispatch.rs`) and how (`observe/slowlog.rs`).

use crate::base::number::parse_i64;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};
use crate::observe::slowlog::SHOWN_DEFAULT;

const BASE: Spec = Spec {
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE),
    acl: Acl::ADMIN.and(Acl::SLOW).and(Acl::DANGEROUS),
    since: "2.2.12",
    ..Spec::BASE
};

/// SLOWLOG GET|HELP|LEN|RESET
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "slowlog",
    arity: -2,
    flags: Flags::NONE,
    acl: Acl::SLOW,
    summary: "A container for slow log commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        Spec {
            name: "get",
            arity: -2,
            summary: "Returns the slow log's entries.",
            complexity: "O(N) where N is the number of entries returned",
            syntax: "[count]",
            tips: &["request_policy:all_nodes", "nondeterministic_output"],
            history: &[("4.0.0", "Added client IP address, port and name to the reply.")],
            run: Run::Plain(get),
            ..BASE
        },
        Spec {
            name: "help",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            acl: Acl::SLOW,
            summary: "Show helpful text about the different subcommands",
            since: "6.2.0",
            run: Run::Plain(help),
            ..BASE
        },
        Spec {
            name: "len",
            arity: 2,
            summary: "Returns the number of entries in the slow log.",
            tips: &[
                "request_policy:all_nodes",
                "response_policy:agg_sum",
                "nondeterministic_output",
            ],
            run: Run::Plain(len),
            ..BASE
        },
        Spec {
            name: "reset",
            arity: 2,
            summary: "Clears all entries from the slow log.",
            complexity: "O(N) where N is the number of entries in the slowlog",
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            run: Run::Plain(reset),
            ..BASE
        },
    ],
    run: Run::Container,
    ..BASE
}];

const HELP: &[&str] = &[
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn get(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.left() > 1 {
        return Err(CommandError::subcommand_syntax(args.argv()));
    }
    let wanted = match args.take_option().map(parse_i64) {
        None => SHOWN_DEFAULT,
        Some(Some(-1)) => usize::MAX,
        Some(count) => count
            .and_then(|count| usize::try_from(count).ok())
            .ok_or(CommandError::fixed("ERR count should be greater than or equal to -1"))?,
    };
    let entries = cx.node.slow_log.newest(wanted);
    cx.reply.array(entries.len());
    for entry in entries {
        cx.reply.array(6);
        cx.reply.int(entry.id as i64);
        cx.reply.int(entry.unix_s);
        cx.reply.int(entry.took_us as i64);
        cx.reply.array(entry.args.len());
        entry.args.iter().for_each(|arg| cx.reply.bulk(arg));
        cx.reply.bulk(entry.client_address.as_bytes());
        cx.reply.bulk(&entry.client_name);
    }
    Ok(())
}

fn len(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.count(cx.node.slow_log.len());
    Ok(())
}

fn reset(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.node.slow_log.reset();
    cx.reply.ok();
    Ok(())
}
