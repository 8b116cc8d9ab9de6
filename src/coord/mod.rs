//! The coordination primitives as state machines, without keys, RESP or clocks.

pub mod ask;
pub mod grant;
mod holders;
pub mod lock;
mod lock_model;
pub mod lock_outcome;
mod lock_queue;
pub mod mode;
mod test_tokens;
pub mod token;
mod wait_cycle;
pub mod wait_graph;
mod wait_graph_model;
