//! Many nodes: who is a member, which node owns which slots at which epoch, and until when a node
//! may serve what it owns, as pure machines.
//!
//! Not here: sockets, files and the Raft group that puts entries into one order; and the keys.
//! Invariant: at most one node serves a slot at any instant, as long as clocks drift less than the
//! bound of `lease`.

pub mod entry;
pub mod grantor;
pub mod id;
pub mod lease;
pub mod map;
mod map_tests;
pub mod slots;
pub mod voters;
