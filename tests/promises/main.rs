//! What latchd promises, by experiment: histories of many connections that a checker has to be able
//! to explain, and resources that no late client may write to.
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

mod checker;
mod fenced;
mod planted;
mod recorder;
#[path = "../support/mod.rs"]
mod support;
mod value_histories;
mod value_model;
