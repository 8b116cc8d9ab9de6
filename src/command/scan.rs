//! Walking over the names of all keys, and picking one.

use crate::base::glob::{Case, matches};
use crate::base::number::parse_i64;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, Outcome, Reach, Run, Spec};
use crate::keyspace::entry::Entry;
use crate::keyspace::scan::{Budget, Cursor};
use crate::resp::reply::Writer;

const BASE: Spec = Spec { group: Group::Generic, flags: Flags::READONLY, ..Spec::BASE };

/// KEYS RANDOMKEY SCAN
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "keys",
        arity: 2,
        reach: Reach::AllShards,
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::SLOW).and(Acl::DANGEROUS),
        summary: "Returns all key names that match a pattern.",
        complexity: "O(N) with N being the number of keys in the database, under the assumption \
                     that the key names in the database and the given pattern have limited \
                     length.",
        syntax: "pattern",
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        run: Run::Plain(keys),
        ..BASE
    },
    Spec {
        name: "randomkey",
        arity: 1,
        reach: Reach::AllShards,
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::SLOW),
        summary: "Returns a random key name from the database.",
        tips: &["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
        run: Run::Plain(random_key),
        ..BASE
    },
    Spec {
        name: "scan",
        arity: -2,
        reach: Reach::EachShard,
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::SLOW),
        summary: "Iterates over the key names in the database.",
        since: "2.8.0",
        complexity: "O(1) for every call. O(N) for a complete iteration, including enough \
                     command calls for the cursor to return back to 0. N is the number of \
                     elements inside the collection.",
        syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]{since 6.0.0}",
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        history: &[("6.0.0", "Added the `TYPE` subcommand.")],
        run: Run::Plain(scan),
        ..BASE
    },
];

/// Keys that a call returns if it does not say how many, roughly.
pub(super) const COUNT: u64 = 10;
/// Buckets that a call looks into for every key that it shall return, as in Redis.
const BUCKETS_PER_KEY: u64 = 10;

/// Whether `key` matches; `*` matches every key, the empty one included.
pub(super) fn named(pattern: &[u8], key: &[u8]) -> bool {
    pattern == b"*" || matches(pattern, key, Case::Sensitive)
}

fn keys(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let pattern = args.take()?;
    let (db, now) = (cx.keys.db, cx.keys.now.mono);
    let mut found: Vec<&[u8]> = Vec::new();
    for shard in cx.keys.shards.shards() {
        let live = shard.entries(db).filter(|entry| !entry.has_ended(now));
        found.extend(live.map(Entry::key).filter(|key| named(pattern, key)));
    }
    cx.reply.array(found.len());
    found.into_iter().for_each(|key| cx.reply.bulk(key));
    Ok(())
}

fn random_key(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let (db, now) = (cx.keys.db, cx.keys.now.mono);
    // A shard may hold nothing but keys whose time has run out. It has none left then, so this
    // ends.
    loop {
        let keys: u64 = cx.keys.shards.shards().map(|shard| shard.totals(db).keys).sum();
        if keys == 0 {
            cx.reply.null();
            return Ok(());
        }
        let first = cx.keys.shards.shards().next();
        let mut nth = first.expect("all shards are borrowed").throw(keys);
        let chosen = cx.keys.shards.shards().find(|shard| {
            let here = shard.totals(db).keys;
            let found = nth < here;
            nth = nth.saturating_sub(here);
            found
        });
        if let Some(key) = chosen.and_then(|shard| shard.random_key(db, now)) {
            cx.reply.bulk(&key);
            return Ok(());
        }
    }
}

/// What SCAN was asked for beside the cursor.
struct Wanted<'r> {
    pattern: &'r [u8],
    count: u64,
    type_name: Option<&'r [u8]>,
}

