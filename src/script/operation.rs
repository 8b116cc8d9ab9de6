//! What lock scripts do, without the Lua around it: one variant for each shape, with the answers as
//! data. Two scripts with one operation cannot be told apart from outside.
//!
//! `KEYS` and `ARGV` are what the request brings, counted from 1 as in Lua. Not here: the keys
//! themselves.

/// What a script answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An integer; also Lua's `true`, which is 1.
    Number(i64),
    /// `+OK`.
    Ok,
    /// Null: Lua's `nil` and `false`.
    Nothing,
    /// The error that `redis.error_reply('ERROR')` makes.
    Refusal,
}

/// What a number of `ARGV` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds: `EX`, EXPIRE, TTL.
    Seconds,
    /// Milliseconds: `PX`, PEXPIRE, PTTL.
    Millis,
}

/// Answers by who holds the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The caller: the key's value is `ARGV[1]`.
    pub own: Answer,
    /// Nobody.
    pub free: Answer,
    /// Somebody else.
    pub taken: Answer,
}

impl Answers {
    /// 1 for the caller's own key, 0 for any other.
    pub(super) const ONE_OR_ZERO: Self =
        Self { own: Answer::Number(1), free: Answer::Number(0), taken: Answer::Number(0) };
    /// `true` for the caller's own key, `false` for any other.
    pub(super) const TRUE_OR_FALSE: Self =
        Self { own: Answer::Number(1), free: Answer::Nothing, taken: Answer::Nothing };
}

/// Where the values of a script for several keys begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// `ARGV[1]` is the value: the keys are in the caller's database.
    Callers,
    /// `ARGV[1]` is the number of a database, if it is one, and the values follow.
    First,
}

/// What latchd lacks to run a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Lists, which carry the signal that a lock is free.
    Lists,
    /// Somebody who has written down what the script does.
    NativeForm,
}

/// What the others are told when a key is free, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// The key's name, on the channel `ARGV[2]`; 1, or null if there was nothing to tell.
    Name,
    /// The key and its value, spelled like JSON, on the channel `KEYS[2]`; null in any case.
    Record,
}

impl Lack {
    /// As errors name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lists => "lists",
            Self::NativeForm => "a native operation",
        }
    }
}

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Deletes the key if it is the caller's.
    Release(Answers),
    /// Gives the key `ARGV[2]` of time if it is the caller's.
    Extend(Answers),
    /// Gives the key `ARGV[2]` seconds if it is the caller's and ends: 0. One that never ends: 2.
    /// Not the caller's: 1.
    ExtendWhatEnds,
    /// Adds `ARGV[2]` milliseconds to what the caller's key has: 1, or 0 if it is not the caller's
    /// or never ends.
    Prolong,
    /// As `Prolong` if `ARGV[3]` is `0`; otherwise `ARGV[2]` replaces what the key has.
    ProlongOrReplace,
    /// Writes the caller's key anew, for `ARGV[2]` milliseconds: 1, or 0 if it is not the caller's.
    Rewrite,
    /// The same with everything in `KEYS`: the key, the milliseconds, the value. `OK` or 0.
    RewriteFromKeys,
    /// Takes a free key for `ARGV[2]` of time, or extends the caller's.
    ClaimOrExtend(Unit, Answers),
    /// Gives the caller's key `ARGV[2]` milliseconds, or tries to take any other: 1 or 0.
    ExtendOrClaim,
    /// Writes a free key or the caller's, for `ARGV[2]` milliseconds: `OK`.
    ClaimOrRewrite {
        /// Whether a free key is only taken if `ARGV[3]` is `yes`.
        asks: bool,
        /// What there is for the others.
        otherwise: Answer,
    },
    /// Takes a free key for `ARGV[2]` milliseconds: `OK` or null.
    Claim,
    /// Takes a free key, for `ARGV[2]` milliseconds if that is above zero: 1 or 0.
    ClaimForEver,
    /// Takes a free key for `ARGV[3]` milliseconds, or one whose value begins as `ARGV[1]` does, up
    /// to byte `ARGV[2]`: `OK` or null.
    ClaimByPrefix,
    /// How long the key still lives, if it is the caller's.
    TimeLeft {
        /// What is counted.
        unit: Unit,
        /// The answer for less, such as -1 for a key that never ends.
        at_least: i64,
        /// What there is for keys of others.
        otherwise: Answer,
    },
    /// The value and the milliseconds left.
    ValueAndTimeLeft,
    /// Takes all keys for some milliseconds if all are free: their number or 0.
    ClaimAll(Database),
    /// Writes all keys anew for some milliseconds if all are the caller's: their number or 0.
    RewriteAll(Database),
    /// Deletes those keys that are the caller's: how many.
    ReleaseEach(Database),
    /// As `ClaimByPrefix` for all keys or none.
    ClaimAllByPrefix,
    /// Deletes all keys if all are the caller's: `OK` or null.
    ReleaseAll,
    /// Gives all keys `ARGV[2]` milliseconds if all are the caller's: `OK` or null.
    ExtendAll,
    /// The shortest time left of all keys if all are the caller's; 0 if none ends, or null.
    TimeLeftOfAll,
    /// Sets a number if it is greater than the one that is there: the new one or null.
    Raise,
    /// Counts one more hold of `ARGV[2]` in the hash, for `ARGV[1]` milliseconds, if nobody else
    /// has one: null, or the milliseconds left.
    Hold,
    /// As `Hold`, with the next number of a counter for each hold.
    HoldFenced {
        /// Whether the number is in the reply: -1 and it, or the milliseconds left and -1.
        tells: bool,
    },
    /// Counts one hold less, and keeps the reply under a key of the request: 1 if it was the last
    /// one, 0 if not, or null.
    LetGo {
        /// Whether the others are told of the last one.
        publishes: bool,
    },
    /// Removes the hash: 1 or 0.
    BreakHolds {
        /// Whether the others are told.
        publishes: bool,
    },
    /// Gives each hash `ARGV[1]` milliseconds in which its owner has a hold: 1 or 0 for each.
    RenewHolds,
    /// Deletes the key if it is the caller's, and tells the others.
    ReleaseAndTell(Telling),
    /// Something that needs what is not there.
    Lacking(Lack),
}

