//! LOCK.ACQUIRE ... PARENTS: a lock with all locks above it, these in intention mode, all or none.
//!
//! Not here: what happens to them when the lock below ends (`keyspace/paths.rs`).

use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lock::park::Want;
use crate::command::lock::several::{Taken, take_all};
use crate::command::spec::Outcome;
use crate::coord::ask::Ask;
use crate::coord::lock::Lock;
use crate::coord::path;
use crate::keyspace::Key;
use crate::keyspace::paths::Noting;

/// A path has at most so many parts above its last.
const ABOVE_MAX: usize = 63;

const TOO_DEEP: CommandError = CommandError::fixed("ERR a path has at most 64 parts");
const CROSS_SLOT: CommandError = CommandError::fixed(
    "CROSSSLOT the parts of a path lie in several slots: begin it with a {hash tag}",
);

pub(super) fn acquire_path(cx: &mut Context<'_>, leaf: Want<'_>, wait_ms: Option<u64>) -> Outcome {
    let above: Vec<Key<'_>> =
        path::above(leaf.key.bytes).take(ABOVE_MAX + 1).map(Key::new).collect();
    if above.len() > ABOVE_MAX {
        return Err(TOO_DEEP);
    }
    if above.iter().any(|key| key.slot != leaf.key.slot) {
        return Err(CROSS_SLOT);
    }
    let Ask { owner, mode, lasting, .. } = leaf.ask.clone();
    let ask_above = || {
        let (owner, mode) = (owner.clone(), mode.above());
        Ask { owner, mode, lasting, delay_ms: 0, reentrant: false, below: true }
    };
    let mut wants: Vec<Want<'_>> =
        above.iter().map(|key| Want { key: *key, ask: ask_above() }).collect();
    wants.push(leaf.clone());
    match take_all(cx, &wants, wait_ms)? {
        Taken::All(tokens) => {
            let now = cx.keys.now.mono;
            if let Noting::Known(since) = cx.keys.edit_any(leaf.key).note_path(&owner) {
                for key in above {
                    let mut edit = cx.keys.edit_any(key);
                    edit.coordinate(|lock: &mut Lock, _| {
                        let ended = lock.end_below(owner.name(), since, now);
                        lock.report(ended.into_iter().collect());
                    })?;
                }
            }
            let token = tokens.last().expect("the lock itself is the last one");
            cx.reply.int(token.get() as i64);
        }
        Taken::None => cx.reply.null(),
        Taken::Waits => {}
    }
    Ok(())
}
