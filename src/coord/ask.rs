//! What an asker of a lock wants, what a holder has, and what is left when a grant is over.
//!
//! Not here: who gets it (`lock.rs`).

use crate::base::time::Mono;
use crate::coord::grant::{Lasting, Owner, Term};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;

/// A request for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who asks.
    pub owner: Owner,
    /// For what.
    pub mode: Mode,
    /// For how long.
    pub lasting: Lasting,
    /// For how many milliseconds the lock stays closed if the grant ends by itself; 0 for not.
    pub delay_ms: u64,
    /// Whether a repeat is one hold more, to be released by itself.
    pub reentrant: bool,
    /// Whether the owner wants a lock below this one, and this one for its sake.
    pub below: bool,
}

/// An owner with a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who holds.
    pub owner: Owner,
    /// What.
    pub mode: Mode,
    /// Whether the owner has asked again, or extended it, since the token was drawn: then more than
    /// the request that it was granted to relies on the grant.
    pub repeated: bool,
    /// Drawn when the grant was made.
    pub token: FenceToken,
    /// When it is over.
    pub term: Term,
    /// Since when the owner has held the lock without a break, in whichever mode.
    pub since: Mono,
    /// How many releases end it; 0 if its owner holds it for the sake of locks below alone.
    pub holds: u64,
    /// How many grants of locks below rely on it. As long as there is one, neither a release nor a
    /// shorter term takes it away.
    pub below: u32,
    /// For how many milliseconds the lock stays closed if it ends by itself.
    pub delay_ms: u64,
    /// The last bits of the token with which the owner began to hold the lock.
    pub first_token: u16,
}

/// A time in which an owner holds a lock without a break. Two of one owner differ, unless 65,536
/// tokens were drawn within a millisecond between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    since: Mono,
    first_token: u16,
}

impl Holder {
    /// The time of holding that this is.
    #[must_use]
    pub const fn tenure(&self) -> Tenure {
        Tenure { since: self.since, first_token: self.first_token }
    }

    /// The term that a request of its owner gives it. It does not become shorter while it is held,
    /// or asked for, for the sake of a lock below.
    #[must_use]
    pub fn next_term(&self, lasting: Lasting, below: bool, now: Mono) -> Term {
        let asked = lasting.from(now);
        if below || self.below > 0 { self.term.later(asked) } else { asked }
    }

    /// What is left of the grant when it is over at `at`.
    #[must_use]
    pub fn end(self, at: Mono, cause: Cause) -> Ended {
        let Self { owner, mode, token, since, .. } = self;
        Ended { owner, mode, token, since, at, cause }
    }
}

/// A grant that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Who held the lock.
    pub owner: Owner,
    /// In this mode.
    pub mode: Mode,
    /// With this token.
    pub token: FenceToken,
    /// From then.
    pub since: Mono,
    /// Until then.
    pub at: Mono,
    /// Why.
    pub cause: Cause,
}

/// Why a grant is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its owner released it, or was gone before it was told.
    Release,
    /// Its time or its lease ran out.
    Expiry,
    /// An operator took it away.
    Break,
    /// The key was deleted, or the database emptied.
    Deletion,
}