impl Operation {
    /// What it does, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Release(_) => "deletes the key if it holds the caller's value",
            Self::Extend(_) => "sets the key's time to live if it holds the caller's value",
            Self::ExtendWhatEnds => {
                "sets the time to live, in seconds, of a key that holds the caller's value and ends"
            }
            Self::Prolong | Self::ProlongOrReplace => {
                "adds to the key's time to live if it holds the caller's value"
            }
            Self::Rewrite | Self::RewriteFromKeys => {
                "writes the key anew, with a time to live, if it holds the caller's value"
            }
            Self::ClaimOrExtend(..) | Self::ExtendOrClaim => {
                "sets a free key with a time to live, or extends one that holds the caller's value"
            }
            Self::ClaimOrRewrite { .. } => {
                "sets the key with a time to live if it is free or holds the caller's value"
            }
            Self::Claim | Self::ClaimForEver => "sets a free key with a time to live",
            Self::ClaimByPrefix => {
                "sets the key with a time to live if it is free or begins with the caller's token"
            }
            Self::TimeLeft { .. } => "the key's time to live if it holds the caller's value",
            Self::ValueAndTimeLeft => "the key's value and time to live",
            Self::ClaimAll(_) => "sets all keys with a time to live if all are free",
            Self::RewriteAll(_) => {
                "writes all keys anew, with a time to live, if all hold the caller's value"
            }
            Self::ReleaseEach(_) => "deletes those keys that hold the caller's value",
            Self::ClaimAllByPrefix => {
                "sets all keys with a time to live if all are free or begin with the caller's token"
            }
            Self::ReleaseAll => "deletes all keys if all hold the caller's value",
            Self::ExtendAll => "sets the time to live of all keys if all hold the caller's value",
            Self::TimeLeftOfAll => "the shortest time to live if all keys hold the caller's value",
            Self::Raise => "sets a number if it is greater than the one that is there",
            Self::Hold => "counts a hold in a hash with a time to live, if nobody else has one",
            Self::HoldFenced { .. } => {
                "counts a hold in a hash, and a fencing number, if nobody else has one"
            }
            Self::LetGo { .. } => "counts a hold less, and removes the hash with the last one",
            Self::BreakHolds { .. } => "removes the hash that counts holds",
            Self::RenewHolds => "sets the time to live of all hashes in which the owner has a hold",
            Self::Lacking(Lack::Lists) => "works with a list, which latchd does not have",
            Self::Lacking(Lack::NativeForm) => "works with a hash in a way of its own",
            Self::ReleaseAndTell(_) => {
                "deletes the key if it holds the caller's value, and publishes that it is free"
            }
        }
    }

    /// The command that does the same without a script, where there is one.
    #[must_use]
    pub const fn native(self) -> Option<&'static str> {
        match self {
            Self::Release(Answers { free: Answer::Number(-1), .. }) => Some("CAD key value"),
            Self::Release(_) => Some("DELEX key IFEQ value"),
            Self::Extend(_) => Some("PEXPIRE key milliseconds IFEQ value"),
            Self::ExtendWhatEnds => Some("EXPIRE key seconds XX IFEQ value"),
            Self::Rewrite | Self::RewriteFromKeys => {
                Some("SET key value IFEQ value PX milliseconds")
            }
            Self::Claim | Self::ClaimForEver => Some("SET key value NX PX milliseconds"),
            Self::ClaimAll(_) => {
                Some("MSETEX numkeys key value [key value ...] NX PX milliseconds")
            }
            Self::Prolong
            | Self::ProlongOrReplace
            | Self::ClaimOrExtend(..)
            | Self::ExtendOrClaim
            | Self::ClaimOrRewrite { .. }
            | Self::ClaimByPrefix
            | Self::TimeLeft { .. }
            | Self::ValueAndTimeLeft
            | Self::RewriteAll(_)
            | Self::ReleaseEach(_)
            | Self::ClaimAllByPrefix
            | Self::ReleaseAll
            | Self::ExtendAll
            | Self::TimeLeftOfAll
            | Self::Raise
            | Self::Hold
            | Self::HoldFenced { .. }
            | Self::LetGo { .. }
            | Self::BreakHolds { .. }
            | Self::RenewHolds
            | Self::ReleaseAndTell(_)
            | Self::Lacking(_) => None,
        }
    }
}
