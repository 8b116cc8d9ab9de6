//! Commands: one row and one function each, in a file per family. Knows no connection and no thread.
//!
//! A new command is a row in its family's `ROWS`; a new family is a line in [`FAMILIES`].

pub mod args;
pub mod context;
pub mod error;
pub mod node;
pub mod spec;
pub mod table;

mod auth;
mod client;
mod connection;
mod help;
mod string;
mod transaction;

use spec::Spec;

/// The rows of all families.
const FAMILIES: &[&[Spec]] =
    &[auth::ROWS, client::ROWS, connection::ROWS, string::ROWS, transaction::ROWS];

/// Commands of Redis that this version does not have, so that the error can say so.
const KNOWN_BUT_ABSENT: &[&str] = &[];
