//! EVAL and its relatives, and SCRIPT: running the lock scripts that are known.
//!
//! Not here: how a script is recognised (`script`), and what it does with its keys (`lock_script`).
//! There is no Lua interpreter: a script that is not known is answered with an error.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::lock_script::{self, Call, Permission};
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::string::READ_AND_UPDATE;
use crate::script::cache::{Full, OTHERS_MAX, Recognised};
use crate::script::operation::Operation;
use crate::script::{Sha, catalogue, explain};

const EVAL: Spec = Spec {
    arity: -3,
    keys: &[KeySpec::counted(2, 1, READ_AND_UPDATE)],
    flags: Flags::NOSCRIPT
        .and(Flags::STALE)
        .and(Flags::SKIP_MONITOR)
        .and(Flags::MAY_REPLICATE)
        .and(Flags::NO_MANDATORY_KEYS)
        .and(Flags::MOVABLEKEYS),
    acl: Acl::SLOW.and(Acl::SCRIPTING),
    group: Group::Scripting,
    since: "2.6.0",
    complexity: "Depends on the script that is executed.",
    ..Spec::BASE
};

const EVAL_RO: Spec = Spec {
    keys: &[KeySpec::counted(2, 1, KeyFlags::RO.and(KeyFlags::ACCESS))],
    flags: Flags::READONLY
        .and(Flags::NOSCRIPT)
        .and(Flags::STALE)
        .and(Flags::SKIP_MONITOR)
        .and(Flags::NO_MANDATORY_KEYS)
        .and(Flags::MOVABLEKEYS),
    since: "7.0.0",
    ..EVAL
};

const SCRIPT: Spec = Spec {
    flags: Flags::NOSCRIPT,
    acl: Acl::SLOW.and(Acl::SCRIPTING),
    group: Group::Scripting,
    since: "2.6.0",
    ..Spec::BASE
};

/// EVAL EVALSHA EVAL_RO EVALSHA_RO SCRIPT
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "eval",
        keys: &[KeySpec {
            notes: "We cannot tell how the keys will be used so we assume the worst, \
                    RW and UPDATE",
            ..KeySpec::counted(2, 1, READ_AND_UPDATE)
        }],
        summary: "Executes a server-side Lua script.",
        syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
        run: Run::Plain(|cx, args| eval(cx, args, Permission::Write)),
        ..EVAL
    },
    Spec {
        name: "evalsha",
        summary: "Executes a server-side Lua script by SHA1 digest.",
        syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        run: Run::Plain(|cx, args| evalsha(cx, args, Permission::Write)),
        ..EVAL
    },
    Spec {
        name: "eval_ro",
        keys: &[KeySpec {
            notes: "We cannot tell how the keys will be used so we assume the worst, \
                    RO and ACCESS",
            ..KeySpec::counted(2, 1, KeyFlags::RO.and(KeyFlags::ACCESS))
        }],
        summary: "Executes a read-only server-side Lua script.",
        syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
        run: Run::Plain(|cx, args| eval(cx, args, Permission::Read)),
        ..EVAL_RO
    },
    Spec {
        name: "evalsha_ro",
        summary: "Executes a read-only server-side Lua script by SHA1 digest.",
        syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        run: Run::Plain(|cx, args| evalsha(cx, args, Permission::Read)),
        ..EVAL_RO
    },
    Spec {
        name: "script",
        arity: -2,
        flags: Flags::NONE,
        acl: Acl::SLOW,
        summary: "A container for Lua scripts management commands.",
        complexity: "Depends on subcommand.",
        subcommands: SUBCOMMANDS,
        ..SCRIPT
    },
];

const SUBCOMMANDS: &[Spec] = &[
    Spec {
        name: "debug",
        arity: 3,
        summary: "Sets the debug mode of server-side Lua scripts.",
        since: "3.2.0",
        syntax: "<YES | SYNC | NO>{mode}",
        run: Run::Plain(debug),
        ..SCRIPT
    },
    Spec {
        name: "exists",
        arity: -3,
        summary: "Determines whether server-side Lua scripts exist in the script cache.",
        complexity: "O(N) with N being the number of scripts to check \
                     (so checking a single script is an O(1) operation).",
        syntax: "sha1 [sha1 ...]",
        tips: &["request_policy:all_shards", "response_policy:agg_logical_and"],
        run: Run::Plain(exists),
        ..SCRIPT
    },
    Spec {
        name: "flush",
        arity: -2,
        summary: "Removes all server-side Lua scripts from the script cache.",
        complexity: "O(N) with N being the number of scripts in cache",
        syntax: "[ASYNC | SYNC]{flush-type since 6.2.0}",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        history: &[("6.2.0", "Added the `ASYNC` and `SYNC` flushing mode modifiers.")],
        run: Run::Plain(flush),
        ..SCRIPT
    },
    Spec {
        name: "help",
        arity: 2,
        flags: Flags::LOADING.and(Flags::STALE),
        summary: "Returns helpful text about the different subcommands.",
        since: "5.0.0",
        run: Run::Plain(|cx, _| help::help(cx, HELP)),
        ..SCRIPT
    },
    Spec {
        name: "kill",
        arity: 2,
        flags: Flags::NOSCRIPT.and(Flags::ALLOW_BUSY),
        summary: "Terminates a server-side Lua script during execution.",
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        run: Run::Plain(kill),
        ..SCRIPT
    },
    Spec {
        name: "load",
        arity: 3,
        flags: Flags::NOSCRIPT.and(Flags::STALE),
        summary: "Loads a server-side Lua script to the script cache.",
        complexity: "O(N) with N being the length in bytes of the script body.",
        syntax: "script",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        run: Run::Plain(load),
        ..SCRIPT
    },
];

