//! Scripts that take one key, if it is free or the caller's.

use crate::command::error::CommandError;
use crate::command::lock_script::call::{COMPARES_NIL, Call, Holder, RECKONS_WITH_TEXT};
use crate::command::spec::Outcome;
use crate::keyspace::Key;
use crate::script::number;
use crate::script::operation::{Answer, Answers, Unit};

pub(super) fn claim_or_extend(
    call: &mut Call<'_, '_, '_>,
    unit: Unit,
    answers: Answers,
) -> Outcome {
    let key = call.key(1)?;
    let holder = call.holder(key, call.arg(1))?;
    match holder {
        Holder::Own => {
            call.expire(key, unit, call.arg(2))?;
        }
        Holder::Nobody => call.set(key, call.arg(1), Some((unit, call.arg(2))))?,
        Holder::Other => {}
    }
    call.answer(holder.choose(answers))
}

pub(super) fn extend_or_claim(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let done = if call.holder(key, call.arg(1))? == Holder::Own {
        call.expire(key, Unit::Millis, call.arg(2))?
    } else {
        call.set_if_free(&[key], call.arg(1), Some((Unit::Millis, call.arg(2))))?
    };
    call.answer(Answer::Number(i64::from(done)))
}

pub(super) fn claim_or_rewrite(
    call: &mut Call<'_, '_, '_>,
    asks: bool,
    otherwise: Answer,
) -> Outcome {
    let key = call.key(1)?;
    let claims = match call.holder(key, call.arg(1))? {
        Holder::Own => true,
        Holder::Nobody => !asks || call.arg(3) == Some(b"yes"),
        Holder::Other => false,
    };
    if !claims {
        return call.answer(otherwise);
    }
    call.set(key, call.arg(1), Some((Unit::Millis, call.arg(2))))?;
    call.answer(Answer::Ok)
}

pub(super) fn claim(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let free = call.set_if_free(&[key], call.arg(1), Some((Unit::Millis, call.arg(2))))?;
    call.answer(if free { Answer::Ok } else { Answer::Nothing })
}

pub(super) fn claim_for_ever(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let millis = call.arg(2).and_then(number::parse);
    let free = call.set_if_free(&[key], call.arg(1), None)?;
    if free && millis.ok_or(COMPARES_NIL)? > 0.0 {
        let millis = millis.map(number::format);
        call.expire(key, Unit::Millis, millis.as_deref().map(str::as_bytes))?;
    }
    call.answer(Answer::Number(i64::from(free)))
}

pub(super) fn claim_by_prefix(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let free = call.set_if_free(&[key], call.arg(1), Some((Unit::Millis, call.arg(3))))?;
    if !free && !begins_alike(call, key)? {
        return call.answer(Answer::Nothing);
    }
    if !free {
        call.set(key, call.arg(1), Some((Unit::Millis, call.arg(3))))?;
    }
    call.answer(Answer::Ok)
}

/// Whether the first `ARGV[2]` bytes of the key's value are those of `ARGV[1]`, by the rules of
/// GETRANGE on one side and of `string.sub` on the other.
pub(super) fn begins_alike(
    call: &mut Call<'_, '_, '_>,
    key: Key<'_>,
) -> Result<bool, CommandError> {
    let offset = call.arg(2).and_then(number::parse).ok_or(RECKONS_WITH_TEXT)?;
    if offset.fract() != 0.0 || offset.abs() >= INTEGERS_MAX {
        return Err(CommandError::NOT_AN_INTEGER);
    }
    let value = call.value(key)?.unwrap_or_default();
    let wanted = call.arg(1).unwrap_or_default();
    Ok(range_to(&value, offset as i64 - 1) == sub_to(wanted, offset as i64))
}

/// Numbers from here on are written with an exponent, which is no integer to a command.
const INTEGERS_MAX: f64 = 1e17;

/// `GETRANGE text 0 last`.
fn range_to(text: &[u8], last: i64) -> &[u8] {
    let length = text.len() as i64;
    let last = if last < 0 { (last + length).max(0) } else { last };
    &text[..(last + 1).min(length) as usize]
}

/// `string.sub(text, 1, last)`.
fn sub_to(text: &[u8], last: i64) -> &[u8] {
    let length = text.len() as i64;
    let last = if last < 0 { last + length + 1 } else { last };
    &text[..last.clamp(0, length) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_prefix_count_as_redis_and_lua_do() {
        let both = |last: i64| (range_to(b"abc", last - 1).len(), sub_to(b"abc", last).len());
        assert_eq!(both(2), (2, 2));
        assert_eq!(both(4), (3, 3));
        assert_eq!(both(0), (3, 0), "-1 is the last byte for GETRANGE");
        assert_eq!(both(-1), (2, 3));
        assert_eq!(both(-9), (1, 0), "GETRANGE never goes below the first byte");
        assert_eq!((range_to(b"", 3), sub_to(b"", 3)), (&b""[..], &b""[..]));
    }
}
