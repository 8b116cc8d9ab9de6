//! LOCK.ACQUIRE: the options, and what becomes of the request.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::command::lock::park::{Want, park};
use crate::command::lock::path::acquire_path;
use crate::command::spec::Outcome;
use crate::command::wait::{Limit, Waited};
use crate::coord::ask::Ask;
use crate::coord::grant::{Lasting, Owner};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission};
use crate::coord::mode::Mode;
use crate::keyspace::Key;
use crate::keyspace::waiters::Found;

const PARENTS_ON_LEASE: CommandError =
    CommandError::fixed("ERR PARENTS goes with PX, not with LEASE");
const NO_SUCH_MODE: CommandError =
    CommandError::fixed("ERR the mode of a lock is X, S, IS, IX or SIX");

/// What a request asks for.
struct Request<'r> {
    ask: Ask,
    /// The lease that the grant shall hang on.
    lease: Option<&'r [u8]>,
    wait_ms: Option<u64>,
    parents: bool,
}

impl<'r> Request<'r> {
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let owner = Owner::new(args.take()?);
        let (mut lasting, mut mode, mut wait_ms, mut delay_ms) = (None, None, None, None);
        let (mut reentrant, mut parents, mut lease) = (false, false, None);
        while args.left() > 0 {
            let repeated = if args.take_keyword("px") {
                lasting.replace(Lasting::Ms(take_ms(args)?)).is_some()
            } else if args.take_keyword("lease") {
                lease = Some(args.take()?);
                lasting.replace(Lasting::Lease).is_some()
            } else if args.take_keyword("mode") {
                let named = Mode::from_name(args.take()?).ok_or(NO_SUCH_MODE)?;
                mode.replace(named).is_some()
            } else if args.take_keyword("wait") {
                wait_ms.replace(take_ms_or_none(args)?).is_some()
            } else if args.take_keyword("delay") {
                delay_ms.replace(take_ms_or_none(args)?).is_some()
            } else if args.take_keyword("reentrant") {
                std::mem::replace(&mut reentrant, true)
            } else if args.take_keyword("parents") {
                std::mem::replace(&mut parents, true)
            } else {
                true
            };
            if repeated {
                return Err(CommandError::SYNTAX);
            }
        }
        let ask = Ask {
            owner,
            mode: mode.unwrap_or(Mode::Exclusive),
            lasting: lasting.ok_or(CommandError::SYNTAX)?,
            delay_ms: delay_ms.unwrap_or(0),
            reentrant,
            below: false,
        };
        Ok(Self { ask, lease, wait_ms, parents })
    }
}

pub(super) fn acquire(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let Request { ask, lease, wait_ms, parents } = Request::take(&mut args)?;
    if parents && lease.is_some() {
        return Err(PARENTS_ON_LEASE);
    }
    if parents {
        return acquire_path(cx, Want { key, ask }, wait_ms);
    }
    let now = cx.keys.now.mono;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(wait_ms),
        Waited::Still => return Ok(()),
        Waited::Again(limit) => limit,
        Waited::InVain => {
            cx.keys.shards.shard(key.slot).locks.figures.timed_out += 1;
            cx.reply.null();
            return Ok(());
        }
        Waited::For(found, limit) => {
            // The grant may have ended before its owner heard of it.
            let mut edit = cx.keys.edit_any(key);
            let holder = edit.machine::<Lock>()?.and_then(|it| it.holder(ask.owner.name(), now));
            if let (Found::Lock(granted), Some(holder)) = (found, holder)
                && holder.token == granted.token
            {
                edit.locks().figures.granted(granted.since, now);
                cx.reply.int(granted.token.get() as i64);
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
    let (now, is_first) = (cx.keys.now.mono, !cx.has_waited());
    let owner = ask.owner.clone();
    let mut edit = cx.keys.edit_any(key);
    let admission = edit.machine::<Lock>()?.map(|it| it.admits(ask.owner.name(), ask.mode, now));
    if admission != Some(Admission::Busy) {
        match edit.coordinate(|lock: &mut Lock, tokens| lock.acquire(ask, now, tokens))? {
            acquired @ (Acquire::Granted(token) | Acquire::AlreadyYours(token)) => {
                let is_new = matches!(acquired, Acquire::Granted(_));
                edit.locks().figures.acquired += u64::from(is_new);
                if let Some(lease) = lease {
                    edit.hang_grant(&owner, lease);
                }
                cx.reply.int(token.get() as i64);
                return Ok(());
            }
            Acquire::NoToken => return Err(CommandError::NO_TOKEN),
            Acquire::Busy(_) => unreachable!("it was admitted"),
        }
    }
    edit.locks().figures.contended += u64::from(is_first);
    match limit {
        Limit::Not => cx.reply.null(),
        Limit::Until(until) => {
            let waiter = park(cx, &[Want { key, ask }], 0, until)?;
            if let Some(lease) = lease {
                cx.keys.edit_any(key).hang_waiter(waiter, lease);
            }
        }
    }
    Ok(())
}
