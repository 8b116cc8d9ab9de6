//! The coordination primitives as state machines, without keys, RESP or clocks.

pub mod ask;
pub mod barrier;
pub mod election;
pub mod fence;
pub mod grant;
pub mod holder;
mod holders;
pub mod latch;
pub mod lease;
pub mod line;
pub mod lock;
mod lock_model;
pub mod lock_outcome;
mod lock_queue;
pub mod mode;
pub mod once;
pub mod path;
pub mod semaphore;
mod test_tokens;
pub mod throttle;
pub mod token;
mod wait_cycle;
pub mod wait_graph;
mod wait_graph_model;
