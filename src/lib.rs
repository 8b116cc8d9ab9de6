//! latchd: an in-memory coordination server that speaks the Redis protocol.
//!
//! The layers and who may import whom are in `docs/ARCHITECTURE.md`; `tests/tidy.rs` enforces them.
#![warn(missing_docs)]

pub mod base;
pub mod config;
