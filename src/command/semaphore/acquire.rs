//! SEM.ACQUIRE: the options, and what distinguishes it from other requests for a grant.
//!
//! Not here: what they have in common (`command/claim.rs`).

use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::claim::{self, Claim, Taken};
use crate::command::context::Context;
use crate::command::count::take_count;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::terms::Terms;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::semaphore::{Acquire, Ask, Semaphore};
use crate::coord::token::FenceToken;
use crate::keyspace::Key;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::edit::Edit;
use crate::keyspace::waiters::Found;
use std::num::NonZeroU32;

const ABOVE_LIMIT: CommandError =
    CommandError::fixed("ERR COUNT is above LIMIT: the semaphore never has so many permits");

fn take_ask<'r>(args: &mut Args<'r>) -> Result<(Ask, Terms<'r>), CommandError> {
    let owner = Owner::new(args.take()?);
    let (mut terms, mut limit, mut count) = (Terms::default(), None, None);
    while args.left() > 0 {
        let repeated = if terms.take(args)? {
            false
        } else if args.take_keyword("limit") {
            limit.replace(take_count(args)?).is_some()
        } else if args.take_keyword("count") {
            count.replace(take_count(args)?).is_some()
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
        lasting: terms.lasting()?,
    };
    if ask.count > ask.limit { Err(ABOVE_LIMIT) } else { Ok((ask, terms)) }
}

pub(super) fn acquire(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let (ask, terms) = take_ask(&mut args)?;
    claim::acquire(cx, key, ask, &terms)
}

impl Claim for Ask {
    type Machine = Semaphore;

    fn owner(&self) -> &Owner {
        &self.owner
    }

    fn token(&self, semaphore: &Semaphore, _: Mono) -> Option<FenceToken> {
        semaphore.holder(&self.owner).map(|holder| holder.token)
    }

    fn is_admitted(&self, semaphore: &Semaphore, _: Mono) -> bool {
        semaphore.admits(&self.owner, self.count)
    }

    fn take(
        self,
        semaphore: &mut Semaphore,
        now: Mono,
        tokens: &mut SlotTokens<'_>,
    ) -> Result<Taken, CommandError> {
        match semaphore.acquire(self, None, now, tokens) {
            Acquire::Granted(token) => Ok(Taken { token, is_new: true }),
            Acquire::Yours(token) => Ok(Taken { token, is_new: false }),
            Acquire::NoToken => Err(CommandError::NO_TOKEN),
            Acquire::Waiting | Acquire::NotFree | Acquire::AboveLimit => {
                unreachable!("it was admitted")
            }
        }
    }

    fn park(
        self,
        cx: &mut Context<'_>,
        key: Key<'_>,
        until: Option<Mono>,
    ) -> Result<WaiterId, CommandError> {
        let now = cx.keys.now.mono;
        let waiter = cx.park(key, self.owner.clone(), until)?;
        let parked = cx
            .keys
            .edit_any(key)
            .coordinate(|it: &mut Semaphore, tokens| it.acquire(self, Some(waiter), now, tokens))?;
        assert_eq!(parked, Acquire::Waiting, "it was not admitted");
        Ok(waiter)
    }

    /// Those in the line come first: a higher limit may be enough for them.
    fn prepare(&self, edit: &mut Edit<'_, '_>) -> Outcome {
        if edit.machine::<Semaphore>()?.is_some_and(|it| it.limit() != self.limit) {
            edit.coordinate(|it: &mut Semaphore, _| it.set_limit(self.limit))?;
        }
        Ok(())
    }

    /// The limit may have been lowered while it waited.
    fn failure(found: Found) -> Option<CommandError> {
        (found == Found::AboveLimit).then_some(ABOVE_LIMIT)
    }
}
