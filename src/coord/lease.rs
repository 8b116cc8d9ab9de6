//! A lease: one right with an end that is kept alive by its client, and whatever hangs on it and
//! ends with it.
//!
//! Not here: what the attachments are and how they end. The caller gets them all at once and ends
//! them before it serves anybody who waits for them.
//! Invariant: nothing hangs on a lease that is not there.
//!
//! # Who keeps a lease alive
//! Without a connection, it ends `ttl_ms` after it was granted or last kept alive, as in etcd. With
//! one (`CONN`), the open connection keeps it alive, and it ends `ttl_ms` after that connection has
//! closed: a client that comes back in time still has it, as a ZooKeeper session. Keeping alive
//! while the connection is open is welcome and moves nothing; after the connection has closed it
//! works as without one. Granting the lease again with a connection ties it to that one, so that
//! the old connection's end, noticed late, does not count. A connection whose peer has vanished
//! without a word is open until the server notices (`tcp-keepalive`): who needs an end sooner than
//! that grants it without a connection, and keeps it alive by command.
//!
//! # Granting again
//! A repeated grant is the same lease with the same token: its time to live, its connection (or
//! that it has none) and, if given, its note are those of the latest grant; what hangs on it stays.

use crate::base::time::Mono;
use crate::coord::grant::Tokens;
use crate::coord::token::FenceToken;
use std::collections::BTreeSet;
use std::mem;

/// A client's connection, numbered by the caller; no number is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// A request for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// How long it lasts without being kept alive.
    pub ttl_ms: u64,
    /// A note for whoever looks at it; `None` leaves the one that is there.
    pub meta: Option<&'a [u8]>,
    /// The connection that keeps it alive.
    pub conn: Option<ConnId>,
}

/// What keeps a lease alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alive {
    /// Nothing: it ends at this instant unless it is kept alive before.
    Until(Mono),
    /// Its open connection.
    While(ConnId),
}

/// A lease that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live<A> {
    /// Tells this lease from another one of the same name, earlier or later.
    pub token: FenceToken,
    /// How long it lasts without being kept alive.
    pub ttl_ms: u64,
    /// What keeps it alive.
    pub alive: Alive,
    /// The note that it was granted with.
    pub meta: Box<[u8]>,
    /// What hangs on it.
    pub attached: BTreeSet<A>,
}

/// A lease that is over. The attachments end with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended<A> {
    /// Which lease it was.
    pub token: FenceToken,
    /// What hung on it, in order.
    pub attached: BTreeSet<A>,
}

/// Answer to [`Lease::grant`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A new lease.
    Granted(FenceToken),
    /// The lease was there already, and is as in the request now.
    Renewed(FenceToken),
    /// No token can be handed out now.
    NoToken,
}

/// Answer to [`Lease::keep_alive`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// It is there, for so many milliseconds from now at least.
    Remaining(u64),
    /// It is not there, or it is another one by now.
    Gone,
}

/// Answer to [`Lease::revoke`].
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoke<A> {
    /// It is over, and so is what hung on it.
    Ended(Ended<A>),
    /// It was not there, or it is another one by now.
    Gone,
}

/// Answer to [`Lease::attach`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attach {
    /// It hangs on the lease now, or did before.
    Attached,
    /// The lease is not there.
    Gone,
}

/// The lease of one name, there or not.
#[derive(Clone, Debug)]
pub struct Lease<A> {
    live: Option<Box<Live<A>>>,
    /// What a verb found to be over before `tick` was called.
    lapsed: Vec<Ended<A>>,
}

impl<A> Default for Lease<A> {
    fn default() -> Self {
        Self { live: None, lapsed: Vec::new() }
    }
}

impl<A: Ord> Lease<A> {
    /// Grants the lease, or changes the one that is there into what is asked for now.
    pub fn grant(&mut self, ask: Ask<'_>, now: Mono, tokens: &mut impl Tokens) -> Grant {
        self.lapse(now);
        let Ask { ttl_ms, meta, conn } = ask;
        let alive = conn.map_or(Alive::Until(now.plus(ttl_ms)), Alive::While);
        if let Some(live) = &mut self.live {
            live.ttl_ms = ttl_ms;
            live.alive = match (live.alive, alive) {
                // The holder counts on what it was told before.
                (Alive::Until(before), Alive::Until(end)) => Alive::Until(before.max(end)),
                (Alive::While(_), _) | (_, Alive::While(_)) => alive,
            };
            if let Some(meta) = meta {
                live.meta = meta.into();
            }
            return Grant::Renewed(live.token);
        }
        let Some(token) = tokens.draw() else {
            return Grant::NoToken;
        };
        let (meta, attached) = (meta.unwrap_or_default().into(), BTreeSet::new());
        self.live = Some(Box::new(Live { token, ttl_ms, alive, meta, attached }));
        Grant::Granted(token)
    }

