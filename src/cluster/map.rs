//! The slot map: what the ledger has decided so far. A machine whose only input is entries, in the
//! order of the ledger; nodes that have applied the same entries have the same map.
//!
//! Not here: who may propose an entry and when (`grantor`, `lease`).
//! Invariants: an epoch never goes back; slots belong to members alone; a slot is part of one move
//! at most, and of one of its owner's.

use crate::base::slot::SlotId;
use crate::cluster::entry::{Endpoint, Entry, Move, MoveId, Outcome, Ownership, Refusal, Span};
use crate::cluster::id::NodeId;
use crate::cluster::slots::SlotSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// How often it had started when it joined last. Only this start of it may serve slots.
    pub boot: u32,
    /// Where it is.
    pub endpoint: Endpoint,
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotMap {
    /// Number of the last entry of the ledger that is in here; 0 for none.
    version: u64,
    members: BTreeMap<NodeId, Member>,
    slots: Vec<Ownership>,
    moves: BTreeMap<MoveId, Move>,
}

impl Default for SlotMap {
    fn default() -> Self {
        let slots = vec![Ownership::default(); usize::from(SlotId::COUNT)];
        Self { version: 0, members: BTreeMap::new(), slots, moves: BTreeMap::new() }
    }
}

impl SlotMap {
    /// Number of the last entry that is in here.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// All members, in order of their names.
    pub fn members(&self) -> impl Iterator<Item = (NodeId, &Member)> {
        self.members.iter().map(|(&node, member)| (node, member))
    }

    /// A member.
    #[must_use]
    pub fn member(&self, node: NodeId) -> Option<&Member> {
        self.members.get(&node)
    }

    /// Who owns a slot, and at which epoch.
    #[must_use]
    pub fn ownership(&self, slot: SlotId) -> Ownership {
        self.slots[slot.index()]
    }

    /// The slots that a node owns.
    #[must_use]
    pub fn owned_by(&self, node: NodeId) -> SlotSet {
        let slots = (0..SlotId::COUNT).filter_map(SlotId::new);
        slots.filter(|&slot| self.ownership(slot).owner == Some(node)).collect()
    }

    /// The moves that are under way.
    pub fn moves(&self) -> impl Iterator<Item = (MoveId, &Move)> {
        self.moves.iter().map(|(&id, it)| (id, it))
    }

    /// A move that is under way.
    #[must_use]
    pub fn move_named(&self, id: MoveId) -> Option<&Move> {
        self.moves.get(&id)
    }

