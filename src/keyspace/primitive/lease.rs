//! A lease under a key. Nobody waits for it; what hung on it is ended by the shard (`leases`).

use crate::base::time::Mono;
use crate::coord::lease::{Alive, Live};
use crate::keyspace::facts::Fact;
use crate::keyspace::leases::{Attachment, Lease};
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

    fn facts(&self) -> Vec<Fact> {
        let fact = |live: &Live<Attachment>| {
            let (end, kept_by) = match live.alive {
                Alive::Until(end) => (Some(end), 0),
                Alive::While(conn) => (None, conn.0),
            };
            Fact { owner: None, number: Some(live.token.get()), end, rest: kept_by }
        };
        // One that is over is still there.
        self.live(Mono::default()).map(fact).into_iter().collect()
    }
}
