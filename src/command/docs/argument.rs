//! A command's arguments as a tree, in the words of COMMAND DOCS (Redis documentation, "COMMAND
//! DOCS").

use crate::command::spec::{KeyFlags, KeyRange, KeySpec};

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
}

impl Type {
    /// The type of this name, as the notation and COMMAND DOCS spell it.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("double", Self::Double),
        ("key", Self::Key),
        ("pattern", Self::Pattern),
        ("unix-time", Self::UnixTime),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// What a word usually stands for, by its name.
    pub(super) fn usual(word: &str) -> Self {
        match word {
            "bit" | "client-id" | "count" | "cursor" | "db" | "decrement" | "destination-db"
            | "end" | "increment" | "index" | "index1" | "index2" | "len" | "limit" | "maxage"
            | "milliseconds" | "min-match-len" | "ms" | "numkeys" | "offset" | "port"
            | "protover" | "seconds" | "size" | "slot" | "start" | "stop" | "timeout" | "ttl"
            | "version" => Self::Integer,
            "pattern" => Self::Pattern,
            "unix-time-seconds" | "unix-time-milliseconds" => Self::UnixTime,
            _ => Self::String,
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, kind)| *kind == self);
        named.map_or("string", |(name, _)| *name)
    }
}

/// What an argument is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One word that the client chooses.
    Value(Type),
    /// Nothing but its token.
    PureToken,
    /// One of several.
    OneOf(Vec<Argument>),
    /// All of several, in this order.
    Block(Vec<Argument>),
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(super) name: String,
    /// The keyword that stands before it.
    pub(super) token: Option<String>,
    pub(super) shape: Shape,
    pub(super) optional: bool,
    pub(super) multiple: bool,
    /// Whether the token is repeated as well.
    pub(super) multiple_token: bool,
    /// Which of the command's key specifications speaks of it.
    pub(super) key_spec: Option<usize>,
    /// The version that added it, if the command is older.
    pub(super) since: Option<String>,
    /// The version since which it should not be used any more.
    pub(super) deprecated_since: Option<String>,
}

impl Argument {
    pub(super) fn new(name: &str, shape: Shape) -> Self {
        Self {
            name: name.to_owned(),
            token: None,
            shape,
            optional: false,
            multiple: false,
            multiple_token: false,
            key_spec: None,
            since: None,
            deprecated_since: None,
        }
    }

    /// How few words it can be.
    pub(super) fn words_min(&self) -> usize {
        if self.optional { 0 } else { self.words_once() }
    }

    /// How few words it is when it is there.
    fn words_once(&self) -> usize {
        let behind_token = match &self.shape {
            Shape::PureToken => 0,
            Shape::Value(_) => 1,
            Shape::OneOf(all) => all.iter().map(Self::words_min).min().unwrap_or_default(),
            Shape::Block(all) => all.iter().map(Self::words_min).sum(),
        };
        behind_token + usize::from(self.token.is_some())
    }

    /// Whether it can be of different lengths.
    pub(super) fn is_elastic(&self) -> bool {
        self.optional
            || self.multiple
            || match &self.shape {
                Shape::PureToken | Shape::Value(_) => false,
                Shape::Block(all) => all.iter().any(Self::is_elastic),
                Shape::OneOf(all) => {
                    let words = all.first().map(Self::words_min);
                    all.iter().any(|one| one.is_elastic() || Some(one.words_min()) != words)
                }
            }
    }
}

/// Finds the keys among arguments of which the first is word number `at`, and returns where the
/// words behind them start; `None` where that depends on the request.
pub(super) fn place_keys(
    arguments: &mut [Argument],
    mut at: Option<usize>,
    specs: &[KeySpec],
) -> Option<usize> {
    for argument in arguments {
        let inside = at.map(|at| at + usize::from(argument.token.is_some()));
        match &mut argument.shape {
            Shape::PureToken => {}
            Shape::Value(kind) => {
                let covered = inside.and_then(|at| specs.iter().position(|spec| covers(spec, at)));
                if covered.is_some() {
                    (*kind, argument.key_spec) = (Type::Key, covered);
                }
            }
            Shape::Block(all) => {
                place_keys(all, inside, specs);
            }
            Shape::OneOf(all) => {
                for one in all {
                    place_keys(std::slice::from_mut(one), inside, specs);
                }
            }
        }
        at = if argument.is_elastic() { None } else { at.map(|at| at + argument.words_min()) };
    }
    at
}

/// Whether the word at `at` is a key by `spec`. Behind a word of variable length nobody asks.
fn covers(spec: &KeySpec, at: usize) -> bool {
    if spec.flags.has(KeyFlags::NOT_KEY) {
        return false;
    }
    let (first, last, step) = match spec.range {
        KeyRange::Words { first, last, step } => {
            let end = usize::try_from(last).map(|last| usize::from(first) + last);
            (usize::from(first), end.unwrap_or(usize::MAX), step)
        }
        KeyRange::Counted { count, step } => (usize::from(count) + 1, usize::MAX, step),
        // Which words are keys depends on the command there.
        KeyRange::Nested { .. } => return false,
    };
    (first..=last).contains(&at) && (at - first).is_multiple_of(usize::from(step))
}
