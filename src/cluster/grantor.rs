//! The side of the ownership lease that grants: the ledger's leader. It knows when a node's slots
//! may be taken without that node's consent.
//!
//! A renewal is granted only after a majority has confirmed, later than the renewal arrived, that
//! this node still leads; so no later leader was elected before the renewal was sent, and each
//! waits one whole lease after its election before it takes anything.
//!
//! Not here: how leadership is confirmed (Raft's read index).
//! Invariant: a node whose slots are being taken is granted nothing.

use crate::base::time::Mono;
use crate::cluster::id::NodeId;
use crate::cluster::lease::{RenewalId, grantor_ms};
use crate::cluster::map::SlotMap;
use std::collections::{BTreeMap, BTreeSet};

/// A node asks for its lease to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The node.
    pub node: NodeId,
    /// Its boot.
    pub boot: u32,
    /// The renewal's number.
    pub id: RenewalId,
}

/// A lease to be told to its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Who asked.
    pub renewal: Renewal,
    /// For how long.
    pub lease_ms: u64,
    /// The entry of the ledger that was in force.
    pub version: u64,
}

/// When a node's slots may be given to others.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// At once: its lease is over.
    Now,
    /// Not before this instant.
    At(Mono),
    /// Not by this node: it does not lead.
    NotLeading,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Grantor {
    lease_ms: u64,
    lead: Option<Lead>,
}

#[derive(Clone, Debug)]
struct Lead {
    since: Mono,
    /// When each node was granted a lease last.
    granted: BTreeMap<NodeId, Mono>,
    /// Nodes whose slots are being taken.
    taking: BTreeSet<NodeId>,
    /// Renewals that wait until leadership is confirmed.
    waiting: Vec<Renewal>,
    /// Renewals that wait for the confirmation that has been asked for.
    confirming: Vec<Renewal>,
}

impl Grantor {
    /// One that does not lead.
    #[must_use]
    pub const fn new(lease_ms: u64) -> Self {
        Self { lease_ms, lead: None }
    }

    /// This node leads now. It was elected before `now`.
    pub fn on_elected(&mut self, now: Mono) {
        self.lead = Some(Lead {
            since: now,
            granted: BTreeMap::new(),
            taking: BTreeSet::new(),
            waiting: Vec::new(),
            confirming: Vec::new(),
        });
    }

    /// This node leads no more.
    pub fn on_deposed(&mut self) {
        self.lead = None;
    }

    /// Whether this node leads, as far as it knows.
    #[must_use]
    pub const fn leads(&self) -> bool {
        self.lead.is_some()
    }

    /// A renewal has arrived; whether leadership has to be confirmed for it, once what has been
    /// asked for is there.
    pub fn on_renewal(&mut self, renewal: Renewal) -> bool {
        let Some(lead) = &mut self.lead else { return false };
        lead.waiting.retain(|it| it.node != renewal.node);
        lead.waiting.push(renewal);
        true
    }

    /// Leadership is about to be confirmed: for all renewals that have arrived by now. False if
    /// there are none, or the last confirmation is still under way.
    pub fn begin_confirming(&mut self) -> bool {
        let Some(lead) = &mut self.lead else { return false };
        if !lead.confirming.is_empty() || lead.waiting.is_empty() {
            return false;
        }
        lead.confirming = std::mem::take(&mut lead.waiting);
        true
    }

    /// The confirmation that was begun has failed.
    pub fn on_unconfirmed(&mut self) {
        if let Some(lead) = &mut self.lead {
            lead.confirming.clear();
        }
    }

    /// Leadership was confirmed after the confirmation had begun, and `map` has everything that was
    /// decided before.
    pub fn on_confirmed(&mut self, map: &SlotMap, now: Mono) -> Vec<Granted> {
        let (lease_ms, version) = (self.lease_ms, map.version());
        let Some(lead) = &mut self.lead else { return Vec::new() };
        let mut granted = Vec::new();
        for renewal in std::mem::take(&mut lead.confirming) {
            let is_current =
                map.member(renewal.node).is_some_and(|member| member.boot == renewal.boot);
            if is_current && !lead.taking.contains(&renewal.node) {
                lead.granted.insert(renewal.node, now);
                granted.push(Granted { renewal, lease_ms, version });
            }
        }
        granted
    }

    /// Begins to take slots from `node`: from now on it is granted nothing.
    pub fn begin_taking(&mut self, node: NodeId, now: Mono) -> Taking {
        if let Some(lead) = &mut self.lead {
            lead.taking.insert(node);
        }
        self.taking(node, now)
    }