const HELP: &[&str] = &[
    "DEBUG (YES|SYNC|NO)",
    "    Set the debug mode for subsequent scripts executed.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Return information about the existence of the scripts in the script cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Flush the Lua scripts cache. Very dangerous on replicas.",
    "    When called without the optional mode argument, the behavior is determined by the",
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
    "    * ASYNC: Asynchronously flush the scripts cache.",
    "    * SYNC: Synchronously flush the scripts cache.",
    "KILL",
    "    Kill the currently executing Lua script.",
    "LOAD <script>",
    "    Load a script into the scripts cache without executing it.",
];

/// What client libraries wait for before they send the text.
const NO_SCRIPT: CommandError =
    CommandError::fixed("NOSCRIPT No matching script. Please use EVAL.");

fn eval(cx: &mut Context<'_>, mut args: Args<'_>, permission: Permission) -> Outcome {
    let text = args.take()?;
    let keys = key_count(&mut args)?;
    let (sha, recognised) = cx.node.scripts.evaluated(text);
    match recognised {
        Recognised::As(row) => run(cx, args, (row.operation, sha), (keys, permission)),
        Recognised::No => Err(unknown(sha, explain::guess(text))),
    }
}

fn evalsha(cx: &mut Context<'_>, mut args: Args<'_>, permission: Permission) -> Outcome {
    let digits = args.take()?;
    if digits.len() != Sha::DIGITS {
        return Err(NO_SCRIPT);
    }
    let keys = key_count(&mut args)?;
    let sha = Sha::parse(digits).ok_or(NO_SCRIPT)?;
    match cx.node.scripts.loaded(sha).ok_or(NO_SCRIPT)? {
        Recognised::As(row) => run(cx, args, (row.operation, sha), (keys, permission)),
        Recognised::No => Err(unknown(sha, None)),
    }
}

/// How many of the arguments are keys.
fn key_count(args: &mut Args<'_>) -> Result<usize, CommandError> {
    let count = args.int()?;
    let Ok(count) = usize::try_from(count) else {
        return Err(CommandError::fixed("ERR Number of keys can't be negative"));
    };
    if count > args.left() {
        let text = "ERR Number of keys can't be greater than number of args";
        return Err(CommandError::fixed(text));
    }
    Ok(count)
}

fn run(
    cx: &mut Context<'_>,
    args: Args<'_>,
    (operation, sha): (Operation, Sha),
    (keys, permission): (usize, Permission),
) -> Outcome {
    if let Operation::Lacking(lack) = operation {
        let whose = catalogue::by_sha(sha).map_or_else(String::new, |(_, _, known)| {
            format!(" ({} of {})", known.name, known.library)
        });
        let (lack, version) = (lack.name(), env!("CARGO_PKG_VERSION"));
        return Err(CommandError::new(format!(
            "ERR script {sha}{whose} needs {lack}, which latchd {version} does not have; \
             docs/COMPATIBILITY.md lists the scripts that it runs"
        )));
    }
    let mut call = Call::new(cx, args, keys, permission)?;
    lock_script::run(&mut call, operation)
}

/// A script that is not known, and the command that may do the same.
#[cold]
fn unknown(sha: Sha, native: Option<&str>) -> CommandError {
    let version = env!("CARGO_PKG_VERSION");
    let instead =
        native.map_or_else(String::new, |it| format!("; instead of it there may be {it}"));
    CommandError::new(format!(
        "ERR script {sha} is not one of the lock scripts that latchd {version} knows, and it has \
         no Lua interpreter; docs/COMPATIBILITY.md lists the scripts that it runs{instead}"
    ))
}

fn exists(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.array(args.left());
    while let Some(digits) = args.take_option() {
        let loaded = Sha::parse(digits).and_then(|sha| cx.node.scripts.loaded(sha));
        cx.reply.int(i64::from(loaded.is_some()));
    }
    Ok(())
}

fn load(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let sha = cx.node.scripts.load(args.take()?).map_err(|Full| {
        CommandError::new(format!(
            "ERR {OTHERS_MAX} scripts are loaded, which is the most; SCRIPT FLUSH forgets them"
        ))
    })?;
    cx.reply.bulk(sha.to_string().as_bytes());
    Ok(())
}

fn flush(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let understood = match args.left() {
        0 => true,
        1 => args.take_keyword("ASYNC") || args.take_keyword("SYNC"),
        _ => false,
    };
    if !understood {
        return Err(CommandError::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
    }
    cx.node.scripts.flush();
    cx.reply.ok();
    Ok(())
}

fn kill(_: &mut Context<'_>, _: Args<'_>) -> Outcome {
    Err(CommandError::fixed("NOTBUSY No scripts in execution right now."))
}

fn debug(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.take_keyword("NO") {
        cx.reply.ok();
        Ok(())
    } else if args.take_keyword("YES") || args.take_keyword("SYNC") {
        let text = "ERR latchd has no debugger for scripts: there is no Lua to step through";
        Err(CommandError::fixed(text))
    } else {
        Err(CommandError::fixed("ERR Use SCRIPT DEBUG YES/SYNC/NO"))
    }
}
