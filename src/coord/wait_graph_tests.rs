//! Who waits for whom, in small.

#![cfg(test)]

use super::*;
use Mode::{Exclusive as X, IntentShared as IS, Shared as S};

fn owner(name: &str) -> Owner {
    Owner::new(name.as_bytes())
}

/// Lets an owner wait for a lock that `holders` hold, if nobody waits for it yet.
fn wait(
    graph: &mut WaitGraph,
    (waiter, name): (u64, &str),
    (lock, mode): (u64, Mode),
    holders: &[(&str, Mode)],
) -> Option<String> {
    let holders: Vec<_> = holders.iter().map(|(name, mode)| (owner(name), *mode)).collect();
    graph.contend(LockId(lock), holders.iter().map(|(owner, mode)| (owner, *mode)));
    let outcome = graph.wait(WaiterId(waiter), &owner(name), &[(LockId(lock), mode)]);
    graph.assert_invariants();
    match outcome {
        Wait::Parks => None,
        Wait::Deadlock(cycle) => {
            let names = cycle.iter().map(|owner| std::str::from_utf8(owner.name()).unwrap());
            Some(names.collect::<Vec<_>>().join(" waits for "))
        }
    }
}

#[test]
fn the_second_of_two_who_want_each_others_lock_is_refused() {
    let mut graph = WaitGraph::default();
    assert_eq!(wait(&mut graph, (1, "a"), (2, X), &[("b", X)]), None);
    let cycle = wait(&mut graph, (2, "b"), (1, X), &[("a", X)]);
    assert_eq!(cycle.as_deref(), Some("b waits for a"));
    assert!(!graph.is_contended(LockId(1)), "b does not wait");
    graph.withdraw(LockId(2), WaiterId(1));
    assert!(graph.is_empty() && graph.numbers.is_empty());
}

#[test]
fn a_ring_of_any_size_is_closed_by_its_last_member_alone() {
    for size in 2..=10u64 {
        let names: Vec<String> = (0..size).map(|number| number.to_string()).collect();
        let mut graph = WaitGraph::default();
        for at in 0..size {
            let next = (at + 1) % size;
            let (name, holder) = (names[at as usize].as_str(), names[next as usize].as_str());
            let cycle = wait(&mut graph, (at, name), (next, X), &[(holder, X)]);
            let expected = (at + 1 == size).then(|| {
                [&names[at as usize..], &names[..at as usize]].concat().join(" waits for ")
            });
            assert_eq!(cycle, expected, "{size} locks, {at}");
        }
    }
}

#[test]
fn of_two_converters_that_wait_for_each_other_the_second_is_refused() {
    let mut graph = WaitGraph::default();
    assert_eq!(wait(&mut graph, (1, "a"), (1, X), &[("a", S), ("b", S)]), None);
    assert_eq!(wait(&mut graph, (2, "b"), (1, X), &[]).as_deref(), Some("b waits for a"));
    assert_eq!(wait(&mut graph, (3, "c"), (1, S), &[]), None, "c holds nothing");
}

#[test]
fn an_asker_waits_for_earlier_askers_as_well() {
    let mut graph = WaitGraph::default();
    assert_eq!(wait(&mut graph, (1, "b"), (1, X), &[("a", S)]), None);
    assert_eq!(wait(&mut graph, (2, "c"), (2, X), &[("d", X)]), None);
    graph.contend(LockId(1), []);
    assert_eq!(wait(&mut graph, (3, "d"), (1, S), &[]), None);
    let cycle = wait(&mut graph, (4, "b"), (2, X), &[]);
    assert_eq!(cycle.as_deref(), Some("b waits for d"), "and d for b, which came before");
}

#[test]
fn an_owner_does_not_wait_for_itself() {
    let mut graph = WaitGraph::default();
    assert_eq!(wait(&mut graph, (1, "a"), (1, X), &[("a", IS), ("b", S)]), None);
    assert_eq!(wait(&mut graph, (2, "a"), (1, X), &[]), None);
    assert_eq!(wait(&mut graph, (3, "c"), (1, X), &[]), None);
    assert_eq!(wait(&mut graph, (4, "c"), (1, S), &[]), None);
}

#[test]
fn what_was_released_closes_no_cycle() {
    let mut graph = WaitGraph::default();
    assert_eq!(wait(&mut graph, (1, "a"), (1, X), &[("b", S), ("c", S)]), None);
    assert_eq!(wait(&mut graph, (2, "d"), (2, X), &[("a", X)]), None);
    graph.ended(LockId(1), &owner("b"));
    assert_eq!(wait(&mut graph, (3, "b"), (2, X), &[]), None);
    let cycle = wait(&mut graph, (4, "c"), (2, X), &[]);
    assert_eq!(cycle.as_deref(), Some("c waits for a"));
}

#[test]
fn a_handed_on_lock_leaves_nothing_behind() {
    let mut graph = WaitGraph::default();
    for waiter in 1..=1000u64 {
        let name = waiter.to_string();
        assert_eq!(wait(&mut graph, (waiter, &name), (1, X), &[("0", X)]), None);
    }
    for waiter in 1..=1000u64 {
        graph.ended(LockId(1), &owner(&(waiter - 1).to_string()));
        graph.granted(LockId(1), WaiterId(waiter));
    }
    graph.assert_invariants();
    assert!(graph.is_empty() && graph.numbers.is_empty());
}
