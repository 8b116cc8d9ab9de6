//! SEM.ACQUIRE: the options, and what becomes of the request.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::count::take_count;
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::wait::{Limit, Waited};
use crate::coord::grant::{Lasting, Owner};
use crate::coord::semaphore::{Acquire, Ask, Semaphore};
use crate::keyspace::Key;
use crate::keyspace::waiters::Found;
use std::num::NonZeroU32;

const ABOVE_LIMIT: CommandError =
    CommandError::fixed("ERR COUNT is above LIMIT: the semaphore never has so many permits");

/// What a request asks for.
struct Request<'r> {
    ask: Ask,
    /// The lease that the permits shall hang on.
    lease: Option<&'r [u8]>,
    wait_ms: Option<u64>,
}

impl<'r> Request<'r> {
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let owner = Owner::new(args.take()?);
        let (mut limit, mut lasting, mut count, mut wait_ms) = (None, None, None, None);
        let mut lease = None;
        while args.left() > 0 {
            let repeated = if args.take_keyword("limit") {
                limit.replace(take_count(args)?).is_some()
            } else if args.take_keyword("px") {
                lasting.replace(Lasting::Ms(take_ms(args)?)).is_some()
            } else if args.take_keyword("lease") {
                lease = Some(args.take()?);
                lasting.replace(Lasting::Lease).is_some()
            } else if args.take_keyword("count") {
                count.replace(take_count(args)?).is_some()
            } else if args.take_keyword("wait") {
                wait_ms.replace(take_ms_or_none(args)?).is_some()
            } else {
                true
            };
            if repeated {
                return Err(CommandError::SYNTAX);
            }
        }
        let ask = Ask {
            owner,
            count: count.unwrap_or(NonZeroU32::MIN),
            limit: limit.ok_or(CommandError::SYNTAX)?,
            lasting: lasting.ok_or(CommandError::SYNTAX)?,
        };
        if ask.count > ask.limit { Err(ABOVE_LIMIT) } else { Ok(Self { ask, lease, wait_ms }) }
    }
}

pub(super) fn acquire(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let Request { ask, lease, wait_ms } = Request::take(&mut args)?;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(wait_ms),
        Waited::Still => return Ok(()),
        Waited::Again(limit) => limit,
        Waited::InVain => {
            cx.reply.null();
            return Ok(());
        }
        // The limit has been lowered while it waited.
        Waited::For(Found::AboveLimit, _) => return Err(ABOVE_LIMIT),
        Waited::For(found, limit) => {
            // The grant may have ended before its owner heard of it.
            let edit = cx.keys.edit_any(key);
            let holder = edit.machine::<Semaphore>()?.and_then(|it| it.holder(&ask.owner));
            if let (Found::Permits { token, .. }, Some(holder)) = (found, holder)
                && holder.token == token
            {
                cx.reply.int(token.get() as i64);
                return Ok(());
            }
            limit
        }
    };
    let lease = cx.live_lease(key, lease)?;
    try_or_wait(cx, key, (ask, lease), limit)
}

fn try_or_wait(
    cx: &mut Context<'_>,
    key: Key<'_>,
    (ask, lease): (Ask, Option<&[u8]>),
    limit: Limit,
) -> Outcome {
    let now = cx.keys.now.mono;
    let owner = ask.owner.clone();
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Semaphore>()?.is_some_and(|it| it.limit() != ask.limit) {
        // Those in the line come first: a higher limit may be enough for them.
        edit.coordinate(|it: &mut Semaphore, _| it.set_limit(ask.limit))?;
    }
    if edit.machine::<Semaphore>()?.is_none_or(|it| it.admits(&ask.owner, ask.count)) {
        match edit.coordinate(|it: &mut Semaphore, tokens| it.acquire(ask, None, now, tokens))? {
            Acquire::Granted(token) | Acquire::Yours(token) => {
                if let Some(lease) = lease {
                    edit.hang_grant(&owner, lease);
                }
                cx.reply.int(token.get() as i64);
            }
            Acquire::NoToken => return Err(CommandError::NO_TOKEN),
            Acquire::Waiting | Acquire::NotFree | Acquire::AboveLimit => {
                unreachable!("it was admitted")
            }
        }
        return Ok(());
    }
    match limit {
        Limit::Not => cx.reply.null(),
        Limit::Until(until) => {
            let waiter = cx.park(key, owner, until)?;
            let mut edit = cx.keys.edit_any(key);
            let parked = edit.coordinate(|it: &mut Semaphore, tokens| {
                it.acquire(ask, Some(waiter), now, tokens)
            })?;
            assert_eq!(parked, Acquire::Waiting, "it was not admitted");
            if let Some(lease) = lease {
                edit.hang_waiter(waiter, lease);
            }
        }
    }
    Ok(())
}
