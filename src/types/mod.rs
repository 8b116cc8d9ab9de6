//! The collections of Redis as data structures, without keys, RESP or clocks.

pub mod dense;
pub mod hash;
pub mod list;
pub mod packed;
pub mod pair;
pub mod structure;
