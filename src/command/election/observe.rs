//! ELECT.OBSERVE: who leads, as soon as it is not who the observer knows of.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::duration::take_ms_or_none;
use crate::command::election::write_leader;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::wait::{Limit, Waited};
use crate::coord::election::{Election, Observe};
use crate::coord::grant::Owner;
use crate::coord::token::FenceToken;

/// What a request asks for.
struct Request {
    seen: Option<FenceToken>,
    wait_ms: Option<u64>,
}

impl Request {
    fn take(args: &mut Args<'_>) -> Result<Self, CommandError> {
        let (mut since, mut wait_ms) = (None, None);
        while args.left() > 0 {
            let repeated = if args.take_keyword("since") {
                since.replace(args.int()?).is_some()
            } else if args.take_keyword("wait") {
                wait_ms.replace(take_ms_or_none(args)?).is_some()
            } else {
                true
            };
            if repeated {
                return Err(CommandError::SYNTAX);
            }
        }
        // What cannot be a term, as 0, is that of no leader.
        let seen = since.and_then(|term| FenceToken::new(u64::try_from(term).unwrap_or(0)));
        Ok(Self { seen, wait_ms })
    }
}

pub(super) fn observe(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let Request { seen, wait_ms } = Request::take(&mut args)?;
    let now = cx.keys.now.mono;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(wait_ms),
        Waited::Still => return Ok(()),
        Waited::Again(limit) | Waited::For(_, limit) => limit,
        Waited::InVain => Limit::Not,
    };
    let edit = cx.keys.edit_any(key);
    let leader = edit.machine::<Election>()?.and_then(|election| election.leader(now));
    if let Some(leader) = leader.filter(|leader| seen != Some(leader.term)) {
        write_leader(cx.reply, leader, now);
        return Ok(());
    }
    match limit {
        Limit::Not => cx.reply.null(),
        Limit::Until(until) => {
            let nobody = Owner::new(b"");
            let waiter = cx.park(key, nobody, until)?;
            let mut edit = cx.keys.edit_any(key);
            edit.coordinate(|it: &mut Election, _| {
                let observed = it.observe(seen, Some(waiter), now);
                assert_eq!(observed, Observe::Waiting, "nobody leads whom it has not seen");
            })?;
        }
    }
    Ok(())
}
