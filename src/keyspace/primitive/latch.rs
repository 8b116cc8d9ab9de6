//! A latch under a key. That it is open takes nothing from anybody.

use crate::base::time::Mono;
use crate::coord::grant::WaiterId;
use crate::coord::latch::Latch;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::event::Event;
use crate::keyspace::facts::{self, Fact, Turn};
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::{Found, Waiters};

impl Machine for Latch {
    const NAME: &'static str = "latch";

    fn memory(&self) -> usize {
        self.memory()
    }

    fn next_deadline(&self) -> Option<Mono> {
        self.next_deadline()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    /// Whoever counts the last step down tells those who wait for it.
    fn advance(&mut self, now: Mono, _: &mut SlotTokens<'_>, waiters: &mut Waiters) {
        self.tick(now).into_iter().for_each(|waiter| waiters.find(waiter, Found::Gone));
    }

    fn break_open(&mut self, _now: Mono) {
        self.remove();
    }

    fn withdraw(&mut self, waiter: WaiterId, _now: Mono) {
        let _ = self.withdraw(waiter);
    }

    fn facts(&self) -> Vec<Fact> {
        // One whose time is over is still there.
        let fact = |left| Fact { number: Some(left), end: self.next_deadline(), ..Fact::default() };
        self.left(Mono::default()).map(fact).into_iter().collect()
    }

    fn event(turn: Turn, fact: &Fact) -> &'static Event {
        match turn {
            Turn::Begun => &facts::INITIALIZED,
            Turn::Renumbered if fact.number == Some(0) => &facts::OPENED,
            Turn::Renumbered => &facts::COUNTED,
            Turn::Changed | Turn::Ended(_) => turn.of_grant(),
        }
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
