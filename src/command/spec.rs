//! What a command is: one row. Lookup, arity check, routing, COMMAND, the command reference and
//! metrics derive from it.
//!
//! The words are those of Redis's command JSON files (Redis documentation, "COMMAND", "Command
//! tips", "Key specifications").

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;

/// What a command's function returns; its reply has been written into the context.
pub type Outcome = Result<(), CommandError>;

/// What does a command's work.
#[derive(Clone, Copy)]
pub enum Run {
    /// A function over the shards of the row's keys.
    Plain(fn(&mut Context<'_>, Args<'_>) -> Outcome),
    /// Changes how the session treats requests; `server` does it.
    Session(SessionVerb),
    /// Only a roof for subcommands.
    Container,
}

/// Commands that are about the session itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionVerb {
    /// Starts a transaction.
    Multi,
    /// Runs the queued commands.
    Exec,
    /// Forgets them.
    Discard,
    /// Makes EXEC depend on keys.
    Watch,
    /// Forgets those keys.
    Unwatch,
    /// Back to a fresh connection's state.
    Reset,
    /// Answers and closes.
    Quit,
}

/// The family a command belongs to in COMMAND DOCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// `hash`.
    Hash,
    /// `string`.
    String,
    /// `generic`.
    Generic,
    /// `transactions`.
    Transactions,
    /// `connection`.
    Connection,
    /// `scripting`.
    Scripting,
    /// `pubsub`.
    Pubsub,
    /// `server`.
    Server,
    /// `cluster`.
    Cluster,
    /// `coordination`: ours.
    Coordination,
}

impl Group {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::String => "string",
            Self::Generic => "generic",
            Self::Transactions => "transactions",
            Self::Connection => "connection",
            Self::Scripting => "scripting",
            Self::Pubsub => "pubsub",
            Self::Server => "server",
            Self::Cluster => "cluster",
            Self::Coordination => "coordination",
        }
    }
}

