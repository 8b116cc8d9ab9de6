//! The rules of the barrier, one by one, and random histories against a model.

#![cfg(test)]

use super::*;
use proptest::prelude::*;

fn owner(number: u8) -> Owner {
    Owner::new(&[number])
}

fn arrive(barrier: &mut Barrier, name: u8, parties: u32, waiter: Option<u64>) -> Arrive {
    let parties = NonZeroU32::new(parties).unwrap();
    let answer = barrier.arrive(&owner(name), parties, waiter.map(WaiterId), Mono(0));
    barrier.assert_invariants();
    answer
}

fn released(generation: u64, waited: &[u64]) -> Arrive {
    Arrive::Released(Round { generation, waited: waited.iter().copied().map(WaiterId).collect() })
}

const WAITING: Arrive = Arrive::Waiting { replaced: None };

#[test]
fn the_last_to_arrive_releases_all_in_their_order() {
    let mut barrier = Barrier::default();
    assert!(barrier.is_idle());
    for generation in 1..=3 {
        assert_eq!(arrive(&mut barrier, 2, 3, Some(generation * 10)), WAITING);
        assert_eq!(arrive(&mut barrier, 1, 3, Some(generation * 10 + 1)), WAITING);
        let waited = [generation * 10, generation * 10 + 1];
        assert_eq!(arrive(&mut barrier, 3, 3, Some(99)), released(generation, &waited));
    }
    assert_eq!((barrier.generation(), barrier.is_idle(), barrier.memory()), (3, false, 0));
}

#[test]
fn a_barrier_for_one_is_no_barrier() {
    let mut barrier = Barrier::default();
    assert_eq!(arrive(&mut barrier, 1, 1, None), released(1, &[]));
    assert_eq!(arrive(&mut barrier, 1, 1, Some(1)), released(2, &[]));
}

#[test]
fn a_repeated_arrival_replaces_the_earlier_one_and_keeps_its_index() {
    let mut barrier = Barrier::default();
    assert_eq!(arrive(&mut barrier, 1, 3, Some(1)), WAITING);
    assert_eq!(arrive(&mut barrier, 2, 3, Some(2)), WAITING);
    let replaced = Some(WaiterId(1));
    assert_eq!(arrive(&mut barrier, 1, 3, Some(3)), Arrive::Waiting { replaced });
    assert_eq!(barrier.withdraw(WaiterId(1)), Withdrawn::NotHere);
    assert_eq!(arrive(&mut barrier, 3, 3, Some(4)), released(1, &[3, 2]));
}

#[test]
fn a_withdrawn_party_is_missing() {
    let mut barrier = Barrier::default();
    assert_eq!(arrive(&mut barrier, 1, 3, Some(1)), WAITING);
    assert_eq!(arrive(&mut barrier, 2, 3, Some(2)), WAITING);
    assert_eq!(barrier.withdraw(WaiterId(1)), Withdrawn::Left);
    assert_eq!(arrive(&mut barrier, 3, 3, Some(3)), WAITING);
    assert_eq!(arrive(&mut barrier, 1, 3, None), released(1, &[2, 3]));
}

#[test]
fn who_cannot_wait_has_not_arrived() {
    let mut barrier = Barrier::default();
    assert_eq!(arrive(&mut barrier, 1, 2, None), Arrive::Missing);
    assert!(barrier.is_idle());
    assert_eq!(arrive(&mut barrier, 1, 2, Some(1)), WAITING);
    assert_eq!(arrive(&mut barrier, 1, 2, None), Arrive::Missing);
    assert_eq!(arrive(&mut barrier, 2, 2, None), released(1, &[1]));
}

#[test]
fn all_expect_the_same_number_until_nobody_waits() {
    let mut barrier = Barrier::default();
    let expected = |parties| Arrive::Expected(NonZeroU32::new(parties).unwrap());
    assert_eq!(arrive(&mut barrier, 1, 3, Some(1)), WAITING);
    assert_eq!(arrive(&mut barrier, 2, 2, Some(2)), expected(3));
    assert_eq!(arrive(&mut barrier, 1, 1, Some(3)), expected(3));
    assert_eq!(barrier.withdraw(WaiterId(1)), Withdrawn::Left);
    assert_eq!(arrive(&mut barrier, 2, 2, Some(4)), WAITING);
}

#[test]
fn forgotten_rounds_leave_those_who_have_arrived() {
    let mut barrier = Barrier::default();
    assert_eq!(arrive(&mut barrier, 1, 1, None), released(1, &[]));
    assert_eq!(arrive(&mut barrier, 1, 2, Some(1)), WAITING);
    barrier.forget_rounds();
    assert_eq!(arrive(&mut barrier, 2, 2, None), released(1, &[1]));
    barrier.forget_rounds();
    assert!(barrier.is_idle());
}

#[derive(Clone, Debug)]
enum Step {
    Arrive(u8, u32, bool),
    Withdraw(u64),
}

/// Owners with their requests, in order of arrival.
#[derive(Default)]
struct Model {
    arrived: Vec<(u8, u64)>,
    parties: u32,
    generation: u64,
}

impl Model {
    fn arrive(&mut self, name: u8, parties: u32, waiter: Option<u64>) -> Arrive {
        if !self.arrived.is_empty() && self.parties != parties {
            return Arrive::Expected(NonZeroU32::new(self.parties).unwrap());
        }
        let mine = self.arrived.iter_mut().find(|(owner, _)| *owner == name);
        match (mine, waiter) {
            (Some(mine), Some(waiter)) => {
                let replaced = Some(WaiterId(std::mem::replace(&mut mine.1, waiter)));
                return Arrive::Waiting { replaced };
            }
            (Some(_), None) => return Arrive::Missing,
            (None, _) => {}
        }
        let waited: Vec<_> = self.arrived.iter().map(|(_, waiter)| *waiter).collect();
        match waiter {
            _ if waited.len() + 1 == parties as usize => {
                self.arrived.clear();
                self.generation += 1;
                released(self.generation, &waited)
            }
            Some(waiter) => {
                self.parties = parties;
                self.arrived.push((name, waiter));
                WAITING
            }
            None => Arrive::Missing,
        }
    }
}

fn run(history: &[Step]) {
    let (mut barrier, mut model, mut waiters) = (Barrier::default(), Model::default(), 0);
    for step in history {
        match *step {
            Step::Arrive(name, parties, park) => {
                waiters += u64::from(park);
                let waiter = park.then_some(waiters);
                let expected = model.arrive(name, parties, waiter);
                assert_eq!(arrive(&mut barrier, name, parties, waiter), expected);
            }
            Step::Withdraw(waiter) => {
                let here = model.arrived.iter().any(|(_, other)| *other == waiter);
                model.arrived.retain(|(_, other)| *other != waiter);
                assert_eq!(barrier.withdraw(WaiterId(waiter)) == Withdrawn::Left, here);
            }
        }
        barrier.assert_invariants();
        let arrived =
            barrier.arrived().map(|place| (place.owner.name()[0], place.newest().waiter.0));
        assert_eq!(arrived.collect::<Vec<_>>(), model.arrived);
    }
}

fn step() -> impl Strategy<Value = Step> {
    let parties = prop_oneof![6 => Just(3u32), 1 => Just(2), 1 => Just(1)];
    let arrival = (0..5u8, parties, prop::bool::weighted(0.9));
    prop_oneof![
        4 => arrival.prop_map(|(a, b, c)| Step::Arrive(a, b, c)),
        1 => (1..40u64).prop_map(Step::Withdraw),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_goes_as_in_the_model(history in prop::collection::vec(step(), 1..60)) {
        run(&history);
    }
}
