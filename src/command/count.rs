//! Counts as coordination commands take them: permits, parties, steps. Never 0.

use crate::command::args::Args;
use crate::command::duration::MS_MAX;
use crate::command::error::CommandError;
use std::num::{NonZeroU32, NonZeroU64};

/// As for durations: a JavaScript client reads it exactly.
const STEPS_MAX: u64 = MS_MAX;

const NOT_A_COUNT: CommandError =
    CommandError::fixed("ERR a number of permits or parties is an integer from 1 to 4294967295");
const NOT_STEPS: CommandError =
    CommandError::fixed("ERR a number of steps is an integer from 1 to 9007199254740991");

/// The next argument as a number of permits or parties.
///
/// # Errors
/// There is none, or it is no integer, or not in range.
pub(super) fn take_count(args: &mut Args<'_>) -> Result<NonZeroU32, CommandError> {
    let count = u32::try_from(args.int()?).ok();
    count.and_then(NonZeroU32::new).ok_or(NOT_A_COUNT)
}

/// The next argument as a number of steps.
///
/// # Errors
/// As [`take_count`].
pub(super) fn take_steps(args: &mut Args<'_>) -> Result<NonZeroU64, CommandError> {
    let steps = u64::try_from(args.int()?).ok().filter(|steps| *steps <= STEPS_MAX);
    steps.and_then(NonZeroU64::new).ok_or(NOT_STEPS)
}
