//! Fencing tokens: the strictly increasing numbers of a slot, `epoch << 32 | seq`
//! (docs/adr/0002-token-layout.md).
//!
//! Not here: where the epoch comes from (`runtime/node_state.rs`).
//! Invariant: a sequence never hands out a token that is not above all that it handed out before.

/// Tokens stay below this, so that a client whose numbers are IEEE doubles reads them exactly.
const TOKEN_LIMIT: u64 = 1 << 53;
const SEQ_BITS: u32 = 32;

/// Version of a slot's ownership: it grows whenever an owner cannot prove the last `seq`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u32);

impl Epoch {
    /// One more than the highest epoch, 2^21: tokens stay below 2^53.
    pub const LIMIT: u32 = 1 << (53 - SEQ_BITS);

    /// The epoch numbered `raw`, `None` beyond [`Epoch::LIMIT`].
    #[must_use]
    pub const fn new(raw: u32) -> Option<Self> {
        if raw < Self::LIMIT { Some(Self(raw)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Proof of being the latest holder. A store that remembers the highest token it has seen can
/// refuse a holder whose time ran out while it was paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FenceToken(u64);

impl FenceToken {
    /// The token as clients see it, below 2^53.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The tokens of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenSequence {
    last: u64,
}

impl TokenSequence {
    /// A sequence whose tokens are all above those of earlier epochs.
    #[must_use]
    pub const fn starting_at(epoch: Epoch) -> Self {
        Self { last: (epoch.0 as u64) << SEQ_BITS }
    }

    /// The next token. When `seq` is used up, the epoch grows by itself: the numbers just go on.
    ///
    /// # Panics
    /// When 2^53 tokens have been handed out: rather no server than a token twice.
    pub fn issue(&mut self) -> FenceToken {
        assert!(self.last + 1 < TOKEN_LIMIT, "a slot has tokens left");
        self.last += 1;
        FenceToken(self.last)
    }

    /// The last token handed out; `None` if there was none in this epoch.
    #[must_use]
    pub const fn last(&self) -> Option<FenceToken> {
        if self.last & u32::MAX as u64 == 0 { None } else { Some(FenceToken(self.last)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_boot_hands_out_1_2_3() {
        let mut tokens = TokenSequence::starting_at(Epoch::default());
        assert_eq!([tokens.issue().get(), tokens.issue().get(), tokens.issue().get()], [1, 2, 3]);
    }

    #[test]
    fn a_later_epoch_is_above_every_token_of_an_earlier_one() {
        let mut early = TokenSequence { last: u64::from(u32::MAX) - 1 };
        let mut late = TokenSequence::starting_at(Epoch::new(1).unwrap());
        assert!(early.issue() < late.issue());
    }

    #[test]
    fn the_highest_epoch_keeps_tokens_below_2_to_the_53() {
        let mut tokens = TokenSequence::starting_at(Epoch::new(Epoch::LIMIT - 1).unwrap());
        assert!(tokens.issue().get() < TOKEN_LIMIT);
        assert_eq!(Epoch::new(Epoch::LIMIT), None);
    }
}
