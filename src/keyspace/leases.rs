//! What hangs on the leases of a shard, and ends with them in the same borrow: strings, grants, and
//! requests that wait for a grant that shall hang there.
//!
//! Not here: when a lease ends (`coord/lease.rs`), and what of a machine hangs on one
//! (`primitive`). A lease and all that hangs on it are in one slot and one table.
//! Invariant: a string or a grant hangs on a lease exactly if there is a link that names the lease,
//! and it is among what is attached there.
//!
//! # Strings
//! A string is on its lease and off it as it has a TTL and has none: writing it anew (`SET`,
//! `MSET`, `GETSET`) takes it off, changing it in place (`INCR`, `APPEND`) or with `KEEPTTL` does
//! not, and `RENAME` takes the lease along within the slot; a copy, and what is moved to another
//! slot or database, is on none. Its own end is beside the lease: `PTTL` shows it (-1 for none),
//! `EXPIRE` and `PERSIST` change it, and whichever of the two comes first ends the string.
//!
//! # Time
//! A lease that is due ends before anybody looks at a key of the shard: nobody is granted anything
//! that hangs on one that has ended.

use crate::base::time::Mono;
use crate::coord::ask::Cause;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::lease::{Alive, Attach, ConnId, Ended, Revoke};
use crate::coord::token::FenceToken;
use crate::keyspace::edit::Edit;
use crate::keyspace::entry::Entry;
use crate::keyspace::event;
use crate::keyspace::locks::{Before, lock_id};
use crate::keyspace::primitive::{Kind, Primitive};
use crate::keyspace::shard::{Place, Shard};
use crate::keyspace::value::{Value, WrongType};
use crate::keyspace::waiters::{Left, Place as WaitPlace};
use smallvec::SmallVec;
use std::collections::{BTreeSet, HashMap};

/// A lease as it lies under a key.
pub type Lease = crate::coord::lease::Lease<Attachment>;

/// What hangs on a lease. Requests come first: they are to have left before grants are handed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attachment {
    /// A parked request whose grant shall hang on the lease.
    Waiter(WaiterId),
    /// The string under this key.
    Text(Box<[u8]>),
    /// What an owner has of what coordinates under a key.
    Grant(Box<[u8]>, Owner),
}

impl Attachment {
    fn new(key: &[u8], owner: Option<&Owner>) -> Self {
        match owner {
            Some(owner) => Self::Grant(key.into(), owner.clone()),
            None => Self::Text(key.into()),
        }
    }

    fn waiter(&self) -> Option<WaiterId> {
        match self {
            Self::Waiter(waiter) => Some(*waiter),
            Self::Text(_) | Self::Grant(..) => None,
        }
    }

    /// The key that hangs on the lease, in whole or in part.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Waiter(_) => None,
            Self::Text(key) | Self::Grant(key, _) => Some(key),
        }
    }
}

/// That something under a key hangs on a lease.
#[derive(Debug)]
struct Link {
    table: u8,
    /// Whose grant; `None` for a string.
    owner: Option<Owner>,
    /// The lease's key.
    lease: Box<[u8]>,
}

/// A lease by its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    table: u8,
    index: usize,
    key: Box<[u8]>,
}

/// The lease that a string hung on.
#[derive(Debug)]
pub(crate) struct Hold(At);

impl Hold {
    /// The lease's key, if it is in this slot and table.
    pub(crate) fn lease_in(self, index: usize, table: u8) -> Option<Box<[u8]>> {
        (self.0.index == index && self.0.table == table).then_some(self.0.key)
    }
}

/// What has come off its lease.
#[derive(Debug)]
pub(crate) struct Loose {
    item: Attachment,
    lease: Box<[u8]>,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    /// By the key that hangs.
    links: HashMap<Box<[u8]>, SmallVec<[Link; 1]>>,
    ends: BTreeSet<(Mono, At)>,
    /// Those that end when a connection has closed.
    kept: BTreeSet<(ConnId, At)>,
}

