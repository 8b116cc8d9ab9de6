//! The words that every coordination machine uses: owners, terms, waiters, and where tokens come
//! from.
//!
//! Not here: what any of the machines does with them, and where a lease or a connection is kept.

use crate::base::time::{Micros, Mono};
use crate::coord::token::FenceToken;
use std::borrow::Borrow;
use std::fmt;

/// Who a client says it is: a string of its choice, for example one UUID per lock handle. Two
/// connections that name the same owner are the same owner.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(Box<[u8]>);

impl Owner {
    /// The owner of this name; any bytes are one.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.0
    }
}

/// Owners are found by their bare names, without a copy. The two compare alike.
impl Borrow<[u8]> for Owner {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owner({})", self.0.escape_ascii())
    }
}

/// How long a grant lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Up to this instant, at which it is over.
    Until(Mono),
    /// As long as the lease that it hangs on. Which one that is, and that it ended, is known
    /// outside.
    Lease,
}

impl Term {
    /// The one of two that is over later. A lease has no end that is known here.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        match (self, other) {
            (Self::Until(one), Self::Until(other)) => Self::Until(one.max(other)),
            (Self::Lease, _) | (_, Self::Lease) => Self::Lease,
        }
    }

    /// What a repeated request makes of it: it never brings the end forward, since the holder
    /// counts on what it was told before. Another kind of term is the owner's latest word.
    #[must_use]
    pub fn renewed(self, asked: Self) -> Self {
        match (self, asked) {
            (Self::Until(one), Self::Until(other)) => Self::Until(one.max(other)),
            (Self::Lease, _) | (_, Self::Lease) => asked,
        }
    }

    /// When it is over by itself; `None` if that is for a lease to say.
    #[must_use]
    pub const fn deadline(self) -> Option<Mono> {
        match self {
            Self::Until(end) => Some(end),
            Self::Lease => None,
        }
    }

    /// Whether it is over at `now`. Its deadline is the first instant at which it is.
    #[must_use]
    pub fn is_over(self, now: Mono) -> bool {
        self.deadline().is_some_and(|end| end <= now)
    }
}

/// A term in eight bytes. The end of time is left to leases: no duration reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedTerm(Mono);

const LEASED: Mono = Mono(u64::MAX);

impl From<Term> for PackedTerm {
    fn from(term: Term) -> Self {
        match term {
            Term::Until(end) => Self(end.min(Mono(LEASED.0 - 1))),
            Term::Lease => Self(LEASED),
        }
    }
}

impl PackedTerm {
    pub(crate) fn get(self) -> Term {
        if self.0 == LEASED { Term::Lease } else { Term::Until(self.0) }
    }
}

/// How long a grant is to last, as it was asked for: a duration runs from the moment of the grant,
/// however long the asker waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// So many milliseconds.
    Ms(u64),
    /// As long as the lease that it hangs on.
    Lease,
}

impl Lasting {
    /// The term of a grant that is made at `now`.
    #[must_use]
    pub const fn from(self, now: Mono) -> Term {
        match self {
            Self::Ms(ms) => Term::Until(now.plus(ms)),
            Self::Lease => Term::Lease,
        }
    }
}

/// A parked request, numbered by whoever parked it; no number is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WaiterId(pub u64);

/// Where a machine draws what distinguishes a new grant from all others: the token, from the
/// sequence of the slot that it lives in.
pub trait Tokens {
    /// The next token, above all before it; `None` as long as the slot's next epoch is not on disk.
    fn draw(&mut self) -> Option<FenceToken>;

    /// The time `now` as finely as it is known: how long grants last and requests wait is told in
    /// microseconds.
    fn instant(&self, now: Mono) -> Micros {
        Micros::at(now)
    }
}
