//! A lease under a key. Nobody waits for it; what hung on it is ended by the shard (`leases`).

use crate::base::time::Mono;
use crate::keyspace::leases::Lease;
use crate::keyspace::primitive::Machine;

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

    fn break_open(&mut self, _: Mono) {
        self.cut_short();
    }
}
