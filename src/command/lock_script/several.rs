//! Scripts that treat several keys as one lock: all or none.

use crate::command::error::CommandError;
use crate::command::lock_script::call::{Call, Holder, NO_KEYS};
use crate::command::lock_script::claim::begins_alike;
use crate::command::spec::Outcome;
use crate::keyspace::Db;
use crate::script::number;
use crate::script::operation::{Answer, Database, Unit};

/// Goes to the script's database, and gives the numbers of the value and of the milliseconds in
/// `ARGV`.
fn enter(call: &mut Call<'_, '_, '_>, database: Database) -> (usize, usize) {
    match database {
        Database::Callers => (1, 2),
        Database::First => {
            let number = call.arg(1).and_then(number::parse);
            // The script calls SELECT protected: what is no database changes nothing.
            let known = number.filter(|it| it.fract() == 0.0 && *it < f64::from(call.databases()));
            if let Some(db) = known.filter(|it| *it >= 0.0) {
                call.select(Db(db as u8));
            }
            (2, 3)
        }
    }
}

pub(super) fn claim_all(call: &mut Call<'_, '_, '_>, database: Database) -> Outcome {
    let (value, millis) = enter(call, database);
    if call.keys().into_iter().any(|key| call.exists(key)) {
        return call.answer(Answer::Number(0));
    }
    write_all(call, value, millis)
}

pub(super) fn rewrite_all(call: &mut Call<'_, '_, '_>, database: Database) -> Outcome {
    let (value, millis) = enter(call, database);
    for key in call.keys() {
        if call.holder(key, call.arg(value))? != Holder::Own {
            return call.answer(Answer::Number(0));
        }
    }
    write_all(call, value, millis)
}

fn write_all(call: &mut Call<'_, '_, '_>, value: usize, millis: usize) -> Outcome {
    let keys = call.keys();
    for key in &keys {
        call.set(*key, call.arg(value), Some((Unit::Millis, call.arg(millis))))?;
    }
    call.answer(Answer::Number(keys.len() as i64))
}

pub(super) fn release_each(call: &mut Call<'_, '_, '_>, database: Database) -> Outcome {
    let (value, _) = enter(call, database);
    let mut released = 0;
    for key in call.keys() {
        if call.holder(key, call.arg(value))? == Holder::Own {
            // The script deletes protected, and counts even if it may not.
            let _ = call.delete(key);
            released += 1;
        }
    }
    call.answer(Answer::Number(released))
}

pub(super) fn claim_all_by_prefix(call: &mut Call<'_, '_, '_>) -> Outcome {
    let keys = call.keys();
    // Without a value the script would hand the keys alone to MSETNX.
    if keys.is_empty() || call.arg(1).is_none() {
        return Err(NO_KEYS);
    }
    let free = call.set_if_free(&keys, call.arg(1), None)?;
    if !free {
        for key in &keys {
            if !begins_alike(call, *key)? {
                return call.answer(Answer::Nothing);
            }
        }
        for key in &keys {
            call.set(*key, call.arg(1), None)?;
        }
    }
    for key in &keys {
        call.expire(*key, Unit::Millis, call.arg(3))?;
    }
    call.answer(Answer::Ok)
}

/// Whether all keys hold `ARGV[1]`. Another type than a string is no value here, as for MGET.
fn all_own(call: &mut Call<'_, '_, '_>) -> Result<bool, CommandError> {
    let keys = call.keys();
    if keys.is_empty() {
        return Err(NO_KEYS);
    }
    let is_own = |key| call.holder(key, call.arg(1)).is_ok_and(|holder| holder == Holder::Own);
    Ok(keys.into_iter().all(is_own))
}

pub(super) fn release_all(call: &mut Call<'_, '_, '_>) -> Outcome {
    if !all_own(call)? {
        return call.answer(Answer::Nothing);
    }
    for key in call.keys() {
        call.delete(key)?;
    }
    call.answer(Answer::Ok)
}

pub(super) fn extend_all(call: &mut Call<'_, '_, '_>) -> Outcome {
    if !all_own(call)? {
        return call.answer(Answer::Nothing);
    }
    for key in call.keys() {
        call.expire(key, Unit::Millis, call.arg(2))?;
    }
    call.answer(Answer::Ok)
}

pub(super) fn time_left_of_all(call: &mut Call<'_, '_, '_>) -> Outcome {
    if !all_own(call)? {
        return call.answer(Answer::Nothing);
    }
    let left = call.keys().into_iter().map(|key| call.time_left(key, Unit::Millis));
    let shortest = left.filter(|ms| *ms > 0).min().unwrap_or(0);
    call.answer(Answer::Number(shortest))
}
