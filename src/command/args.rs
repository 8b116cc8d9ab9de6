//! A command's arguments, taken one after the other and turned into types at the edge.
//!
//! Not here: options of one command only. After this, nobody asks again whether an argument is
//! there.

use crate::base::number::parse_i64;
use crate::base::slot::SlotId;
use crate::command::error::CommandError;
use crate::keyspace::Key;
use crate::resp::request::Argv;

/// Takes arguments from left to right; word 0, the command's name, has been taken already.
#[derive(Clone, Debug)]
pub struct Args<'r> {
    argv: Argv<'r>,
    next: usize,
    /// Slots of the command's keys, in the order of the keys.
    slots: &'r [SlotId],
}

impl<'r> Args<'r> {
    /// The arguments of a request from word number `first` on; `slots` are those of its keys.
    #[must_use]
    #[inline]
    pub const fn new(argv: Argv<'r>, first: usize, slots: &'r [SlotId]) -> Self {
        Self { argv, next: first, slots }
    }

    /// The next argument.
    ///
    /// # Errors
    /// There is none: the row's arity allows fewer than the function wants, or an option lacks its
    /// value.
    #[inline]
    pub fn take(&mut self) -> Result<&'r [u8], CommandError> {
        self.take_option().ok_or(CommandError::SYNTAX)
    }

    /// The next argument, if there is one.
    #[inline]
    pub fn take_option(&mut self) -> Option<&'r [u8]> {
        let word = self.argv.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    /// The next argument as a key. Keys must be taken in the order in which the row names them.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn key(&mut self) -> Result<Key<'r>, CommandError> {
        let bytes = self.take()?;
        let Some((&slot, rest)) = self.slots.split_first() else { return Ok(Key::new(bytes)) };
        self.slots = rest;
        Ok(Key { bytes, slot })
    }

    /// The next argument as an integer.
    ///
    /// # Errors
    /// There is none, or it is not a 64-bit integer in canonical form.
    #[inline]
    pub fn int(&mut self) -> Result<i64, CommandError> {
        parse_i64(self.take()?).ok_or(CommandError::NOT_AN_INTEGER)
    }

    /// Takes the next argument if it is this keyword, in any case.
    pub fn take_keyword(&mut self, keyword: &str) -> bool {
        let is_it = self.peek().is_some_and(|word| word.eq_ignore_ascii_case(keyword.as_bytes()));
        self.next += usize::from(is_it);
        is_it
    }

    /// The next argument, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<&'r [u8]> {
        self.argv.get(self.next)
    }

    /// How many arguments are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.argv.len().saturating_sub(self.next)
    }

    /// The arguments behind the next `count`; keys cannot be taken from them.
    #[must_use]
    pub const fn from(&self, count: usize) -> Self {
        Self { argv: self.argv, next: self.next + count, slots: &[] }
    }

    /// The arguments that are left as a request of its own, whose name has so many words. Its keys
    /// are those that have not been taken yet.
    #[must_use]
    pub fn nested(&self, words_of_name: usize) -> Self {
        Self { argv: self.argv.from(self.next), next: words_of_name, slots: self.slots }
    }

    /// Slots of the keys that have not been taken yet.
    #[must_use]
    pub const fn slots(&self) -> &'r [SlotId] {
        self.slots
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// `ERR syntax error` if something is.
    pub const fn end(&self) -> Result<(), CommandError> {
        if self.left() == 0 { Ok(()) } else { Err(CommandError::SYNTAX) }
    }

    /// The whole request, name included.
    #[must_use]
    pub const fn argv(&self) -> Argv<'r> {
        self.argv
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::resp::request::Span;

    /// Calls `test` with the words of `line`, which has no command name in front.
    pub(crate) fn with_args<R>(line: &str, test: impl FnOnce(Args<'_>) -> R) -> R {
        let start_of = |word: &str| word.as_ptr().addr() - line.as_ptr().addr();
        let spans: Vec<Span> = line
            .split_ascii_whitespace()
            .map(|word| Span { start: start_of(word), len: word.len() })
            .collect();
        test(Args::new(Argv::new(line.as_bytes(), &spans), 0, &[]))
    }
}