    /// These slots as an entry names them, with the epochs that they have here.
    #[must_use]
    pub fn spans(&self, slots: &SlotSet) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for slot in slots.iter() {
            let (number, epoch) = (slot.index() as u16, self.ownership(slot).epoch);
            match spans.last_mut() {
                Some(span) if span.last + 1 == number && span.epoch == epoch => span.last = number,
                Some(_) | None => spans.push(Span { first: number, last: number, epoch }),
            }
        }
        spans
    }

    /// Applies entry number `index` of the ledger; one that has been applied already changes
    /// nothing.
    pub fn apply(&mut self, index: u64, entry: &Entry) -> Outcome {
        if index <= self.version {
            return Outcome::Unchanged;
        }
        self.version = index;
        let outcome = match entry {
            Entry::Join { node, boot, endpoint, claims } => {
                self.join(*node, Member { boot: *boot, endpoint: endpoint.clone() }, claims)
            }
            Entry::Leave { node } => self.leave(*node),
            Entry::Assign { slots, to } => self.assign(slots, *to),
            Entry::Raise { slots } => self.raise(slots),
            Entry::MoveBegin { id, to, slots } => self.begin(*id, *to, slots),
            Entry::MoveCommit { id } => self.commit(*id),
            Entry::MoveCancel { id } => match self.moves.remove(id) {
                Some(_) => Ok(Outcome::Done),
                None => Err(Refusal::NoSuchMove),
            },
        };
        outcome.unwrap_or_else(Outcome::Refused)
    }

    fn join(&mut self, node: NodeId, member: Member, claims: &[Span]) -> Result<Outcome, Refusal> {
        let was = self.members.get(&node);
        let restarted = match was {
            Some(was) if member.boot < was.boot => {
                let (now, then) = (was.boot, member.boot);
                return Err(Refusal::OldBoot { node, now, then });
            }
            Some(was) if *was == member && claims.is_empty() => return Ok(Outcome::Unchanged),
            Some(was) => member.boot > was.boot,
            None => false,
        };
        self.members.insert(node, member);
        if restarted {
            self.moves.retain(|id, it| id.from != node && it.to != node);
            for slot in &mut self.slots {
                if slot.owner == Some(node) {
                    // An epoch that is used up stays: its sequence hands out nothing any more.
                    slot.epoch = slot.next_epoch(0).unwrap_or(slot.epoch);
                }
            }
        }
        for span in claims {
            for slot in span.slots() {
                let it = &mut self.slots[slot.index()];
                if it.owner.is_none() {
                    it.epoch = it.next_epoch(span.epoch).unwrap_or(it.epoch);
                    it.owner = Some(node);
                }
            }
        }
        Ok(Outcome::Done)
    }

    fn leave(&mut self, node: NodeId) -> Result<Outcome, Refusal> {
        if !self.members.contains_key(&node) {
            return Ok(Outcome::Unchanged);
        }
        if self.slots.iter().any(|slot| slot.owner == Some(node)) {
            return Err(Refusal::HasSlots(node));
        }
        self.moves.retain(|_, it| it.to != node);
        self.members.remove(&node);
        Ok(Outcome::Done)
    }

    fn assign(&mut self, slots: &[Span], to: Option<NodeId>) -> Result<Outcome, Refusal> {
        if let Some(to) = to
            && !self.members.contains_key(&to)
        {
            return Err(Refusal::NotAMember(to));
        }
        let slots = self.expected(slots)?;
        self.unmoved(&slots)?;
        self.hand(&slots, to)
    }

    fn raise(&mut self, slots: &[Span]) -> Result<Outcome, Refusal> {
        let slots = self.expected(slots)?;
        for slot in slots.iter() {
            let it = self.slots[slot.index()];
            if it.next_epoch(0).is_none() {
                return Err(Refusal::EpochsUsedUp { slot: slot.index() as u16 });
            }
        }
        for slot in slots.iter() {
            let it = &mut self.slots[slot.index()];
            it.epoch = it.next_epoch(0).unwrap_or(it.epoch);
        }
        Ok(Outcome::Done)
    }

    fn begin(&mut self, id: MoveId, to: NodeId, slots: &[Span]) -> Result<Outcome, Refusal> {
        if self.moves.contains_key(&id) {
            return Ok(Outcome::Unchanged);
        }
        let giving = self.members.get(&id.from).ok_or(Refusal::NotAMember(id.from))?;
        if giving.boot != id.boot {
            let (node, now, then) = (id.from, giving.boot, id.boot);
            return Err(Refusal::OldBoot { node, now, then });
        }
        let to_boot = self.members.get(&to).ok_or(Refusal::NotAMember(to))?.boot;
        let slots = self.expected(slots)?;
        self.unmoved(&slots)?;
        for slot in slots.iter() {
            if self.ownership(slot).owner != Some(id.from) {
                let (slot, node) = (slot.index() as u16, id.from);
                return Err(Refusal::NotTheOwner { slot, node });
            }
        }
        self.moves.insert(id, Move { to, to_boot, slots });
        Ok(Outcome::Done)
    }

    fn commit(&mut self, id: MoveId) -> Result<Outcome, Refusal> {
        let it = self.moves.get(&id).ok_or(Refusal::NoSuchMove)?.clone();
        let handed = self.hand(&it.slots, Some(it.to))?;
        self.moves.remove(&id);
        Ok(handed)
    }

    /// Gives slots to a node, all or none, at higher epochs.
    fn hand(&mut self, slots: &SlotSet, to: Option<NodeId>) -> Result<Outcome, Refusal> {
        let changes = |it: Ownership| it.owner != to;
        for slot in slots.iter() {
            let it = self.ownership(slot);
            if changes(it) && it.next_epoch(0).is_none() {
                return Err(Refusal::EpochsUsedUp { slot: slot.index() as u16 });
            }
        }
        let mut outcome = Outcome::Unchanged;
        for slot in slots.iter().filter(|&slot| changes(self.ownership(slot))).collect::<Vec<_>>() {
            let it = &mut self.slots[slot.index()];
            it.epoch = it.next_epoch(0).unwrap_or(it.epoch);
            it.owner = to;
            outcome = Outcome::Done;
        }
        Ok(outcome)
    }

    /// The slots, if all of them are at the epochs that the proposer knew.
    fn expected(&self, spans: &[Span]) -> Result<SlotSet, Refusal> {
        let mut slots = SlotSet::default();
        for span in spans {
            if span.first > span.last || span.last >= SlotId::COUNT {
                return Err(Refusal::NoSlots);
            }
            for slot in span.slots() {
                let now = self.ownership(slot).epoch;
                if now != span.epoch {
                    let slot = slot.index() as u16;
                    return Err(Refusal::StaleEpoch { slot, now, then: span.epoch });
                }
                slots.insert(slot);
            }
        }
        if slots.is_empty() { Err(Refusal::NoSlots) } else { Ok(slots) }
    }

    /// An error if one of the slots is part of a move.
    fn unmoved(&self, slots: &SlotSet) -> Result<(), Refusal> {
        let moved = self.moves.values().find_map(|it| {
            let slot = slots.iter().find(|&slot| it.slots.contains(slot))?;
            Some(Refusal::Moving { slot: slot.index() as u16, to: it.to })
        });
        moved.map_or(Ok(()), Err)
    }

    /// Stops the process if the map contradicts itself.
    ///
    /// # Panics
    /// Then, with a sentence that says what should have been true.
    pub fn assert_invariants(&self) {
        for it in &self.slots {
            let is_member = it.owner.is_none_or(|owner| self.members.contains_key(&owner));
            assert!(is_member, "slots belong to members");
        }
        let mut moved = SlotSet::default();
        for (id, it) in &self.moves {
            let boot = self.members.get(&id.from).map(|member| member.boot);
            assert_eq!(boot, Some(id.boot), "a move ends with the boot of the giving node");
            let boot = self.members.get(&it.to).map(|member| member.boot);
            assert_eq!(boot, Some(it.to_boot), "a move ends with the boot of the receiving node");
            for slot in it.slots.iter() {
                assert_eq!(self.ownership(slot).owner, Some(id.from), "an owner moves its slots");
                assert!(moved.insert(slot), "a slot is part of one move at most");
            }
        }
    }
}
