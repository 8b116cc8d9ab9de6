//! A barrier under a key. Whoever arrives last tells the others, and a round that is over stays so.

use crate::base::time::Mono;
use crate::coord::barrier::Barrier;
use crate::coord::grant::WaiterId;
use crate::coord::line::Place;
use crate::keyspace::event::Event;
use crate::keyspace::facts::{self, Fact, Turn};
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

    /// The rounds that are over, and who waits for the end of the one that is under way.
    fn facts(&self) -> Vec<Fact> {
        let (over, next) = (self.generation(), self.generation() + 1);
        let round = (over > 0).then(|| Fact { number: Some(over), ..Fact::default() });
        let party = |place: &Place<()>| {
            let owner = Some(place.owner.clone());
            Fact { owner, number: Some(next), ..Fact::default() }
        };
        round.into_iter().chain(self.arrived().map(party)).collect()
    }

    fn event(turn: Turn, fact: &Fact) -> &'static Event {
        match (turn, &fact.owner) {
            (Turn::Begun | Turn::Renumbered, None) => &facts::OPENED,
            (Turn::Begun | Turn::Renumbered, Some(_)) => &facts::ARRIVED,
            (Turn::Changed | Turn::Ended(_), _) => turn.of_grant(),
        }
    }

    fn assert_invariants(&self) {
        self.assert_invariants();
    }
}
