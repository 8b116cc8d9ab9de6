//! Fields of a hash picked by chance, and walks over them in steps: HRANDFIELD, HSCAN.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::hash::BASE;
use crate::command::hash_read::ACCESSED;
use crate::command::picks::{Count, REPLY_BYTES_MAX, TOO_LONG};
use crate::command::scan::{COUNT, named, take_count, take_position};
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};
use crate::resp::reply::{Protocol, Writer};
use crate::types::hash::Hash;
use crate::types::structure::Structure;

const READ: Spec = Spec {
    keys: &[ACCESSED],
    flags: Flags::READONLY,
    acl: Acl::READ.and(Acl::HASH).and(Acl::SLOW),
    tips: &["nondeterministic_output"],
    ..BASE
};

/// HRANDFIELD HSCAN
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "hrandfield",
        arity: -2,
        summary: "Returns one or more random fields from a hash.",
        since: "6.2.0",
        complexity: "O(N) where N is the number of fields returned",
        syntax: "key [count [WITHVALUES]]{options}",
        run: Run::Plain(hrandfield),
        ..READ
    },
    Spec {
        name: "hscan",
        arity: -3,
        summary: "Iterates over fields and values of a hash.",
        since: "2.8.0",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough \
                     command calls for the cursor to return back to 0. N is the number of \
                     elements inside the collection.",
        syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
        run: Run::Plain(hscan),
        ..READ
    },
];

fn hrandfield(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    if args.left() == 0 {
        let mut dice = cx.keys.shards.shard(key.slot).dice();
        let hash = cx.keys.collection::<Hash>(key)?;
        let picked = hash.and_then(|hash| hash.numbered().get(dice.usize(..hash.len())));
        cx.reply.bulk_or_null(picked.map(|(field, _)| field));
        return Ok(());
    }
    let count = Count::take(&mut args)?;
    let with_values = args.take_keyword("WITHVALUES");
    args.end()?;
    if with_values {
        count.check_doubled()?;
    }
    let mut dice = cx.keys.shards.shard(key.slot).dice();
    match cx.keys.collection::<Hash>(key)? {
        None => cx.reply.array(0),
        Some(hash) => write_picks(cx.reply, hash, (count, with_values), &mut dice)?,
    }
    Ok(())
}

fn write_picks(
    reply: &mut Writer,
    hash: &Hash,
    (count, with_values): (Count, bool),
    dice: &mut fastrand::Rng,
) -> Outcome {
    let (start, fields) = (reply.out.len(), hash.numbered());
    // A pair is an array of its own only where clients know arrays in arrays from pairs.
    let nested = with_values && reply.protocol == Protocol::Resp3;
    let picks = count.of(hash.len());
    let elements = if with_values && !nested { 2 * picks } else { picks };
    reply.array(usize::try_from(elements).map_err(|_| TOO_LONG)?);
    count.pick(hash.len(), dice, |number| {
        let Some((field, value)) = fields.get(number) else { return Ok(()) };
        if nested {
            reply.array(2);
        }
        reply.bulk(field);
        if with_values {
            reply.bulk(value);
        }
        if reply.out.len() - start > REPLY_BYTES_MAX { Err(TOO_LONG) } else { Ok(()) }
    })
}

/// What HSCAN was asked for beside the cursor.
struct Wanted<'r> {
    pattern: &'r [u8],
    count: u64,
    values: bool,
}

impl<'r> Wanted<'r> {
    fn parse(mut args: Args<'r>) -> Result<Self, CommandError> {
        let mut wanted = Self { pattern: b"*", count: COUNT, values: true };
        while let Some(option) = args.take_option() {
            if option.eq_ignore_ascii_case(b"NOVALUES") {
                wanted.values = false;
            } else if option.eq_ignore_ascii_case(b"COUNT") {
                wanted.count = take_count(args.take()?)?;
            } else if option.eq_ignore_ascii_case(b"MATCH") {
                wanted.pattern = args.take()?;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(wanted)
    }
}

fn hscan(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, cursor) = (args.key()?, take_position(&mut args)?);
    let Some(hash) = cx.keys.collection::<Hash>(key)? else {
        // As in Redis, nobody looks at the options then.
        cx.reply.array(2);
        cx.reply.bulk(b"0");
        cx.reply.array(0);
        return Ok(());
    };
    let wanted = Wanted::parse(args)?;
    let mut found = Vec::new();
    let next = hash.scan(cursor, wanted.count, |(field, value)| {
        if named(wanted.pattern, field) {
            found.push(field);
            found.extend(wanted.values.then_some(value));
        }
    });
    cx.reply.array(2);
    cx.reply.bulk(next.to_string().as_bytes());
    cx.reply.array(found.len());
    found.into_iter().for_each(|part| cx.reply.bulk(part));
    Ok(())
}
