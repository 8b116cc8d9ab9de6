//! The slot map against its rules: single cases, and random histories of entries that come late,
//! twice, or from who should not have proposed them.

#![cfg(test)]

use crate::base::slot::SlotId;
use crate::cluster::entry::{Endpoint, Entry, MoveId, Outcome, Ownership, Refusal, Span};
use crate::cluster::id::NodeId;
use crate::cluster::map::SlotMap;
use proptest::prelude::*;

const ALICE: NodeId = NodeId::new([1; 20]);
const BOB: NodeId = NodeId::new([2; 20]);

fn join(node: NodeId, boot: u32, claims: Vec<Span>) -> Entry {
    Entry::Join { node, boot, endpoint: Endpoint::default(), claims }
}

fn span(first: u16, last: u16, epoch: u32) -> Vec<Span> {
    vec![Span { first, last, epoch }]
}

fn slot(number: u16) -> SlotId {
    SlotId::new(number).unwrap()
}

/// Alice owns slots 0 to 99 at epoch 1, Bob none.
fn two() -> (SlotMap, impl FnMut(&mut SlotMap, Entry) -> Outcome) {
    let mut index = 0;
    let mut apply = move |map: &mut SlotMap, entry: Entry| {
        index += 1;
        let outcome = map.apply(index, &entry);
        map.assert_invariants();
        outcome
    };
    let mut map = SlotMap::default();
    assert_eq!(apply(&mut map, join(ALICE, 0, span(0, 99, 0))), Outcome::Done);
    assert_eq!(apply(&mut map, join(BOB, 0, Vec::new())), Outcome::Done);
    (map, apply)
}

fn owned(map: &SlotMap, number: u16) -> (Option<NodeId>, u32) {
    let Ownership { owner, epoch } = map.ownership(slot(number));
    (owner, epoch)
}

fn id(number: u64) -> MoveId {
    MoveId { from: ALICE, boot: 0, number }
}

#[test]
fn a_claim_gets_what_nobody_owns_and_no_more() {
    let (mut map, mut apply) = two();
    let _ = apply(&mut map, join(BOB, 1, span(90, 109, 7)));
    assert_eq!(owned(&map, 99), (Some(ALICE), 1));
    assert_eq!(owned(&map, 100), (Some(BOB), 8));
    assert_eq!(map.owned_by(BOB).ranges().collect::<Vec<_>>(), [(100, 109)]);
}

#[test]
fn a_node_that_starts_again_has_its_slots_at_higher_epochs() {
    let (mut map, mut apply) = two();
    assert_eq!(apply(&mut map, join(ALICE, 1, Vec::new())), Outcome::Done);
    assert_eq!(owned(&map, 0), (Some(ALICE), 2));
    assert_eq!(apply(&mut map, join(ALICE, 1, Vec::new())), Outcome::Unchanged);
    let refusal = Refusal::OldBoot { node: ALICE, now: 1, then: 0 };
    assert_eq!(apply(&mut map, join(ALICE, 0, Vec::new())), Outcome::Refused(refusal));
    assert_eq!(owned(&map, 0), (Some(ALICE), 2));
}

#[test]
fn an_assignment_that_expects_another_epoch_changes_nothing() {
    let (mut map, mut apply) = two();
    let late = Entry::Assign { slots: span(0, 0, 0), to: Some(BOB) };
    let refusal = Refusal::StaleEpoch { slot: 0, now: 1, then: 0 };
    assert_eq!(apply(&mut map, late), Outcome::Refused(refusal));
    let right = Entry::Assign { slots: span(0, 0, 1), to: Some(BOB) };
    assert_eq!(apply(&mut map, right.clone()), Outcome::Done);
    assert_eq!(owned(&map, 0), (Some(BOB), 2));
    assert!(matches!(apply(&mut map, right), Outcome::Refused(Refusal::StaleEpoch { .. })));
}

#[test]
fn a_move_gives_all_its_slots_at_once() {
    let (mut map, mut apply) = two();
    let begin = Entry::MoveBegin { id: id(1), to: BOB, slots: span(10, 19, 1) };
    assert_eq!(apply(&mut map, begin.clone()), Outcome::Done);
    assert_eq!(apply(&mut map, begin), Outcome::Unchanged);
    assert_eq!(owned(&map, 10), (Some(ALICE), 1));
    let elsewhere = Entry::Assign { slots: span(0, 10, 1), to: Some(BOB) };
    let refusal = Refusal::Moving { slot: 10, to: BOB };
    assert_eq!(apply(&mut map, elsewhere), Outcome::Refused(refusal));
    assert_eq!(apply(&mut map, Entry::MoveCommit { id: id(1) }), Outcome::Done);
    assert_eq!([owned(&map, 10), owned(&map, 19)], [(Some(BOB), 2); 2]);
    assert_eq!(owned(&map, 20), (Some(ALICE), 1));
    let again = apply(&mut map, Entry::MoveCommit { id: id(1) });
    assert_eq!(again, Outcome::Refused(Refusal::NoSuchMove));
}

