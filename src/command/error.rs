//! What clients see when a command is refused: exact Redis texts where Redis has them, ours in the
//! same voice.
//!
//! The first word is the code that client libraries look at. Codes are part of the protocol: add,
//! never edit.

use crate::keyspace::value::WrongType;
use crate::resp::request::Argv;
use std::borrow::Cow;

/// A command's failure, as an error reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError(Cow<'static, [u8]>);

impl From<WrongType> for CommandError {
    fn from(WrongType: WrongType) -> Self {
        Self::WRONG_TYPE
    }
}

impl CommandError {
    /// `ERR syntax error`.
    pub const SYNTAX: Self = Self::fixed("ERR syntax error");
    /// An argument is not a 64-bit integer.
    pub const NOT_AN_INTEGER: Self = Self::fixed("ERR value is not an integer or out of range");
    /// An argument is not a floating-point number.
    pub const NOT_A_FLOAT: Self = Self::fixed("ERR value is not a valid float");
    /// The key exists and cannot hold what the command works on.
    pub const WRONG_TYPE: Self =
        Self::fixed("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// A counter would leave 64 bits.
    pub const OVERFLOW: Self = Self::fixed("ERR increment or decrement would overflow");
    /// The key that is asked for does not exist.
    pub const NO_SUCH_KEY: Self = Self::fixed("ERR no such key");
    /// The slot has handed out 2^32 tokens, and the next epoch is not on disk yet.
    pub const NO_TOKEN: Self = Self::fixed(
        "TRYAGAIN The slot's fencing tokens are used up until its next epoch is written to \
         node.state",
    );
    /// A database number beyond the `databases` setting.
    pub const DB_OUT_OF_RANGE: Self = Self::fixed("ERR DB index is out of range");
    /// A string would become longer than `proto-max-bulk-len`.
    pub const STRING_TOO_LONG: Self =
        Self::fixed("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

    /// The machine has no memory for a string that is long enough to be asked about.
    pub const NO_MEMORY: Self = Self::fixed("ERR Insufficient memory, failed allocating a string");

    /// An error whose text is always the same.
    #[must_use]
    pub const fn fixed(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// An error with details in its text.
    #[must_use]
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// Wrong number of arguments for `name` (a subcommand as `config|get`).
    #[must_use]
    pub fn arity(name: &str) -> Self {
        Self::new(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// More arguments than the subcommand that `argv` names can use, where its arity allows any
    /// number.
    #[must_use]
    pub fn subcommand_syntax(argv: Argv<'_>) -> Self {
        let container = argv.get(0).unwrap_or_default().to_ascii_uppercase();
        let name = argv.get(1).unwrap_or_default();
        let before = "ERR unknown subcommand or wrong number of arguments for '";
        let after = format!("'. Try {} HELP.", String::from_utf8_lossy(&container));
        Self::quoting(before, &name[..name.len().min(128)], &after)
    }

    /// An error that repeats a word: up to its first NUL, as C's `%s` does.
    #[must_use]
    pub fn quoting(before: &str, word: &[u8], after: &str) -> Self {
        let end = word.iter().position(|&byte| byte == 0).unwrap_or(word.len());
        Self::new([before.as_bytes(), &word[..end], after.as_bytes()].concat())
    }

    /// Redis has this command or subcommand (`client|tracking`), and this version does not.
    #[must_use]
    pub fn absent(full_name: &str) -> Self {
        let name = full_name.to_ascii_uppercase().replace('|', " ");
        let version = env!("CARGO_PKG_VERSION");
        Self::new(format!(
            "ERR {name} is a command of Redis that latchd {version} does not have; \
             docs/COMMANDS.md lists those it has"
        ))
    }

    /// A time to live that is zero, negative or beyond the clock, given to `name`.
    #[must_use]
    pub fn invalid_expire(name: &str) -> Self {
        Self::new(format!("ERR invalid expire time in '{name}' command"))
    }

    /// The text without the leading `-`.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The first word: `ERR`, `WRONGTYPE`, ...
    #[must_use]
    pub fn code(&self) -> &[u8] {
        self.0.split(|&byte| byte == b' ').next().unwrap_or_default()
    }
}
