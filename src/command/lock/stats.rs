//! LOCK.STATS: what has happened to all locks of the node, and how long it took.
//!
//! Absent on purpose: figures of one key. A lock would have to carry them while nobody looks;
//! LOCK.INFO tells who holds it and who waits, since when.

use crate::base::durations::Durations;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::Outcome;
use crate::keyspace::borrow::ShardId;
use crate::keyspace::locks::{LockCounts, LockFigures};
use crate::resp::reply::Writer;

pub(super) fn stats(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let (mut figures, mut counts) = (LockFigures::default(), LockCounts::default());
    for shard in (0..cx.node.keyspace.shards()).map(ShardId) {
        cx.keys.shards.visit(shard, |shard| {
            figures.add(&shard.locks.figures);
            counts.add(shard.locks.counts());
        });
    }
    let numbers = [
        ("held", counts.held),
        ("waiting", counts.waiting),
        ("acquired", figures.acquired),
        ("contended", figures.contended),
        ("timed_out", figures.timed_out),
        ("released", figures.released),
        ("expired", figures.expired),
        ("broken", figures.broken),
        ("deadlocks", figures.deadlocks),
    ];
    cx.reply.map(numbers.len() + 2);
    for (name, number) in numbers {
        cx.reply.bulk(name.as_bytes());
        cx.reply.int(number as i64);
    }
    write_durations(cx.reply, "wait_us", &figures.wait);
    write_durations(cx.reply, "hold_us", &figures.hold);
    Ok(())
}

fn write_durations(reply: &mut Writer, name: &str, durations: &Durations) {
    reply.bulk(name.as_bytes());
    reply.map(3);
    for (name, permille) in [("p50", 500), ("p99", 990), ("p999", 999)] {
        reply.bulk(name.as_bytes());
        // The clock that locks live by counts milliseconds.
        reply.int((durations.permille(permille) * 1_000) as i64);
    }
}
