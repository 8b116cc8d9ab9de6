//! ELECT.CAMPAIGN: the options, and what distinguishes it from other requests for a grant.
//!
//! Not here: what they have in common (`command/claim.rs`).

use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::claim::{self, Claim, Taken};
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::terms::Terms;
use crate::coord::election::{Ask, Bid, Campaign, Election};
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::token::FenceToken;
use crate::keyspace::Key;
use crate::keyspace::coordinate::SlotTokens;

fn take_ask<'r>(args: &mut Args<'r>) -> Result<(Ask, Terms<'r>), CommandError> {
    let candidate = Owner::new(args.take()?);
    let (mut terms, mut value) = (Terms::default(), None);
    while args.left() > 0 {
        let repeated = if terms.take(args)? {
            false
        } else if args.take_keyword("value") {
            value.replace(args.take()?.into()).is_some()
        } else {
            true
        };
        if repeated {
            return Err(CommandError::SYNTAX);
        }
    }
    let bid = Bid { lasting: terms.lasting()?, value };
    Ok((Ask { candidate, bid }, terms))
}

pub(super) fn campaign(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let (ask, terms) = take_ask(&mut args)?;
    claim::acquire(cx, key, ask, &terms)
}

impl Claim for Ask {
    type Machine = Election;

    fn owner(&self) -> &Owner {
        &self.candidate
    }

    fn token(&self, election: &Election, now: Mono) -> Option<FenceToken> {
        // Whoever else leads has another term.
        election.leader(now).map(|leader| leader.term)
    }

    fn is_admitted(&self, election: &Election, now: Mono) -> bool {
        election.admits(self.candidate.name(), now)
    }

    fn take(
        self,
        election: &mut Election,
        now: Mono,
        tokens: &mut SlotTokens<'_>,
    ) -> Result<Taken, CommandError> {
        match election.campaign(self, None, now, tokens) {
            Campaign::Elected(token) => Ok(Taken { token, is_new: true }),
            Campaign::Yours(token) => Ok(Taken { token, is_new: false }),
            Campaign::NoToken => Err(CommandError::NO_TOKEN),
            Campaign::Waiting | Campaign::Lost => unreachable!("it was admitted"),
        }
    }

    fn park(
        self,
        cx: &mut Context<'_>,
        key: Key<'_>,
        until: Option<Mono>,
    ) -> Result<WaiterId, CommandError> {
        let now = cx.keys.now.mono;
        let waiter = cx.park(key, self.candidate.clone(), until)?;
        let parked = cx
            .keys
            .edit_any(key)
            .coordinate(|it: &mut Election, tokens| it.campaign(self, Some(waiter), now, tokens))?;
        assert_eq!(parked, Campaign::Waiting, "it was not admitted");
        Ok(waiter)
    }
}
