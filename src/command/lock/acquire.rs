//! LOCK.ACQUIRE: the options, and what distinguishes it from other requests for a grant.
//!
//! Not here: what they have in common (`command/claim.rs`).

use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::claim::{self, Claim, Stage, Taken};
use crate::command::context::Context;
use crate::command::duration::take_ms_or_none;
use crate::command::error::CommandError;
use crate::command::lock::lost::listen;
use crate::command::lock::park::{Want, park};
use crate::command::lock::path::acquire_path;
use crate::command::spec::Outcome;
use crate::command::terms::Terms;
use crate::coord::ask::Ask;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;
use crate::keyspace::Key;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::edit::Edit;
use crate::keyspace::lock_figures::LockEvent;
use crate::keyspace::waiters::Found;

const NO_SUCH_MODE: CommandError =
    CommandError::fixed("ERR the mode of a lock is X, S, IS, IX or SIX");

/// What a request asks for.
struct Request<'r> {
    ask: Ask,
    terms: Terms<'r>,
    parents: bool,
}

impl<'r> Request<'r> {
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let owner = Owner::new(args.take()?);
        let (mut terms, mut mode, mut delay_ms) = (Terms::default(), None, None);
        let (mut reentrant, mut parents) = (false, false);
        while args.left() > 0 {
            let repeated = if terms.take(args)? {
                false
            } else if args.take_keyword("mode") {
                let named = Mode::from_name(args.take()?).ok_or(NO_SUCH_MODE)?;
                mode.replace(named).is_some()
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
            lasting: terms.lasting()?,
            delay_ms: delay_ms.unwrap_or(0),
            reentrant,
            below: false,
        };
        Ok(Self { ask, terms, parents })
    }
}

pub(super) fn acquire(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let Request { ask, terms, parents } = Request::take(&mut args)?;
    if parents {
        acquire_path(cx, Want { key, ask }, &terms)
    } else {
        claim::acquire(cx, key, ask, &terms)
    }
}

impl Claim for Ask {
    type Machine = Lock;

    fn owner(&self) -> &Owner {
        &self.owner
    }

    fn token(&self, lock: &Lock, now: Mono) -> Option<FenceToken> {
        lock.holder(self.owner.name(), now).map(|holder| holder.token)
    }

    fn is_admitted(&self, lock: &Lock, now: Mono) -> bool {
        lock.admits(self.owner.name(), self.mode, now) != Admission::Busy
    }

    fn take(
        self,
        lock: &mut Lock,
        now: Mono,
        tokens: &mut SlotTokens<'_>,
    ) -> Result<Taken, CommandError> {
        match lock.acquire(self, now, tokens) {
            Acquire::Granted(token) => Ok(Taken { token, is_new: true }),
            Acquire::AlreadyYours(token) => Ok(Taken { token, is_new: false }),
            Acquire::NoToken => Err(CommandError::NO_TOKEN),
            Acquire::Busy(_) => unreachable!("it was admitted"),
        }
    }

    fn park(
        self,
        cx: &mut Context<'_>,
        key: Key<'_>,
        until: Option<Mono>,
    ) -> Result<WaiterId, CommandError> {
        park(cx, &[Want { key, ask: self }], 0, until)
    }

    fn note(edit: &mut Edit<'_, '_>, stage: Stage) {
        let event = match stage {
            Stage::Taken => LockEvent::Acquired,
            Stage::Busy => LockEvent::Contended,
            Stage::InVain => LockEvent::TimedOut,
            Stage::Found(Found::Lock(granted)) => {
                LockEvent::Granted { waited_us: edit.reading().since(granted.since) }
            }
            Stage::Found(_) => return,
        };
        edit.note_lock(event);
    }

    fn told(cx: &mut Context<'_>, key: Key<'_>, owner: &Owner) {
        listen(cx, key, owner);
    }
}
