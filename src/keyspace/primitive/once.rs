//! A memo under a key: what a command replied, until its time is over.

use crate::base::time::Mono;
use crate::coord::once::Once;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::event::Event;
use crate::keyspace::facts::{self, Fact, Turn};
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::Waiters;

impl Machine for Once {
    const NAME: &'static str = "once";

    fn memory(&self) -> usize {
        self.memory()
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
        let fact = |end| Fact { end: Some(end), ..Fact::default() };
        self.next_deadline().map(fact).into_iter().collect()
    }

    fn event(turn: Turn, _: &Fact) -> &'static Event {
        match turn {
            Turn::Begun => &facts::KEPT,
            Turn::Renumbered | Turn::Changed | Turn::Ended(_) => turn.of_grant(),
        }
    }
}
