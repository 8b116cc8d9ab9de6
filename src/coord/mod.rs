//! Coordination primitives as pure state machines: no keys, no clock, no RESP.

pub mod token;
