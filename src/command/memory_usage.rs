//! MEMORY USAGE: what one key costs.
//!
//! Not here: memory of the whole server (`memory`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};

/// The subcommand's row.
pub(super) const USAGE: Spec = Spec {
    name: "usage",
    arity: -3,
    keys: &[KeySpec::one(2, KeyFlags::RO)],
    flags: Flags::READONLY,
    acl: Acl::READ.and(Acl::SLOW),
    summary: "Estimates the memory usage of a key.",
    since: "4.0.0",
    complexity: "O(N) where N is the number of samples.",
    syntax: "key [SAMPLES count]",
    run: Run::Plain(usage),
    ..Spec::BASE
};

fn usage(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    while let Some(option) = args.take_option() {
        if !option.eq_ignore_ascii_case(b"SAMPLES") || args.left() == 0 {
            return Err(CommandError::SYNTAX);
        }
        // How many elements of a collection to look at. A string is measured, not sampled.
        if args.int()? < 0 {
            return Err(CommandError::SYNTAX);
        }
    }
    let (db, now) = (cx.keys.db, cx.keys.now.mono);
    match cx.keys.shards.shard(key.slot).memory_of(db, key, now) {
        Some(bytes) => cx.reply.count(bytes),
        None => cx.reply.null(),
    }
    Ok(())
}
