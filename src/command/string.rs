//! Strings read whole, alone or together with a change of their key: GET, GETEX, GETDEL.
//!
//! Not here: writing (`string_set`, `string_range`), several keys at once (`string_multi`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lifetime::{Beside, Lifetime};
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::keyspace::edit::Expiry;
use crate::keyspace::value::Text;
use crate::resp::reply::Writer;

/// What all rows of strings have in common.
pub(super) const BASE: Spec = Spec { group: Group::String, ..Spec::BASE };
/// Categories of a fast command that writes strings.
pub(super) const FAST_WRITE: Acl = Acl::WRITE.and(Acl::STRING).and(Acl::FAST);
/// Categories of any other command that writes strings.
pub(super) const SLOW_WRITE: Acl = Acl::WRITE.and(Acl::STRING).and(Acl::SLOW);
/// A key that is read and changed.
pub(super) const READ_AND_UPDATE: KeyFlags =
    KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE);

/// GET GETEX GETDEL
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "get",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS))],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::STRING).and(Acl::FAST),
        summary: "Returns the string value of a key.",
        syntax: "key",
        run: Run::Plain(get),
        ..BASE
    },
    Spec {
        name: "getex",
        arity: -2,
        keys: &[KeySpec {
            notes: "RW and UPDATE because it changes the TTL",
            ..KeySpec::one(1, READ_AND_UPDATE)
        }],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Returns the string value of a key after setting its expiration time.",
        since: "6.2.0",
        syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | \
                 PXAT unix-time-milliseconds | PERSIST]{expiration}",
        run: Run::Plain(getex),
        ..BASE
    },
    Spec {
        name: "getdel",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Returns the string value of a key after deleting the key.",
        since: "6.2.0",
        syntax: "key",
        run: Run::Plain(getdel),
        ..BASE
    },
];

fn get(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let value = cx.keys.string(args.key()?)?;
    write_value(cx.reply, value);
    Ok(())
}

fn getex(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let mut lifetime = Lifetime::Unsaid;
    while let Some(word) = args.take_option() {
        if !lifetime.take(word, &mut args, Beside::Persist)? {
            return Err(CommandError::SYNTAX);
        }
    }
    let now = cx.keys.now;
    let Some(value) = cx.keys.string(key)? else {
        cx.reply.null();
        return Ok(());
    };
    let expiry = lifetime.expiry(Expiry::Keep, cx.command, now)?;
    write_value(cx.reply, Some(value));
    match expiry {
        Expiry::Keep => {}
        Expiry::At(deadline) if deadline <= now.mono => {
            cx.keys.edit(key)?.remove();
        }
        Expiry::Never | Expiry::At(_) => {
            cx.keys.edit(key)?.set_expiry(expiry);
        }
    }
    Ok(())
}

fn getdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let value = cx.keys.string(key)?;
    write_value(cx.reply, value);
    cx.keys.edit(key)?.remove();
    Ok(())
}

/// A string value as a bulk string, or null.
#[inline]
pub(super) fn write_value(reply: &mut Writer, value: Option<Text<'_>>) {
    match value {
        Some(Text::Int(number)) => reply.bulk_int(number),
        Some(Text::Inline(text) | Text::Heap(text)) => reply.bulk(text),
        None => reply.null(),
    }
}
