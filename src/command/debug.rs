//! DEBUG: its subcommands, and those of them that are about keys.
//!
//! Its subcommands are no rows: as in Redis, COMMAND does not know them, and a wrong number of
//! arguments is answered like a wrong name.

use crate::base::glob::{Case, matches};
use crate::base::number::{DECIMAL_MAX, format_i64, parse_i64};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::dataset_digest::{Digest, of_value};
use crate::command::error::CommandError;
use crate::command::object::references;
use crate::command::spec::{Acl, Flags, Group, Outcome, Reach, Run, Spec};
use crate::command::{absent, debug_server, help};
use crate::keyspace::collection::Collection;
use crate::keyspace::edit::Expiry;
use crate::keyspace::event;
use crate::keyspace::value::{NewValue, Value};
use crate::keyspace::{Db, Key};
use crate::types::structure::Structure;
use std::ops::RangeInclusive;

const BASE: Spec = Spec { group: Group::Server, ..Spec::BASE };

/// DEBUG
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "debug",
    arity: -2,
    // Its subcommands stop everybody, as in Redis: they are for tests.
    reach: Reach::AllShards,
    flags: Flags::ADMIN
        .and(Flags::NOSCRIPT)
        .and(Flags::LOADING)
        .and(Flags::STALE)
        .and(Flags::PROTECTED),
    acl: Acl::ADMIN.and(Acl::SLOW).and(Acl::DANGEROUS),
    summary: "A container for debugging commands.",
    complexity: "Depends on subcommand.",
    syntax: "subcommand [argument ...]",
    run: Run::Plain(debug),
    ..BASE
}];

struct Subcommand {
    name: &'static str,
    /// How many arguments it takes behind its name.
    arguments: RangeInclusive<usize>,
    run: fn(&mut Context<'_>, Args<'_>) -> Outcome,
}

impl Subcommand {
    const fn new(
        name: &'static str,
        arguments: RangeInclusive<usize>,
        run: fn(&mut Context<'_>, Args<'_>) -> Outcome,
    ) -> Self {
        Self { name, arguments, run }
    }
}

const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand::new("change-repl-id", 0..=0, debug_server::change_replication_id),
    Subcommand::new("digest", 0..=0, digest),
    Subcommand::new("digest-value", 0..=usize::MAX, digest_value),
    Subcommand::new("error", 1..=1, debug_server::error),
    Subcommand::new("help", 0..=0, show_help),
    Subcommand::new("jmap", 0..=0, memory_map),
    Subcommand::new("log", 1..=1, debug_server::log),
    Subcommand::new("object", 1..=1, object),
    Subcommand::new("populate", 1..=3, populate),
    Subcommand::new("protocol", 1..=1, debug_server::protocol),
    Subcommand::new("set-active-expire", 1..=1, set_active_expire),
    Subcommand::new("sleep", 1..=1, debug_server::sleep),
    Subcommand::new("stringmatch-len", 2..=2, stringmatch_len),
];

const HELP: &[&str] = &[
    "CHANGE-REPL-ID",
    "    Change the replication IDs of the instance.",
    "    Dangerous: should be used only for testing the replication subsystem.",
    "DIGEST",
    "    Output a hex signature representing the current DB content.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Output a hex signature of the values of all the specified keys.",
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message. Useful for clients",
    "    unit tests to simulate Redis errors.",
    "JMAP",
    "    Show what the allocator has given out and what of it holds keys.",
    "LOG <message>",
    "    Write <message> to the server log.",
    "OBJECT <key>",
    "    Show low level info about `key` and associated value.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create <count> string keys named key:<num>. If <prefix> is specified then",
    "    it is used instead of the 'key' prefix.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type. <type> can be: string,",
    "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
    "    true, false.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Setting it to 0 disables expiring keys in background when they are not",
    "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
    "    default.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "STRINGMATCH-LEN <pattern> <string>",
    "    Match <string> against the glob-style <pattern>.",
];

