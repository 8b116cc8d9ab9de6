//! What commands that may wait have in common: parking a request, and what it finds when it runs
//! again.
//!
//! Not here: the connection that waits (`server/waiting.rs`), and who is next (`coord`).

use crate::base::time::Mono;
use crate::clients::Client;
use crate::command::context::{Caller, Context, Effect, Patience, Wait};
use crate::command::error::CommandError;
use crate::command::lock::lost::push;
use crate::coord::grant::{Owner, WaiterId};
use crate::keyspace::Key;
use crate::keyspace::listeners::Lost;
use crate::keyspace::waiters::{Found, Notice, Parking};
use std::sync::Arc;

/// More requests than this do not wait in one shard.
const WAITERS_MAX: usize = 1 << 20;

const TOO_MANY: CommandError = CommandError::fixed(
    "ERR too many requests wait already, more than 1048576 in one part of the keyspace",
);

impl Notice for Client {
    fn give(&self) {
        self.give_news();
    }

    fn lose(&self, lost: &Lost) {
        push(self, lost);
    }
}

/// How long a request may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Not at all.
    Not,
    /// Up to this instant, or for ever.
    Until(Option<Mono>),
}

/// What a request finds that has waited.
pub(super) enum Waited {
    /// It has not: this is the first time that it runs.
    Not,
    /// Nothing, and it goes on waiting: the function is done.
    Still,
    /// What it waited for. Whether it is still good has to be looked up.
    For(Found, Limit),
    /// It has lost its place, or has to look for itself.
    Again(Limit),
    /// Its time is up.
    InVain,
}

/// What a request finds that has waited for several things at once.
pub(super) enum WaitedForSeveral {
    /// It has not: this is the first time that it runs.
    Not,
    /// Nothing, and it goes on waiting: the function is done.
    Still,
    /// It has to look whether it can have everything. It still waits.
    Look(Parked),
}

/// A request that waits for several things at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parked {
    pub(super) waiter: WaiterId,
    pub(super) limit: Limit,
    /// At which of them it is watched.
    pub(super) watched: usize,
}

impl Caller {
    /// Tells this connection when there are news.
    pub(super) fn notice(&self) -> Arc<dyn Notice> {
        Arc::<Client>::clone(&self.client)
    }
}

impl Context<'_> {
    /// Whether the request runs again because it has waited.
    pub(super) const fn has_waited(&self) -> bool {
        matches!(self.patience, Patience::Woken { .. } | Patience::TimedOut { .. })
    }

    /// How long a request may wait that asked for `wait_ms`, 0 for ever.
    pub(super) fn limit(&self, wait_ms: Option<u64>) -> Limit {
        match (self.patience, wait_ms) {
            (Patience::None, _) | (_, None) => Limit::Not,
            (_, Some(0)) => Limit::Until(None),
            (_, Some(ms)) => Limit::Until(Some(self.keys.now.mono.plus(ms))),
        }
    }

    /// What the request has found at `key`, if it has waited there.
    pub(super) fn waited(&mut self, key: Key<'_>) -> Waited {
        let (waiter, limit) = match self.patience {
            Patience::None | Patience::Ready => return Waited::Not,
            Patience::Woken { waiter, until, .. } => (waiter, Limit::Until(until)),
            Patience::TimedOut { waiter } => (waiter, Limit::Not),
        };
        let now = self.keys.now.mono;
        let shard = self.keys.shards.shard(key.slot);
        if let Limit::Until(until) = limit
            && shard.waiters.waits(waiter)
        {
            self.effect = Some(Effect::Wait(Wait { waiter, until, watched: 0 }));
            return Waited::Still;
        }
        match (shard.end_wait(waiter, now), limit) {
            (None | Some(Found::Look), Limit::Not) => Waited::InVain,
            (None | Some(Found::Look), Limit::Until(_)) => Waited::Again(limit),
            (Some(found), _) => Waited::For(found, limit),
        }
    }

    /// What the request has found that waits for several things, if it has waited.
    pub(super) fn waited_for_several(&mut self) -> WaitedForSeveral {
        let (waiter, limit, watched) = match self.patience {
            Patience::None | Patience::Ready => return WaitedForSeveral::Not,
            Patience::Woken { waiter, until, watched } => (waiter, Limit::Until(until), watched),
            Patience::TimedOut { waiter } => (waiter, Limit::Not, 0),
        };
        let news = self.keys.shards.shards().filter_map(|shard| shard.look(waiter)).count();
        match limit {
            Limit::Until(until) if news == 0 => {
                self.effect = Some(Effect::Wait(Wait { waiter, until, watched }));
                WaitedForSeveral::Still
            }
            Limit::Until(_) | Limit::Not => {
                WaitedForSeveral::Look(Parked { waiter, limit, watched })
            }
        }
    }

    /// The request waits no more, wherever it did in the shards that are borrowed.
    pub(super) fn leave(&mut self, waiter: WaiterId) {
        let now = self.keys.now.mono;
        self.keys.shards.shards().for_each(|shard| {
            let _ = shard.end_wait(waiter, now);
        });
    }

    /// Whether one request more can wait at `key`.
    pub(super) fn has_room_to_wait(&mut self, key: Key<'_>) -> Result<(), CommandError> {
        let waiting = self.keys.shards.shard(key.slot).waiters.len();
        if waiting < WAITERS_MAX { Ok(()) } else { Err(TOO_MANY) }
    }

    /// Parks the request at `key`. The machine there has to be told next, under the number that is
    /// returned.
    pub(super) fn park(
        &mut self,
        key: Key<'_>,
        owner: Owner,
        until: Option<Mono>,
    ) -> Result<WaiterId, CommandError> {
        self.has_room_to_wait(key)?;
        let waiter = self.keys.shards.next_waiter();
        let notice = self.caller.notice();
        self.keys.edit_any(key).park(waiter, Parking { owner, notice, several: false });
        self.effect = Some(Effect::Wait(Wait { waiter, until, watched: 0 }));
        Ok(waiter)
    }
}
