//! Which members vote in the ledger's Raft group; all others only learn.
//!
//! A pure choice: who asks again with the same arguments gets the same answer. Not here: changing
//! the group.

use crate::cluster::id::NodeId;
use std::collections::BTreeSet;

/// How many vote in a cluster of so many members: an odd number, so that none of them is there only
/// to be waited for. Two members have one voter: a second one would add a way to stop, and no way
/// to go on.
#[must_use]
pub const fn wanted(members: usize) -> usize {
    match members {
        0..=2 => 1,
        3..=6 => 3,
        _ => 5,
    }
}

/// The voters that there should be. Those that vote now and are reachable stay; the others' places
/// go to reachable members in order of their names. Whoever is unreachable stays, too, as long as
/// there is nobody to take its place.
#[must_use]
pub fn choose(
    members: &BTreeSet<NodeId>,
    reachable: &BTreeSet<NodeId>,
    voters: &BTreeSet<NodeId>,
) -> BTreeSet<NodeId> {
    let wanted = wanted(members.len());
    let rank = |node: &NodeId| (!reachable.contains(node), !voters.contains(node), *node);
    let mut ranked: Vec<NodeId> = members.iter().copied().collect();
    ranked.sort_by_key(rank);
    ranked.into_iter().take(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(numbers: &[u8]) -> BTreeSet<NodeId> {
        numbers.iter().map(|&number| NodeId::new([number; 20])).collect()
    }

    #[test]
    fn voters_stay_as_long_as_they_can_be_reached() {
        let members = nodes(&[1, 2, 3, 4, 5]);
        assert_eq!(choose(&members, &members, &nodes(&[3, 4, 5])), nodes(&[3, 4, 5]));
        assert_eq!(choose(&members, &nodes(&[1, 2, 3, 4]), &nodes(&[3, 4, 5])), nodes(&[1, 3, 4]));
    }

    #[test]
    fn an_unreachable_voter_without_a_substitute_stays() {
        let members = nodes(&[1, 2, 3]);
        assert_eq!(choose(&members, &nodes(&[1, 2]), &members), members);
    }

    #[test]
    fn a_node_that_has_left_votes_no_more_and_the_number_follows_the_size() {
        assert_eq!(choose(&nodes(&[1, 2]), &nodes(&[1, 2]), &nodes(&[2, 3])), nodes(&[2]));
        let seven = nodes(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(choose(&seven, &seven, &nodes(&[5, 6, 7])).len(), 5);
    }
}
