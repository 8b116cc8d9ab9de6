//! A latch under a key. That it is open takes nothing from anybody.

use crate::base::time::Mono;
use crate::coord::grant::WaiterId;
use crate::coord::latch::Latch;
use crate::keyspace::coordinate::SlotTokens;
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

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
