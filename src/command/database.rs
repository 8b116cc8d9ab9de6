//! Databases: choosing, counting, emptying and swapping them.

use crate::base::number::parse_i64;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, Outcome, Reach, Run, Spec};
use crate::keyspace::Db;
use crate::keyspace::flush::Garbage;

const BASE: Spec = Spec { group: Group::Server, ..Spec::BASE };

const FLUSH: Spec = Spec {
    arity: -1,
    reach: Reach::AllShards,
    flags: Flags::WRITE,
    acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::SLOW).and(Acl::DANGEROUS),
    syntax: "[ASYNC{since 4.0.0} | SYNC{since 6.2.0}]{flush-type}",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    history: &[
        ("4.0.0", "Added the `ASYNC` flushing mode modifier."),
        ("6.2.0", "Added the `SYNC` flushing mode modifier."),
    ],
    ..BASE
};

/// DBSIZE FLUSHALL FLUSHDB SELECT SWAPDB
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "select",
        arity: 2,
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        acl: Acl::FAST.and(Acl::CONNECTION),
        group: Group::Connection,
        summary: "Changes the selected database.",
        syntax: "index",
        run: Run::Plain(select),
        ..BASE
    },
    Spec {
        name: "dbsize",
        arity: 1,
        reach: Reach::AllShards,
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::FAST),
        summary: "Returns the number of keys in the database.",
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        run: Run::Plain(dbsize),
        ..BASE
    },
    Spec {
        name: "flushdb",
        summary: "Removes all keys from the current database.",
        complexity: "O(N) where N is the number of keys in the selected database",
        run: Run::Plain(flushdb),
        ..FLUSH
    },
    Spec {
        name: "flushall",
        summary: "Removes all keys from all databases.",
        complexity: "O(N) where N is the total number of keys in all databases",
        run: Run::Plain(flushall),
        ..FLUSH
    },
    Spec {
        name: "swapdb",
        arity: 3,
        reach: Reach::AllShards,
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::FAST).and(Acl::DANGEROUS),
        summary: "Swaps two Redis databases.",
        since: "4.0.0",
        complexity: "O(N) where N is the count of clients watching or blocking on keys from both \
                     databases.",
        syntax: "index1 index2",
        run: Run::Plain(swapdb),
        ..BASE
    },
];

/// The database that a number names.
pub(super) fn database(cx: &Context<'_>, number: i64) -> Result<Db, CommandError> {
    let exists = (0..i64::from(cx.node.keyspace.databases())).contains(&number);
    if exists { Ok(Db(number as u8)) } else { Err(CommandError::DB_OUT_OF_RANGE) }
}

/// A number of a database, which Redis reads as a 32-bit integer; whether there is such a one is
/// not asked.
pub(super) fn database_number(word: &[u8]) -> Result<i64, CommandError> {
    let number = parse_i64(word).ok_or(CommandError::NOT_AN_INTEGER)?;
    if i32::try_from(number).is_ok() { Ok(number) } else { Err(NOT_32_BITS) }
}

const NOT_32_BITS: CommandError =
    CommandError::fixed("ERR value is out of range, value must between -2147483648 and 2147483647");

fn select(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.caller.db = database(cx, database_number(args.take()?)?)?;
    cx.reply.ok();
    Ok(())
}

fn dbsize(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let db = cx.keys.db;
    let keys: u64 = cx.keys.shards.shards().map(|shard| shard.totals(db).keys).sum();
    cx.reply.int(keys as i64);
    Ok(())
}

fn flushdb(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let db = cx.keys.db;
    flush(cx, args, db..=db)
}

fn flushall(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let last = Db((cx.node.keyspace.databases() - 1) as u8);
    flush(cx, args, Db(0)..=last)
}

fn flush(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    databases: std::ops::RangeInclusive<Db>,
) -> Outcome {
    let elsewhere = match args.left() {
        0 => false,
        1 if args.take_keyword("ASYNC") => true,
        1 if args.take_keyword("SYNC") => false,
        _ => return Err(CommandError::SYNTAX),
    };
    let now = cx.keys.now.mono;
    let mut garbage = Garbage::default();
    for shard in cx.keys.shards.shards() {
        for db in databases.start().0..=databases.end().0 {
            garbage.add(shard.flush(Db(db), now));
        }
    }
    if elsewhere && garbage.is_much() {
        cx.node.platform.free_elsewhere(garbage);
    } else {
        cx.garbage.add(garbage);
    }
    cx.reply.ok();
    Ok(())
}

fn swapdb(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let number = |word, invalid| {
        database_number(word).map_err(|_: CommandError| CommandError::fixed(invalid))
    };
    let left = number(args.take()?, "ERR invalid first DB index")?;
    let right = number(args.take()?, "ERR invalid second DB index")?;
    let (left, right) = (database(cx, left)?, database(cx, right)?);
    if left != right {
        let now = cx.keys.now.mono;
        cx.keys.shards.shards().for_each(|shard| shard.swap(left, right, now));
    }
    cx.reply.ok();
    Ok(())
}