impl Leases {
    /// Whether nothing hangs on any lease: what every write asks first.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    #[inline]
    fn is_due(&self, now: Mono) -> bool {
        self.ends.first().is_some_and(|(end, _)| *end <= now)
    }

    /// Heap bytes, without those of keys and owners.
    pub(crate) fn memory(&self) -> usize {
        let links = self.links.capacity() * size_of::<(Box<[u8]>, SmallVec<[Link; 1]>)>();
        links + (self.ends.len() + self.kept.len()) * size_of::<(Mono, At)>()
    }

    /// Forgets a table, which is taken away as a whole.
    pub(crate) fn forget(&mut self, table: u8) {
        self.links.retain(|_, links| {
            links.retain(|link| link.table != table);
            !links.is_empty()
        });
        self.ends.retain(|(_, at)| at.table != table);
        self.kept.retain(|(_, at)| at.table != table);
    }

    /// The lease that the string under a key hangs on.
    pub(crate) fn hold_on_text(&self, place: Place, key: &[u8]) -> Option<Hold> {
        let links = self.links.get(key)?;
        let link = links.iter().find(|it| it.table == place.table && it.owner.is_none())?;
        Some(Hold(At { table: place.table, index: place.index, key: link.lease.clone() }))
    }

    /// Notes what has changed under a key: when the lease there ends now, which was kept `alive`
    /// before, or which grants have come off their leases.
    pub(crate) fn follow(
        &mut self,
        entry: &Entry,
        alive: Option<Alive>,
        place: Place,
        now: Mono,
    ) -> Vec<Loose> {
        let Value::Primitive(primitive) = entry.value() else { return Vec::new() };
        let alive_now = primitive.alive();
        if alive != alive_now {
            let at = At { table: place.table, index: place.index, key: entry.key().into() };
            match alive {
                Some(Alive::Until(end)) => drop(self.ends.remove(&(end, at.clone()))),
                Some(Alive::While(conn)) => drop(self.kept.remove(&(conn, at.clone()))),
                None => {}
            }
            match alive_now {
                Some(Alive::Until(end)) => drop(self.ends.insert((end, at))),
                Some(Alive::While(conn)) => drop(self.kept.insert((conn, at))),
                None => {}
            }
        }
        if self.is_empty() { Vec::new() } else { self.loosen(entry.key(), primitive, place, now) }
    }

    /// Cuts the links of grants that hang on no lease any more.
    fn loosen(&mut self, key: &[u8], primitive: &Primitive, place: Place, now: Mono) -> Vec<Loose> {
        let Some(links) = self.links.get_mut(key) else { return Vec::new() };
        let mut loose = Vec::new();
        links.retain(|link| {
            let Some(owner) = &link.owner else { return true };
            let hangs = link.table != place.table || primitive.hangs(owner, now);
            if !hangs {
                let item = Attachment::new(key, Some(owner));
                loose.push(Loose { item, lease: std::mem::take(&mut link.lease) });
            }
            hangs
        });
        if links.is_empty() {
            self.links.remove(key);
        }
        loose
    }

    /// Cuts one link: the lease that it named.
    fn cut(&mut self, table: u8, key: &[u8], owner: Option<&Owner>) -> Option<Box<[u8]>> {
        let links = self.links.get_mut(key)?;
        let is_it = |link: &Link| link.table == table && link.owner.as_ref() == owner;
        let link = links.remove(links.iter().position(is_it)?);
        if links.is_empty() {
            self.links.remove(key);
        }
        Some(link.lease)
    }
}

impl Edit<'_, '_> {
    /// Ends the lease under this key and what hangs on it: how many keys and grants that were. With
    /// a token, only if it is this lease's; `None` if the lease is not there.
    ///
    /// # Errors
    /// The key holds something else.
    pub fn revoke(&mut self, token: Option<FenceToken>) -> Result<Option<usize>, WrongType> {
        let now = self.now;
        if self.machine::<Lease>()?.is_none() {
            return Ok(None);
        }
        match self.coordinate(|lease: &mut Lease, _| lease.revoke(token, now))? {
            Revoke::Gone => Ok(None),
            Revoke::Ended(ended) => {
                let count = ended.attached.iter().filter(|item| item.key().is_some()).count();
                self.shard.end_attached((self.index, self.table), vec![ended], now);
                Ok(Some(count))
            }
        }
    }

