//! SEM.INFO: how many permits there are, who holds some, since when, and who waits.

use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::Outcome;
use crate::coord::grant::Owner;
use crate::coord::line::Place;
use crate::coord::semaphore::{Holder, Semaphore, Want};
use crate::resp::reply::Writer;

pub(super) fn info(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let now = cx.keys.now.mono;
    let edit = cx.keys.edit_any(args.key()?);
    let Some(semaphore) = edit.machine::<Semaphore>()? else {
        cx.reply.null();
        return Ok(());
    };
    let reply = &mut *cx.reply;
    reply.map(4);
    reply.bulk(b"limit");
    reply.int(i64::from(semaphore.limit().get()));
    reply.bulk(b"used");
    reply.int(semaphore.used() as i64);
    reply.bulk(b"holders");
    reply.array(semaphore.holders().count());
    semaphore.holders().for_each(|(owner, holder)| write_holder(reply, owner, holder, now));
    reply.bulk(b"waiters");
    reply.array(semaphore.waiting().count());
    semaphore.waiting().for_each(|place| write_waiter(reply, place, now));
    Ok(())
}

fn write_holder(reply: &mut Writer, owner: &Owner, holder: &Holder, now: Mono) {
    reply.map(5);
    reply.bulk(b"owner");
    reply.bulk(owner.name());
    reply.bulk(b"permits");
    reply.int(i64::from(holder.permits));
    reply.bulk(b"token");
    reply.int(holder.token.get() as i64);
    reply.bulk(b"ttl_ms");
    // -1 as for a key without an end: the lease says when.
    reply.int(holder.term.deadline().map_or(-1, |end| end.since(now) as i64));
    reply.bulk(b"held_ms");
    reply.int(now.since(holder.since) as i64);
}

/// An owner waits once, however many requests it has parked: its newest says for what.
fn write_waiter(reply: &mut Writer, place: &Place<Want>, now: Mono) {
    reply.map(3);
    reply.bulk(b"owner");
    reply.bulk(place.owner.name());
    reply.bulk(b"count");
    reply.int(i64::from(place.newest().ask.count.get()));
    reply.bulk(b"waited_ms");
    reply.int(place.askers.first().map_or(0, |asker| now.since(asker.since) as i64));
}
