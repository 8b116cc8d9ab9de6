//! Counters of one worker thread, and their sums over all workers: the figures of `INFO stats`.
//!
//! A counter has one writer and never goes back, so counting is a plain load and store on memory
//! that no other core writes. `CONFIG RESETSTAT` is a subtraction (`tally.rs`).

use std::ops::Index;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A count with one writer thread and any number of readers.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at 0.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds `more`. Two threads that add at once lose counts: only the one writer may call this.
    #[inline]
    pub fn add(&self, more: u64) {
        // Not `fetch_add`, whose locked instruction costs several times as much as all the rest.
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// The count now, or very recently.
    #[must_use]
    #[inline]
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Declares what is counted: a variant, its name in `INFO stats` and what it means, in one row
/// each.
macro_rules! counts {
    ($($(#[$meaning:meta])* $variant:ident = $name:literal,)*) => {
        /// What a worker counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Count {
            $($(#[$meaning])* $variant,)*
        }

        impl Count {
            /// All of them, in the order of `INFO stats`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in `INFO stats`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

counts! {
    /// Connections accepted.
    ConnectionsReceived = "total_connections_received",
    /// Commands that ran, whether or not they failed.
    CommandsRun = "total_commands_processed",
    /// Bytes read from clients.
    NetInputBytes = "total_net_input_bytes",
    /// Bytes written to clients.
    NetOutputBytes = "total_net_output_bytes",
    /// Connections refused because of `maxclients`.
    ConnectionsRejected = "rejected_connections",
    /// Error replies of all kinds.
    ErrorReplies = "total_error_replies",
    /// Reads from client sockets.
    Reads = "total_reads_processed",
    /// Writes to client sockets.
    Writes = "total_writes_processed",
    /// Clients closed because of `client-query-buffer-limit`.
    InputLimitClosed = "client_query_buffer_limit_disconnections",
    /// Clients closed because of `client-output-buffer-limit`.
    OutputLimitClosed = "client_output_buffer_limit_disconnections",
}

const COUNTS: usize = Count::ALL.len();

/// The counters of one worker.
#[derive(Debug, Default)]
pub struct Counters([Counter; COUNTS]);

impl Counters {
    /// Adds `more` to one of them. Only the worker itself may call this.
    #[inline]
    pub fn add(&self, count: Count, more: u64) {
        self.0[count as usize].add(more);
    }
}

/// Counters summed over workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterTotals([u64; COUNTS]);

impl CounterTotals {
    /// Adds what one worker has counted so far.
    pub fn add(&mut self, worker: &Counters) {
        for (total, counter) in self.0.iter_mut().zip(&worker.0) {
            *total += counter.value();
        }
    }

    /// What was counted since `earlier`, an older sum over the same workers.
    #[must_use]
    pub fn without(mut self, earlier: &Self) -> Self {
        for (total, before) in self.0.iter_mut().zip(&earlier.0) {
            *total -= before;
        }
        self
    }
}

impl Index<Count> for CounterTotals {
    type Output = u64;

    fn index(&self, count: Count) -> &u64 {
        &self.0[count as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_sums_over_workers() {
        let workers = [Counters::default(), Counters::default()];
        workers[0].add(Count::Reads, 3);
        workers[1].add(Count::Reads, 4);
        workers[1].add(Count::Writes, 1);
        let mut totals = CounterTotals::default();
        workers.iter().for_each(|worker| totals.add(worker));
        assert_eq!((totals[Count::Reads], totals[Count::Writes]), (7, 1));

        let earlier = totals.clone();
        workers[0].add(Count::Writes, 5);
        let mut later = CounterTotals::default();
        workers.iter().for_each(|worker| later.add(worker));
        let since = later.without(&earlier);
        assert_eq!((since[Count::Reads], since[Count::Writes]), (0, 5));
    }

    #[test]
    fn a_count_stands_where_its_variant_says() {
        for (at, &count) in Count::ALL.iter().enumerate() {
            assert_eq!(count as usize, at);
        }
    }
}
