//! The coordination primitives as state machines, without keys, RESP or clocks.

pub mod barrier;
#[cfg(test)]
mod counter;
pub mod election;
pub mod fence;
pub mod grant;
pub mod latch;
pub mod lease;
pub mod line;
pub mod once;
pub mod semaphore;
pub mod throttle;
pub mod token;
