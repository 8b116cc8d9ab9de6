//! LOCK.STATS: what has happened to all locks of the node, or to one of them, and how long it took.
//!
//! Not here: of how many single locks the figures are kept (`keyspace/lock_records.rs`).

use crate::base::durations::{Counts, Durations};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::Outcome;
use crate::coord::lock::Lock;
use crate::keyspace::Key;
use crate::keyspace::borrow::ShardId;
use crate::keyspace::lock_figures::LockFigures;
use crate::keyspace::lock_records::LockRecord;
use crate::keyspace::locks::LockCounts;
use crate::resp::reply::Writer;

pub(super) fn stats(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.left() > 0 {
        let key = args.key()?;
        args.end()?;
        return stats_of(cx, key);
    }
    let (mut figures, mut counts) = (LockFigures::<Durations>::default(), LockCounts::default());
    for shard in (0..cx.node.keyspace.shards()).map(ShardId) {
        cx.keys.shards.visit(shard, |shard| {
            figures.add(&shard.locks.figures);
            counts.add(shard.locks.counts());
        });
    }
    write(cx.reply, counts, &figures);
    Ok(())
}

/// Of one lock: nil if it is not there, and has not been for so long that nothing is known of it.
fn stats_of(cx: &mut Context<'_>, key: Key<'_>) -> Outcome {
    let edit = cx.keys.edit_any(key);
    let counts = edit.machine::<Lock>()?.map(LockCounts::of);
    let unknown = LockRecord::default();
    match (edit.lock_record(), counts) {
        (None, None) => cx.reply.null(),
        (record, counts) => {
            write(cx.reply, counts.unwrap_or_default(), record.unwrap_or(&unknown));
        }
    }
    Ok(())
}

fn write<D: Counts>(reply: &mut Writer, counts: LockCounts, figures: &LockFigures<D>) {
    let numbers = [("held", counts.held), ("waiting", counts.waiting)];
    let (happened, took) = (figures.counts(), figures.durations());
    reply.map(numbers.len() + happened.len() + took.len());
    for (name, number) in numbers.into_iter().chain(happened) {
        reply.bulk(name.as_bytes());
        reply.int(number as i64);
    }
    for (name, durations) in took {
        write_durations(reply, name, durations);
    }
}

fn write_durations(reply: &mut Writer, name: &str, durations: &impl Counts) {
    reply.bulk(name.as_bytes());
    reply.map(3);
    for (name, permille) in [("p50", 500), ("p99", 990), ("p999", 999)] {
        reply.bulk(name.as_bytes());
        reply.int(durations.permille(permille) as i64);
    }
}