macro_rules! bit_set {
    ($(#[$doc:meta])* $set:ident {
        $($(#[$bit_doc:meta])* $bit:ident = $index:literal, $name:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $set(u32);

        impl $set {
            $($(#[$bit_doc])* pub const $bit: Self = Self(1 << $index);)*
            /// Nothing.
            pub const NONE: Self = Self(0);

            /// Both sets.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether all of `other` is in here.
            #[must_use]
            #[inline]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The one with this name, in any case and without its `@`.
            #[must_use]
            pub fn named(name: &[u8]) -> Option<Self> {
                let is_it = |known: &str| {
                    known.trim_start_matches('@').as_bytes().eq_ignore_ascii_case(name)
                };
                [$(($set::$bit, $name)),*]
                    .into_iter()
                    .find(|(_, known)| is_it(known))
                    .map(|(bit, _)| bit)
            }

            /// The names of what is in here, in Redis's order.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                [$(($set::$bit, $name)),*]
                    .into_iter()
                    .filter_map(move |(bit, name)| self.has(bit).then_some(name))
                    .filter(|name| !name.is_empty())
            }
        }
    };
}

bit_set! {
    /// A command's flags, in the order in which COMMAND INFO prints them.
    Flags {
        /// Changes keys.
        WRITE = 0, "write";
        /// Only reads keys.
        READONLY = 1, "readonly";
        /// Refused when memory is full.
        DENYOOM = 2, "denyoom";
        /// Only for clients that `enable-debug-command` names. Redis does not print it either.
        PROTECTED = 3, "";
        /// For operators.
        ADMIN = 4, "admin";
        /// About channels.
        PUBSUB = 5, "pubsub";
        /// Not in scripts.
        NOSCRIPT = 6, "noscript";
        /// May block the connection.
        BLOCKING = 8, "blocking";
        /// Allowed while data is being loaded.
        LOADING = 9, "loading";
        /// Allowed on a replica that has lost its primary.
        STALE = 10, "stale";
        /// Not shown to MONITOR.
        SKIP_MONITOR = 11, "skip_monitor";
        /// Not shown in the slow log.
        SKIP_SLOWLOG = 12, "skip_slowlog";
        /// Implies ASKING in a cluster.
        ASKING = 13, "asking";
        /// Takes constant or logarithmic time.
        FAST = 14, "fast";
        /// Allowed before AUTH.
        NO_AUTH = 15, "no_auth";
        /// May write, though it need not. Redis does not print it either.
        MAY_REPLICATE = 16, "";
        /// May have no key, though there is a place for keys.
        NO_MANDATORY_KEYS = 21, "no_mandatory_keys";
        /// Not in a transaction.
        NO_MULTI = 17, "no_multi";
        /// Keys cannot be told from the row alone.
        MOVABLEKEYS = 18, "movablekeys";
        /// Runs while asynchronous loading goes on.
        NO_ASYNC_LOADING = 19, "no_async_loading";
        /// Allowed while a script is busy.
        ALLOW_BUSY = 20, "allow_busy";
        /// Allowed to a subscriber that speaks RESP2. Redis does not print it either.
        SUBSCRIBER = 22, "";
    }
}

bit_set! {
    /// ACL categories, in the order in which COMMAND INFO prints them.
    Acl {
        /// `@keyspace`.
        KEYSPACE = 0, "@keyspace";
        /// `@read`.
        READ = 1, "@read";
        /// `@write`.
        WRITE = 2, "@write";
        /// `@set`.
        SET = 3, "@set";
        /// `@sortedset`.
        SORTEDSET = 4, "@sortedset";
        /// `@list`.
        LIST = 5, "@list";
        /// `@hash`.
        HASH = 6, "@hash";
        /// `@string`.
        STRING = 7, "@string";
        /// `@bitmap`.
        BITMAP = 8, "@bitmap";
        /// `@hyperloglog`.
        HYPERLOGLOG = 9, "@hyperloglog";
        /// `@geo`.
        GEO = 10, "@geo";
        /// `@stream`.
        STREAM = 11, "@stream";
        /// `@pubsub`.
        PUBSUB = 12, "@pubsub";
        /// `@admin`.
        ADMIN = 13, "@admin";
        /// `@fast`.
        FAST = 14, "@fast";
        /// `@slow`.
        SLOW = 15, "@slow";
        /// `@blocking`.
        BLOCKING = 16, "@blocking";
        /// `@dangerous`.
        DANGEROUS = 17, "@dangerous";
        /// `@connection`.
        CONNECTION = 18, "@connection";
        /// `@transaction`.
        TRANSACTION = 19, "@transaction";
        /// `@scripting`.
        SCRIPTING = 20, "@scripting";
        /// `@lock`: ours.
        LOCK = 21, "@lock";
    }
}

bit_set! {
    /// What a command does with a key (Redis documentation, "Key specifications", flags).
    KeyFlags {
        /// Reads it.
        RO = 0, "RO";
        /// Reads and writes it.
        RW = 1, "RW";
        /// Overwrites it without looking.
        OW = 2, "OW";
        /// Removes it.
        RM = 3, "RM";
        /// Returns or copies its value.
        ACCESS = 4, "access";
        /// Changes its value in dependence of the old one.
        UPDATE = 5, "update";
        /// Adds to it.
        INSERT = 6, "insert";
        /// Deletes from it.
        DELETE = 7, "delete";
        /// No key: the name of a shard channel, which has a slot as a key has one.
        NOT_KEY = 8, "not_key";
        /// The specification may miss keys.
        INCOMPLETE = 9, "incomplete";
        /// The flags depend on the arguments.
        VARIABLE_FLAGS = 10, "variable_flags";
    }
}

/// Where a command's keys stand among its words, the name being word 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRange {
    /// From `first` to `last` (negative: from the end) in steps.
    Words {
        /// First key.
        first: u16,
        /// Last key, relative to `first` when not negative, as Redis's `range` specification.
        last: i16,
        /// Distance between keys.
        step: u16,
    },
    /// A count at word `count`, then that many keys, `step` words apart.
    Counted {
        /// The word that says how many.
        count: u16,
        /// Distance between keys.
        step: u16,
    },
    /// A request of its own from word `first` to the end, with the keys of its command.
    Nested {
        /// The name of that command.
        first: u16,
    },
}

/// One key specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// Where.
    pub range: KeyRange,
    /// What for.
    pub flags: KeyFlags,
    /// A remark that COMMAND INFO prints; empty if none.
    pub notes: &'static str,
}

impl KeySpec {
    /// A single key at word `first`.
    #[must_use]
    pub const fn one(first: u16, flags: KeyFlags) -> Self {
        Self::words(first, 0, 1, flags)
    }

    /// Keys from word `first` on.
    #[must_use]
    pub const fn words(first: u16, last: i16, step: u16, flags: KeyFlags) -> Self {
        Self { range: KeyRange::Words { first, last, step }, flags, notes: "" }
    }

    /// The keys of the command whose name is word `first`.
    #[must_use]
    pub const fn nested(first: u16, flags: KeyFlags) -> Self {
        Self { range: KeyRange::Nested { first }, flags, notes: "" }
    }

    /// Keys behind their count.
    #[must_use]
    pub const fn counted(count: u16, step: u16, flags: KeyFlags) -> Self {
        Self { range: KeyRange::Counted { count, step }, flags, notes: "" }
    }
}

/// Which shards a command borrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of its keys; none if it has none.
    Keys,
    /// All of them.
    AllShards,
    /// None: it visits one after the other
    /// ([`Borrowed::visit`](crate::keyspace::borrow::Borrowed::visit)), so that nobody waits for a
    /// long walk. Inside EXEC all of them are borrowed.
    EachShard,
}

/// That a command should no longer be used in new programs, as COMMAND DOCS says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// The version of Redis that deprecated it.
    pub since: &'static str,
    /// What to use instead.
    pub replaced_by: &'static str,
}

