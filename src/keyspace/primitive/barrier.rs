//! A barrier under a key. Whoever arrives last tells the others, and a round that is over stays so.

use crate::base::time::Mono;
use crate::coord::barrier::Barrier;
use crate::coord::grant::WaiterId;
use crate::keyspace::primitive::Machine;

impl Machine for Barrier {
    const NAME: &'static str = "barrier";

    fn memory(&self) -> usize {
        self.memory()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn break_open(&mut self, _now: Mono) {
        self.forget_rounds();
    }

    fn withdraw(&mut self, waiter: WaiterId, _now: Mono) {
        let _ = self.withdraw(waiter);
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