    /// Hangs the string under this key, if there is one, on a lease of the same slot, instead of
    /// the one that it hung on.
    pub fn hang_text(&mut self, lease: &[u8]) {
        if self.exists() && !self.coordinates() {
            let table = (self.index, self.table);
            self.shard.hang(table, (self.key.bytes, None), lease, self.now);
        }
    }

    /// Hangs what `owner` has just been granted under this key on a lease of the same slot.
    pub fn hang_grant(&mut self, owner: &Owner, lease: &[u8]) {
        let table = (self.index, self.table);
        self.shard.hang(table, (self.key.bytes, Some(owner)), lease, self.now);
    }

    /// Hangs a request that has been parked at this key on a lease of the same slot: it is told to
    /// look when that ends, and what it gets before then hangs on it.
    pub fn hang_waiter(&mut self, waiter: WaiterId, lease: &[u8]) {
        let now = self.now;
        self.shard.waiters.hang(waiter, lease);
        self.shard.on_lease((self.index, self.table), lease, |lease| {
            let _ = lease.attach(Attachment::Waiter(waiter), now);
        });
    }
}

impl Shard {
    /// Ends the leases that are due, and what hangs on them.
    #[inline]
    pub(crate) fn end_due_leases(&mut self, now: Mono) {
        if self.leases.is_due(now) {
            self.end_leases(now);
        }
    }

    /// Requests leave all leases that are due before the first of them ends: its grants might go to
    /// one that hangs on another.
    #[cold]
    fn end_leases(&mut self, now: Mono) {
        let due = self.leases.ends.iter().take_while(|(end, _)| *end <= now);
        for at in due.map(|(_, at)| at.clone()).collect::<Vec<At>>() {
            let waiting = self.on_lease((at.index, at.table), &at.key, |lease| {
                let waiters = lease.attached().filter_map(Attachment::waiter);
                waiters.collect::<Vec<WaiterId>>()
            });
            waiting.into_iter().flatten().for_each(|waiter| drop(self.lose_lease(waiter, now)));
        }
        while let Some((_, at)) = self.leases.ends.first().filter(|(end, _)| *end <= now) {
            let place = self.place_of(at.index, at.table, &at.key);
            let place = place.expect("a lease that has an end has a key");
            let _ = self.change_primitive(place, (Cause::Release, now), |_, _| ());
        }
    }

    /// A connection has closed: its leases end when nobody keeps them alive from now on.
    ///
    /// # Panics
    /// Never: a lease that is kept alive has a key.
    pub fn connection_closed(&mut self, conn: ConnId, now: Mono) {
        self.end_due_leases(now);
        while let Some((_, at)) = self.leases.kept.iter().find(|(kept_by, _)| *kept_by == conn) {
            let place = self.place_of(at.index, at.table, &at.key);
            let place = place.expect("a lease that is kept alive has a key");
            let _ = self.change_primitive(place, (Cause::Release, now), |primitive, _| {
                if let Some(lease) = Lease::of_mut(primitive) {
                    lease.connection_closed(conn, now);
                }
            });
        }
    }

    /// Hangs something under a key on a lease, instead of the one that it hung on.
    fn hang(
        &mut self,
        table: (usize, u8),
        (key, owner): (&[u8], Option<&Owner>),
        lease: &[u8],
        now: Mono,
    ) {
        let item = Attachment::new(key, owner);
        if let Some(before) = self.leases.cut(table.1, key, owner) {
            self.on_lease(table, &before, |lease| lease.detach(&item));
        }
        let attached = self.on_lease(table, lease, |lease| lease.attach(item, now));
        assert_eq!(attached, Some(Attach::Attached), "nothing is granted on a lease that is over");
        let link = Link { table: table.1, owner: owner.cloned(), lease: lease.into() };
        self.leases.links.entry(key.into()).or_default().push(link);
    }

