//! Many clients at once: what is one command, or one transaction, is never seen in part.
//!
//! Keys are spread over all slots, so that a command borrows many shards. Not here: the order of
//! single commands, and anything about time.
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

mod channels;
mod counters;
mod crowd;
mod deadlocks;
mod keyspace;
mod retries;
#[path = "../support/mod.rs"]
mod support;
mod transfers;
