//! LOCK.LIST: walking over the locks that somebody holds, as SCAN walks over keys.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::scan::{COUNT, named, take_count, take_cursor, walk};
use crate::command::spec::Outcome;
use crate::coord::lock::Lock;
use crate::keyspace::entry::Entry;
use crate::keyspace::primitive::Kind;
use crate::keyspace::value::Value;

pub(super) fn list(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let start = take_cursor(&mut args)?;
    let (mut pattern, mut count, mut owner) = (None, None, None);
    while args.left() > 0 {
        let repeated = if args.take_keyword("match") {
            pattern.replace(args.take()?).is_some()
        } else if args.take_keyword("count") {
            count.replace(take_count(args.take()?)?).is_some()
        } else if args.take_keyword("owner") {
            owner.replace(args.take()?).is_some()
        } else {
            true
        };
        if repeated {
            return Err(CommandError::SYNTAX);
        }
    }
    let now = cx.keys.now.mono;
    let is_held = |lock: &Lock| match owner {
        Some(owner) => lock.holder(owner, now).is_some(),
        None => lock.holders(now).next().is_some(),
    };
    walk(cx, start, count.unwrap_or(COUNT), |entry| {
        lock_of(entry).is_some_and(is_held) && named(pattern.unwrap_or(b"*"), entry.key())
    });
    Ok(())
}

fn lock_of(entry: &Entry) -> Option<&Lock> {
    match entry.value() {
        Value::Primitive(primitive) => Lock::of(primitive),
        Value::Text(_) | Value::Collection(_) => None,
    }
}
