//! CONFIG: directives read, changed and written back at run time.
//!
//! Not here: the directives (`crate::config`), and what a change does outside (`Node::adopt`).

use crate::command::args::Args;
use crate::command::context::{Context, Effect};
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::node::{adjust_shards, system_text};
use crate::command::spec::{Acl, Flags, Outcome, Reach, Run, Spec};
use crate::config::Caller;
use crate::keyspace::shard::Counters;
use std::io;

const ANY_TIME: Flags = Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE);

const BASE: Spec = Spec {
    flags: ANY_TIME,
    acl: Acl::ADMIN.and(Acl::SLOW).and(Acl::DANGEROUS),
    since: "2.0.0",
    ..Spec::BASE
};

const EVERY_NODE: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

/// CONFIG GET|HELP|RESETSTAT|REWRITE|SET
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "config",
    arity: -2,
    flags: Flags::NONE,
    acl: Acl::SLOW,
    summary: "A container for server configuration commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        Spec {
            name: "get",
            arity: -3,
            summary: "Returns the effective values of configuration parameters.",
            complexity: "O(N) when N is the number of configuration parameters provided",
            syntax: "parameter [parameter ...]",
            history: &[(
                "7.0.0",
                "Added the ability to pass multiple pattern parameters in one call",
            )],
            run: Run::Plain(get),
            ..BASE
        },
        Spec {
            name: "help",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            acl: Acl::SLOW,
            summary: "Returns helpful text about the different subcommands.",
            since: "5.0.0",
            run: Run::Plain(help),
            ..BASE
        },
        Spec {
            name: "resetstat",
            arity: 2,
            reach: Reach::AllShards,
            summary: "Resets the server's statistics.",
            tips: EVERY_NODE,
            run: Run::Plain(reset_stat),
            ..BASE
        },
        Spec {
            name: "rewrite",
            arity: 2,
            summary: "Persists the effective configuration to file.",
            since: "2.8.0",
            tips: EVERY_NODE,
            run: Run::Plain(rewrite),
            ..BASE
        },
        Spec {
            name: "set",
            arity: -4,
            reach: Reach::AllShards,
            summary: "Sets configuration parameters in-flight.",
            complexity: "O(N) when N is the number of configuration parameters provided",
            syntax: "parameter value [parameter value ...]",
            tips: EVERY_NODE,
            history: &[("7.0.0", "Added the ability to set multiple parameters in one call.")],
            run: Run::Plain(set),
            ..BASE
        },
    ],
    run: Run::Container,
    ..BASE
}];

const HELP: &[&str] = &[
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn get(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let patterns: Vec<&[u8]> = std::iter::from_fn(|| args.take_option()).collect();
    let found = cx.node.config().get(&patterns);
    cx.reply.map(found.len());
    for (name, value) in found {
        cx.reply.bulk(name.as_bytes());
        cx.reply.bulk(&value);
    }
    Ok(())
}

/// All changes or none: what cannot be put into effect is taken back.
fn set(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let mut pairs = Vec::with_capacity(args.left() / 2);
    while let Some(name) = args.take_option() {
        pairs.push((name, args.take()?));
    }
    let caller = if cx.caller.client.origin.is_local() { Caller::Local } else { Caller::Remote };
    let mut config = cx.node.config();
    let refused = |error: crate::config::SetError| CommandError::new(error.wire());
    let applied = config.set(&pairs, caller).map_err(refused)?;
    if let Err(error) = cx.node.adopt(&mut config, &applied) {
        config.revert(applied);
        return Err(refused(error));
    }
    for directive in applied.changed() {
        // Names only: a value may be a password.
        tracing::info!("CONFIG SET changed '{}'", directive.name);
    }
    for (name, reason) in applied.without_effect() {
        tracing::warn!("CONFIG SET: '{name}' has no effect: {reason}");
    }
    adjust_shards(&mut cx.keys.shards, &config.settings());
    // Whoever is to close, closes: then there is no next request.
    cx.effect.get_or_insert(Effect::Refresh);
    cx.reply.ok();
    Ok(())
}

fn reset_stat(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.keys.shards.shards().for_each(|shard| {
        shard.counters = Counters::default();
        shard.locks.forget_figures();
    });
    if !cx.in_transaction {
        // The rest needs no key, and takes its time.
        cx.keys.shards.give_back();
    }
    cx.node.tallies.reset(cx.keys.now.mono);
    cx.reply.ok();
    Ok(())
}

fn rewrite(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let config = cx.node.config();
    let Some(path) = config.file() else {
        return Err(CommandError::fixed("ERR The server is running without a config file"));
    };
    let existing = match cx.node.platform.read_file(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let written = existing.and_then(|existing| {
        cx.node.platform.write_file(path, &config.rewrite(existing.as_deref()))
    });
    if let Err(error) = written {
        let reason = system_text(&error);
        tracing::warn!("CONFIG REWRITE failed: {reason}");
        return Err(CommandError::new(format!("ERR Rewriting config file: {reason}")));
    }
    tracing::info!("CONFIG REWRITE executed with success.");
    cx.reply.ok();
    Ok(())
}
