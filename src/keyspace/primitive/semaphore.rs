//! A semaphore under a key.

use crate::base::time::Mono;
use crate::coord::grant::{Owner, Term, WaiterId};
use crate::coord::semaphore::{Next, Semaphore};
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::{Found, Waiters};

impl Machine for Semaphore {
    const NAME: &'static str = "semaphore";

    fn memory(&self) -> usize {
        self.memory()
    }

    fn next_deadline(&self) -> Option<Mono> {
        self.next_deadline()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn advance(&mut self, now: Mono, tokens: &mut SlotTokens<'_>, waiters: &mut Waiters) {
        drop(self.tick(now));
        loop {
            let (answered, found) = match self.next_grant(now, tokens) {
                Next::Granted(it) => {
                    (it.waiters, Found::Permits { token: it.token, offer: it.offer })
                }
                Next::AboveLimit(refused) => (refused, Found::AboveLimit),
                // Without a token the next change tries again, as for a lock.
                Next::Nobody | Next::NoToken => return,
            };
            answered.into_iter().for_each(|waiter| waiters.find(waiter, found));
        }
    }

    fn break_open(&mut self, _now: Mono) {
        self.break_open();
    }

    fn withdraw(&mut self, waiter: WaiterId, _now: Mono) {
        let _ = self.withdraw(waiter);
    }

    fn take_back(&mut self, owner: &Owner, found: Found, _now: Mono) {
        if let Found::Permits { offer, .. } = found {
            self.take_back(owner, offer);
        }
    }

    fn hangs(&self, owner: &Owner, _: Mono) -> bool {
        self.holder(owner).is_some_and(|holder| holder.term == Term::Lease)
    }

    fn lease_ended(&mut self, owner: &Owner, _: Mono) {
        if let Some(token) = self.holder(owner).map(|holder| holder.token) {
            let _ = self.lease_ended(owner, token);
        }
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
