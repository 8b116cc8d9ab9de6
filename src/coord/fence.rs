//! The guard of a resource: the highest fencing token that it has seen.
//!
//! Not here: who hands tokens out (`token.rs`), and the write that is guarded.
//! Invariant: what has been seen never goes back.

use crate::coord::token::FenceToken;

/// Answer to [`Fence::check`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nobody with a higher token has been here: the write may happen.
    Accepted,
    /// Somebody got the right after this one: its holder does not have it any more.
    Stale {
        /// The highest token so far.
        seen: FenceToken,
        /// The one that was shown.
        got: FenceToken,
    },
}

/// The high-water mark of the tokens that were shown to one resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    seen: Option<FenceToken>,
}

impl Fence {
    /// Accepts and remembers a token unless a higher one was here before. Equal tokens pass: one
    /// holder writes many times.
    pub fn check(&mut self, got: FenceToken) -> Check {
        match self.seen {
            Some(seen) if got < seen => Check::Stale { seen, got },
            Some(_) | None => {
                self.seen = Some(got);
                Check::Accepted
            }
        }
    }

    /// The highest token so far.
    #[must_use]
    pub const fn seen(&self) -> Option<FenceToken> {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coord::test_tokens::token;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_stale_once_a_higher_one_was_here() {
        let mut fence = Fence::default();
        assert_eq!(fence.seen(), None);
        assert_eq!(fence.check(token(33)), Check::Accepted);
        assert_eq!(fence.check(token(33)), Check::Accepted);
        assert_eq!(fence.check(token(34)), Check::Accepted);
        let stale = Check::Stale { seen: token(34), got: token(33) };
        assert_eq!(fence.check(token(33)), stale);
        assert_eq!(fence.seen(), Some(token(34)));
    }

    proptest! {
        #[test]
        fn accepted_tokens_never_go_back(shown in prop::collection::vec(1..50u64, 1..60)) {
            let (mut fence, mut highest) = (Fence::default(), 0);
            for raw in shown {
                let accepted = fence.check(token(raw)) == Check::Accepted;
                prop_assert_eq!(accepted, raw >= highest);
                highest = highest.max(raw);
                prop_assert_eq!(fence.seen().map(FenceToken::get), Some(highest));
            }
        }
    }
}
