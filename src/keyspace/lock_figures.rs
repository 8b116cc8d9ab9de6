//! What has happened to locks, and how long it took: counts and durations, of all locks of a shard
//! or of one.
//!
//! Not here: of which one (`lock_records.rs`), and when something happens.

use crate::base::durations::{Counts, Durations};
use crate::coord::ask::Cause;

/// See the module's documentation. One request for several locks counts as several, except for
/// time-outs and deadlocks.
#[derive(Clone, Debug, Default)]
pub struct LockFigures<D = Durations> {
    /// Grants; to repeat one is none.
    pub acquired: u64,
    /// Requests that found somebody in their way.
    pub contended: u64,
    /// Requests whose time was up.
    pub timed_out: u64,
    /// Grants that their owners released.
    pub released: u64,
    /// Grants whose time or lease ran out.
    pub expired: u64,
    /// Grants that were taken away by LOCK.BREAK, DEL and the like.
    pub broken: u64,
    /// Requests that were refused because they would have closed a cycle.
    pub deadlocks: u64,
    /// Requests that were refused because they showed a token that is not the latest one.
    pub stale_tokens: u64,
    /// How long requests waited that were parked and then granted.
    pub wait: D,
    /// How long grants lasted.
    pub hold: D,
}

/// Something that happens to a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockEvent {
    /// A request was granted at once.
    Acquired,
    /// A request found somebody in its way.
    Contended,
    /// A request that had waited got it.
    Granted {
        /// After so many microseconds.
        waited_us: u64,
    },
    /// The time of a request was up.
    TimedOut,
    /// A request would have closed a cycle.
    Deadlock,
    /// A request showed a token that is not the latest one.
    StaleToken,
    /// A grant is over.
    Ended {
        /// Why.
        cause: Cause,
        /// It lasted so many microseconds.
        held_us: u64,
    },
}

impl<D: Counts> LockFigures<D> {
    /// Counts what has happened.
    pub fn note(&mut self, event: LockEvent) {
        match event {
            LockEvent::Acquired => self.acquired += 1,
            LockEvent::Contended => self.contended += 1,
            LockEvent::Granted { waited_us } => {
                self.acquired += 1;
                self.wait.record(waited_us);
            }
            LockEvent::TimedOut => self.timed_out += 1,
            LockEvent::Deadlock => self.deadlocks += 1,
            LockEvent::StaleToken => self.stale_tokens += 1,
            LockEvent::Ended { cause, held_us } => {
                self.hold.record(held_us);
                match cause {
                    Cause::Release => self.released += 1,
                    Cause::Expiry => self.expired += 1,
                    Cause::Break | Cause::Deletion => self.broken += 1,
                }
            }
        }
    }

    /// The counts by the names that clients see.
    #[must_use]
    pub const fn counts(&self) -> [(&'static str, u64); 8] {
        [
            ("acquired", self.acquired),
            ("contended", self.contended),
            ("timed_out", self.timed_out),
            ("released", self.released),
            ("expired", self.expired),
            ("broken", self.broken),
            ("deadlocks", self.deadlocks),
            ("stale_tokens", self.stale_tokens),
        ]
    }

    /// The durations by the names that clients see.
    #[must_use]
    pub const fn durations(&self) -> [(&'static str, &D); 2] {
        [("wait_us", &self.wait), ("hold_us", &self.hold)]
    }
}

impl LockFigures {
    /// Adds what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.acquired += other.acquired;
        self.contended += other.contended;
        self.timed_out += other.timed_out;
        self.released += other.released;
        self.expired += other.expired;
        self.broken += other.broken;
        self.deadlocks += other.deadlocks;
        self.stale_tokens += other.stale_tokens;
        self.wait.add(&other.wait);
        self.hold.add(&other.hold);
    }
}
