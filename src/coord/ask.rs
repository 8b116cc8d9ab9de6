//! What an asker of a lock wants, and what is left when a grant is over.
//!
//! Not here: who gets it (`lock.rs`), and what a holder has (`holder.rs`).

use crate::base::time::{Micros, Mono};
use crate::coord::grant::{Lasting, Owner};
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

/// A time in which an owner holds a lock without a break. Two of one owner differ, unless 65,536
/// tokens were drawn within a millisecond between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    pub(super) since: Micros,
    pub(super) first_token: u16,
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
    pub since: Micros,
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
