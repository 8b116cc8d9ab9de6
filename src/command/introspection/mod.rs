//! COMMAND: what the server can do, derived from the rows.

mod describe;
mod keys;
mod list;

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};
use crate::command::table::{Command, table};
use crate::command::{docs, help};

const BASE: Spec = Spec {
    flags: Flags::LOADING.and(Flags::STALE),
    acl: Acl::SLOW.and(Acl::CONNECTION),
    since: "2.8.13",
    ..Spec::BASE
};

const ANY_ORDER: &[&str] = &["nondeterministic_output_order"];

/// COMMAND
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "command",
    arity: -1,
    summary: "Returns detailed information about all commands.",
    complexity: "O(N) where N is the total number of Redis commands",
    tips: ANY_ORDER,
    subcommands: SUBCOMMANDS,
    run: Run::Plain(command),
    ..BASE
}];

const SUBCOMMANDS: &[Spec] = &[
    Spec {
        name: "count",
        arity: 2,
        summary: "Returns a count of commands.",
        run: Run::Plain(count),
        ..BASE
    },
    Spec {
        name: "docs",
        arity: -2,
        summary: "Returns documentary information about one, multiple or all commands.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands to look up",
        syntax: "[command-name [command-name ...]]",
        tips: ANY_ORDER,
        run: Run::Plain(describe_for_people),
        ..BASE
    },
    Spec {
        name: "getkeys",
        arity: -3,
        summary: "Extracts the key names from an arbitrary command.",
        complexity: "O(N) where N is the number of arguments to the command",
        syntax: "command [arg [arg ...]]",
        run: Run::Plain(keys::get_keys),
        ..BASE
    },
    Spec {
        name: "getkeysandflags",
        arity: -3,
        summary: "Extracts the key names and access flags for an arbitrary command.",
        since: "7.0.0",
        complexity: "O(N) where N is the number of arguments to the command",
        syntax: "command [arg [arg ...]]",
        run: Run::Plain(keys::get_keys_and_flags),
        ..BASE
    },
    Spec {
        name: "help",
        arity: 2,
        summary: "Returns helpful text about the different subcommands.",
        since: "5.0.0",
        run: Run::Plain(help_text),
        ..BASE
    },
    Spec {
        name: "info",
        arity: -2,
        summary: "Returns information about one, multiple or all commands.",
        complexity: "O(N) where N is the number of commands to look up",
        syntax: "[command-name [command-name ...]]",
        tips: ANY_ORDER,
        history: &[("7.0.0", "Allowed to be called with no argument to get info on all commands.")],
        run: Run::Plain(info),
        ..BASE
    },
    Spec {
        name: "list",
        arity: -2,
        summary: "Returns a list of command names.",
        since: "7.0.0",
        complexity: "O(N) where N is the total number of Redis commands",
        syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>{filterby}]",
        tips: ANY_ORDER,
        run: Run::Plain(list::list),
        ..BASE
    },
];

/// All commands that are not under a container.
fn top_level() -> impl Iterator<Item = &'static Command> + Clone {
    table().commands().iter().filter(|command| command.container.is_none())
}

fn command(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.array(top_level().count());
    top_level().for_each(|command| describe::describe(cx.reply, command));
    Ok(())
}

fn count(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.count(top_level().count());
    Ok(())
}

fn info(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.left() == 0 {
        return command(cx, args);
    }
    cx.reply.array(args.left());
    while let Some(name) = args.take_option() {
        match table().by_full_name(name) {
            Some(command) => describe::describe(cx.reply, command),
            None => cx.reply.null(),
        }
    }
    Ok(())
}

fn describe_for_people(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let commands: Vec<&Command> = if args.left() == 0 {
        top_level().collect()
    } else {
        std::iter::from_fn(|| args.take_option())
            .filter_map(|name| table().by_full_name(name))
            .collect()
    };
    cx.reply.map(commands.len());
    commands.into_iter().for_each(|command| docs::describe(cx.reply, command));
    Ok(())
}

const HELP: &[&str] = &[
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
];

fn help_text(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}