fn debug(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let name = args.take()?;
    let arguments = args.left();
    let found = SUBCOMMANDS.iter().find(|sub| {
        sub.name.as_bytes().eq_ignore_ascii_case(name) && sub.arguments.contains(&arguments)
    });
    match found {
        Some(sub) => (sub.run)(cx, args),
        None => Err(unknown(name)),
    }
}

/// Whether there is a subcommand of this name.
pub(super) fn has_subcommand(name: &[u8]) -> bool {
    SUBCOMMANDS.iter().any(|sub| sub.name.as_bytes().eq_ignore_ascii_case(name))
}

fn unknown(name: &[u8]) -> CommandError {
    const QUOTED_BYTES_MAX: usize = 128;
    let full_name = absent::known(&[b"debug|", name].concat());
    if let Some(full_name) = full_name
        && !has_subcommand(name)
    {
        return CommandError::absent(full_name);
    }
    let mut text = b"ERR unknown subcommand or wrong number of arguments for '".to_vec();
    text.extend(name.iter().take(QUOTED_BYTES_MAX).take_while(|&&byte| byte != 0));
    text.extend_from_slice(b"'. Try DEBUG HELP.");
    CommandError::new(text)
}

fn show_help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn digest(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let now = cx.keys.now.mono;
    let mut all = Digest::default();
    for number in 0..cx.node.keyspace.databases() {
        let db = Db(number as u8);
        let has_keys = cx.keys.shards.shards().any(|shard| shard.totals(db).keys > 0);
        if has_keys {
            all.mix(&u32::from(number).to_be_bytes());
        }
        for shard in cx.keys.shards.shards() {
            for entry in shard.entries(db).filter(|entry| !entry.has_ended(now)) {
                let mut one = Digest::default();
                one.mix(entry.key());
                all.xor(&of_value(one, entry).0);
            }
        }
    }
    cx.reply.simple(&all.hex());
    Ok(())
}

fn digest_value(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.array(args.left());
    while args.left() > 0 {
        let entry = cx.keys.inspect(args.key()?);
        let digest = entry.map(|entry| of_value(Digest::default(), entry)).unwrap_or_default();
        cx.reply.simple(&digest.hex());
    }
    Ok(())
}

