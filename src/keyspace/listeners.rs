//! Connections that want to hear when a lock that they have acquired is lost, which those do that
//! speak RESP3.
//!
//! They are noted here and not in the lock, since most locks have none. Not here: what the message
//! looks like (`command/lock/lost.rs`).

use crate::base::time::Mono;
use crate::coord::ask::{Cause, Ended};
use crate::coord::grant::Owner;
use crate::coord::lock::Lock;
use crate::coord::token::FenceToken;
use crate::coord::wait_graph::LockId;
use crate::keyspace::waiters::Notice;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

/// A grant that ended other than by release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The lock.
    pub key: Box<[u8]>,
    /// Who held it.
    pub owner: Owner,
    /// With this token.
    pub token: FenceToken,
    /// Why it does not any more.
    pub cause: Cause,
}

/// Those of one shard, by lock and owner: the connection that has acquired it last.
#[derive(Debug, Default)]
pub(crate) struct Listeners(HashMap<LockId, Heard>);

#[derive(Debug)]
struct Heard {
    table: u8,
    key: Box<[u8]>,
    owners: BTreeMap<Owner, Listener>,
}

#[derive(Debug)]
struct Listener {
    /// What the owner was told.
    token: FenceToken,
    /// A connection that has gone hears nothing.
    notice: Weak<dyn Notice>,
}

/// A message on its way.
#[derive(Debug)]
struct Message {
    to: Weak<dyn Notice>,
    lost: Lost,
}

impl Notice for Message {
    fn give(&self) {
        if let Some(notice) = self.to.upgrade() {
            notice.lose(&self.lost);
        }
    }
}

impl Listeners {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn listen(
        &mut self,
        (id, table): (LockId, u8),
        key: &[u8],
        (owner, token): (&Owner, FenceToken),
        notice: &Arc<dyn Notice>,
    ) {
        let fresh = || Heard { table, key: key.into(), owners: BTreeMap::new() };
        let listener = Listener { token, notice: Arc::downgrade(notice) };
        self.0.entry(id).or_insert_with(fresh).owners.insert(owner.clone(), listener);
    }

    /// Compares a lock with who listens, after these grants have ended by themselves or were taken
    /// away: whom to tell.
    pub(crate) fn follow(
        &mut self,
        id: LockId,
        lock: &Lock,
        ended: &[Ended],
    ) -> Vec<Arc<dyn Notice>> {
        let Some(heard) = self.0.get_mut(&id) else { return Vec::new() };
        let (key, mut messages) = (&heard.key, Vec::new());
        heard.owners.retain(|owner, listener| {
            let lost = ended.iter().find(|it| it.owner == *owner && it.cause != Cause::Release);
            if let Some(Ended { token, cause, .. }) = lost {
                messages.push(listener.message(key, owner, (*token, *cause)));
            }
            // A grant that is over and has not been ended yet is one.
            lost.is_none() && lock.holder(owner.name(), Mono::default()).is_some()
        });
        if heard.owners.is_empty() {
            self.0.remove(&id);
        }
        messages
    }

    /// The locks of a table are gone: whom to tell.
    pub(crate) fn flushed(&mut self, table: u8) -> Vec<Arc<dyn Notice>> {
        let mut messages = Vec::new();
        self.0.retain(|_, heard| {
            if heard.table != table {
                return true;
            }
            let message = |(owner, listener): (&Owner, &Listener)| {
                listener.message(&heard.key, owner, (listener.token, Cause::Deletion))
            };
            messages.extend(heard.owners.iter().map(message));
            false
        });
        messages
    }
}

impl Listener {
    fn message(
        &self,
        key: &[u8],
        owner: &Owner,
        (token, cause): (FenceToken, Cause),
    ) -> Arc<dyn Notice> {
        let lost = Lost { key: key.into(), owner: owner.clone(), token, cause };
        Arc::new(Message { to: Weak::clone(&self.notice), lost })
    }
}
