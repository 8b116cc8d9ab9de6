//! The collections of Redis as data structures, without keys, RESP or clocks.

pub mod hash;
pub mod list;
pub mod structure;
