//! Strings: reading and writing whole values.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::keyspace::edit::Expiry;
use crate::keyspace::entry::{NewValue, Value};
use crate::resp::reply::Writer;

const BASE: Spec = Spec { group: Group::String, ..Spec::BASE };

/// GET SET
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "get",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS))],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::STRING).and(Acl::FAST),
        summary: "Returns the string value of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "key",
        run: Run::Plain(get),
        ..BASE
    },
    Spec {
        name: "set",
        arity: -3,
        keys: &[KeySpec::one(1, KeyFlags::OW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: Acl::WRITE.and(Acl::STRING).and(Acl::SLOW),
        summary: "Sets the string value of a key, ignoring its type.",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "key value",
        run: Run::Plain(set),
        ..BASE
    },
    Spec {
        name: "incr",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::STRING).and(Acl::FAST),
        summary: "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.",
        run: Run::Plain(incr),
        ..BASE
    },
];

fn get(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let value = cx.keys.string(args.key()?)?;
    write_value(cx.reply, value);
    Ok(())
}

fn set(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.key()?, args.take()?);
    cx.keys.edit(key).set(NewValue::Text(value), Expiry::Never);
    cx.reply.ok();
    Ok(())
}

fn incr(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let mut edit = cx.keys.edit(key);
    let old = match edit.value() {
        None => 0,
        Some(Value::Int(number)) => number,
        Some(Value::Inline(_) | Value::Heap(_)) => return Err(CommandError::NOT_AN_INTEGER),
    };
    let new = old.checked_add(1).ok_or(CommandError::OVERFLOW)?;
    edit.set(NewValue::Int(new), Expiry::Keep);
    cx.reply.int(new);
    Ok(())
}

/// A string value as a bulk string, or null.
#[inline]
fn write_value(reply: &mut Writer, value: Option<Value<'_>>) {
    match value {
        Some(Value::Int(number)) => reply.bulk_int(number),
        Some(Value::Inline(text) | Value::Heap(text)) => reply.bulk(text),
        None => reply.null(),
    }
}
