//! What the ledger decides, one entry at a time. Whoever proposes an entry says what it expects, so
//! that an entry that comes late, or twice, changes nothing.
//!
//! Not here: what an entry does (`map`), and how all nodes agree on their order (Raft).

use crate::base::slot::SlotId;
use crate::cluster::id::NodeId;
use crate::cluster::slots::SlotSet;
use crate::coord::token::Epoch;
use serde::{Deserialize, Serialize};

/// Names a move of slots; the node that gives them away numbers its moves, and no number is used
/// twice in one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MoveId {
    /// The node that gives slots away.
    pub from: NodeId,
    /// Its boot.
    pub boot: u32,
    /// The number.
    pub number: u64,
}

/// Where a node can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address, as clients and nodes use it.
    pub ip: String,
    /// Host name that clients may be told; empty for none.
    pub hostname: String,
    /// Port for clients.
    pub port: u16,
    /// Port for nodes.
    pub bus_port: u16,
}

/// Neighbouring slots of the same epoch, and the epoch that the proposer knows them at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First slot.
    pub first: u16,
    /// Last slot.
    pub last: u16,
    /// Their epoch.
    pub epoch: u32,
}

impl Span {
    /// The slots. Numbers beyond the last slot are none.
    pub fn slots(self) -> impl Iterator<Item = SlotId> {
        (self.first..=self.last).filter_map(SlotId::new)
    }
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A node becomes a member, or is back with another boot or at another place. All moves that it
    /// had part in before are over, and its slots get a higher epoch: it may have forgotten what it
    /// handed out.
    Join {
        /// The node.
        node: NodeId,
        /// How often it has started.
        boot: u32,
        /// Where it is.
        endpoint: Endpoint,
        /// Slots that it was given while it was alone, with epochs that its tokens are below of. It
        /// gets those that nobody owns.
        claims: Vec<Span>,
    },
    /// A member without slots is one no more.
    Leave {
        /// The node.
        node: NodeId,
    },
    /// Slots get another owner, or none: with the consent of the one they have, who has stopped to
    /// serve them before this was proposed, or after its lease.
    Assign {
        /// The slots, as the proposer knows them.
        slots: Vec<Span>,
        /// Their new owner.
        to: Option<NodeId>,
    },
    /// Slots get a higher epoch, because their tokens are nearly used up or by an operator's wish.
    Raise {
        /// The slots, as the proposer knows them.
        slots: Vec<Span>,
    },
    /// A node begins to give slots to another one.
    MoveBegin {
        /// Its name.
        id: MoveId,
        /// The receiving node.
        to: NodeId,
        /// The slots, as the proposer knows them.
        slots: Vec<Span>,
    },
    /// All that is in the slots has arrived, and the giving node serves them no more.
    MoveCommit {
        /// Its name.
        id: MoveId,
    },
    /// The move is over, and nothing has changed.
    MoveCancel {
        /// Its name.
        id: MoveId,
    },
}

/// What an entry has done.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it says.
    Done,
    /// Nothing: everything was so already.
    Unchanged,
    /// Nothing: it expected something else.
    Refused(Refusal),
}

/// Why an entry has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It names a node that is no member.
    #[error("{0} is not a member of this cluster")]
    NotAMember(NodeId),
    /// The node has started again since.
    #[error("{node} has started {now} times, this was about start {then}")]
    OldBoot {
        /// The node.
        node: NodeId,
        /// Its boot.
        now: u32,
        /// The boot that was expected.
        then: u32,
    },
    /// The slot has changed hands since.
    #[error("slot {slot} is at epoch {now}, this was decided at epoch {then}")]
    StaleEpoch {
        /// The slot's number.
        slot: u16,
        /// Its epoch.
        now: u32,
        /// The epoch that was expected.
        then: u32,
    },
    /// Somebody else owns the slot, or nobody.
    #[error("slot {slot} does not belong to {node}")]
    NotTheOwner {
        /// The slot's number.
        slot: u16,
        /// Who would have to own it.
        node: NodeId,
    },
    /// A move of the slot is under way.
    #[error("slot {slot} is being moved to {to}")]
    Moving {
        /// The slot's number.
        slot: u16,
        /// The receiving node.
        to: NodeId,
    },
    /// The move is over, or never began.
    #[error("there is no such move of slots")]
    NoSuchMove,
    /// The node that is to leave has slots.
    #[error("{0} still has slots")]
    HasSlots(NodeId),
    /// All epochs of a slot have been used.
    #[error("slot {slot} has used up its epochs")]
    EpochsUsedUp {
        /// The slot's number.
        slot: u16,
    },
    /// It names no slots, or slots that there are not.
    #[error("no such slots")]
    NoSlots,
}

/// A move of slots that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The receiving node.
    pub to: NodeId,
    /// Its boot at the beginning.
    pub to_boot: u32,
    /// The slots.
    pub slots: SlotSet,
}

/// A slot's owner and the version of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The node; `None` for nobody.
    pub owner: Option<NodeId>,
    /// Grows with every change of the owner, and whenever the owner cannot prove what it handed
    /// out. The high half of fencing tokens.
    pub epoch: u32,
}

impl Ownership {
    /// The next epoch, above `floor` too.
    pub(super) fn next_epoch(self, floor: u32) -> Option<u32> {
        Epoch::new(self.epoch.max(floor) + 1).map(Epoch::get)
    }
}
