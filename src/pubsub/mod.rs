//! Channels: who follows them, and how a message reaches all who do, from any core (Redis
//! documentation, "Pub/Sub").
//!
//! Not here: connections, and how a message is spelled: a subscriber is whatever implements
//! [`Subscriber`].

mod channels;
mod followers;
mod hub;
mod kind;
#[cfg(test)]
mod model;
mod patterns;
mod subscriber;
mod subscriptions;

pub use hub::Hub;
pub use kind::Kind;
pub use subscriber::{Message, Subscriber, SubscriberId, Via};
pub use subscriptions::{Subscribed, Subscriptions};
