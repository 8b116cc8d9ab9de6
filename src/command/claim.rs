//! A request for something that a machine grants to one owner for a time (LOCK.ACQUIRE,
//! SEM.ACQUIRE, ELECT.CAMPAIGN): what has its wait found, is that still good, and if there is
//! nothing: take it, or wait for it.
//!
//! Not here: the options (`terms`), who is next (`coord`), and requests for several locks at once
//! (`lock/several.rs`).

use crate::base::time::Mono;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::command::terms::Terms;
use crate::command::wait::{Limit, Waited};
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::token::FenceToken;
use crate::keyspace::Key;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::edit::Edit;
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::Found;

/// What distinguishes such requests.
pub(super) trait Claim: Sized {
    /// The machine that grants it.
    type Machine: Machine;

    /// Who asks.
    fn owner(&self) -> &Owner;

    /// The token of the grant that the owner has now, if any.
    fn token(&self, machine: &Self::Machine, now: Mono) -> Option<FenceToken>;

    /// Whether it would be granted at once.
    fn is_admitted(&self, machine: &Self::Machine, now: Mono) -> bool;

    /// Takes what it has been admitted to.
    fn take(
        self,
        machine: &mut Self::Machine,
        now: Mono,
        tokens: &mut SlotTokens<'_>,
    ) -> Result<Taken, CommandError>;

    /// Parks it: it was not admitted.
    fn park(
        self,
        cx: &mut Context<'_>,
        key: Key<'_>,
        until: Option<Mono>,
    ) -> Result<WaiterId, CommandError>;

    /// Does what comes before it is looked at.
    fn prepare(&self, edit: &mut Edit<'_, '_>) -> Outcome {
        let _ = edit;
        Ok(())
    }

    /// The error that its wait ended with.
    fn failure(found: Found) -> Option<CommandError> {
        let _ = found;
        None
    }

    /// Counts how far it has come.
    fn note(edit: &mut Edit<'_, '_>, stage: Stage) {
        let _ = (edit, stage);
    }

    /// The owner is about to hear of its grant.
    fn told(cx: &mut Context<'_>, key: Key<'_>, owner: &Owner) {
        let _ = (cx, key, owner);
    }
}

/// A grant that was made at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) token: FenceToken,
    /// Whether the owner did not have it before.
    pub(super) is_new: bool,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// The owner has not had it and has it now, without waiting.
    Taken,
    /// Somebody is in its way.
    Busy,
    /// Its time is up.
    InVain,
    /// It has waited, and has found this.
    Found(Found),
}

/// Runs such a request.
pub(super) fn acquire<C: Claim>(
    cx: &mut Context<'_>,
    key: Key<'_>,
    claim: C,
    terms: &Terms<'_>,
) -> Outcome {
    let now = cx.keys.now.mono;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(terms.wait_ms),
        Waited::Still => return Ok(()),
        Waited::Again(limit) => limit,
        Waited::InVain => {
            C::note(&mut cx.keys.edit_any(key), Stage::InVain);
            cx.reply.null();
            return Ok(());
        }
        Waited::For(found, limit) => {
            if let Some(error) = C::failure(found) {
                return Err(error);
            }
            // The grant may have ended before its owner heard of it.
            let mut edit = cx.keys.edit_any(key);
            let machine = edit.machine::<C::Machine>()?;
            let token = machine.and_then(|machine| claim.token(machine, now));
            if let Some(token) = token.filter(|token| found.token() == Some(*token)) {
                C::note(&mut edit, Stage::Found(found));
                cx.reply.int(token.get() as i64);
                C::told(cx, key, claim.owner());
                return Ok(());
            }
            limit
        }
    };
    let lease = cx.live_lease(key, terms.lease)?;
    take_or_wait(cx, key, (claim, lease), limit)
}

fn take_or_wait<C: Claim>(
    cx: &mut Context<'_>,
    key: Key<'_>,
    (claim, lease): (C, Option<&[u8]>),
    limit: Limit,
) -> Outcome {
    let (now, is_first) = (cx.keys.now.mono, !cx.has_waited());
    let mut edit = cx.keys.edit_any(key);
    claim.prepare(&mut edit)?;
    if edit.machine::<C::Machine>()?.is_none_or(|machine| claim.is_admitted(machine, now)) {
        let owner = claim.owner().clone();
        let taken = edit.coordinate(|machine, tokens| claim.take(machine, now, tokens))??;
        if taken.is_new {
            C::note(&mut edit, Stage::Taken);
        }
        if let Some(lease) = lease {
            edit.hang_grant(&owner, lease);
        }
        cx.reply.int(taken.token.get() as i64);
        C::told(cx, key, &owner);
        return Ok(());
    }
    if is_first {
        C::note(&mut edit, Stage::Busy);
    }
    match limit {
        Limit::Not => cx.reply.null(),
        Limit::Until(until) => {
            let waiter = claim.park(cx, key, until)?;
            if let Some(lease) = lease {
                cx.keys.edit_any(key).hang_waiter(waiter, lease);
            }
        }
    }
    Ok(())
}
