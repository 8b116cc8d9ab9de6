//! Fencing tokens: the strictly increasing numbers of a slot, `epoch << 32 | seq`
//! (docs/adr/0002-token-layout.md).
//!
//! Not here: where the epoch comes from (`runtime/node_state.rs`).
//! Invariant: a sequence never hands out a token that is not above all that it handed out before.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens stay below this, so that a client whose numbers are IEEE doubles reads them exactly.
const TOKEN_LIMIT: u64 = 1 << 53;
const SEQ_BITS: u32 = 32;
/// From the middle of an epoch on, the next one is reserved.
const SEQ_NEARLY_USED_UP: u64 = 1 << (SEQ_BITS - 1);

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
    /// The token that a client shows as `raw`; `None` for a number that is never handed out.
    #[must_use]
    pub const fn new(raw: u64) -> Option<Self> {
        if raw > 0 && raw < TOKEN_LIMIT { Some(Self(raw)) } else { None }
    }

    /// The token as clients see it, below 2^53.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The epochs whose tokens may be handed out: those that the node has put on disk, so that its next
/// start begins above them.
#[derive(Debug)]
pub struct EpochReserve {
    reserved: AtomicU32,
    wanted: AtomicU32,
}

impl EpochReserve {
    /// Everything up to `epoch` is on disk.
    #[must_use]
    pub const fn up_to(epoch: Epoch) -> Self {
        Self { reserved: AtomicU32::new(epoch.0), wanted: AtomicU32::new(epoch.0) }
    }

    fn reserved(&self) -> u32 {
        self.reserved.load(Ordering::Acquire)
    }

    fn want(&self, epoch: u32) {
        self.wanted.fetch_max(epoch, Ordering::AcqRel);
    }

    /// The epoch that a slot will need soon and that is not on disk yet.
    #[must_use]
    pub fn wanted(&self) -> Option<Epoch> {
        let wanted = self.wanted.load(Ordering::Acquire);
        if wanted > self.reserved() { Epoch::new(wanted) } else { None }
    }

    /// Notes that everything up to `epoch` is on disk now.
    pub fn reserve(&self, epoch: Epoch) {
        self.reserved.fetch_max(epoch.0, Ordering::AcqRel);
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

    /// The next token. When `seq` is used up, the numbers go on in the next epoch, if that one has
    /// been reserved; `None` if not: rather no token than one that a later start hands out again.
    pub fn issue(&mut self, epochs: &EpochReserve) -> Option<FenceToken> {
        let next = self.last + 1;
        let epoch = (next >> SEQ_BITS) as u32;
        if next & SEQ_NEARLY_USED_UP != 0 {
            epochs.want(epoch + 1);
        }
        if epoch > epochs.reserved() || next >= TOKEN_LIMIT {
            return None;
        }
        self.last = next;
        Some(FenceToken(next))
    }

    /// Whether the next `count` tokens are to be had, those of later epochs included.
    #[must_use]
    pub fn has(&self, count: u64, epochs: &EpochReserve) -> bool {
        let last = self.last + count;
        (last >> SEQ_BITS) as u32 <= epochs.reserved() && last < TOKEN_LIMIT
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
        let epochs = EpochReserve::up_to(Epoch::default());
        let mut tokens = TokenSequence::starting_at(Epoch::default());
        let three = [(); 3].map(|()| tokens.issue(&epochs).unwrap().get());
        assert_eq!(three, [1, 2, 3]);
    }

    #[test]
    fn a_later_epoch_is_above_every_token_of_an_earlier_one() {
        let epochs = EpochReserve::up_to(Epoch::new(1).unwrap());
        let mut early = TokenSequence { last: u64::from(u32::MAX) - 1 };
        let mut late = TokenSequence::starting_at(Epoch::new(1).unwrap());
        assert!(early.issue(&epochs).unwrap() < late.issue(&epochs).unwrap());
    }

    #[test]
    fn a_used_up_epoch_waits_until_the_next_one_is_on_disk() {
        let epochs = EpochReserve::up_to(Epoch::default());
        let mut tokens = TokenSequence { last: SEQ_NEARLY_USED_UP - 2 };
        assert!(tokens.issue(&epochs).is_some() && epochs.wanted().is_none());
        assert!(tokens.issue(&epochs).is_some());
        assert_eq!(epochs.wanted(), Epoch::new(1));
        tokens.last = u64::from(u32::MAX);
        assert_eq!(tokens.issue(&epochs), None);
        assert!(!tokens.has(1, &epochs));
        assert!(TokenSequence { last: tokens.last - 2 }.has(2, &epochs));
        assert!(!TokenSequence { last: tokens.last - 2 }.has(3, &epochs));
        epochs.reserve(Epoch::new(1).unwrap());
        assert_eq!((tokens.issue(&epochs).unwrap().get(), epochs.wanted()), (1 << SEQ_BITS, None));
    }

    #[test]
    fn a_client_shows_what_can_have_been_handed_out() {
        let shown = [0, 1, TOKEN_LIMIT - 1, TOKEN_LIMIT].map(FenceToken::new);
        assert_eq!(shown.map(|token| token.is_some()), [false, true, true, false]);
    }

    #[test]
    fn the_highest_epoch_keeps_tokens_below_2_to_the_53() {
        let last = Epoch::new(Epoch::LIMIT - 1).unwrap();
        let mut tokens = TokenSequence::starting_at(last);
        let token = tokens.issue(&EpochReserve::up_to(last)).unwrap();
        assert!(token.get() < TOKEN_LIMIT);
        assert_eq!(Epoch::new(Epoch::LIMIT), None);
    }
}
