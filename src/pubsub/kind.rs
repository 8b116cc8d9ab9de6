//! The three things that a subscription may name.

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A channel by its name (SUBSCRIBE).
    Channel,
    /// All channels that match a glob pattern (PSUBSCRIBE).
    Pattern,
    /// A channel of the slot that its name hashes to (SSUBSCRIBE). It has nothing to do with a
    /// channel of the same name, and patterns do not see it.
    ShardChannel,
}
