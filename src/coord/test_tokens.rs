//! Tokens for tests of the machines: 1, 2, 3, as many as the test allows.

#![cfg(test)]

use crate::coord::grant::Tokens;
use crate::coord::token::FenceToken;

#[derive(Clone, Debug)]
pub(crate) struct TestTokens {
    last: u64,
    /// How many may be drawn yet.
    pub(crate) left: usize,
}

impl Default for TestTokens {
    fn default() -> Self {
        Self { last: 0, left: usize::MAX }
    }
}

impl TestTokens {
    /// Tokens above `last`.
    pub(crate) fn above(last: FenceToken) -> Self {
        Self { last: last.get(), ..Self::default() }
    }

    /// None, until the test says otherwise.
    pub(crate) fn dry() -> Self {
        Self { left: 0, ..Self::default() }
    }

    /// There are none for now, or as many as anybody wants.
    pub(crate) fn set_dry(&mut self, dry: bool) {
        self.left = if dry { 0 } else { usize::MAX };
    }
}

impl Tokens for TestTokens {
    fn draw(&mut self) -> Option<FenceToken> {
        self.left = self.left.checked_sub(1)?;
        self.last += 1;
        Some(token(self.last))
    }
}

pub(crate) fn token(raw: u64) -> FenceToken {
    FenceToken::new(raw).expect("a test's token is one that can be handed out")
}
