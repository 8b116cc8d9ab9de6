//! The options that say when a key ends: EX, PX, EXAT, PXAT, and KEEPTTL or PERSIST beside them.
//!
//! Not here: EXPIRE and its relatives, whose times may lie in the past and whose checks differ.

use crate::base::number::parse_i64;
use crate::base::time::{Mono, Now, Wall};
use crate::command::args::Args;
use crate::command::error::CommandError;
use crate::command::table::Command;
use crate::keyspace::edit::{Edit, Expiry};
use crate::keyspace::event::{self, Event};
use crate::keyspace::value::NewValue;

/// What a request says about the end of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lifetime<'r> {
    /// Nothing.
    #[default]
    Unsaid,
    /// `KEEPTTL`.
    Keep,
    /// `PERSIST`.
    Persist,
    /// `EX`, `PX`, `EXAT` or `PXAT` with its number, which is checked when it is used: Redis looks
    /// at the key first in some commands.
    Ends(Unit, &'r [u8]),
}

/// What the number behind an option counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// `EX`
    Seconds,
    /// `PX`
    Millis,
    /// `EXAT`
    UnixSeconds,
    /// `PXAT`
    UnixMillis,
}

/// What a command takes beside the four options that end a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nothing.
    Nothing,
    /// `KEEPTTL`
    Keep,
    /// `PERSIST`
    Persist,
}

impl Unit {
    fn named(word: &[u8]) -> Option<Self> {
        let units = [
            ("EX", Self::Seconds),
            ("PX", Self::Millis),
            ("EXAT", Self::UnixSeconds),
            ("PXAT", Self::UnixMillis),
        ];
        let is_it = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        units.into_iter().find_map(|(name, unit)| is_it(name).then_some(unit))
    }

    const fn in_seconds(self) -> bool {
        match self {
            Self::Seconds | Self::UnixSeconds => true,
            Self::Millis | Self::UnixMillis => false,
        }
    }

    const fn is_relative(self) -> bool {
        match self {
            Self::Seconds | Self::Millis => true,
            Self::UnixSeconds | Self::UnixMillis => false,
        }
    }
}

impl<'r> Lifetime<'r> {
    /// As `EX seconds` says it.
    pub(super) const fn seconds(seconds: &'r [u8]) -> Self {
        Self::Ends(Unit::Seconds, seconds)
    }

    /// As `PX milliseconds` says it.
    pub(super) const fn millis(millis: &'r [u8]) -> Self {
        Self::Ends(Unit::Millis, millis)
    }

    /// Takes `word`, and the number behind it, if it is one of these options; whether it was. As in
    /// Redis the same option may be repeated, and the last one counts.
    ///
    /// # Errors
    /// A syntax error if the number is missing or another option has been taken before.
    pub(super) fn take(
        &mut self,
        word: &[u8],
        args: &mut Args<'r>,
        beside: Beside,
    ) -> Result<bool, CommandError> {
        let said = if let Some(unit) = Unit::named(word) {
            Self::Ends(unit, args.take()?)
        } else if beside == Beside::Keep && word.eq_ignore_ascii_case(b"KEEPTTL") {
            Self::Keep
        } else if beside == Beside::Persist && word.eq_ignore_ascii_case(b"PERSIST") {
            Self::Persist
        } else {
            return Ok(false);
        };
        let agree = match (*self, said) {
            (Self::Unsaid, _) => true,
            (Self::Ends(before, _), Self::Ends(now, _)) => before == now,
            (before, now) => before == now,
        };
        if !agree {
            return Err(CommandError::SYNTAX);
        }
        *self = said;
        Ok(true)
    }

    /// The end of the written key; `unsaid` where the request leaves it open.
    ///
    /// # Errors
    /// The number is no integer, not positive, or beyond the clock.
    pub(super) fn expiry(
        self,
        unsaid: Expiry,
        command: &Command,
        now: Now,
    ) -> Result<Expiry, CommandError> {
        match self {
            Self::Unsaid => Ok(unsaid),
            Self::Keep => Ok(Expiry::Keep),
            Self::Persist => Ok(Expiry::Never),
            Self::Ends(unit, number) => deadline(unit, number, command, now).map(Expiry::At),
        }
    }
}

fn deadline(unit: Unit, number: &[u8], command: &Command, now: Now) -> Result<Mono, CommandError> {
    let number = parse_i64(number).ok_or(CommandError::NOT_AN_INTEGER)?;
    let invalid = || CommandError::invalid_expire(&command.full_name);
    if number <= 0 {
        return Err(invalid());
    }
    let scale = if unit.in_seconds() { 1_000 } else { 1 };
    let ms = number.checked_mul(scale).ok_or_else(invalid)?;
    if !unit.is_relative() {
        return Ok(now.mono_at(Wall(ms)));
    }
    // A relative time has to fit Unix time as well: that is what EXPIRETIME answers.
    ms.checked_add(now.wall.0).ok_or_else(invalid)?;
    Ok(now.mono.plus(ms.unsigned_abs()))
}

/// Writes a value that ends when `expiry` says. One that has ended already is written and gone: the
/// reply is that of a write, and transactions that watch the key see a change.
#[inline]
pub(super) fn write_until(
    mut edit: Edit<'_, '_>,
    value: NewValue<'_>,
    expiry: Expiry,
    now: Mono,
    event: &'static Event,
) {
    match expiry {
        Expiry::Never | Expiry::Keep => edit.set(value, expiry, event),
        Expiry::At(deadline) if deadline <= now => {
            edit.set(value, Expiry::Never, event);
            edit.note(&event::EXPIRE);
            edit.end();
        }
        Expiry::At(_) => {
            edit.set(value, expiry, event);
            edit.note(&event::EXPIRE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Micros;
    use crate::command::table::table;

    const NOW: Now =
        Now { mono: Mono(5_000), micros: Micros(5_000_000), wall: Wall(1_700_000_000_000) };

    fn expiry(unit: Unit, number: &str) -> Result<Expiry, CommandError> {
        let command = table().by_name(b"set").unwrap();
        Lifetime::Ends(unit, number.as_bytes()).expiry(Expiry::Keep, command, NOW)
    }

    #[test]
    fn relative_times_count_is_relative_and_unix_times_by_the_wall_clock() {
        assert_eq!(expiry(Unit::Seconds, "2"), Ok(Expiry::At(Mono(7_000))));
        assert_eq!(expiry(Unit::Millis, "2"), Ok(Expiry::At(Mono(5_002))));
        assert_eq!(expiry(Unit::UnixSeconds, "1700000001"), Ok(Expiry::At(Mono(6_000))));
        assert_eq!(expiry(Unit::UnixMillis, "1699999999999"), Ok(Expiry::At(Mono(4_999))));
    }

    #[test]
    fn a_time_is_a_positive_integer_that_the_clock_can_show() {
        let invalid = Err(CommandError::invalid_expire("set"));
        assert_eq!(expiry(Unit::Seconds, "0"), invalid);
        assert_eq!(expiry(Unit::UnixMillis, "-1"), invalid);
        assert_eq!(expiry(Unit::UnixSeconds, "9223372036854776"), invalid);
        assert!(expiry(Unit::UnixSeconds, "9223372036854775").is_ok());
        assert_eq!(expiry(Unit::Millis, "9223372036854775807"), invalid);
        assert!(expiry(Unit::UnixMillis, "9223372036854775807").is_ok());
        assert_eq!(expiry(Unit::Millis, "1.5"), Err(CommandError::NOT_AN_INTEGER));
    }
}
