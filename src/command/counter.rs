//! Strings that count: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
//!
//! Not here: counters with bounds and an end of their own (`increx`).

use crate::base::events::EventClass;
use crate::base::extended::Extended;
use crate::base::number::parse_i64;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Flags, KeySpec, Outcome, Run, Spec};
use crate::command::string::{BASE, FAST_WRITE, READ_AND_UPDATE};
use crate::keyspace::Key;
use crate::keyspace::edit::Expiry;
use crate::keyspace::event::Event;
use crate::keyspace::value::{NewValue, Text};

const COUNTER: Spec = Spec {
    arity: 3,
    keys: &[KeySpec::one(1, READ_AND_UPDATE)],
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    acl: FAST_WRITE,
    ..BASE
};

/// INCR DECR INCRBY DECRBY INCRBYFLOAT
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "incr",
        arity: 2,
        summary: "Increments the integer value of a key by one. \
                  Uses 0 as initial value if the key doesn't exist.",
        syntax: "key",
        run: Run::Plain(incr),
        ..COUNTER
    },
    Spec {
        name: "decr",
        arity: 2,
        summary: "Decrements the integer value of a key by one. \
                  Uses 0 as initial value if the key doesn't exist.",
        syntax: "key",
        run: Run::Plain(decr),
        ..COUNTER
    },
    Spec {
        name: "incrby",
        summary: "Increments the integer value of a key by a number. \
                  Uses 0 as initial value if the key doesn't exist.",
        syntax: "key increment",
        run: Run::Plain(incrby),
        ..COUNTER
    },
    Spec {
        name: "decrby",
        summary: "Decrements a number from the integer value of a key. \
                  Uses 0 as initial value if the key doesn't exist.",
        syntax: "key decrement",
        run: Run::Plain(decrby),
        ..COUNTER
    },
    Spec {
        name: "incrbyfloat",
        summary: "Increment the floating point value of a key by a number. \
                  Uses 0 as initial value if the key doesn't exist.",
        since: "2.6.0",
        syntax: "key increment{double}",
        run: Run::Plain(incrbyfloat),
        ..COUNTER
    },
];

pub(super) const INCRBY: Event = Event::new(EventClass::String, "incrby");
pub(super) const INCRBYFLOAT: Event = Event::new(EventClass::String, "incrbyfloat");
const NEGATION_OVERFLOW: CommandError = CommandError::fixed("ERR decrement would overflow");
/// A sum, or the value itself, is no number that could be counted on.
pub(super) const NOT_FINITE: CommandError =
    CommandError::fixed("ERR increment would produce NaN or Infinity");

fn incr(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    answer(cx, args.key()?, 1)
}

fn decr(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    answer(cx, args.key()?, -1)
}

fn incrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, delta) = (args.key()?, args.int()?);
    answer(cx, key, delta)
}

fn decrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, delta) = (args.key()?, args.int()?);
    answer(cx, key, delta.checked_neg().ok_or(NEGATION_OVERFLOW)?)
}

#[inline]
fn answer(cx: &mut Context<'_>, key: Key<'_>, delta: i64) -> Outcome {
    let sum = add(cx, key, delta)?;
    cx.reply.int(sum);
    Ok(())
}

/// Adds to a counter; what it has then.
#[inline]
pub(super) fn add(cx: &mut Context<'_>, key: Key<'_>, delta: i64) -> Result<i64, CommandError> {
    let mut edit = cx.keys.edit(key)?;
    let sum = integer(edit.text()?)?.checked_add(delta).ok_or(CommandError::OVERFLOW)?;
    edit.set_int(sum, &INCRBY);
    Ok(sum)
}

fn incrbyfloat(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, delta) = (args.key()?, args.take()?);
    let mut edit = cx.keys.edit(key)?;
    let old = float(edit.text()?)?;
    let delta = Extended::parse(delta).ok_or(CommandError::NOT_A_FLOAT)?;
    let sum = old + delta;
    if !sum.is_finite() {
        return Err(NOT_FINITE);
    }
    let text = sum.to_text();
    // Redis does not store this as an integer, even if it is one.
    edit.set(NewValue::Verbatim(text.as_bytes()), Expiry::Keep, &INCRBYFLOAT);
    cx.reply.bulk(text.as_bytes());
    Ok(())
}

/// A counter's value, 0 where there is none.
///
/// # Errors
/// The string spells no integer.
#[inline]
pub(super) fn integer(value: Option<Text<'_>>) -> Result<i64, CommandError> {
    match value {
        None => Ok(0),
        Some(Text::Int(number)) => Ok(number),
        Some(Text::Inline(text) | Text::Heap(text)) => {
            parse_i64(text).ok_or(CommandError::NOT_AN_INTEGER)
        }
    }
}

/// A counter's value as INCRBYFLOAT sees it, 0 where there is none.
///
/// # Errors
/// The string spells no number.
pub(super) fn float(value: Option<Text<'_>>) -> Result<Extended, CommandError> {
    match value {
        None => Ok(Extended::ZERO),
        Some(Text::Int(number)) => Ok(Extended::from(number)),
        Some(Text::Inline(text) | Text::Heap(text)) => {
            Extended::parse(text).ok_or(CommandError::NOT_A_FLOAT)
        }
    }
}
