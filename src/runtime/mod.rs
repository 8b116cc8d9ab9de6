//! Threads, clocks, files, signals, and the order in which they start and stop. The only layer that
//! touches them.

mod alarms;
pub mod boot;
pub mod clock;
mod duties;
mod files;
mod listening;
mod node_state;
mod outside;
pub mod panics;
mod pid_file;
mod platform;
mod worker;
