//! The protocol: requests in, replies out (Redis documentation, "Redis serialization protocol
//! specification"). Knows no commands.

pub mod glance;
pub mod inline;
pub mod recorded;
pub mod reply;
pub mod request;
