//! A rate limit under a key: the key ends by itself when all of the limit has come back.

use crate::base::time::Mono;
use crate::coord::throttle::{Nanos, Throttle};
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::event::Event;
use crate::keyspace::facts::{self, Fact, Turn};
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::Waiters;

impl Machine for Throttle {
    const NAME: &'static str = "throttle";

    fn memory(&self) -> usize {
        0
    }

    fn next_deadline(&self) -> Option<Mono> {
        self.next_deadline()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn advance(&mut self, now: Mono, _: &mut SlotTokens<'_>, _: &mut Waiters) {
        self.tick(now);
    }

    fn break_open(&mut self, _: Mono) {
        *self = Self::default();
    }

    fn facts(&self) -> Vec<Fact> {
        let fact =
            |arrival: Nanos| Fact { end: self.next_deadline(), rest: arrival.0, ..Fact::default() };
        self.arrival().map(fact).into_iter().collect()
    }

    fn event(turn: Turn, _: &Fact) -> &'static Event {
        match turn {
            Turn::Begun | Turn::Changed => &facts::TAKEN,
            Turn::Renumbered | Turn::Ended(_) => turn.of_grant(),
        }
    }
}
