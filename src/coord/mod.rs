//! The coordination primitives as state machines, without keys, RESP or clocks.

pub mod grant;
pub mod token;
