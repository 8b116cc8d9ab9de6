//! An election under a key. Who only watches it makes it a key as well.

use crate::base::time::Mono;
use crate::coord::election::{Election, Leader, Next};
use crate::coord::grant::{Owner, Term, WaiterId};
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::facts::Fact;
use crate::keyspace::primitive::Machine;
use crate::keyspace::waiters::{Found, Waiters};
use xxhash_rust::xxh3::xxh3_64;

impl Machine for Election {
    const NAME: &'static str = "election";

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
        // Without a token the next change tries again: epochs are reserved long before they are
        // needed.
        while let Next::Elected(elected) = self.next_leader(now, tokens) {
            let lead = Found::Lead { term: elected.term, shared: elected.waiters.len() > 1 };
            elected.waiters.into_iter().for_each(|waiter| waiters.find(waiter, lead));
        }
        // They look who leads when their turn has come: it may be somebody else by then.
        self.informed().into_iter().for_each(|observer| waiters.find(observer, Found::Look));
    }

    fn break_open(&mut self, _: Mono) {
        self.depose();
    }

    fn withdraw(&mut self, waiter: WaiterId, _: Mono) {
        let _ = self.withdraw(waiter);
    }

    fn take_back(&mut self, _: &Owner, found: Found, _: Mono) {
        // What is shared, another connection of the candidate hears of.
        if let Found::Lead { term, shared: false } = found {
            self.undo(term);
        }
    }

    fn hangs(&self, owner: &Owner, now: Mono) -> bool {
        let leader = self.leader(now);
        leader.is_some_and(|leader| leader.candidate == *owner && leader.lasts == Term::Lease)
    }

    fn lease_ended(&mut self, owner: &Owner, now: Mono) {
        if let Some(term) = self.leader(now).map(|leader| leader.term) {
            let _ = self.lease_ended(owner, term);
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let fact = |leader: &Leader| Fact {
            owner: Some(leader.candidate.clone()),
            number: Some(leader.term.get()),
            end: leader.lasts.deadline(),
            rest: xxh3_64(&leader.value),
        };
        // One whose term is over is still there.
        self.leader(Mono::default()).map(fact).into_iter().collect()
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
