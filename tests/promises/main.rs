//! What latchd promises, by experiment: resources that no late client may write to.
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

mod fenced;
#[path = "../support/mod.rs"]
mod support;
