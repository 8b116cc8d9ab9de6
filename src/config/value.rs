//! The checked value of a directive, and how `CONFIG GET` and `CONFIG REWRITE` write it.
//!
//! Not here: reading values (`kind.rs`).

use crate::base::events::EventClasses;
use std::fmt;

use super::file::quoted;
use super::size;

/// A value that its directive's kind accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `yes` or `no`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A file mode, written in octal.
    Octal(u32),
    /// Bytes.
    Memory(u64),
    /// A share of all memory.
    Percent(u64),
    /// One word of a few.
    Choice(&'static str),
    /// Some words of a few, in the order of the kind; none stands for the kind's first word.
    Choices(Vec<&'static str>),
    /// Any text.
    Text(String),
    /// A password.
    Secret(Secret),
    /// Addresses to listen on.
    Addresses(Vec<String>),
    /// When a snapshot is due.
    SavePoints(Vec<SavePoint>),
    /// How much may wait for a client that reads slowly, by class.
    OutputLimits(OutputLimits),
    /// Some whole numbers.
    Integers(Vec<i64>),
    /// Classes of keyspace events.
    Events(EventClasses),
    /// Percentiles, 0 to 100.
    Percentiles(Vec<f64>),
}

/// A password. It is never part of a log line, an error or `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Keeps `bytes` out of sight.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The password itself: for comparing it, for `CONFIG GET`, and for the rewritten file.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(redacted)")
    }
}

/// `save seconds changes`: a snapshot is due after so many seconds if there were so many changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// At least 1.
    pub seconds: i64,
    /// At least 0.
    pub changes: i64,
}

/// How many bytes of replies may wait for one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    /// The client is closed at once beyond this; 0 is no limit.
    pub hard_bytes: u64,
    /// The client is closed when it stays beyond this for `soft_seconds`; 0 is no limit.
    pub soft_bytes: u64,
    /// How long the soft limit may be exceeded.
    pub soft_seconds: u32,
}

/// The limit of each class of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// Ordinary clients.
    pub normal: OutputLimit,
    /// Replicas.
    pub replica: OutputLimit,
    /// Clients subscribed to a channel or pattern.
    pub pubsub: OutputLimit,
}

impl OutputLimits {
    /// No limits at all: where parsing the default starts from.
    pub(super) const NONE: Self = {
        let none = OutputLimit { hard_bytes: 0, soft_bytes: 0, soft_seconds: 0 };
        Self { normal: none, replica: none, pubsub: none }
    };
}

impl Value {
    /// The value as `CONFIG GET` answers it.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        match self {
            Self::Flag(flag) => (if *flag { "yes" } else { "no" }).into(),
            Self::Integer(number) => number.to_string().into(),
            Self::Octal(mode) => format!("{mode:o}").into(),
            Self::Memory(bytes) => bytes.to_string().into(),
            Self::Percent(share) => format!("{share}%").into(),
            Self::Choice(word) => (*word).into(),
            Self::Choices(words) => words.join(" ").into(),
            Self::Text(text) => text.as_str().into(),
            Self::Secret(secret) => secret.expose().into(),
            Self::Addresses(addresses) => addresses.join(" ").into(),
            Self::SavePoints(points) => joined(points, SavePoint::to_string).into(),
            Self::OutputLimits(limits) => {
                limits.lines("slave", |bytes| bytes.to_string()).join(" ").into()
            }
            Self::Integers(numbers) => joined(numbers, i64::to_string).into(),
            Self::Events(events) => events.letters().into(),
            Self::Percentiles(percentiles) => joined(percentiles, percentile_text).into(),
        }
    }

    /// What follows the directive's name in a configuration file, one entry for each line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::OutputLimits(limits) => limits.lines("replica", size::format).to_vec(),
            Self::SavePoints(points) if !points.is_empty() => {
                points.iter().map(SavePoint::to_string).collect()
            }
            Self::Memory(bytes) => vec![size::format(*bytes)],
            Self::Text(_) | Self::Secret(_) | Self::Events(_) => vec![quoted(&self.text())],
            Self::Addresses(_)
            | Self::Percentiles(_)
            | Self::SavePoints(_)
            | Self::Flag(_)
            | Self::Integer(_)
            | Self::Octal(_)
            | Self::Percent(_)
            | Self::Choice(_)
            | Self::Choices(_)
            | Self::Integers(_) => {
                let text = self.text();
                let empty = text.is_empty();
                vec![if empty { quoted(b"") } else { String::from_utf8_lossy(&text).into() }]
            }
        }
    }
}

impl OutputLimits {
    /// One `class hard soft seconds` for each class, with Redis's name for replicas of the place.
    fn lines(&self, replica: &str, size: impl Fn(u64) -> String) -> [String; 3] {
        [("normal", &self.normal), (replica, &self.replica), ("pubsub", &self.pubsub)].map(
            |(class, limit)| {
                let (hard, soft) = (size(limit.hard_bytes), size(limit.soft_bytes));
                format!("{class} {hard} {soft} {}", limit.soft_seconds)
            },
        )
    }
}

fn joined<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Six decimals without trailing zeros, as Redis prints percentiles: `50`, `99.9`, `100`.
fn percentile_text(percentile: &f64) -> String {
    let text = format!("{percentile:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for SavePoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.seconds, self.changes)
    }
}
