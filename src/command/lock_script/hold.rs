//! Locks that are hashes: each owner's field says how often it has the lock (Redisson).

use crate::command::error::CommandError;
use crate::command::lock_script::call::Call;
use crate::command::spec::Outcome;
use crate::keyspace::Key;
use crate::script::number;
use crate::script::operation::Unit;

/// Whether `ARGV[2]` may have a hold: the hash is not there, or counts one of its.
fn may_hold(call: &mut Call<'_, '_, '_>, key: Key<'_>) -> Result<bool, CommandError> {
    Ok(!call.exists(key) || call.has_field(key, call.arg(2))?)
}

fn count_hold(call: &mut Call<'_, '_, '_>, key: Key<'_>) -> Outcome {
    call.count_field(key, call.arg(2), 1)?;
    call.expire(key, Unit::Millis, call.arg(1))?;
    Ok(())
}

pub(super) fn hold(call: &mut Call<'_, '_, '_>) -> Outcome {
    let key = call.key(1)?;
    if may_hold(call, key)? {
        count_hold(call, key)?;
        call.nothing();
    } else {
        let left = call.time_left(key, Unit::Millis);
        call.number(left);
    }
    Ok(())
}

pub(super) fn hold_fenced(call: &mut Call<'_, '_, '_>, tells: bool) -> Outcome {
    let key = call.key(1)?;
    if may_hold(call, key)? {
        let token = call.increment(call.key(2)?)?;
        count_hold(call, key)?;
        if tells {
            call.numbers(&[-1, token]);
        } else {
            call.nothing();
        }
    } else {
        let left = call.time_left(key, Unit::Millis);
        if tells {
            call.numbers(&[left, -1]);
        } else {
            call.number(left);
        }
    }
    Ok(())
}

/// What LetGo is given: with a channel, its arguments stand elsewhere.
struct LetGo<'r> {
    /// Where the reply is kept for a request that is sent again.
    kept: Key<'r>,
    lease_ms: Option<&'r [u8]>,
    owner: Option<&'r [u8]>,
    kept_ms: Option<&'r [u8]>,
}

pub(super) fn let_go(call: &mut Call<'_, '_, '_>, publishes: bool) -> Outcome {
    let asked = if publishes {
        let (lease_ms, owner, kept_ms) = (call.arg(2), call.arg(3), call.arg(5));
        LetGo { kept: call.key(3)?, lease_ms, owner, kept_ms }
    } else {
        let (lease_ms, owner, kept_ms) = (call.arg(1), call.arg(2), call.arg(3));
        LetGo { kept: call.key(2)?, lease_ms, owner, kept_ms }
    };
    let key = call.key(1)?;
    if let Some(answered) = call.value(asked.kept)? {
        match number::parse(&answered) {
            Some(answer) => call.number(answer as i64),
            None => call.nothing(),
        }
        return Ok(());
    }
    if !call.has_field(key, asked.owner)? {
        call.nothing();
        return Ok(());
    }
    let is_last = call.count_field(key, asked.owner, -1)? <= 0;
    if is_last {
        call.delete(key)?;
        if publishes {
            call.publish(call.arg(4), call.key(2)?, call.arg(1))?;
        }
    } else {
        call.expire(key, Unit::Millis, asked.lease_ms)?;
    }
    let answer: &[u8] = if is_last { b"1" } else { b"0" };
    call.set(asked.kept, Some(answer), Some((Unit::Millis, asked.kept_ms)))?;
    call.number(i64::from(is_last));
    Ok(())
}

pub(super) fn break_holds(call: &mut Call<'_, '_, '_>, publishes: bool) -> Outcome {
    let removed = call.delete(call.key(1)?)?;
    if removed && publishes {
        call.publish(call.arg(2), call.key(2)?, call.arg(1))?;
    }
    call.number(i64::from(removed));
    Ok(())
}

pub(super) fn renew(call: &mut Call<'_, '_, '_>) -> Outcome {
    let mut held = Vec::new();
    for (number, key) in call.keys().into_iter().enumerate() {
        let is_held = call.has_field(key, call.arg(number + 2))?;
        if is_held {
            call.expire(key, Unit::Millis, call.arg(1))?;
        }
        held.push(i64::from(is_held));
    }
    call.numbers(&held);
    Ok(())
}
