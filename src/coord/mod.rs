//! The coordination primitives as state machines, without keys, RESP or clocks.

pub mod ask;
pub mod grant;
mod holders;
pub mod lock;
#[cfg(test)]
mod lock_model;
pub mod lock_outcome;
mod lock_queue;
pub mod mode;
#[cfg(test)]
mod test_tokens;
pub mod token;
mod wait_cycle;
pub mod wait_graph;
#[cfg(test)]
mod wait_graph_model;
