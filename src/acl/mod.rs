//! Users, and what each of them may do (Redis documentation, "ACL"), as pure data.
//!
//! Not here: connections, requests, files and the commands that change users. A layer above says
//! which commands there are ([`Catalogue`]) and what a request wants ([`Wish`]).
//! Invariant: a password is kept as its SHA-256 and in no other form.

mod catalogue;
mod error;
mod password;
mod pattern;
mod selector;
mod user;
mod user_tests;

pub use catalogue::{Catalogue, Entry};
pub use error::{Denied, RuleError};
pub use password::Password;
pub use pattern::KeyAccess;
pub use selector::{Selector, Wish};
pub use user::{Unmatched, User, join_selectors};