/// The row.
#[derive(Clone, Copy)]
pub struct Spec {
    /// Name in lower case; of a subcommand without its container.
    pub name: &'static str,
    /// Number of words, name included; negative: at least so many.
    pub arity: i16,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Which shards it borrows.
    pub reach: Reach,
    /// Flags.
    pub flags: Flags,
    /// ACL categories.
    pub acl: Acl,
    /// Family.
    pub group: Group,
    /// One sentence.
    pub summary: &'static str,
    /// The version of Redis that has it, or of latchd for our own.
    pub since: &'static str,
    /// Cost.
    pub complexity: &'static str,
    /// The arguments behind the name, in the notation of the documentation: `key value [NX | XX]`.
    /// COMMAND DOCS derives its argument trees from it (`docs`).
    pub syntax: &'static str,
    /// Hints for proxies and clients (Redis documentation, "Command tips").
    pub tips: &'static [&'static str],
    /// Versions and what changed in them, as COMMAND DOCS lists them.
    pub history: &'static [(&'static str, &'static str)],
    /// Whether it is still recommended.
    pub deprecated: Option<Deprecation>,
    /// Subcommands.
    pub subcommands: &'static [Spec],
    /// What does the work.
    pub run: Run,
}

impl Spec {
    /// A row to start from: `Spec { name: "get", run: Run::Plain(get), ..Spec::BASE }`.
    pub const BASE: Self = Self {
        name: "",
        arity: 0,
        keys: &[],
        reach: Reach::Keys,
        flags: Flags::NONE,
        acl: Acl::NONE,
        group: Group::Server,
        summary: "",
        since: "1.0.0",
        complexity: "O(1)",
        syntax: "",
        tips: &[],
        history: &[],
        subcommands: &[],
        deprecated: None,
        run: Run::Container,
    };

    /// Whether there is a place for keys: names of channels are none.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.keys.iter().any(|keys| !keys.flags.has(KeyFlags::NOT_KEY))
    }

    /// Whether a request of `words` words has the right number of them.
    #[must_use]
    #[inline]
    pub const fn accepts(&self, words: usize) -> bool {
        let wanted = self.arity.unsigned_abs() as usize;
        if self.arity < 0 { words >= wanted } else { words == wanted }
    }
}
