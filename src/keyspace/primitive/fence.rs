//! A fence under a key: nobody waits for it, and it never ends by itself.

use crate::base::time::Mono;
use crate::coord::fence::Fence;
use crate::coord::token::FenceToken;
use crate::keyspace::event::Event;
use crate::keyspace::facts::{self, Fact, Turn};
use crate::keyspace::primitive::Machine;

impl Machine for Fence {
    const NAME: &'static str = "fence";

    fn memory(&self) -> usize {
        0
    }

    fn is_idle(&self) -> bool {
        self.seen().is_none()
    }

    fn break_open(&mut self, _: Mono) {
        *self = Self::default();
    }

    fn facts(&self) -> Vec<Fact> {
        let fact = |token: FenceToken| Fact { number: Some(token.get()), ..Fact::default() };
        self.seen().map(fact).into_iter().collect()
    }

    fn event(turn: Turn, _: &Fact) -> &'static Event {
        match turn {
            Turn::Begun | Turn::Renumbered => &facts::SEEN,
            Turn::Changed | Turn::Ended(_) => turn.of_grant(),
        }
    }
}
