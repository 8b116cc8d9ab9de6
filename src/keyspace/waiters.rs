//! Requests that wait in a shard: who is told when there is news, and what the news are.
//!
//! A parked request is data. It is finished by exactly one event: somebody takes it out and finds
//! what it has got by then. Not here: who is next (`coord`), and the connection that waits
//! (`server`). Invariant: a request waits in the machines of all its places, or in the feed of its
//! slot, or has found something.

use crate::base::slot::SlotId;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::lock_outcome;
use crate::coord::token::FenceToken;
use crate::keyspace::listeners::Lost;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Whom to tell that a request has news.
pub trait Notice: Send + Sync + fmt::Debug {
    /// There are news. Called without any shard in hand.
    fn give(&self);

    /// A lock that it has acquired is lost. Called without any shard in hand.
    fn lose(&self, lost: &Lost) {
        let _ = lost;
    }
}

/// What a parked request has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A lock.
    Lock(lock_outcome::Granted),
    /// Permits of a semaphore.
    Permits {
        /// The token of its owner's grant.
        token: FenceToken,
        /// What the semaphore knows the grant by, as long as nobody has been told of it.
        offer: WaiterId,
    },
    /// Nothing: the semaphore's limit is below what it asks for now.
    AboveLimit,
    /// A latch that is open.
    Open,
    /// Nothing: the latch's time was over before it opened, or it was deleted.
    Gone,
    /// The end of a barrier's round.
    Round {
        /// Which one.
        generation: u64,
        /// How many had arrived before.
        index: usize,
    },
    /// Nothing: its owner has arrived at the barrier with another request since.
    Replaced,
    /// The lead of an election.
    Lead {
        /// Its term.
        term: FenceToken,
        /// Whether other requests of the candidate have found it as well.
        shared: bool,
    },
    /// A change that it wants to see, behind this number in its slot.
    Changes {
        /// The number before that of the change.
        after: u64,
    },
    /// A chance: it looks at all that it wants, and takes it or waits on.
    Look,
}

impl Found {
    /// The token of the grant that the request's owner has now: something that lasts, and may hang
    /// on a lease.
    #[must_use]
    pub const fn token(self) -> Option<FenceToken> {
        match self {
            Self::Lock(lock_outcome::Granted { token, .. })
            | Self::Permits { token, .. }
            | Self::Lead { term: token, .. } => Some(token),
            Self::AboveLimit
            | Self::Open
            | Self::Gone
            | Self::Round { .. }
            | Self::Replaced
            | Self::Changes { .. }
            | Self::Look => None,
        }
    }
}

/// The key that a request waits at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The table (before SWAPDB's renaming).
    pub(crate) table: u8,
    pub(crate) slot: SlotId,
    pub(crate) key: Box<[u8]>,
}

/// A request as it is parked.
#[derive(Debug)]
pub struct Parking {
    /// Who asks.
    pub owner: Owner,
    /// Whom to tell.
    pub notice: Arc<dyn Notice>,
    /// Whether it wants several things at once, and therefore has to look for itself.
    pub several: bool,
}

#[derive(Debug)]
struct Parked {
    parking: Parking,
    places: SmallVec<[Place; 1]>,
    /// The key of the lease that its grant shall hang on, until there is one.
    lease: Option<Box<[u8]>>,
    /// The slot whose change it waits for.
    reads: Option<SlotId>,
    found: Option<Found>,
}

impl Parked {
    fn new(parking: Parking) -> Self {
        Self { parking, places: SmallVec::new(), lease: None, reads: None, found: None }
    }
}

/// The parked requests of one shard.
#[derive(Debug, Default)]
pub struct Waiters {
    parked: HashMap<WaiterId, Parked>,
    news: Vec<Arc<dyn Notice>>,
    /// Who has got something that has to be hung on a lease now.
    to_hang: Vec<WaiterId>,
}

/// What a request has got that hangs on a lease.
#[derive(Debug)]
pub(crate) struct ToHang {
    pub(crate) waiter: WaiterId,
    pub(crate) owner: Owner,
    pub(crate) place: Place,
    pub(crate) lease: Box<[u8]>,
}

/// A request that waits no more.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) owner: Owner,
    pub(crate) places: SmallVec<[Place; 1]>,
    /// The lease that the request hangs on.
    pub(crate) lease: Option<Box<[u8]>>,
    /// The slot whose change it has waited for.
    pub(crate) reads: Option<SlotId>,
    pub(crate) found: Option<Found>,
}

impl Waiters {
    /// How many requests are parked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parked.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }

