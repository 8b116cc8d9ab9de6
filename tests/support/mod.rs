//! What every test binary shares: real servers in their own directories, and a client that shows
//! exact bytes.
//!
//! Not here: what a reply should be. A test binary in a folder of its own includes this with
//! `#[path = "../support/mod.rs"] mod support;`.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test binary uses a part")]
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

mod client;
mod frame;
mod server;
mod text;

pub use client::{Client, Silence, encode};
pub use frame::{Frame, MalformedReply, frame_end};
pub use server::{Program, Server, TempDir};
pub use text::{escape, escape_line, split_line};
