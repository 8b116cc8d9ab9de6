//! Where the server says no, and that it stays well: floods, slow readers, garbage, shutdown.
//!
//! Not here: what a good request answers. `LATCHD_LONG=1` makes the values and the numbers bigger.
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

mod admission;
mod big_requests;
mod expiry;
mod farewell;
mod garbage;
mod idle_flood;
mod inspect;
mod listening;
mod lock_lost;
mod monitor;
mod pause;
mod shutdown;
mod slow_reader;
mod split;
mod start_up;
mod subscribers;
#[path = "../support/mod.rs"]
mod support;