fn memory_map(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let process = cx.node.platform.memory();
    let keys: usize = cx.keys.shards.shards().map(|shard| shard.memory()).sum();
    let text = format!(
        "resident_set:{}\nallocator_resident:{}\nallocator_active:{}\nallocated:{}\nkeys:{keys}\n",
        process.rss, process.resident, process.active, process.allocated,
    );
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn object(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (now, node) = (cx.keys.now.mono, cx.node);
    let entry = cx.keys.inspect(args.key()?).ok_or(CommandError::NO_SUCH_KEY)?;
    let (value, access) = (entry.value(), entry.access());
    let [low, middle, high] = access.0;
    cx.reply.simple(&format!(
        "Value at:{:p} refcount:{} encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}",
        entry.key(),
        references(node, value),
        value.encoding(),
        serialized_bytes(value),
        u32::from_le_bytes([low, middle, high, 0]),
        access.idle_s(now),
    ));
    Ok(())
}

/// How long the value would be in Redis's RDB format, uncompressed.
fn serialized_bytes(value: Value<'_>) -> usize {
    match value {
        Value::Text(text) => string_bytes(text.bytes(&mut [0; DECIMAL_MAX])),
        Value::Collection(collection) => match collection {
            Collection::Hash(hash) => {
                let pairs = hash.iter().map(|(field, value)| [field, value].map(string_bytes));
                length_bytes(hash.len()) + pairs.flatten().sum::<usize>()
            }
            Collection::List(list) => {
                length_bytes(list.len()) + list.iter().map(string_bytes).sum::<usize>()
            }
        },
        // What Redis does not know has no length there.
        Value::Primitive(_) => 0,
    }
}

/// How long a string is in RDB.
fn string_bytes(text: &[u8]) -> usize {
    match parse_i64(text) {
        Some(number) if i8::try_from(number).is_ok() => 2,
        Some(number) if i16::try_from(number).is_ok() => 3,
        Some(number) if i32::try_from(number).is_ok() => 5,
        Some(_) | None => text.len() + length_bytes(text.len()),
    }
}

/// Bytes of a length in front of a string in RDB.
const fn length_bytes(length: usize) -> usize {
    match length {
        0..0x40 => 1,
        0x40..0x4000 => 2,
        0x4000..0x1_0000_0000 => 5,
        _ => 9,
    }
}

fn populate(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let count = positive(args.take()?)?;
    // Redis refuses what its table could not be expanded to.
    let count =
        u32::try_from(count).map_err(|_| CommandError::fixed("ERR OOM in dictTryExpand"))?;
    let prefix = args.take_option().unwrap_or(b"key");
    let size = args.take_option().map(positive).transpose()?.unwrap_or(0);
    let end = prefix.iter().position(|&byte| byte == 0).unwrap_or(prefix.len());
    for number in 0..count {
        let key = numbered(&prefix[..end], number);
        let mut edit = cx.keys.edit(Key::new(&key))?;
        if edit.exists() {
            continue;
        }
        let mut value = numbered(b"value", number);
        if size > 0 {
            let more = size.saturating_sub(value.len());
            value.try_reserve_exact(more).map_err(|_| CommandError::NO_MEMORY)?;
            value.resize(size, 0);
        }
        edit.set(NewValue::owned(&mut value), Expiry::Never, &event::SET);
    }
    cx.reply.ok();
    Ok(())
}

/// `prefix:number`, cut where Redis's buffer ends.
fn numbered(prefix: &[u8], number: u32) -> Vec<u8> {
    const BYTES_MAX: usize = 127;
    let mut text = prefix.to_vec();
    text.push(b':');
    text.extend_from_slice(format_i64(i64::from(number), &mut [0; DECIMAL_MAX]));
    text.truncate(BYTES_MAX);
    text
}

fn positive(word: &[u8]) -> Result<usize, CommandError> {
    let number = parse_i64(word).and_then(|number| usize::try_from(number).ok());
    number.ok_or(CommandError::fixed("ERR value is out of range, must be positive"))
}

fn set_active_expire(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    // As C's `atoi` reads it: what is no number is 0.
    let digits = args.take()?.iter().take_while(|byte| byte.is_ascii_digit());
    let on = digits.into_iter().any(|&digit| digit != b'0');
    cx.keys.shards.shards().for_each(|shard| shard.active_expiry = on);
    cx.reply.ok();
    Ok(())
}

fn stringmatch_len(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (pattern, text) = (args.take()?, args.take()?);
    cx.reply.int(i64::from(matches(pattern, text, Case::Sensitive)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::value::Text;

    #[test]
    fn lengths_are_those_of_rdb() {
        let bytes = |text: &[u8]| serialized_bytes(Value::Text(Text::Inline(text)));
        assert_eq!([bytes(b""), bytes(b"b"), bytes(b"127"), bytes(b"128")], [1, 2, 2, 3]);
        assert_eq!([bytes(b"-32769"), bytes(b"2147483648"), bytes(&[b'x'; 64])], [5, 11, 66]);
    }

    #[test]
    fn help_is_sorted_and_names_every_subcommand() {
        let topics: Vec<&&str> = HELP.iter().filter(|line| !line.starts_with(' ')).collect();
        assert!(topics.is_sorted());
        for sub in SUBCOMMANDS.iter().filter(|sub| sub.name != "help") {
            let name = sub.name.to_ascii_uppercase();
            assert!(topics.iter().any(|topic| topic.split(' ').next() == Some(&name)), "{name}");
        }
    }
}
