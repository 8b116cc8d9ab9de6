//! What the hub knows about a subscriber, and what a subscriber gets.

use std::sync::Arc;

/// A subscriber's number, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubscriberId(pub u64);

/// Why a message reaches a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via<'m> {
    /// It follows the channel.
    Channel,
    /// It follows this pattern.
    Pattern(&'m [u8]),
    /// It follows the shard channel.
    ShardChannel,
}

/// A message on its way to all who follow the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'m> {
    /// Why they get it.
    pub via: Via<'m>,
    /// Where it was published.
    pub channel: &'m [u8],
    /// What was.
    pub text: &'m [u8],
}

/// Who can be told something.
pub trait Subscriber: Send + Sync {
    /// A message in the form in which subscribers keep it: made once and shared by all of them.
    type Parcel;

    /// Makes it.
    fn pack(message: Message<'_>) -> Self::Parcel;

    /// Its number.
    fn id(&self) -> SubscriberId;

    /// Takes a message, from any core. It must neither wait nor ask the hub for anything: a lock of
    /// the hub is held.
    fn deliver(this: &Arc<Self>, parcel: &Self::Parcel);
}