    /// When what has been begun to be taken from `node` may be given to others.
    pub fn taking(&self, node: NodeId, now: Mono) -> Taking {
        let Some(lead) = &self.lead else { return Taking::NotLeading };
        let last = lead.granted.get(&node).map_or(lead.since, |&at| at.max(lead.since));
        let over = last.plus(grantor_ms(self.lease_ms));
        if now >= over { Taking::Now } else { Taking::At(over) }
    }

    /// What was to be taken from `node` has been, or never will be.
    pub fn end_taking(&mut self, node: NodeId) {
        if let Some(lead) = &mut self.lead {
            lead.taking.remove(&node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::entry::{Endpoint, Entry};

    const NODE: NodeId = NodeId::new([1; 20]);

    fn renewal(boot: u32) -> Renewal {
        Renewal { node: NODE, boot, id: RenewalId(1) }
    }

    fn map() -> SlotMap {
        let mut map = SlotMap::default();
        let endpoint = Endpoint::default();
        let join = Entry::Join { node: NODE, boot: 3, endpoint, claims: Vec::new() };
        let _ = map.apply(1, &join);
        map
    }

    fn confirmed(grantor: &mut Grantor, boot: u32, now: Mono) -> usize {
        assert!(grantor.on_renewal(renewal(boot)));
        assert!(grantor.begin_confirming());
        grantor.on_confirmed(&map(), now).len()
    }

    #[test]
    fn a_new_leader_waits_a_whole_lease_before_it_takes() {
        let mut grantor = Grantor::new(10_000);
        assert_eq!(grantor.begin_taking(NODE, Mono(0)), Taking::NotLeading);
        grantor.on_elected(Mono(100));
        let over = Mono(100 + 10_021);
        assert_eq!(grantor.begin_taking(NODE, Mono(100)), Taking::At(over));
        assert_eq!(grantor.taking(NODE, Mono(over.0 - 1)), Taking::At(over));
        assert_eq!(grantor.taking(NODE, over), Taking::Now);
    }

    #[test]
    fn a_node_that_is_being_taken_from_is_granted_nothing() {
        let mut grantor = Grantor::new(10_000);
        grantor.on_elected(Mono(0));
        assert_eq!(confirmed(&mut grantor, 3, Mono(50_000)), 1);
        assert_eq!(grantor.begin_taking(NODE, Mono(50_001)), Taking::At(Mono(60_021)));
        assert_eq!(confirmed(&mut grantor, 3, Mono(50_002)), 0);
        assert_eq!(grantor.taking(NODE, Mono(60_021)), Taking::Now);
        grantor.end_taking(NODE);
        assert_eq!(confirmed(&mut grantor, 3, Mono(60_022)), 1);
    }

    #[test]
    fn only_the_latest_boot_of_a_member_is_granted_a_lease() {
        let mut grantor = Grantor::new(10_000);
        grantor.on_elected(Mono(0));
        assert_eq!(confirmed(&mut grantor, 2, Mono(1)), 0);
        assert_eq!(confirmed(&mut grantor, 3, Mono(1)), 1);
    }

    #[test]
    fn what_arrives_while_leadership_is_confirmed_waits_for_the_next_confirmation() {
        let mut grantor = Grantor::new(10_000);
        grantor.on_elected(Mono(0));
        assert!(grantor.on_renewal(renewal(3)) && grantor.begin_confirming());
        assert!(grantor.on_renewal(Renewal { id: RenewalId(2), ..renewal(3) }));
        assert!(!grantor.begin_confirming());
        let granted = grantor.on_confirmed(&map(), Mono(1));
        assert_eq!(granted.iter().map(|it| it.renewal.id).collect::<Vec<_>>(), [RenewalId(1)]);
        assert!(grantor.begin_confirming());
        grantor.on_unconfirmed();
        assert!(grantor.on_confirmed(&map(), Mono(2)).is_empty());
    }

    #[test]
    fn who_was_deposed_grants_nothing() {
        let mut grantor = Grantor::new(10_000);
        grantor.on_elected(Mono(0));
        assert!(grantor.on_renewal(renewal(3)) && grantor.begin_confirming());
        grantor.on_deposed();
        assert!(grantor.on_confirmed(&map(), Mono(1)).is_empty());
        assert!(!grantor.leads() && !grantor.on_renewal(renewal(3)));
    }
}
