//! Sockets: listeners and connections. Knows no rule about commands.

pub mod connection;
pub mod listen;
mod stream;
