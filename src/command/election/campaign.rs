//! ELECT.CAMPAIGN: the options, and what becomes of the request.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::wait::{Limit, Waited};
use crate::coord::election::{Ask, Bid, Campaign, Election};
use crate::coord::grant::{Lasting, Owner};
use crate::keyspace::Key;
use crate::keyspace::waiters::Found;

/// What a request asks for.
struct Request<'r> {
    ask: Ask,
    /// The lease that the term shall hang on.
    lease: Option<&'r [u8]>,
    wait_ms: Option<u64>,
}

impl<'r> Request<'r> {
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let candidate = Owner::new(args.take()?);
        let (mut lasting, mut lease, mut wait_ms, mut value) = (None, None, None, None);
        while args.left() > 0 {
            let repeated = if args.take_keyword("px") {
                lasting.replace(Lasting::Ms(take_ms(args)?)).is_some()
            } else if args.take_keyword("lease") {
                lease = Some(args.take()?);
                lasting.replace(Lasting::Lease).is_some()
            } else if args.take_keyword("wait") {
                wait_ms.replace(take_ms_or_none(args)?).is_some()
            } else if args.take_keyword("value") {
                value.replace(args.take()?.into()).is_some()
            } else {
                true
            };
            if repeated {
                return Err(CommandError::SYNTAX);
            }
        }
        let bid = Bid { lasting: lasting.ok_or(CommandError::SYNTAX)?, value };
        Ok(Self { ask: Ask { candidate, bid }, lease, wait_ms })
    }
}

pub(super) fn campaign(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let Request { ask, lease, wait_ms } = Request::take(&mut args)?;
    let now = cx.keys.now.mono;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(wait_ms),
        Waited::Still => return Ok(()),
        Waited::Again(limit) => limit,
        Waited::InVain => {
            cx.reply.null();
            return Ok(());
        }
        Waited::For(found, limit) => {
            // The term may have ended before its leader heard of it.
            let edit = cx.keys.edit_any(key);
            let leader = edit.machine::<Election>()?.and_then(|it| it.leader(now));
            if let (Found::Lead { term, .. }, Some(leader)) = (found, leader)
                && leader.term == term
            {
                cx.reply.int(term.get() as i64);
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
    let mut edit = cx.keys.edit_any(key);
    let candidate = ask.candidate.clone();
    let election = edit.machine::<Election>()?;
    if election.is_none_or(|it| it.admits(candidate.name(), now)) {
        match edit.coordinate(|it: &mut Election, tokens| it.campaign(ask, None, now, tokens))? {
            Campaign::Elected(term) | Campaign::Yours(term) => {
                if let Some(lease) = lease {
                    edit.hang_grant(&candidate, lease);
                }
                cx.reply.int(term.get() as i64);
                return Ok(());
            }
            Campaign::NoToken => return Err(CommandError::NO_TOKEN),
            Campaign::Waiting | Campaign::Lost => unreachable!("it was admitted"),
        }
    }
    match limit {
        Limit::Not => cx.reply.null(),
        Limit::Until(until) => {
            let waiter = cx.park(key, candidate, until)?;
            let mut edit = cx.keys.edit_any(key);
            let campaign = edit.coordinate(|it: &mut Election, tokens| {
                it.campaign(ask, Some(waiter), now, tokens)
            })?;
            assert_eq!(campaign, Campaign::Waiting, "it was not admitted");
            if let Some(lease) = lease {
                edit.hang_waiter(waiter, lease);
            }
        }
    }
    Ok(())
}
