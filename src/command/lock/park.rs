//! A request that is about to wait for locks: refused if it would wait for ever, parked if not.
//!
//! Not here: who is next (`coord/lock.rs`), and how a cycle is found (`coord/wait_graph.rs`).

use crate::base::time::Mono;
use crate::command::context::{Context, Effect, Wait};
use crate::command::error::CommandError;
use crate::coord::ask::Ask;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::mode::Mode;
use crate::coord::wait_graph::{self, LockId};
use crate::keyspace::Key;
use crate::keyspace::lock_figures::LockEvent;
use crate::keyspace::waiters::Parking;
use smallvec::SmallVec;

/// So many owners of a cycle are named, and so many bytes of each name: an error is one line.
const NAMED_MAX: usize = 16;
const NAME_BYTES_MAX: usize = 64;

/// A lock that a request wants.
#[derive(Clone, Debug)]
pub(super) struct Want<'r> {
    pub(super) key: Key<'r>,
    pub(super) ask: Ask,
}

/// Lets a request wait until it can have all of this, which one owner wants; `watched` is one that
/// it cannot have now. Each lock is named once.
pub(super) fn park(
    cx: &mut Context<'_>,
    wants: &[Want<'_>],
    watched: usize,
    until: Option<Mono>,
) -> Result<WaiterId, CommandError> {
    wants.iter().try_for_each(|want| cx.has_room_to_wait(want.key))?;
    let (waiter, now) = (cx.keys.shards.next_waiter(), cx.keys.now.mono);
    let owner = &wants[watched].ask.owner;
    if let wait_graph::Wait::Deadlock(cycle) = enter_graph(cx, waiter, wants, owner) {
        cx.keys.edit_any(wants[watched].key).note_lock(LockEvent::Deadlock);
        return Err(deadlock(&cycle));
    }
    for (at, Want { key, ask }) in wants.iter().enumerate() {
        let parking =
            Parking { owner: owner.clone(), notice: cx.caller.notice(), several: wants.len() > 1 };
        let mut edit = cx.keys.edit_any(*key);
        edit.park(waiter, parking);
        edit.coordinate(|lock: &mut Lock, tokens| {
            lock.park(waiter, ask.clone(), now, tokens);
            if at != watched {
                lock.rest(waiter);
            }
        })?;
    }
    cx.effect = Some(Effect::Wait(Wait { waiter, until, watched }));
    Ok(waiter)
}

/// Whether the owner would wait for itself in the end. If not, the graph knows of the request now.
fn enter_graph(
    cx: &mut Context<'_>,
    waiter: WaiterId,
    wants: &[Want<'_>],
    owner: &Owner,
) -> wait_graph::Wait {
    let (db, now, keyspace) = (cx.keys.db, cx.keys.now.mono, &cx.node.keyspace);
    // From here to the end no key may be edited: that could tell the graph something, too.
    let mut waits = keyspace.waits();
    let mut places: SmallVec<[(LockId, Mode); 4]> = SmallVec::new();
    for Want { key, ask } in wants {
        let (id, lock) = cx.keys.shards.shard(key.slot).lock(db, *key);
        let holders = lock.into_iter().flat_map(|lock| lock.holders(now));
        waits.contend(id, holders.map(|holder| (&holder.owner, holder.mode)));
        places.push((id, ask.mode));
    }
    waits.wait(waiter, owner, &places)
}

/// `DEADLOCK owner a waits for b waits for a`.
fn deadlock(cycle: &[Owner]) -> CommandError {
    let shown = |owner: &Owner| owner.name()[..owner.name().len().min(NAME_BYTES_MAX)].to_vec();
    let named: Vec<Vec<u8>> = cycle.iter().take(NAMED_MAX).map(shown).collect();
    let mut text = b"DEADLOCK owner ".to_vec();
    text.extend_from_slice(&named.join(&b" waits for "[..]));
    if let left_out @ 1.. = cycle.len().saturating_sub(NAMED_MAX) {
        text.extend_from_slice(format!(" waits for {left_out} more in turn").as_bytes());
    }
    text.extend_from_slice(b" waits for ");
    text.extend_from_slice(&named[0]);
    CommandError::new(text)
}
