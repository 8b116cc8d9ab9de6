//! LOCK.INFO: who holds a lock, since when, and who waits.

use crate::base::time::{Micros, Mono, Now};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::Outcome;
use crate::coord::holder::Holder;
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::Waiter;
use crate::coord::mode::Mode;
use crate::resp::reply::Writer;

pub(super) fn info(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let Now { mono: now, micros, .. } = cx.keys.now;
    let edit = cx.keys.edit_any(args.key()?);
    let Some(lock) = edit.machine::<Lock>()? else {
        cx.reply.null();
        return Ok(());
    };
    let reply = &mut *cx.reply;
    reply.map(5);
    reply.bulk(b"mode");
    let mode = lock.holders(now).map(|holder| holder.mode).reduce(Mode::join);
    reply.bulk_or_null(mode.map(|mode| mode.name().as_bytes()));
    reply.bulk(b"holders");
    reply.array(lock.holders(now).count());
    lock.holders(now).for_each(|holder| write_holder(reply, holder, (now, micros)));
    reply.bulk(b"waiters");
    reply.array(lock.waiting());
    lock.waiters().for_each(|waiter| write_waiter(reply, &waiter, micros));
    reply.bulk(b"last_token");
    reply.int(lock.last_token().get() as i64);
    reply.bulk(b"delayed_ms");
    reply.int(lock.delayed_ms(now) as i64);
    Ok(())
}

fn write_holder(reply: &mut Writer, holder: &Holder, (now, micros): (Mono, Micros)) {
    reply.map(6);
    reply.bulk(b"owner");
    reply.bulk(holder.owner.name());
    reply.bulk(b"mode");
    reply.bulk(holder.mode.name().as_bytes());
    reply.bulk(b"token");
    reply.int(holder.token.get() as i64);
    reply.bulk(b"ttl_ms");
    // -1 as for a key without an end: the lease says when.
    reply.int(holder.term().deadline().map_or(-1, |end| end.since(now) as i64));
    reply.bulk(b"held_ms");
    reply.int((micros.since(holder.since) / 1_000) as i64);
    reply.bulk(b"holds");
    reply.int(i64::from(holder.holds));
}

fn write_waiter(reply: &mut Writer, waiter: &Waiter<'_>, micros: Micros) {
    reply.map(3);
    reply.bulk(b"owner");
    reply.bulk(waiter.owner.name());
    reply.bulk(b"mode");
    reply.bulk(waiter.mode.name().as_bytes());
    reply.bulk(b"waited_ms");
    reply.int((micros.since(waiter.since) / 1_000) as i64);
}
