//! The coordination primitives as state machines, without keys, RESP or clocks.

pub mod grant;
pub mod line;
pub mod token;
