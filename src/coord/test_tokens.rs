//! Tokens for tests of the machines: those of a slot that boots for the first time, and as many as
//! the test allows.

#![cfg(test)]

use crate::coord::grant::Tokens;
use crate::coord::token::{Epoch, EpochReserve, FenceToken, TokenSequence};

pub(crate) struct TestTokens {
    sequence: TokenSequence,
    epochs: EpochReserve,
    /// How many may be drawn yet.
    pub(crate) left: usize,
}

impl TestTokens {
    pub(crate) fn new() -> Self {
        let (sequence, epochs) = (TokenSequence::default(), EpochReserve::up_to(Epoch::default()));
        Self { sequence, epochs, left: usize::MAX }
    }

    /// Tokens above `last`.
    pub(crate) fn above(last: FenceToken) -> Self {
        let mut tokens = Self::new();
        while tokens.sequence.last() < Some(last) {
            tokens.draw();
        }
        tokens
    }
}

impl Tokens for TestTokens {
    fn draw(&mut self) -> Option<FenceToken> {
        self.left = self.left.checked_sub(1)?;
        self.sequence.issue(&self.epochs)
    }
}
