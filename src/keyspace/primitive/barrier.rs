//! A barrier under a key.

use crate::base::time::Mono;
use crate::coord::barrier::Barrier;
use crate::coord::grant::{Owner, WaiterId};
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::{Found, Waiters};

impl Machine for Barrier {
    const NAME: &'static str = "barrier";

    fn memory(&self) -> usize {
        self.memory()
    }

    fn next_deadline(&self) -> Option<Mono> {
        None
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    /// Whoever arrives last tells the others.
    fn advance(&mut self, _: Mono, _: &mut SlotTokens<'_>, _: &mut Waiters) {}

    fn break_open(&mut self, _now: Mono) {
        self.forget_rounds();
    }

    fn withdraw(&mut self, waiter: WaiterId, _now: Mono) {
        let _ = self.withdraw(waiter);
    }

    /// A round that is over stays so: the others have been told.
    fn take_back(&mut self, _: &Owner, _: Found, _: Mono) {}

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
