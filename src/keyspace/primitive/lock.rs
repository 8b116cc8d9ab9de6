//! A lock under a key.

use crate::base::time::Mono;
use crate::coord::ask::Cause;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::holder::Holder;
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::Offer;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::facts::Fact;
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::{Found, Waiters};

impl Machine for Lock {
    const NAME: &'static str = "lock";

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
        // What is due ends, and is reported when the books are kept (`keyspace/locks.rs`).
        while let Some(waiter) = self.next_grantable(now) {
            if waiters.looks_itself(waiter) {
                self.rest(waiter);
                waiters.find(waiter, Found::Look);
                continue;
            }
            match self.grant(waiter, now, tokens) {
                Offer::Granted(granted) => waiters.find(waiter, Found::Lock(granted)),
                // The next change tries again: epochs are reserved long before they are needed.
                Offer::NotNext | Offer::NoToken => return,
            }
        }
    }

    fn break_open(&mut self, now: Mono) {
        let mut broken = self.break_open(0, now);
        broken.iter_mut().for_each(|ended| ended.cause = Cause::Deletion);
        self.report(broken);
    }

    fn withdraw(&mut self, waiter: WaiterId, _now: Mono) {
        drop(self.withdraw(waiter));
    }

    fn take_back(&mut self, owner: &Owner, found: Found, now: Mono) {
        if let Found::Lock(granted) = found {
            drop(self.take_back(owner.name(), &granted, now));
        }
    }

    fn hangs(&self, owner: &Owner, now: Mono) -> bool {
        self.holder(owner.name(), now).is_some_and(Holder::hangs)
    }

    fn lease_ended(&mut self, owner: &Owner, now: Mono) {
        if let Some(token) = self.holder(owner.name(), now).map(|holder| holder.token) {
            let ended = self.lease_ended(owner.name(), token, now);
            self.report(ended.into_iter().collect());
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let fact = |holder: &Holder| Fact {
            owner: Some(holder.owner.clone()),
            number: Some(holder.token.get()),
            end: holder.term().deadline(),
            rest: u64::from(holder.holds) << 8 | holder.mode as u64,
        };
        // Those that are over are still there.
        self.holders(Mono::default()).map(fact).collect()
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
