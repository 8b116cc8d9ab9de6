//! A source of tokens for tests: 1, 2, 3, and nothing while it is dry.

use crate::coord::grant::Tokens;
use crate::coord::token::FenceToken;

#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    pub(crate) last: u64,
    pub(crate) dry: bool,
}

impl Tokens for Counter {
    fn draw(&mut self) -> Option<FenceToken> {
        if self.dry {
            return None;
        }
        self.last += 1;
        Some(token(self.last))
    }
}

pub(crate) fn token(raw: u64) -> FenceToken {
    FenceToken::new(raw).expect("a test's token is one that can be handed out")
}
