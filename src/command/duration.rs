//! Durations as coordination commands take them: positive whole milliseconds.

use crate::command::args::Args;
use crate::command::error::CommandError;

/// The longest duration, 2^53 - 1 ms: a JavaScript client reads it exactly.
pub(super) const MS_MAX: u64 = (1 << 53) - 1;

pub(super) const NOT_A_DURATION: CommandError =
    CommandError::fixed("ERR a duration is an integer of milliseconds from 1 to 9007199254740991");

/// The next argument as a duration in milliseconds.
///
/// # Errors
/// There is none, or it is no integer, or not in range.
pub(super) fn take_ms(args: &mut Args<'_>) -> Result<u64, CommandError> {
    let ms = u64::try_from(args.int()?).ok();
    ms.filter(|ms| (1..=MS_MAX).contains(ms)).ok_or(NOT_A_DURATION)
}

/// As [`take_ms`], but 0 is a duration, too.
pub(super) fn take_ms_or_none(args: &mut Args<'_>) -> Result<u64, CommandError> {
    u64::try_from(args.int()?).ok().filter(|ms| *ms <= MS_MAX).ok_or(NOT_A_DURATION)
}
