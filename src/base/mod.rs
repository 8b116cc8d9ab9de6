//! Words that every layer shares: time, slots, numbers and limits.
//!
//! Nothing here has behaviour worth a paragraph.

pub mod bytes;
pub mod durations;
pub mod events;
pub mod extended;
pub mod glob;
pub mod key_hash;
pub mod number;
pub mod prefetch;
pub mod slot;
pub mod time;

/// The Redis whose behaviour latchd matches, as HELLO and INFO tell clients.
pub const REDIS_VERSION: &str = "7.4.0";
