//! The lock scripts of client libraries: how a script is recognised, and what it does. Knows no
//! keys: the operations over keys stand beside the rows of EVAL (`command/lock_script`).
//!
//! There is no Lua here. A script is known by its SHA-1, or because its normal form is that of one
//! that is known.

pub mod cache;
pub mod catalogue;
pub mod explain;
mod lexer;
pub mod normal;
pub mod number;
pub mod operation;
mod parentheses;
mod rows;
mod sha;

pub use sha::Sha;
