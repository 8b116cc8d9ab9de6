//! What a command's function works with: the keys it borrowed, who asks, where the reply goes, what
//! time it is.
//!
//! Not here: sockets and other connections' state. What must happen outside leaves as an
//! [`Effect`].

use crate::base::slot::SlotId;
use crate::base::time::{Mono, Now};
use crate::clients::Client;
use crate::command::error::CommandError;
use crate::command::node::Node;
use crate::command::table::{Command, CommandId};
use crate::coord::grant::WaiterId;
use crate::keyspace::borrow::Borrowed;
use crate::keyspace::collection::Kind;
use crate::keyspace::edit::Edit;
use crate::keyspace::entry::Entry;
use crate::keyspace::flush::Garbage;
use crate::keyspace::shard::Use;
use crate::keyspace::value::Text;
use crate::keyspace::{Db, Key};
use crate::observe::commands::CallEnd;
use crate::pubsub::Subscriptions;
use crate::resp::reply::Writer;
use std::collections::BTreeSet;
use std::sync::Arc;

/// See the module's documentation.
pub struct Context<'a> {
    /// The keys of the caller's database, in the shards that the command borrowed.
    pub keys: Keys<'a>,
    /// The connection that asks.
    pub caller: &'a mut Caller,
    /// Where the reply is written.
    pub reply: &'a mut Writer,
    /// What all cores share.
    pub node: &'a Node,
    /// The row that is being executed.
    pub command: &'static Command,
    /// Whether the command runs inside EXEC.
    pub in_transaction: bool,
    /// Where the reply begins of which the command writes the whole, or inside EXEC a part.
    pub reply_start: usize,
    /// Whether it may wait, or has waited.
    pub patience: Patience,
    /// What shall happen after the reply.
    pub effect: Option<Effect>,
    /// The command that has run inside this one, to be counted.
    pub nested: Option<NestedCall>,
    /// What the command took out of the shards and nobody needs. It stands behind `keys`, so it is
    /// freed when the shards have been given back, and before the reply is sent.
    pub garbage: Garbage,
}

/// What a command wants done that only the connection or the process can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Close the connection once the reply is sent.
    Close,
    /// Let the next request see the settings as they are now.
    Refresh,
    /// Stop the server. Nothing that the client has sent behind it runs.
    Shutdown(Haste),
    /// Run the request again when there are news; nothing has been answered.
    Wait(Wait),
}

/// How long a shutdown waits for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Haste {
    /// Until they have taken the replies that they are owed, as long as they do take some.
    AfterReplies,
    /// Not at all.
    Now,
}

/// A command that has run inside another one.
#[derive(Clone, Copy, Debug)]
pub struct NestedCall {
    /// Which one.
    pub command: CommandId,
    /// How long it took.
    pub took_ns: u64,
    /// Whether it failed.
    pub end: CallEnd,
}

/// A request that has been parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Its number.
    pub waiter: WaiterId,
    /// When its time is up; `None` for never.
    pub until: Option<Mono>,
    /// At which of the things that it wants it is watched.
    pub watched: usize,
}

/// How a command stands to waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It must not wait: it does as if its time were up already (inside EXEC).
    None,
    /// It may.
    Ready,
    /// It has been parked under this number, and there may be news.
    Woken {
        /// Its number.
        waiter: WaiterId,
        /// When its time is up.
        until: Option<Mono>,
        /// At which of the things that it wants it is watched.
        watched: usize,
    },
    /// It has been parked under this number, and its time is up.
    TimedOut {
        /// Its number.
        waiter: WaiterId,
    },
}

/// What the session knows about the client and commands may change.
#[derive(Debug)]
pub struct Caller {
    /// What the other connections see of it.
    pub client: Arc<Client>,
    /// The database that it has selected.
    pub db: Db,
    /// Whether it has given the password, or none is needed.
    pub authenticated: bool,
    /// Whether its reads leave the access marks alone (CLIENT NO-TOUCH).
    pub no_touch: bool,
    /// Whether it is shown every request (MONITOR).
    pub monitors: bool,
    /// Whether memory pressure never closes it (CLIENT NO-EVICT).
    pub no_evict: bool,
    /// What becomes of its replies.
    pub replies: Replies,
    /// Where it keeps leases alive.
    pub kept: KeptSlots,
    /// Which channels it follows.
    pub subscriptions: Subscriptions,
}

