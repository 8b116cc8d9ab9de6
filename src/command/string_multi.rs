//! Many strings in one atomic step: MGET, MSET, MSETNX, MSETEX.
//!
//! Their keys may lie in any shards: the command has borrowed all of them before it starts.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lifetime::{Beside, Lifetime, write_until};
use crate::command::spec::{Acl, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::string::{BASE, SLOW_WRITE, write_value};
use crate::keyspace::edit::Expiry;
use crate::keyspace::event;
use crate::keyspace::value::NewValue;

/// MGET MSET MSETNX MSETEX
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "mget",
        arity: -2,
        keys: &[KeySpec::words(1, -1, 1, KeyFlags::RO.and(KeyFlags::ACCESS))],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::STRING).and(Acl::FAST),
        summary: "Atomically returns the string values of one or more keys.",
        complexity: "O(N) where N is the number of keys to retrieve.",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard"],
        run: Run::Plain(mget),
        ..BASE
    },
    Spec {
        name: "mset",
        arity: -3,
        keys: &[KeySpec::words(1, -1, 2, KeyFlags::OW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Atomically creates or modifies the string values of one or more keys.",
        since: "1.0.1",
        complexity: "O(N) where N is the number of keys to set.",
        syntax: "key value [key value ...]",
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        run: Run::Plain(mset),
        ..BASE
    },
    Spec {
        name: "msetnx",
        arity: -3,
        keys: &[KeySpec::words(1, -1, 2, KeyFlags::OW.and(KeyFlags::INSERT))],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Atomically modifies the string values of one or more keys \
                  only when all keys don't exist.",
        since: "1.0.1",
        complexity: "O(N) where N is the number of keys to set.",
        syntax: "key value [key value ...]",
        run: Run::Plain(msetnx),
        ..BASE
    },
    Spec {
        name: "msetex",
        arity: -4,
        keys: &[KeySpec::counted(1, 2, KeyFlags::OW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::MOVABLEKEYS),
        acl: SLOW_WRITE,
        summary: "Atomically sets multiple string keys with a shared expiration \
                  in a single operation.",
        since: "8.4.0",
        complexity: "O(N) where N is the number of keys to set.",
        syntax: "numkeys key value [key value ...] [NX | XX]{condition} \
                 [EX seconds | PX milliseconds | \
                 EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]{expiration}",
        run: Run::Plain(msetex),
        ..BASE
    },
];

const BAD_COUNT: CommandError = CommandError::fixed("ERR invalid numkeys value");
const BAD_PAIRS: CommandError = CommandError::fixed("ERR wrong number of key-value pairs");

/// Under which condition MSETNX and MSETEX write anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AllOrNothing {
    Always,
    /// None of the keys may exist.
    AllMissing,
    /// All of them must.
    AllPresent,
}

fn mget(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.array(args.left());
    while args.left() > 0 {
        // Another type than a string is no value here, rather than an error.
        let value = cx.keys.string(args.key()?).unwrap_or_default();
        write_value(cx.reply, value);
    }
    Ok(())
}

fn mset(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let pairs = paired(cx, &args)?;
    set_all(cx, args, pairs, Expiry::Never)?;
    cx.reply.ok();
    Ok(())
}

fn msetnx(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let pairs = paired(cx, &args)?;
    let written = allowed(cx, args.clone(), pairs, AllOrNothing::AllMissing)?;
    if written {
        set_all(cx, args, pairs, Expiry::Never)?;
    }
    cx.reply.int(i64::from(written));
    Ok(())
}

fn msetex(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let count = args.take()?;
    let count = crate::base::number::parse_i64(count).filter(|count| *count > 0);
    let count = count.and_then(|count| i32::try_from(count).ok()).ok_or(BAD_COUNT)?;
    let pairs = count.unsigned_abs() as usize;
    if pairs > args.left() / 2 {
        return Err(BAD_PAIRS);
    }
    let (condition, lifetime) = take_options(args.from(pairs * 2))?;
    let expiry = lifetime.expiry(Expiry::Never, cx.command, cx.keys.now)?;
    let written = allowed(cx, args.clone(), pairs, condition)?;
    if written {
        set_all(cx, args, pairs, expiry)?;
    }
    cx.reply.int(i64::from(written));
    Ok(())
}

/// The options of MSETEX, behind its pairs.
fn take_options(mut args: Args<'_>) -> Result<(AllOrNothing, Lifetime<'_>), CommandError> {
    let (mut condition, mut lifetime) = (AllOrNothing::Always, Lifetime::Unsaid);
    while let Some(word) = args.take_option() {
        let said = if word.eq_ignore_ascii_case(b"NX") {
            AllOrNothing::AllMissing
        } else if word.eq_ignore_ascii_case(b"XX") {
            AllOrNothing::AllPresent
        } else if lifetime.take(word, &mut args, Beside::Keep)? {
            continue;
        } else {
            return Err(CommandError::SYNTAX);
        };
        if condition != AllOrNothing::Always && condition != said {
            return Err(CommandError::SYNTAX);
        }
        condition = said;
    }
    Ok((condition, lifetime))
}

/// How many pairs of key and value there are.
fn paired(cx: &Context<'_>, args: &Args<'_>) -> Result<usize, CommandError> {
    let words = args.left();
    if words.is_multiple_of(2) {
        Ok(words / 2)
    } else {
        Err(CommandError::arity(&cx.command.full_name))
    }
}

fn allowed(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    pairs: usize,
    condition: AllOrNothing,
) -> Result<bool, CommandError> {
    let wanted = match condition {
        AllOrNothing::Always => return Ok(true),
        AllOrNothing::AllMissing => false,
        AllOrNothing::AllPresent => true,
    };
    let usage = cx.keys.usage;
    for _ in 0..pairs {
        let key = args.key()?;
        args.take()?;
        let mut edit = cx.keys.edit_any(key);
        edit.used(usage);
        if edit.exists() != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn set_all(cx: &mut Context<'_>, mut args: Args<'_>, pairs: usize, expiry: Expiry) -> Outcome {
    let now = cx.keys.now.mono;
    // What cannot be replaced is found out before anything is written.
    let mut keys = args.clone();
    for _ in 0..pairs {
        cx.keys.edit(keys.key()?)?;
        keys.take()?;
    }
    for _ in 0..pairs {
        let (key, value) = (args.key()?, args.take()?);
        write_until(cx.keys.edit(key)?, NewValue::Text(value), expiry, now, &event::SET);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::testing::with_args;

    #[test]
    fn msetex_takes_one_condition_and_one_lifetime_in_any_order() {
        with_args("keepttl XX", |args| {
            assert_eq!(take_options(args), Ok((AllOrNothing::AllPresent, Lifetime::Keep)));
        });
        with_args("NX EX 5", |args| {
            let expected = (AllOrNothing::AllMissing, Lifetime::seconds(b"5"));
            assert_eq!(take_options(args), Ok(expected));
        });
        for line in ["NX XX", "EX 5 KEEPTTL", "GET", "PX"] {
            with_args(line, |args| assert_eq!(take_options(args), Err(CommandError::SYNTAX)));
        }
    }
}
