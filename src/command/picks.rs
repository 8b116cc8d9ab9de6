//! Which elements of a collection are picked by chance, by their numbers (HRANDFIELD and its
//! like).
//!
//! Not here: where chance comes from, and what the elements are.

use crate::command::args::Args;
use crate::command::error::CommandError;
use fastrand::Rng;
use std::collections::BTreeSet;

/// So many bytes of a reply are written at most: a negative count has no other bound.
pub(super) const REPLY_BYTES_MAX: usize = 512 << 20;
/// The reply would be longer than that.
pub(super) const TOO_LONG: CommandError =
    CommandError::fixed("ERR the reply would be longer than 512 MB");

/// How many elements are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// So many different ones, or all there are.
    Different(u64),
    /// So many, whether or not one of them was picked before.
    Any(u64),
}

impl Count {
    /// The next argument as a count; a negative one may repeat elements.
    ///
    /// # Errors
    /// It is no number, or has no opposite.
    pub(super) fn take(args: &mut Args<'_>) -> Result<Self, CommandError> {
        match args.int()? {
            i64::MIN => Err(CommandError::fixed(
                "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807",
            )),
            count @ ..0 => Ok(Self::Any(count.unsigned_abs())),
            count => Ok(Self::Different(count.unsigned_abs())),
        }
    }

    /// That the reply can have two elements for each.
    ///
    /// # Errors
    /// It cannot.
    pub(super) const fn check_doubled(self) -> Result<(), CommandError> {
        const OUT_OF_RANGE: CommandError = CommandError::fixed("ERR value is out of range");
        let (Self::Different(count) | Self::Any(count)) = self;
        if count > i64::MAX as u64 / 2 { Err(OUT_OF_RANGE) } else { Ok(()) }
    }

    /// How many there will be of a collection of `len` elements.
    pub(super) fn of(self, len: usize) -> u64 {
        match self {
            Self::Different(count) => count.min(len as u64),
            Self::Any(count) => count,
        }
    }

    /// Calls `visit` with the numbers of the picks, below `len`, which is not 0.
    ///
    /// # Errors
    /// `visit` failed.
    pub(super) fn pick(
        self,
        len: usize,
        dice: &mut Rng,
        mut visit: impl FnMut(usize) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        match self {
            Self::Any(count) => (0..count).try_for_each(|_| visit(dice.usize(..len))),
            Self::Different(count) if count >= len as u64 => (0..len).try_for_each(visit),
            Self::Different(count) => {
                // Robert Floyd's sample: each set of so many numbers is as likely as another.
                let mut picked = BTreeSet::new();
                for last in len - count as usize..len {
                    let number = dice.usize(..=last);
                    if !picked.insert(number) {
                        picked.insert(last);
                    }
                }
                picked.into_iter().try_for_each(visit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(count: Count, len: usize, dice: &mut Rng) -> Vec<usize> {
        let mut picks = Vec::new();
        let picked = count.pick(len, dice, |number| {
            picks.push(number);
            Ok(())
        });
        assert_eq!(picked, Ok(()));
        picks
    }

    #[test]
    fn different_picks_are_different_and_no_more_than_there_are() {
        let mut dice = Rng::with_seed(7);
        for count in 0..=10 {
            let picks = picks(Count::Different(count), 8, &mut dice);
            let different: BTreeSet<&usize> = picks.iter().collect();
            assert_eq!((picks.len(), different.len()), (count.min(8) as usize, picks.len()));
            assert_eq!(Count::Different(count).of(8), picks.len() as u64);
            assert!(picks.iter().all(|&number| number < 8));
        }
    }

    #[test]
    fn any_pick_may_come_again() {
        let picks = picks(Count::Any(100), 3, &mut Rng::with_seed(7));
        assert_eq!((picks.len(), picks.into_iter().collect::<BTreeSet<_>>().len()), (100, 3));
    }

    #[test]
    fn every_element_is_picked_equally_often() {
        const ROUNDS: usize = 8_000;
        let mut dice = Rng::with_seed(7);
        for count in [Count::Any(2), Count::Different(2)] {
            let mut often = [0usize; 8];
            for _ in 0..ROUNDS {
                picks(count, often.len(), &mut dice).into_iter().for_each(|it| often[it] += 1);
            }
            let expected = 2 * ROUNDS / often.len();
            // Five standard deviations of about 42.
            assert!(often.iter().all(|it| it.abs_diff(expected) < 210), "{count:?}: {often:?}");
        }
    }
}