    /// Hangs on their leases what parked requests have got.
    pub(crate) fn hang_granted(&mut self, now: Mono) {
        for it in self.waiters.take_to_hang() {
            let table = (self.index(it.place.slot), it.place.table);
            let waiter = Attachment::Waiter(it.waiter);
            self.on_lease(table, &it.lease, |lease| lease.detach(&waiter));
            // What counts is the owner's newest request: it may have asked for another end.
            if !self.grant_hangs(table, &it.place.key, &it.owner, now) {
                continue;
            }
            self.hang(table, (&it.place.key, Some(&it.owner)), &it.lease, now);
        }
    }

    /// Whether an owner's grant under a key is one that ends with a lease.
    fn grant_hangs(
        &self,
        (index, table): (usize, u8),
        key: &[u8],
        owner: &Owner,
        now: Mono,
    ) -> bool {
        let place = self.place_of(index, table, key);
        let value = place.map(|place| self.slots[index].table(table).at(place.spot).value());
        matches!(value, Some(Value::Primitive(primitive)) if primitive.hangs(owner, now))
    }

    /// A request that is not parked any more leaves the lease that it hung on.
    pub(crate) fn leave_lease(&mut self, waiter: WaiterId, left: &Left) {
        if let (Some(lease), Some(place)) = (&left.lease, left.places.first()) {
            let table = (self.index(place.slot), place.table);
            self.on_lease(table, lease, |lease| lease.detach(&Attachment::Waiter(waiter)));
        }
    }

    /// Takes off their leases what does not hang there any more.
    pub(crate) fn let_go(&mut self, place: Place, loose: Vec<Loose>) {
        for Loose { item, lease } in loose {
            self.on_lease((place.index, place.table), &lease, |lease| lease.detach(&item));
        }
    }

    /// Takes a string off its lease: it is gone, or another one.
    #[cold]
    pub(crate) fn let_go_text(&mut self, index: usize, table: u8, key: &[u8]) {
        if let Some(lease) = self.leases.cut(table, key, None) {
            let item = Attachment::new(key, None);
            self.on_lease((index, table), &lease, |lease| lease.detach(&item));
        }
    }

    /// Ends what hung on leases of this slot and table. All of it is off before anything ends, and
    /// requests have left before grants are handed on.
    pub(crate) fn end_attached(
        &mut self,
        (index, table): (usize, u8),
        ended: Vec<Ended<Attachment>>,
        now: Mono,
    ) {
        let mut queues: Vec<WaitPlace> = Vec::new();
        for item in ended.into_iter().flat_map(|lease| lease.attached) {
            match item {
                Attachment::Waiter(waiter) => {
                    queues.extend(self.lose_lease(waiter, now));
                }
                Attachment::Text(key) => {
                    self.leases.cut(table, &key, None);
                    if let Some(place) = self.place_of(index, table, &key) {
                        self.remove_text(place);
                    }
                }
                Attachment::Grant(key, owner) => {
                    self.leases.cut(table, &key, Some(&owner));
                    if let Some(place) = self.place_of(index, table, &key) {
                        let why = (Cause::Expiry, now);
                        let _ = self.change_primitive(place, why, |primitive, _| {
                            primitive.lease_ended(&owner, now);
                        });
                    }
                }
            }
        }
        for queue in queues {
            self.at_place(&queue, now, |_| ());
        }
    }

    /// The lease of a request ends: the places where it has waited.
    fn lose_lease(&mut self, waiter: WaiterId, now: Mono) -> SmallVec<[WaitPlace; 1]> {
        let places = self.waiters.lose_lease(waiter);
        places.iter().for_each(|place| self.withdraw_at(place, waiter, now));
        places
    }

