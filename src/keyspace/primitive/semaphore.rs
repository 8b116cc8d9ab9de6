//! A semaphore under a key.

use crate::base::time::Mono;
use crate::coord::grant::{Owner, Term, WaiterId};
use crate::coord::semaphore::{Holder, Next, Semaphore};
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::facts::Fact;
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

    fn facts(&self) -> Vec<Fact> {
        let fact = |(owner, holder): (&Owner, &Holder)| Fact {
            owner: Some(owner.clone()),
            number: Some(holder.token.get()),
            end: holder.term.deadline(),
            rest: u64::from(holder.permits),
        };
        self.holders().map(fact).collect()
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slot::SlotId;
    use crate::coord::grant::Lasting;
    use crate::coord::semaphore::{Acquire, Ask, Release};
    use crate::coord::token::Epoch;
    use crate::keyspace::edit::Edit;
    use crate::keyspace::shard::{Shard, ShardSetup};
    use crate::keyspace::waiters::{Notice, Parking};
    use crate::keyspace::{Db, Key};
    use std::num::NonZeroU32;
    use std::sync::Arc;

    #[derive(Debug)]
    struct Nobody;

    impl Notice for Nobody {
        fn give(&self) {}
    }

    fn shard() -> Shard {
        let (first, slots) = (SlotId::default(), SlotId::COUNT);
        let epoch = Epoch::default();
        Shard::new(ShardSetup { first, slots, databases: 1, epoch, seed: 7, now: Mono(0) })
    }

    fn edit(shard: &mut Shard) -> Edit<'_, 'static> {
        shard.edit(Db(0), Key::new(b"s"), Mono(0))
    }

    /// For one permit of one.
    fn acquire(shard: &mut Shard, name: &str, waiter: Option<u64>) -> Acquire {
        let (owner, waiter) = (Owner::new(name.as_bytes()), waiter.map(WaiterId));
        let mut edit = edit(shard);
        if let Some(waiter) = waiter {
            let parking =
                Parking { owner: owner.clone(), notice: Arc::new(Nobody), several: false };
            edit.park(waiter, parking);
        }
        let (count, limit) = (NonZeroU32::MIN, NonZeroU32::MIN);
        let ask = Ask { owner, count, limit, lasting: Lasting::Ms(5000) };
        edit.coordinate(|it: &mut Semaphore, tokens| it.acquire(ask, waiter, Mono(0), tokens))
            .unwrap()
    }

    fn release(shard: &mut Shard, name: &str) -> Release {
        let owner = Owner::new(name.as_bytes());
        edit(shard).coordinate(|it: &mut Semaphore, _| it.release(&owner, None, Mono(0))).unwrap()
    }

    /// The token that a waiter has found, 0 if none.
    fn found(shard: &mut Shard, waiter: u64) -> u64 {
        match shard.look(WaiterId(waiter)) {
            Some(Found::Permits { token, .. }) => token.get(),
            _ => 0,
        }
    }

    #[test]
    fn permits_whose_asker_is_gone_before_it_is_told_go_to_the_next() {
        let mut shard = shard();
        assert!(matches!(acquire(&mut shard, "a", None), Acquire::Granted(_)));
        assert_eq!(acquire(&mut shard, "b", Some(1)), Acquire::Waiting);
        assert_eq!(acquire(&mut shard, "c", Some(2)), Acquire::Waiting);
        assert_eq!(release(&mut shard, "a"), Release::Left(0));
        assert_eq!((found(&mut shard, 2), shard.waiters.waits(WaiterId(1))), (0, false));
        shard.abandon(WaiterId(1), Mono(0));
        assert_eq!(found(&mut shard, 2), 3);
        assert_eq!(release(&mut shard, "b"), Release::NotOwner);
        assert_eq!(release(&mut shard, "c"), Release::Left(0));
        assert!(!edit(&mut shard).exists());
    }

    #[test]
    fn permits_of_two_requests_of_an_owner_stay_with_the_one_that_is_left() {
        let mut shard = shard();
        assert!(matches!(acquire(&mut shard, "a", None), Acquire::Granted(_)));
        assert_eq!(acquire(&mut shard, "b", Some(1)), Acquire::Waiting);
        assert_eq!(acquire(&mut shard, "b", Some(2)), Acquire::Waiting);
        assert_eq!(acquire(&mut shard, "c", Some(3)), Acquire::Waiting);
        assert_eq!(release(&mut shard, "a"), Release::Left(0));
        shard.abandon(WaiterId(1), Mono(0));
        assert_eq!((found(&mut shard, 2), found(&mut shard, 3)), (2, 0));
    }

    #[test]
    fn who_leaves_the_line_lets_in_the_next() {
        let mut shard = shard();
        assert!(matches!(acquire(&mut shard, "a", None), Acquire::Granted(_)));
        assert_eq!(acquire(&mut shard, "b", Some(1)), Acquire::Waiting);
        assert_eq!(shard.end_wait(WaiterId(1), Mono(0)), None);
        assert_eq!(release(&mut shard, "a"), Release::Left(0));
        assert!(!edit(&mut shard).exists() && shard.waiters.is_empty());
    }
}
