//! Sockets: listeners and connections. Knows no rule about commands.

mod backlog;
pub mod connection;
pub mod farewell;
pub mod listen;
mod stream;
mod timer;