    /// Takes a request out of a machine, and lets nobody in by that: the next one may hang on the
    /// same lease.
    fn withdraw_at(&mut self, at: &WaitPlace, waiter: WaiterId, now: Mono) {
        let index = self.index(at.slot);
        let Some(place) = self.place_of(index, at.table, &at.key) else { return };
        let entry = self.slots[index].table_mut(at.table).at_mut(place.spot);
        let before = entry.memory();
        let Some(primitive) = entry.primitive_mut() else { return };
        let was = Before::of(primitive);
        primitive.withdraw(waiter, now);
        let news = self.locks.moved((was, at.table), primitive);
        self.memory = self.memory - before + entry.memory();
        if let Some(news) = news {
            self.locks.tell(lock_id(self.hashing.of(&at.key), at.table), news);
        }
    }

    fn remove_text(&mut self, place: Place) {
        let entry = self.take(place);
        if let Some(timer) = entry.timer() {
            self.cancel(timer);
        }
        self.counters.expired += 1;
        self.gone(place.table, entry, &event::EXPIRED);
    }

    /// Changes what hangs on a lease. `None` if the lease is not there.
    fn on_lease<R>(
        &mut self,
        (index, table): (usize, u8),
        lease: &[u8],
        change: impl FnOnce(&mut Lease) -> R,
    ) -> Option<R> {
        let spot = self.place_of(index, table, lease)?.spot;
        let entry = self.slots[index].table_mut(table).at_mut(spot);
        let before = entry.memory();
        let result = change(Lease::of_mut(entry.primitive_mut()?)?);
        self.memory = self.memory - before + entry.memory();
        Some(result)
    }

    /// Links and attachments name each other, what hangs is there, and every end is known.
    pub(crate) fn assert_leases(&self) {
        let (mut links, mut alive) = (0, 0);
        for (index, slot) in self.slots.iter().enumerate() {
            for (table, entry) in
                slot.tables().flat_map(|(number, it)| it.iter().map(move |entry| (number, entry)))
            {
                let Value::Primitive(primitive) = entry.value() else { continue };
                let Some(lease) = Lease::of(primitive) else { continue };
                let at = At { table, index, key: entry.key().into() };
                alive += 1;
                assert!(
                    lease.alive().is_some_and(|alive| match alive {
                        Alive::Until(end) => self.leases.ends.contains(&(end, at)),
                        Alive::While(conn) => self.leases.kept.contains(&(conn, at)),
                    }),
                    "the end of a lease is known"
                );
                for item in lease.attached() {
                    let hangs = match item {
                        Attachment::Waiter(waiter) => self.waiters.is_parked(*waiter),
                        Attachment::Text(key) => self.place_of(index, table, key).is_some(),
                        Attachment::Grant(key, owner) => {
                            self.grant_hangs((index, table), key, owner, Mono(0))
                        }
                    };
                    assert!(hangs, "what hangs is there");
                }
                links += lease.attached().filter(|item| item.key().is_some()).count();
                for item in lease.attached() {
                    self.assert_linked(item, table, entry.key());
                }
            }
        }
        assert_eq!(alive, self.leases.ends.len() + self.leases.kept.len(), "no end is left over");
        let linked = self.leases.links.values().map(|links| links.len()).sum::<usize>();
        assert_eq!(linked, links, "no link is left over");
    }

    fn assert_linked(&self, item: &Attachment, table: u8, lease: &[u8]) {
        let owner = match item {
            Attachment::Waiter(_) => return,
            Attachment::Text(_) => None,
            Attachment::Grant(_, owner) => Some(owner),
        };
        let links = item.key().and_then(|key| self.leases.links.get(key));
        let is_it =
            |it: &Link| it.table == table && it.owner.as_ref() == owner && *it.lease == *lease;
        assert!(links.is_some_and(|links| links.iter().any(is_it)), "what hangs has its link");
    }
}

#[cfg(test)]
#[path = "leases_tests.rs"]
mod tests;
