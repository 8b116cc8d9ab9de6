//! How long a node may serve the slots that it owns: the owner's side of the ownership lease.
//!
//! A lease is counted from before its renewal was sent, and shortened by the drift bound; the other
//! side (`grantor`) counts from after it was granted, and lengthens it by that bound. So the owner
//! has stopped, by its own clock, before anybody takes its slots without its consent.
//!
//! Not here: which slots it owns (`map`).
//! Invariant: `until` never lies later than a granted lease after its renewal was sent.

use crate::base::time::Mono;
use std::collections::VecDeque;

/// How far clocks of two nodes may drift apart: so many parts of a million. Quartz drifts by some
/// 100; clocks that are being slewed by 500 more.
pub const DRIFT_PPM: u64 = 2_000;
const MILLION: u64 = 1_000_000;

/// Renewals that may be under way; an older one that is answered after all is of no use any more.
const SENT_MAX: usize = 16;

/// Milliseconds of a lease of `lease_ms` that its owner may rely on.
#[must_use]
pub const fn owner_ms(lease_ms: u64) -> u64 {
    lease_ms - (lease_ms * DRIFT_PPM).div_ceil(MILLION)
}

/// Milliseconds for which whoever granted a lease of `lease_ms` has to respect it.
#[must_use]
pub const fn grantor_ms(lease_ms: u64) -> u64 {
    // One more: a millisecond that has begun is not over.
    lease_ms + (lease_ms * DRIFT_PPM).div_ceil(MILLION) + 1
}

/// A renewal's number, not used twice in one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RenewalId(pub u64);

/// A node's right to serve what it owns.
#[derive(Clone, Debug, Default)]
pub struct OwnerLease {
    until: Mono,
    /// The map that it may not be behind of: the one in force when the lease was granted.
    floor: u64,
    last: u64,
    sent: VecDeque<(RenewalId, Mono)>,
}

/// Whether a node may serve what it owns.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may, until this instant.
    Serves(Mono),
    /// Its lease is over.
    LeaseOver,
    /// It does not know yet what was decided before its lease was granted.
    Behind,
}

impl OwnerLease {
    /// A renewal leaves, at `now` at the earliest.
    pub fn on_send(&mut self, now: Mono) -> RenewalId {
        self.last += 1;
        let id = RenewalId(self.last);
        if self.sent.len() == SENT_MAX {
            self.sent.pop_front();
        }
        self.sent.push_back((id, now));
        id
    }

    /// A renewal was granted for `lease_ms`, when entry `version` of the ledger was in force.
    pub fn on_grant(&mut self, id: RenewalId, lease_ms: u64, version: u64) {
        let Some(&(_, sent)) = self.sent.iter().find(|(sent, _)| *sent == id) else { return };
        self.sent.retain(|(sent, _)| *sent > id);
        let until = sent.plus(owner_ms(lease_ms));
        // An answer that overtook another one changes nothing.
        if until > self.until {
            self.until = until;
            self.floor = self.floor.max(version);
        }
    }

    /// Gives the lease up, as a node does that leaves.
    pub fn give_up(&mut self) {
        self.until = Mono(0);
        self.sent.clear();
    }

    /// Whether the node may serve, knowing the ledger up to entry `version`.
    pub fn standing(&self, now: Mono, version: u64) -> Standing {
        if now >= self.until {
            Standing::LeaseOver
        } else if version < self.floor {
            Standing::Behind
        } else {
            Standing::Serves(self.until)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_counts_from_when_its_renewal_was_sent() {
        let mut lease = OwnerLease::default();
        assert_eq!(lease.standing(Mono(0), 0), Standing::LeaseOver);
        let id = lease.on_send(Mono(1_000));
        lease.on_grant(id, 10_000, 7);
        let until = Mono(1_000 + 9_980);
        assert_eq!(lease.standing(Mono(until.0 - 1), 7), Standing::Serves(until));
        assert_eq!(lease.standing(until, 7), Standing::LeaseOver);
    }

    #[test]
    fn who_is_behind_the_grant_does_not_serve() {
        let mut lease = OwnerLease::default();
        let id = lease.on_send(Mono(0));
        lease.on_grant(id, 10_000, 7);
        assert_eq!(lease.standing(Mono(1), 6), Standing::Behind);
        assert!(matches!(lease.standing(Mono(1), 8), Standing::Serves(_)));
    }

    #[test]
    fn an_answer_that_comes_late_or_twice_lengthens_nothing() {
        let mut lease = OwnerLease::default();
        let (first, second) = (lease.on_send(Mono(0)), lease.on_send(Mono(5_000)));
        lease.on_grant(second, 10_000, 1);
        lease.on_grant(first, 10_000, 1);
        lease.on_grant(second, 90_000, 1);
        assert_eq!(lease.standing(Mono(14_979), 1), Standing::Serves(Mono(14_980)));
        assert_eq!(lease.standing(Mono(14_980), 1), Standing::LeaseOver);
    }

    #[test]
    fn a_renewal_that_nobody_sent_grants_nothing() {
        let mut lease = OwnerLease::default();
        lease.on_grant(RenewalId(1), 10_000, 0);
        assert_eq!(lease.standing(Mono(0), 0), Standing::LeaseOver);
    }

    #[test]
    fn the_owner_stops_before_the_grantor_takes_within_the_drift_bound() {
        // The owner's clock is as slow as it may be, the grantor's as fast.
        for lease_ms in [1, 100, 5_000, 15_000, 3_600_000] {
            let slow = |ms: u64| ms as f64 / (1.0 - DRIFT_PPM as f64 / 1e6);
            let fast = |ms: u64| (ms - 1) as f64 / (1.0 + DRIFT_PPM as f64 / 1e6);
            assert!(slow(owner_ms(lease_ms)) <= fast(grantor_ms(lease_ms)), "{lease_ms}");
        }
    }
}
