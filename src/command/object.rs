//! OBJECT: how a value is stored and when it was used last.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::node::Node;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::config::EvictionPolicy;
use crate::keyspace::access::AccessMode;
use crate::keyspace::value::{Text, Value};

const BASE: Spec = Spec { group: Group::Generic, ..Spec::BASE };

const ABOUT_KEY: Spec = Spec {
    arity: 3,
    keys: &[KeySpec::one(2, KeyFlags::RO)],
    flags: Flags::READONLY,
    acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::SLOW),
    syntax: "key",
    since: "2.2.3",
    tips: &["nondeterministic_output"],
    ..BASE
};

/// OBJECT ENCODING|FREQ|HELP|IDLETIME|REFCOUNT
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "object",
    arity: -2,
    acl: Acl::SLOW,
    summary: "A container for object introspection commands.",
    since: "2.2.3",
    complexity: "Depends on subcommand.",
    subcommands: &[
        Spec {
            name: "encoding",
            summary: "Returns the internal encoding of a Redis object.",
            run: Run::Plain(encoding),
            ..ABOUT_KEY
        },
        Spec {
            name: "freq",
            summary: "Returns the logarithmic access frequency counter of a Redis object.",
            since: "4.0.0",
            run: Run::Plain(freq),
            ..ABOUT_KEY
        },
        Spec {
            name: "help",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            acl: Acl::KEYSPACE.and(Acl::SLOW),
            summary: "Returns helpful text about the different subcommands.",
            since: "6.2.0",
            run: Run::Plain(help),
            ..BASE
        },
        Spec {
            name: "idletime",
            summary: "Returns the time since the last access to a Redis object.",
            run: Run::Plain(idletime),
            ..ABOUT_KEY
        },
        Spec {
            name: "refcount",
            summary: "Returns the reference count of a value of a key.",
            run: Run::Plain(refcount),
            ..ABOUT_KEY
        },
    ],
    ..BASE
}];

const NO_FREQUENCIES: CommandError = CommandError::fixed(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
     when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
const NO_IDLE_TIMES: CommandError = CommandError::fixed(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
     switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

/// Redis shares one object for each of the integers below this, and does not count its uses.
const SHARED_INTEGERS: i64 = 10_000;
/// `OBJ_SHARED_REFCOUNT`
const SHARED_REFCOUNT: i64 = i32::MAX as i64;

fn encoding(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let entry = cx.keys.inspect(args.key()?);
    cx.reply.bulk_or_null(entry.map(|entry| entry.value().encoding().as_bytes()));
    Ok(())
}

fn freq(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let now = cx.keys.now.mono;
    let key = args.key()?;
    let mode = cx.keys.shards.shard(key.slot).access_mode;
    match (cx.keys.inspect(key), mode) {
        (None, _) => cx.reply.null(),
        (Some(_), AccessMode::Recency) => return Err(NO_FREQUENCIES),
        (Some(entry), AccessMode::Frequency { .. }) => {
            cx.reply.int(i64::from(entry.access().count(mode, now)));
        }
    }
    Ok(())
}

fn idletime(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let now = cx.keys.now.mono;
    let key = args.key()?;
    let mode = cx.keys.shards.shard(key.slot).access_mode;
    match (cx.keys.inspect(key), mode) {
        (None, _) => cx.reply.null(),
        (Some(_), AccessMode::Frequency { .. }) => return Err(NO_IDLE_TIMES),
        (Some(entry), AccessMode::Recency) => cx.reply.int(entry.access().idle_s(now) as i64),
    }
    Ok(())
}

/// Small integers count as shared as long as nothing keeps marks of use in them, as in Redis.
pub(super) fn references(node: &Node, value: Value<'_>) -> i64 {
    let small =
        matches!(value, Value::Text(Text::Int(number)) if (0..SHARED_INTEGERS).contains(&number));
    let settings = node.settings();
    let marked = match settings.maxmemory_policy {
        EvictionPolicy::VolatileLru
        | EvictionPolicy::VolatileLfu
        | EvictionPolicy::AllkeysLru
        | EvictionPolicy::AllkeysLfu => settings.maxmemory > 0,
        EvictionPolicy::VolatileRandom
        | EvictionPolicy::VolatileTtl
        | EvictionPolicy::AllkeysRandom
        | EvictionPolicy::NoEviction => false,
    };
    if small && !marked { SHARED_REFCOUNT } else { 1 }
}

fn refcount(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let node = cx.node;
    match cx.keys.inspect(key).map(|entry| references(node, entry.value())) {
        Some(references) => cx.reply.int(references),
        None => cx.reply.null(),
    }
    Ok(())
}

const HELP: &[&str] = &[
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}
