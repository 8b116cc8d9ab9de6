//! Commands: one row and one function each, in a file per family. Knows no connection and no thread.
//!
//! A new command is a row in its family's `ROWS`; a new family is a line in [`FAMILIES`].

pub mod args;
pub mod context;
pub mod error;
pub mod node;
pub mod spec;
pub mod table;

mod compare;
mod connection;
mod counter;
mod increx;
mod lcs;
mod lifetime;
mod string;
mod string_multi;
mod string_range;
mod string_set;
mod transaction;

use spec::Spec;

/// The rows of all families.
#[rustfmt::skip]
const FAMILIES: &[&[Spec]] = &[
    compare::ROWS,
    connection::ROWS,
    counter::ROWS,
    increx::ROWS,
    lcs::ROWS,
    string::ROWS,
    string_multi::ROWS,
    string_range::ROWS,
    string_set::ROWS,
    transaction::ROWS,
];

/// Commands of Redis that this version does not have, so that the error can say so.
const KNOWN_BUT_ABSENT: &[&str] = &[];
