//! Scripts that give a key which the caller holds more time.

use crate::command::error::CommandError;
use crate::command::lock_script::call::{Call, Holder, RECKONS_WITH_TEXT};
use crate::command::spec::Outcome;
use crate::script::number;
use crate::script::operation::{Answer, Answers, Unit};

/// What becomes of the time that a key still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// More is added to it.
    Kept,
    /// `ARGV[3]` says: `0` is to keep it.
    AsAsked,
}

pub(super) fn extend(call: &mut Call<'_, '_, '_>, answers: Answers) -> Outcome {
    let key = call.key(1)?;
    let holder = call.holder(key, call.arg(1))?;
    if holder == Holder::Own {
        call.expire(key, Unit::Millis, call.arg(2))?;
    }
    call.answer(holder.choose(answers))
}

pub(super) fn extend_what_ends(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let answer = match call.holder(key, call.arg(1))? {
        Holder::Nobody | Holder::Other => 1,
        Holder::Own if call.time_left(key, Unit::Seconds) < 0 => 2,
        Holder::Own => {
            call.expire(key, Unit::Seconds, call.arg(2))?;
            0
        }
    };
    call.answer(Answer::Number(answer))
}

pub(super) fn prolong(call: &mut Call<'_, '_, '_>, existing: Existing) -> Outcome {
    let key = call.key(1)?;
    let own = call.holder(key, call.arg(1))? == Holder::Own;
    let left = call.time_left(key, Unit::Millis);
    if !own || left < 0 {
        return call.answer(Answer::Number(0));
    }
    let adds = existing == Existing::Kept || call.arg(3) == Some(b"0");
    if adds {
        let sum = added(call.arg(2), left)?;
        call.expire(key, Unit::Millis, Some(sum.as_bytes()))?;
    } else {
        call.expire(key, Unit::Millis, call.arg(2))?;
    }
    call.answer(Answer::Number(1))
}

/// The sum as Lua makes it, of numbers with a fraction.
fn added(more: Option<&[u8]>, left: i64) -> Result<String, CommandError> {
    let more = more.and_then(number::parse).ok_or(RECKONS_WITH_TEXT)?;
    Ok(number::format(more + left as f64))
}

pub(super) fn rewrite(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let own = call.holder(key, call.arg(1))? == Holder::Own;
    if own {
        call.set(key, call.arg(1), Some((Unit::Millis, call.arg(2))))?;
    }
    call.answer(Answer::Number(i64::from(own)))
}

pub(super) fn rewrite_from_keys(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    let word = |number| call.key(number).ok().map(|key| key.bytes);
    let (millis, value) = (word(2), word(3));
    if call.holder(key, value)? != Holder::Own {
        return call.answer(Answer::Number(0));
    }
    call.set(key, value, Some((Unit::Millis, millis)))?;
    call.answer(Answer::Ok)
}
