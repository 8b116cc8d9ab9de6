//! Words that every layer shares: time, slots, numbers and limits.
//!
//! Nothing here has behaviour worth a paragraph.

pub mod extended;
pub mod glob;
pub mod number;
pub mod prefetch;
pub mod slot;
pub mod time;
