//! A session whose request waits for a key: the request is kept, and runs again when there are news
//! or its time is up.
//!
//! Not here: who is next (`coord`), and sleeping until then (`net`).

use crate::base::slot::SlotId;
use crate::base::time::Mono;
use crate::clients::Unblock;
use crate::command::context::{Patience, Wait};
use crate::command::error::CommandError;
use crate::coord::grant::WaiterId;
use crate::server::core::Core;
use crate::server::dispatch::Slots;
use crate::server::transaction::Queued;

/// What CLIENT UNBLOCK with ERROR makes of a request.
pub(super) const UNBLOCKED: CommandError =
    CommandError::fixed("UNBLOCKED client unblocked via CLIENT UNBLOCK");

/// A request that waits.
pub(super) struct Waiting {
    pub(super) request: Queued,
    pub(super) slots: Slots,
    pub(super) wait: Wait,
}

/// Why a request looks again.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEnd {
    /// There are news.
    News,
    /// Its time is up, or CLIENT UNBLOCK says so.
    TimedOut,
    /// CLIENT UNBLOCK with ERROR.
    Error,
}

impl Waiting {
    /// How the request looks at waiting when it runs again.
    pub(super) const fn patience(&self, end: WaitEnd) -> Patience {
        let Wait { waiter, until, watched } = self.wait;
        match end {
            WaitEnd::News => Patience::Woken { waiter, until, watched },
            WaitEnd::TimedOut | WaitEnd::Error => Patience::TimedOut { waiter },
        }
    }

    /// The request goes away: its connection does, or is told to go on without it.
    pub(super) fn abandon(&self, core: &Core, now: Mono) {
        abandon(core, self.wait.waiter, &self.slots, now);
    }
}

fn abandon(core: &Core, waiter: WaiterId, slots: &[SlotId], now: Mono) {
    let mut shards = core.node.keyspace.borrow(slots);
    shards.shards().for_each(|shard| shard.abandon(waiter, now));
}

/// What CLIENT UNBLOCK says.
impl From<Unblock> for WaitEnd {
    fn from(unblock: Unblock) -> Self {
        match unblock {
            Unblock::TimedOut => Self::TimedOut,
            Unblock::Error => Self::Error,
        }
    }
}
