//! latchd: an in-memory coordination server that speaks the Redis protocol.
//!
//! The layers and who may import whom are in `docs/ARCHITECTURE.md`; `tests/tidy.rs` enforces them.

pub mod acl;
pub mod base;
pub mod clients;
pub mod cluster;
pub mod command;
pub mod config;
pub mod coord;
pub mod keyspace;
pub mod net;
pub mod observe;
pub mod pubsub;
pub mod resp;
pub mod runtime;
pub mod script;
pub mod server;
pub mod types;
