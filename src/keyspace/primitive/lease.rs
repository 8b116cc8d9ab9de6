//! A lease under a key. Nobody waits for it; what hung on it is ended by the shard (`leases`).

use crate::base::time::Mono;
use crate::coord::grant::{Owner, WaiterId};
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::leases::Lease;
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::{Found, Waiters};

impl Machine for Lease {
    const NAME: &'static str = "lease";

    fn memory(&self) -> usize {
        self.memory()
    }

    fn next_deadline(&self) -> Option<Mono> {
        self.next_deadline()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn advance(&mut self, _: Mono, _: &mut SlotTokens<'_>, _: &mut Waiters) {}

    fn break_open(&mut self, _: Mono) {
        self.cut_short();
    }

    fn withdraw(&mut self, _: WaiterId, _: Mono) {}

    fn take_back(&mut self, _: &Owner, _: Found, _: Mono) {}

    fn assert_invariants(&self) {}
}
