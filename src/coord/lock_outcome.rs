//! What becomes of what a lock is asked: one enum for each question.
//!
//! Not here: who decides (`lock.rs`).

use crate::base::time::Micros;
use crate::coord::ask::{Ask, Ended};
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;

/// Whether a request would be granted at once.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Its owner holds the lock in a mode that covers it.
    AlreadyYours,
    /// Yes: nobody is in its way.
    Free,
    /// No: somebody holds, or was there before, or the lock is closed for a while.
    Busy,
}

/// What became of a request.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Acquire {
    /// A new grant. A stronger mode for a holder is one too: its token is above those of all who
    /// held beside it, so that nothing that they have shown to the protected store is above it.
    Granted(FenceToken),
    /// The grant that the owner has already, with the term and delay of this request.
    AlreadyYours(FenceToken),
    /// Not now. The request comes back, to be parked or dropped.
    Busy(Ask),
    /// It could be granted, but there is no token yet. Nothing has changed.
    NoToken,
}

/// How a request stands that was parked.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does not wait here, or not any more.
    Absent,
    /// Somebody is in its way.
    Waits,
    /// It can be granted.
    Next,
}

/// What became of the offer to a waiter.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// It waits no more.
    Granted(Granted),
    /// It is not its turn, or nobody of this number waits. Nothing has changed.
    NotNext,
    /// There is no token yet. Nothing has changed.
    NoToken,
}

/// A grant to a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Whose request is done.
    pub waiter: WaiterId,
    /// The token of its owner's grant.
    pub token: FenceToken,
    /// What kind of grant it is.
    pub how: How,
    /// Since when it waited.
    pub since: Micros,
}

/// What a grant to a waiter is to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The owner did not hold the lock.
    New,
    /// It held the lock in a mode that does not cover the request.
    Stronger {
        /// Whether one release more is needed.
        counted: bool,
    },
    /// It held the lock already, and goes on with its token.
    Again {
        /// Whether one release more is needed.
        counted: bool,
    },
}

/// What became of a release.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Release {
    /// The owner goes on holding; so many releases more end it.
    HoldsLeft(u64),
    /// The grant is over.
    Released(Ended),
    /// The owner has no grant, or not the one with this token.
    NotOwner,
}

/// What became of an extension.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Extend {
    /// The grant with this token lasts longer, or shorter, as was asked.
    Extended(FenceToken),
    /// The owner has no grant, or not the one with this token.
    NotOwner,
}

/// A parked request, as LOCK.INFO tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter<'l> {
    /// Its number.
    pub id: WaiterId,
    /// Who asks.
    pub owner: &'l Owner,
    /// For what.
    pub mode: Mode,
    /// Since when.
    pub since: Micros,
    /// Whether it stands ahead of the line and waits for other holders alone.
    pub is_ahead: bool,
}