#[test]
fn a_move_ends_with_the_boot_of_either_side() {
    for restarted in [ALICE, BOB] {
        let (mut map, mut apply) = two();
        let _ = apply(&mut map, Entry::MoveBegin { id: id(1), to: BOB, slots: span(0, 9, 1) });
        let _ = apply(&mut map, join(restarted, 1, Vec::new()));
        let commit = apply(&mut map, Entry::MoveCommit { id: id(1) });
        assert_eq!(commit, Outcome::Refused(Refusal::NoSuchMove));
        assert_eq!(owned(&map, 0).0, Some(ALICE));
    }
}

#[test]
fn a_move_that_was_cancelled_cannot_be_committed() {
    let (mut map, mut apply) = two();
    let _ = apply(&mut map, Entry::MoveBegin { id: id(1), to: BOB, slots: span(0, 9, 1) });
    assert_eq!(apply(&mut map, Entry::MoveCancel { id: id(1) }), Outcome::Done);
    let commit = apply(&mut map, Entry::MoveCommit { id: id(1) });
    assert_eq!(commit, Outcome::Refused(Refusal::NoSuchMove));
}

#[test]
fn only_a_member_without_slots_leaves() {
    let (mut map, mut apply) = two();
    let leave = |node| Entry::Leave { node };
    let refusal = Outcome::Refused(Refusal::HasSlots(ALICE));
    assert_eq!(apply(&mut map, leave(ALICE)), refusal);
    assert_eq!(apply(&mut map, leave(BOB)), Outcome::Done);
    assert_eq!(apply(&mut map, leave(BOB)), Outcome::Unchanged);
    let to_bob = Entry::Assign { slots: span(0, 0, 1), to: Some(BOB) };
    assert_eq!(apply(&mut map, to_bob), Outcome::Refused(Refusal::NotAMember(BOB)));
}

#[test]
fn slots_that_there_are_not_are_refused() {
    let (mut map, mut apply) = two();
    for wrong in [Vec::new(), span(3, 2, 1), span(0, SlotId::COUNT, 1)] {
        let entry = Entry::Raise { slots: wrong };
        assert_eq!(apply(&mut map, entry), Outcome::Refused(Refusal::NoSlots));
    }
}

#[test]
fn a_map_is_the_same_after_it_was_sent() {
    let (mut map, mut apply) = two();
    let _ = apply(&mut map, Entry::MoveBegin { id: id(1), to: BOB, slots: span(0, 9, 1) });
    let bytes = postcard::to_allocvec(&map).unwrap();
    assert_eq!(postcard::from_bytes::<SlotMap>(&bytes).unwrap(), map);
}

const NODES: u8 = 4;
/// Histories are about a few slots, so that entries meet.
const SLOTS: u16 = 6;

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let node = || (0..NODES).prop_map(|number| NodeId::new([number; 20]));
    let spans =
        || (0..SLOTS, 0..3u16, 0..4u32).prop_map(|(at, more, epoch)| span(at, at + more, epoch));
    let name = || {
        (node(), 0..3u32, 0..3u64).prop_map(|(from, boot, number)| MoveId { from, boot, number })
    };
    let claims = prop_oneof![Just(Vec::new()), spans()];
    let entry = prop_oneof![
        2 => (node(), 0..3u32, claims).prop_map(|(node, boot, claims)| join(node, boot, claims)),
        1 => node().prop_map(|node| Entry::Leave { node }),
        2 => (spans(), prop::option::of(node()))
            .prop_map(|(slots, to)| Entry::Assign { slots, to }),
        1 => spans().prop_map(|slots| Entry::Raise { slots }),
        4 => (name(), node(), spans())
            .prop_map(|(id, to, slots)| Entry::MoveBegin { id, to, slots }),
        2 => name().prop_map(|id| Entry::MoveCommit { id }),
        1 => name().prop_map(|id| Entry::MoveCancel { id }),
    ];
    prop::collection::vec(entry, 1..60)
}

fn ownerships(map: &SlotMap) -> Vec<Ownership> {
    (0..SlotId::COUNT)
        .step_by(1)
        .take(16)
        .filter_map(SlotId::new)
        .map(|it| map.ownership(it))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]
    #[test]
    fn an_epoch_rises_with_every_change_of_the_owner_and_never_falls(history in entries()) {
        let mut map = SlotMap::default();
        for (index, entry) in (1..).zip(&history) {
            let before = ownerships(&map);
            let outcome = map.apply(index, entry);
            map.assert_invariants();
            for (before, after) in before.iter().zip(ownerships(&map)) {
                prop_assert!(after.epoch >= before.epoch);
                prop_assert!(after.owner == before.owner || after.epoch > before.epoch);
                let is_refused = matches!(outcome, Outcome::Refused(_));
                prop_assert!(!is_refused || after == *before, "{entry:?} was refused");
            }
            // Once more, as after a restart whose log is replayed from too early on.
            let applied = map.clone();
            prop_assert_eq!(map.apply(index, entry), Outcome::Unchanged);
            prop_assert_eq!(&map, &applied);
        }
    }

    #[test]
    fn an_entry_that_was_decided_has_no_second_effect(history in entries()) {
        // The same entry under two numbers: who did not hear of the first decision proposes again.
        let mut map = SlotMap::default();
        for (index, entry) in (1..).zip(&history) {
            let _ = map.apply(2 * index, entry);
            let once = ownerships(&map);
            let _ = map.apply(2 * index + 1, entry);
            map.assert_invariants();
            prop_assert_eq!(ownerships(&map), once, "{:?}", entry);
        }
    }
}
