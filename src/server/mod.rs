//! What happens between bytes and commands: sessions, dispatch, transactions. Knows no socket.

pub mod core;
pub mod dispatch;
pub mod session;
mod refusal;
mod transaction;