    /// Puts the end off to a whole time to live from now. With a token, only if it is this lease's.
    pub fn keep_alive(&mut self, token: Option<FenceToken>, now: Mono) -> KeepAlive {
        self.lapse(now);
        let Some(live) = self.live.as_mut().filter(|live| is(live, token)) else {
            return KeepAlive::Gone;
        };
        if let Alive::Until(end) = &mut live.alive {
            *end = now.plus(live.ttl_ms);
        }
        KeepAlive::Remaining(live.ttl_ms)
    }

    /// Ends the lease. With a token, only if it is this lease's.
    pub fn revoke(&mut self, token: Option<FenceToken>, now: Mono) -> Revoke<A> {
        self.lapse(now);
        if !self.live.as_ref().is_some_and(|live| is(live, token)) {
            return Revoke::Gone;
        }
        self.end().map_or(Revoke::Gone, Revoke::Ended)
    }

    /// Ends the lease whatever anybody says: the next `tick` tells what hung on it.
    pub fn cut_short(&mut self) {
        let ended = self.end();
        self.lapsed.extend(ended);
    }

    /// Lets the lease run out if this is the connection that kept it alive.
    pub fn connection_closed(&mut self, conn: ConnId, now: Mono) {
        if let Some(live) = self.live.as_mut().filter(|live| live.alive == Alive::While(conn)) {
            live.alive = Alive::Until(now.plus(live.ttl_ms));
        }
    }

    /// Hangs something on the lease.
    pub fn attach(&mut self, item: A, now: Mono) -> Attach {
        self.lapse(now);
        let Some(live) = &mut self.live else {
            return Attach::Gone;
        };
        live.attached.insert(item);
        Attach::Attached
    }

    /// Takes something off that has ended by itself, or hangs elsewhere now.
    pub fn detach(&mut self, item: &A) {
        if let Some(live) = &mut self.live {
            live.attached.remove(item);
        }
    }

    /// Ends the lease if it is due, and says which ones of its name have run out since the last
    /// call: more than one only if nobody called at the deadline.
    pub fn tick(&mut self, now: Mono) -> Vec<Ended<A>> {
        self.lapse(now);
        mem::take(&mut self.lapsed)
    }

    /// When to call `tick` next; `None` while a connection keeps the lease alive.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        if !self.lapsed.is_empty() {
            return Some(Mono(0));
        }
        match self.live.as_ref()?.alive {
            Alive::Until(end) => Some(end),
            Alive::While(_) => None,
        }
    }

    /// What keeps the lease alive, if there is one.
    #[must_use]
    pub fn alive(&self) -> Option<Alive> {
        self.live.as_ref().map(|live| live.alive)
    }

    /// What hangs on the lease.
    pub fn attached(&self) -> impl Iterator<Item = &A> {
        self.live.iter().flat_map(|live| &live.attached)
    }

    /// The lease, if it is there and not due.
    #[must_use]
    pub fn live(&self, now: Mono) -> Option<&Live<A>> {
        self.live.as_deref().filter(|live| !is_due(live, now))
    }

    /// Whether there is no lease, and nothing is left to be told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.live.is_none() && self.lapsed.is_empty()
    }

    /// Heap bytes, without what the attachments themselves point to.
    #[must_use]
    pub fn memory(&self) -> usize {
        let item = mem::size_of::<A>();
        let live = |live: &Live<A>| {
            mem::size_of::<Live<A>>() + live.meta.len() + live.attached.len() * item
        };
        self.live.as_deref().map_or(0, live)
    }

    fn lapse(&mut self, now: Mono) {
        if self.live.as_ref().is_some_and(|live| is_due(live, now)) {
            let ended = self.end();
            self.lapsed.extend(ended);
        }
    }

    /// The only place where a lease ends.
    fn end(&mut self) -> Option<Ended<A>> {
        let Live { token, attached, .. } = *self.live.take()?;
        Some(Ended { token, attached })
    }
}

impl<A> Live<A> {
    /// For how many milliseconds it is there at least, as seen at `now`.
    #[must_use]
    pub fn remaining_ms(&self, now: Mono) -> u64 {
        match self.alive {
            Alive::Until(end) => end.since(now),
            Alive::While(_) => self.ttl_ms,
        }
    }
}

fn is<A>(live: &Live<A>, token: Option<FenceToken>) -> bool {
    token.is_none_or(|token| token == live.token)
}

fn is_due<A>(live: &Live<A>, now: Mono) -> bool {
    match live.alive {
        Alive::Until(end) => end <= now,
        Alive::While(_) => false,
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