impl<'r> Wanted<'r> {
    fn parse(mut args: Args<'r>) -> Result<Self, CommandError> {
        let mut wanted = Self { pattern: b"*", count: COUNT, type_name: None };
        while let Some(option) = args.take_option() {
            if option.eq_ignore_ascii_case(b"NOVALUES") {
                return Err(CommandError::fixed("ERR NOVALUES option can only be used in HSCAN"));
            }
            let value = args.take()?;
            if option.eq_ignore_ascii_case(b"COUNT") {
                wanted.count = take_count(value)?;
            } else if option.eq_ignore_ascii_case(b"MATCH") {
                wanted.pattern = value;
            } else if option.eq_ignore_ascii_case(b"TYPE") {
                // A name of no type is no error up to Redis 8: nothing is of that type.
                wanted.type_name = Some(value);
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(wanted)
    }

    fn takes(&self, entry: &Entry) -> bool {
        let typed = |name: &[u8]| entry.value().type_name().as_bytes().eq_ignore_ascii_case(name);
        self.type_name.is_none_or(typed) && named(self.pattern, entry.key())
    }
}

const INVALID_CURSOR: CommandError = CommandError::fixed("ERR invalid cursor");

fn scan(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let start = take_cursor(&mut args)?;
    walk_wanted(cx, start, &Wanted::parse(args)?);
    Ok(())
}

/// SCAN over the keys of one type, which the request does not name.
pub(super) fn scan_type(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    type_name: &'static str,
) -> Outcome {
    let start = take_cursor(&mut args)?;
    let wanted = Wanted::parse(args)?;
    if wanted.type_name.is_some() {
        return Err(CommandError::SYNTAX);
    }
    walk_wanted(cx, start, &Wanted { type_name: Some(type_name.as_bytes()), ..wanted });
    Ok(())
}

fn walk_wanted(cx: &mut Context<'_>, start: Cursor, wanted: &Wanted<'_>) {
    let now = cx.keys.now.mono;
    walk(cx, start, wanted.count, |entry| wanted.takes(entry) && !entry.has_ended(now));
}

/// One step of a walk over the names of those keys that `takes` wants, and its reply. May offer
/// keys whose time has run out.
pub(super) fn walk(
    cx: &mut Context<'_>,
    start: Cursor,
    count: u64,
    takes: impl Fn(&Entry) -> bool,
) {
    let db = cx.keys.db;
    let mut budget = Budget { keys: count, buckets: count.saturating_mul(BUCKETS_PER_KEY) };
    let (mut found, mut writer) = (0, Writer::default());
    let mut next = Some(start);
    while let Some(at) = next {
        let shard = cx.node.keyspace.shard_of(at.slot());
        next = cx.keys.shards.visit(shard, |shard| {
            shard.scan(db, at, &mut budget, &mut |entry| {
                if takes(entry) {
                    writer.bulk(entry.key());
                    found += 1;
                }
            })
        });
        if next == Some(at) {
            break;
        }
    }
    let next = next.map_or(0, Cursor::to_wire);
    cx.reply.array(2);
    cx.reply.bulk(next.to_string().as_bytes());
    cx.reply.array(found);
    cx.reply.out.extend_from_slice(&writer.out);
}

/// The next argument as a cursor over keys.
pub(super) fn take_cursor(args: &mut Args<'_>) -> Result<Cursor, CommandError> {
    Ok(Cursor::from_wire(take_position(args)?))
}

/// The next argument as a cursor, whatever it means.
pub(super) fn take_position(args: &mut Args<'_>) -> Result<u64, CommandError> {
    cursor(args.take()?).ok_or(INVALID_CURSOR)
}

/// The value of the option COUNT.
pub(super) fn take_count(value: &[u8]) -> Result<u64, CommandError> {
    let count = parse_i64(value).ok_or(CommandError::NOT_AN_INTEGER)?;
    u64::try_from(count).ok().filter(|count| *count > 0).ok_or(CommandError::SYNTAX)
}

/// A cursor as C's `strtoul` reads it, which is what Redis does: a sign is fine and wraps around,
/// nothing at all is 0, blanks in front are not taken, and a NUL ends it.
fn cursor(word: &[u8]) -> Option<u64> {
    let word = word.split(|&byte| byte == 0).next().unwrap_or_default();
    let (negative, digits) = match word {
        [b'-', digits @ ..] if !digits.is_empty() => (true, digits),
        [b'+', digits @ ..] if !digits.is_empty() => (false, digits),
        digits => (false, digits),
    };
    let number = digits.iter().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    Some(if negative { number.wrapping_neg() } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_redis_reads_them() {
        assert_eq!(cursor(b""), Some(0));
        assert_eq!(cursor(b"007"), Some(7));
        assert_eq!(cursor(b"+1"), Some(1));
        assert_eq!(cursor(b"-1"), Some(u64::MAX));
        assert_eq!(cursor(b"18446744073709551615"), Some(u64::MAX));
        for wrong in ["18446744073709551616", " 1", "1 ", "x", "1x", "-", "+", "--1"] {
            assert_eq!(cursor(wrong.as_bytes()), None, "{wrong:?}");
        }
    }
}