/// The slots in which a client's open connection keeps leases alive (`LEASE.GRANT ... CONN`), or
/// has done so. Few clients do, so the rest of them own no more than a pointer.
#[derive(Debug, Default)]
pub struct KeptSlots(Option<Box<SlotSet>>);

#[derive(Debug, Default)]
struct SlotSet(BTreeSet<SlotId>);

impl KeptSlots {
    /// Notes a slot.
    pub fn add(&mut self, slot: SlotId) {
        self.0.get_or_insert_default().0.insert(slot);
    }

    /// The slots, in order. None are left.
    pub fn take(&mut self) -> impl Iterator<Item = SlotId> + use<> {
        self.0.take().into_iter().flat_map(|set| set.0)
    }
}

/// CLIENT REPLY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replies {
    /// All are sent.
    #[default]
    On,
    /// None is sent.
    Off,
    /// The reply of the command that asked for it, and the next one, are left out.
    SkipNext,
    /// The reply of the command that is running is left out.
    SkipThis,
}

impl Replies {
    /// Whether the reply of the command that is running is left out.
    #[must_use]
    pub const fn are_silent(self) -> bool {
        matches!(self, Self::Off | Self::SkipThis)
    }
}

/// The caller's view of the keys.
pub struct Keys<'a> {
    /// The shards that the command borrowed.
    pub shards: Borrowed<'a>,
    /// The caller's database.
    pub db: Db,
    /// The time at which the command runs.
    pub now: Now,
    /// Whether reading counts as using.
    pub usage: Use,
}

impl Keys<'_> {
    /// Reads a key; counts as a use of it.
    #[inline]
    pub fn read(&mut self, key: Key<'_>) -> Option<&Entry> {
        let (db, usage, now) = (self.db, self.usage, self.now.mono);
        self.shards.shard(key.slot).read(db, key, usage, now)
    }

    /// Reads a key without counting as a use of it.
    pub fn peek(&mut self, key: Key<'_>) -> Option<&Entry> {
        let (db, now) = (self.db, self.now.mono);
        self.shards.shard(key.slot).read(db, key, Use::Peek, now)
    }

    /// Reads a key without counting as a use of it, or as a read that others may be told of.
    pub fn inspect(&mut self, key: Key<'_>) -> Option<&Entry> {
        let (db, now) = (self.db, self.now.mono);
        self.shards.shard(key.slot).read(db, key, Use::Inspect, now)
    }

    /// Reads a string.
    ///
    /// # Errors
    /// The key holds something else.
    #[inline]
    pub fn string(&mut self, key: Key<'_>) -> Result<Option<Text<'_>>, CommandError> {
        Ok(self.read(key).map(|entry| entry.value().text()).transpose()?)
    }

    /// Reads a collection.
    ///
    /// # Errors
    /// The key holds something else.
    #[inline]
    pub fn collection<S: Kind>(&mut self, key: Key<'_>) -> Result<Option<&S>, CommandError> {
        Ok(self.read(key).map(|entry| entry.value().collection()).transpose()?)
    }

    /// The one way to change a key of Redis's types.
    ///
    /// # Errors
    /// The key coordinates: it is changed by the commands of its family alone, because somebody
    /// relies on it.
    #[inline]
    pub fn edit<'s, 'k>(&'s mut self, key: Key<'k>) -> Result<Edit<'s, 'k>, CommandError> {
        self.edit_in(self.db, key)
    }

    /// As `edit`, whatever the key holds.
    #[inline]
    pub fn edit_any<'s, 'k>(&'s mut self, key: Key<'k>) -> Edit<'s, 'k> {
        let Now { mono, micros, .. } = self.now;
        let shard = self.shards.shard(key.slot);
        shard.note_reading(micros);
        shard.edit(self.db, key, mono)
    }

    /// As `edit`, in another database (MOVE, COPY).
    ///
    /// # Errors
    /// As `edit`.
    #[inline]
    pub fn edit_in<'s, 'k>(
        &'s mut self,
        db: Db,
        key: Key<'k>,
    ) -> Result<Edit<'s, 'k>, CommandError> {
        let now: Mono = self.now.mono;
        let edit = self.shards.shard(key.slot).edit(db, key, now);
        if edit.coordinates() { Err(CommandError::WRONG_TYPE) } else { Ok(edit) }
    }
}
