//! Barriers: BARRIER.WAIT.
//!
//! Not here: what a barrier is (`coord/barrier.rs`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::count::take_count;
use crate::command::duration::take_ms_or_none;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::wait::{Limit, Waited};
use crate::coord::barrier::{Arrival, Arrive, Barrier};
use crate::coord::grant::Owner;
use crate::keyspace::Key;
use crate::keyspace::waiters::Found;
use crate::resp::reply::Writer;
use std::num::NonZeroU32;

/// BARRIER.WAIT
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "barrier.wait",
    arity: 5,
    keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::BLOCKING),
    acl: Acl::WRITE.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
    group: Group::Coordination,
    since: "0.1.0",
    summary: "Waits until a number of owners have arrived. Returns the round, and how many had \
              arrived before.",
    complexity: "O(log(N)), and O(N) for the last to arrive, with N being the number of parties.",
    syntax: "key parties owner milliseconds",
    run: Run::Plain(wait),
    ..Spec::BASE
}];

fn wait(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, parties) = (args.key()?, take_count(&mut args)?);
    let owner = Owner::new(args.take()?);
    let wait_ms = take_ms_or_none(&mut args)?;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(Some(wait_ms)),
        Waited::Still => return Ok(()),
        Waited::Again(limit) => limit,
        Waited::For(Found::Round { generation, index }, _) => {
            write_round(cx.reply, generation, index);
            return Ok(());
        }
        Waited::InVain | Waited::For(..) => {
            cx.reply.null();
            return Ok(());
        }
    };
    arrive(cx, key, &owner, parties, limit)
}

fn arrive(
    cx: &mut Context<'_>,
    key: Key<'_>,
    owner: &Owner,
    parties: NonZeroU32,
    limit: Limit,
) -> Outcome {
    let now = cx.keys.now.mono;
    let (mut edit, fresh) = (cx.keys.edit_any(key), Barrier::default());
    match edit.machine::<Barrier>()?.unwrap_or(&fresh).would_be(owner, parties) {
        Arrival::Unexpected(expected) => {
            let text = format!("ERR those who have arrived expect {expected} parties");
            return Err(CommandError::new(text));
        }
        Arrival::Last => {
            let arrived = edit
                .coordinate(|barrier: &mut Barrier, _| barrier.arrive(owner, parties, None, now))?;
            let Arrive::Released(round) = arrived else { unreachable!("it is the last") };
            for (index, &waiter) in round.waited.iter().enumerate() {
                edit.find(waiter, Found::Round { generation: round.generation, index });
            }
            write_round(cx.reply, round.generation, round.last_index());
        }
        Arrival::Early => {
            let Limit::Until(until) = limit else {
                cx.reply.null();
                return Ok(());
            };
            let waiter = Some(cx.park(key, owner.clone(), until)?);
            let mut edit = cx.keys.edit_any(key);
            let arrived = edit.coordinate(|barrier: &mut Barrier, _| {
                barrier.arrive(owner, parties, waiter, now)
            })?;
            let Arrive::Waiting { replaced } = arrived else { unreachable!("others are missing") };
            if let Some(earlier) = replaced {
                edit.find(earlier, Found::Replaced);
            }
        }
    }
    Ok(())
}

fn write_round(reply: &mut Writer, generation: u64, index: usize) {
    reply.array(2);
    reply.int(generation as i64);
    reply.count(index);
}
