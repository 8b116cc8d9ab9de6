//! Sockets: listeners and connections. Knows no rule about commands.

pub mod acceptors;
mod backlog;
pub mod connection;
pub mod farewell;
pub mod listen;
mod stream;
mod timer;
