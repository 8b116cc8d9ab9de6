//! LOCK.ACQUIRE ... PARENTS: a lock with all locks above it, these in intention mode, all or none.
//!
//! Not here: what happens to them when the lock below ends (`keyspace/paths.rs`).

use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lock::park::Want;
use crate::command::lock::several::{Taken, take_all};
use crate::command::spec::Outcome;
use crate::command::terms::Terms;
use crate::coord::ask::Ask;
use crate::coord::grant::Owner;
use crate::coord::holder::Holder;
use crate::coord::lock::Lock;
use crate::coord::path;
use crate::keyspace::Key;
use crate::keyspace::paths::{Noting, Tenures};

/// A path has at most so many parts above its last.
const ABOVE_MAX: usize = 63;

const TOO_DEEP: CommandError = CommandError::fixed("ERR a path has at most 64 parts");
const CROSS_SLOT: CommandError = CommandError::fixed(
    "CROSSSLOT the parts of a path lie in several slots: begin it with a {hash tag}",
);

pub(super) fn acquire_path(cx: &mut Context<'_>, leaf: Want<'_>, terms: &Terms<'_>) -> Outcome {
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
    match take_all(cx, &wants, terms)? {
        Taken::All(tokens) => {
            note(cx, leaf.key, &owner, &above)?;
            let token = tokens.last().expect("the lock itself is the last one");
            cx.reply.int(token.get() as i64);
        }
        Taken::None => cx.reply.null(),
        Taken::Waits => {}
    }
    Ok(())
}

/// Notes what the grant of `leaf` relies on. What was taken for it before counts once.
fn note(cx: &mut Context<'_>, leaf: Key<'_>, owner: &Owner, above: &[Key<'_>]) -> Outcome {
    let now = cx.keys.now.mono;
    let mut tenures = Tenures::new();
    for key in above {
        let edit = cx.keys.edit_any(*key);
        let holder = edit.machine::<Lock>()?.and_then(|lock| lock.holder(owner.name(), now));
        tenures.extend(holder.map(Holder::tenure));
    }
    let noting = cx.keys.edit_any(leaf).note_path(owner, tenures);
    if let Noting::Known(relied_on, was) = noting {
        for (key, tenure) in above.iter().zip(relied_on) {
            cx.keys.edit_any(*key).coordinate(|lock: &mut Lock, _| {
                let ended = lock.end_below(owner.name(), (tenure, was), now);
                lock.report(ended.into_iter().collect());
            })?;
        }
    }
    Ok(())
}