    /// Notes that a request waits at `place`, too.
    pub(crate) fn park(&mut self, waiter: WaiterId, place: Place, parking: Parking) {
        let parked = self.parked.entry(waiter);
        parked.or_insert_with(|| Parked::new(parking)).places.push(place);
    }

    /// Notes that a request waits for a change of a slot.
    pub(crate) fn park_at_feed(&mut self, waiter: WaiterId, slot: SlotId, parking: Parking) {
        let parked = Parked { reads: Some(slot), ..Parked::new(parking) };
        self.parked.insert(waiter, parked);
    }

    /// Whether a request is granted by looking for itself.
    pub(crate) fn looks_itself(&self, waiter: WaiterId) -> bool {
        self.parked.get(&waiter).is_some_and(|parked| parked.parking.several)
    }

    /// Gives a request what it has got.
    pub(crate) fn find(&mut self, waiter: WaiterId, found: Found) {
        if let Some(parked) = self.parked.get_mut(&waiter) {
            parked.found = Some(found);
            self.news.push(Arc::clone(&parked.parking.notice));
            if parked.lease.is_some() && found.token().is_some() {
                self.to_hang.push(waiter);
            }
        }
    }

    /// Notes on which lease that shall hang which a request is parked for.
    pub(crate) fn hang(&mut self, waiter: WaiterId, lease: &[u8]) {
        if let Some(parked) = self.parked.get_mut(&waiter) {
            parked.lease = Some(lease.into());
        }
    }

    /// What requests have got since the last call that hangs on leases.
    pub(crate) fn take_to_hang(&mut self) -> Vec<ToHang> {
        let hang = |waiter| {
            let parked = self.parked.get_mut(&waiter)?;
            let (owner, lease) = (parked.parking.owner.clone(), parked.lease.take()?);
            let place = parked.places.first()?.clone();
            Some(ToHang { waiter, owner, place, lease })
        };
        std::mem::take(&mut self.to_hang).into_iter().filter_map(hang).collect()
    }

    /// The lease has ended that a request hangs on: it has to look, and waits where it says no
    /// more.
    pub(crate) fn lose_lease(&mut self, waiter: WaiterId) -> SmallVec<[Place; 1]> {
        let Some(parked) = self.parked.get_mut(&waiter) else { return SmallVec::new() };
        let places = parked.places.clone();
        if parked.lease.take().is_some() {
            self.find(waiter, Found::Look);
        }
        places
    }

    pub(crate) const fn has_to_hang(&self) -> bool {
        !self.to_hang.is_empty()
    }

    /// What a request has got, which it then knows; it stays parked.
    pub(crate) fn look(&mut self, waiter: WaiterId) -> Option<Found> {
        self.parked.get_mut(&waiter)?.found.take()
    }

    /// Whether a request is parked here and has found nothing so far.
    #[must_use]
    pub fn waits(&self, waiter: WaiterId) -> bool {
        self.parked.get(&waiter).is_some_and(|parked| parked.found.is_none())
    }

    /// Whether a request is parked here.
    pub(crate) fn is_parked(&self, waiter: WaiterId) -> bool {
        self.parked.contains_key(&waiter)
    }

    /// Takes a request out.
    pub(crate) fn leave(&mut self, waiter: WaiterId) -> Option<Left> {
        let Parked { parking, places, lease, reads, found } = self.parked.remove(&waiter)?;
        Some(Left { owner: parking.owner, places, lease, reads, found })
    }

    /// Tells everybody who waits at a key of one of these tables to look: the keys are gone, or
    /// have another database's number.
    pub(crate) fn disturb(&mut self, tables: [u8; 2]) {
        for parked in self.parked.values_mut() {
            if parked.found.is_none() && parked.places.iter().any(|at| tables.contains(&at.table)) {
                parked.found = Some(Found::Look);
                self.news.push(Arc::clone(&parked.parking.notice));
            }
        }
    }

    /// All places that requests wait at, each as often as it is waited at.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.parked.values().flat_map(|parked| &parked.places)
    }

    /// Lets these be told as well.
    pub(crate) fn tell(&mut self, mut notices: Vec<Arc<dyn Notice>>) {
        self.news.append(&mut notices);
    }

    /// Whom to tell, as soon as the shard has been given back.
    pub(crate) fn take_news(&mut self) -> Vec<Arc<dyn Notice>> {
        std::mem::take(&mut self.news)
    }

    pub(crate) const fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// Heap bytes, without those of owners and keys.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.parked.capacity() * size_of::<(WaiterId, Parked)>()
    }
}
