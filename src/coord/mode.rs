//! The five modes of a lock, which of them go together, and what two of them make when one owner
//! wants both.
//!
//! Not here: who holds what (`holders.rs`). The matrix is that of multi-granularity locking:
//! whoever locks a part of a tree tells so on the way down with an intention mode.

/// What a grant allows its holder to do with what the lock stands for. The order of the variants
/// serves maps only; how strong a mode is, [`Mode::covers`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// `IS`: to share parts of it.
    IntentShared,
    /// `IX`: to share parts of it, and to have others alone.
    IntentExclusive,
    /// `S`: to share all of it.
    Shared,
    /// `SIX`: to share all of it, and to have parts alone.
    SharedIntentExclusive,
    /// `X`: to have all of it alone.
    #[default]
    Exclusive,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::IntentShared,
        Self::IntentExclusive,
        Self::Shared,
        Self::SharedIntentExclusive,
        Self::Exclusive,
    ];

    /// The mode that clients call `name`, in whichever case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// What clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IntentShared => "IS",
            Self::IntentExclusive => "IX",
            Self::Shared => "S",
            Self::SharedIntentExclusive => "SIX",
            Self::Exclusive => "X",
        }
    }

    /// Whether two owners may hold the lock at once, one in this mode and one in `other`.
    #[must_use]
    pub const fn goes_with(self, other: Self) -> bool {
        match self {
            Self::IntentShared => !matches!(other, Self::Exclusive),
            Self::IntentExclusive => matches!(other, Self::IntentShared | Self::IntentExclusive),
            Self::Shared => matches!(other, Self::IntentShared | Self::Shared),
            Self::SharedIntentExclusive => matches!(other, Self::IntentShared),
            Self::Exclusive => false,
        }
    }

    /// Whether it allows all that `other` allows.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.rights() & other.rights() == other.rights()
    }

    /// The weakest mode that covers both.
    #[must_use]
    pub const fn join(self, other: Self) -> Self {
        if self.covers(other) {
            self
        } else if other.covers(self) {
            other
        } else {
            // Only S and IX do not cover one another.
            Self::SharedIntentExclusive
        }
    }

    /// What has to be held on everything above, for this mode to be had below.
    #[must_use]
    pub const fn above(self) -> Self {
        match self {
            Self::IntentShared | Self::Shared => Self::IntentShared,
            Self::IntentExclusive | Self::SharedIntentExclusive | Self::Exclusive => {
                Self::IntentExclusive
            }
        }
    }

    /// One bit for each thing that a mode allows: to share parts, to have parts alone, to share
    /// all, to have all alone.
    const fn rights(self) -> u8 {
        match self {
            Self::IntentShared => 0b0001,
            Self::IntentExclusive => 0b0011,
            Self::Shared => 0b0101,
            Self::SharedIntentExclusive => 0b0111,
            Self::Exclusive => 0b1111,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_pairs_go_together_and_no_others() {
        let pairs = Mode::ALL.map(|one| {
            let with = Mode::ALL.into_iter().filter(|other| one.goes_with(*other));
            (one.name(), with.map(Mode::name).collect::<Vec<_>>().join(" "))
        });
        assert_eq!(
            pairs.each_ref().map(|(name, with)| (*name, with.as_str())),
            [("IS", "IS IX S SIX"), ("IX", "IS IX"), ("S", "IS S"), ("SIX", "IS"), ("X", "")]
        );
    }

    #[test]
    fn the_join_is_the_weakest_mode_that_covers_both() {
        for one in Mode::ALL {
            for other in Mode::ALL {
                let join = one.join(other);
                assert!(join.covers(one) && join.covers(other));
                let enough = |mode: &Mode| mode.covers(one) && mode.covers(other);
                assert!(Mode::ALL.into_iter().filter(enough).all(|mode| mode.covers(join)));
            }
        }
        assert_eq!(Mode::Shared.join(Mode::IntentExclusive), Mode::SharedIntentExclusive);
    }

    #[test]
    fn what_conflicts_with_a_join_conflicts_with_one_of_its_parts() {
        for (one, other) in Mode::ALL.iter().flat_map(|one| Mode::ALL.map(|other| (*one, other))) {
            for third in Mode::ALL {
                let both = third.goes_with(one) && third.goes_with(other);
                assert_eq!(third.goes_with(one.join(other)), both);
            }
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert!(
            Mode::ALL.iter().all(|mode| Mode::from_name(mode.name().as_bytes()) == Some(*mode))
        );
        assert_eq!(Mode::from_name(b"six"), Some(Mode::SharedIntentExclusive));
        assert_eq!(Mode::from_name(b"XX"), None);
    }

    #[test]
    fn a_path_is_locked_in_intention_modes_above_its_leaf() {
        assert_eq!(Mode::ALL.map(|mode| mode.above().name()), ["IS", "IX", "IS", "IX", "IX"]);
    }
}
