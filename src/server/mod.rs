//! What happens between bytes and commands: sessions, dispatch, transactions. Knows no socket.

pub mod core;
pub mod dispatch;
mod memory_limit;
mod monitor;
mod refusal;
pub mod session;
mod transaction;
mod waiting;
pub mod window;
