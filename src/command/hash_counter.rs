//! Fields that count: HINCRBY, HINCRBYFLOAT.

use crate::base::events::EventClass;
use crate::base::extended::Extended;
use crate::base::number::{DECIMAL_MAX, format_i64, parse_i64};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::counter::NOT_FINITE;
use crate::command::error::CommandError;
use crate::command::hash::{BASE, FAST_WRITE};
use crate::command::spec::{Flags, KeySpec, Outcome, Run, Spec};
use crate::command::string::READ_AND_UPDATE;
use crate::keyspace::Key;
use crate::keyspace::event::Event;
use crate::types::hash::Hash;

const COUNTER: Spec = Spec {
    arity: 4,
    keys: &[KeySpec::one(1, READ_AND_UPDATE)],
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    acl: FAST_WRITE,
    ..BASE
};

/// HINCRBY HINCRBYFLOAT
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "hincrby",
        summary: "Increments the integer value of a field in a hash by a number. \
                  Uses 0 as initial value if the field doesn't exist.",
        syntax: "key field increment",
        run: Run::Plain(hincrby),
        ..COUNTER
    },
    Spec {
        name: "hincrbyfloat",
        summary: "Increments the floating point value of a field by a number. \
                  Uses 0 as initial value if the field doesn't exist.",
        since: "2.6.0",
        syntax: "key field increment{double}",
        run: Run::Plain(hincrbyfloat),
        ..COUNTER
    },
];

const HINCRBY: Event = Event::new(EventClass::Hash, "hincrby");
const HINCRBYFLOAT: Event = Event::new(EventClass::Hash, "hincrbyfloat");
const NOT_AN_INTEGER: CommandError = CommandError::fixed("ERR hash value is not an integer");
const NOT_A_FLOAT: CommandError = CommandError::fixed("ERR hash value is not a float");
const INFINITE: CommandError = CommandError::fixed("ERR value is NaN or Infinity");

/// The value of a field that counts, 0 where there is none.
///
/// # Errors
/// It is no integer.
fn integer(value: Option<&[u8]>) -> Result<i64, CommandError> {
    value.map_or(Ok(0), |text| parse_i64(text).ok_or(NOT_AN_INTEGER))
}

fn hincrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field, delta) = (args.key()?, args.take()?, args.int()?);
    let sum = add(cx, key, field, delta)?;
    cx.reply.int(sum);
    Ok(())
}

/// Adds to the number in a field; what it has then.
pub(super) fn add(
    cx: &mut Context<'_>,
    key: Key<'_>,
    field: &[u8],
    delta: i64,
) -> Result<i64, CommandError> {
    let limits = cx.node.hash_limits();
    let mut edit = cx.keys.edit(key)?;
    let old = edit.collection::<Hash>()?.and_then(|hash| hash.get(field));
    let sum = integer(old)?.checked_add(delta).ok_or(CommandError::OVERFLOW)?;
    edit.change(&HINCRBY, |hash: &mut Hash| {
        hash.set(field, format_i64(sum, &mut [0; DECIMAL_MAX]), &limits);
    })?;
    Ok(sum)
}

fn hincrbyfloat(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.key()?, args.take()?);
    let delta = Extended::parse(args.take()?).ok_or(CommandError::NOT_A_FLOAT)?;
    if !delta.is_finite() {
        return Err(INFINITE);
    }
    let limits = cx.node.hash_limits();
    let mut edit = cx.keys.edit(key)?;
    let old = edit.collection::<Hash>()?.and_then(|hash| hash.get(field));
    let old = old.map_or(Ok(Extended::ZERO), |text| Extended::parse(text).ok_or(NOT_A_FLOAT))?;
    let sum = old + delta;
    if !sum.is_finite() {
        return Err(NOT_FINITE);
    }
    let text = sum.to_text();
    edit.change(&HINCRBYFLOAT, |hash: &mut Hash| {
        hash.set(field, text.as_bytes(), &limits);
    })?;
    cx.reply.bulk(text.as_bytes());
    Ok(())
}
