//! What every core may know about every connection: addresses, names, counters, and the request to
//! close it.
//!
//! It is data that commands read (CLIENT LIST) and sessions write; sockets are elsewhere.

mod client;
mod mailbox;
mod monitors;
mod pause;
mod post;
mod registry;
mod stall;
mod subscriber;

pub use client::{Client, ClientId, DEFAULT_USER, Figures, Kill, Origin, Unblock};
pub use mailbox::{Push, TooMany};
pub use monitors::Monitors;
pub use pause::{Pause, PauseScope};
pub use registry::Registry;
pub use stall::{Stall, Standstill};
