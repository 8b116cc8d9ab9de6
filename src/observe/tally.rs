//! Everything that is counted, worker by worker, and what of it has been since the last `CONFIG
//! RESETSTAT`.
//!
//! A reset touches no counter (their only writers are other threads): it remembers the sums of that
//! moment, and figures are given without them. Lock order: `since_reset`, then an `ErrorCounts`.

use parking_lot::Mutex;

use super::commands::{CommandTable, CommandTotals};
use super::counters::{Count, CounterTotals, Counters};
use super::errors::{Counted, ErrorCounts, ErrorTotals};
use super::rates::{Instantaneous, Rates};
use crate::base::time::Mono;

/// What one worker counts. On cache lines of its own, so that workers do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
pub struct Tally {
    /// Connections, bytes, keys.
    pub counters: Counters,
    /// Calls by command.
    pub commands: CommandTable,
    errors: ErrorCounts,
}

impl Tally {
    fn new(commands: usize) -> Self {
        Self {
            counters: Counters::default(),
            commands: CommandTable::new(commands),
            errors: ErrorCounts::default(),
        }
    }

    /// Counts an error reply by its text (without the leading `-`).
    pub fn error_reply(&self, text: &[u8]) {
        self.counters.add(Count::ErrorReplies, 1);
        match self.errors.add(text) {
            Counted::ByCode | Counted::Disabled => {}
            Counted::TooManyCodes => tracing::warn!(
                "INFO errorstats stops counting: too many distinct error codes, perhaps made up \
                by a \
                 script. CONFIG RESETSTAT starts it again."
            ),
        }
    }
}

/// What all workers count.
#[derive(Debug)]
pub struct Tallies {
    workers: Box<[Tally]>,
    since_reset: Mutex<SinceReset>,
}

#[derive(Debug)]
struct SinceReset {
    counters: CounterTotals,
    commands: CommandTotals,
    rates: Rates,
}

impl Tallies {
    /// Tallies at 0 for so many workers and for commands with ids below `commands`.
    #[must_use]
    pub fn new(workers: usize, commands: usize, now: Mono) -> Self {
        let nothing = CounterTotals::default();
        let since_reset = SinceReset {
            rates: Rates::new(now, &nothing),
            counters: nothing,
            commands: CommandTotals::default(),
        };
        Self {
            workers: (0..workers).map(|_| Tally::new(commands)).collect(),
            since_reset: Mutex::new(since_reset),
        }
    }

    /// The tally of one worker. Only that worker may count into it.
    ///
    /// # Panics
    /// If there is no such worker.
    #[must_use]
    pub fn worker(&self, worker: usize) -> &Tally {
        &self.workers[worker]
    }

    /// The counters of all workers since the last reset.
    #[must_use]
    pub fn counters(&self) -> CounterTotals {
        // Locked before the counters are read: sums older than the reset would go below 0.
        let since_reset = self.since_reset.lock();
        self.all_counters().without(&since_reset.counters)
    }

    /// The commands of all workers since the last reset.
    #[must_use]
    pub fn commands(&self) -> CommandTotals {
        let since_reset = self.since_reset.lock();
        self.all_commands().without(&since_reset.commands)
    }

    /// The error replies of all workers since the last reset.
    #[must_use]
    pub fn errors(&self) -> ErrorTotals {
        let mut totals = ErrorTotals::default();
        self.workers.iter().for_each(|worker| totals.add(&worker.errors));
        totals
    }

    /// Takes a sample of the rates; to be called every `rates::SAMPLE_EVERY_MS`, by one thread.
    pub fn sample(&self, now: Mono) {
        let mut since_reset = self.since_reset.lock();
        since_reset.rates.sample(now, &self.all_counters());
    }

    /// The rates as of the last sample.
    #[must_use]
    pub fn instantaneous(&self) -> Instantaneous {
        self.since_reset.lock().rates.instantaneous()
    }

    /// Lets everything start at 0 again: `CONFIG RESETSTAT`.
    pub fn reset(&self, now: Mono) {
        let mut since_reset = self.since_reset.lock();
        let counters = self.all_counters();
        *since_reset = SinceReset {
            rates: Rates::new(now, &counters),
            counters,
            commands: self.all_commands(),
        };
        self.workers.iter().for_each(|worker| worker.errors.reset());
    }

    fn all_counters(&self) -> CounterTotals {
        let mut totals = CounterTotals::default();
        self.workers.iter().for_each(|worker| totals.add(&worker.counters));
        totals
    }

    fn all_commands(&self) -> CommandTotals {
        let mut totals = CommandTotals::default();
        self.workers.iter().for_each(|worker| totals.add(&worker.commands));
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::commands::{CallEnd, CommandId};

    #[test]
    fn a_reset_starts_everything_at_nothing() {
        let tallies = Tallies::new(2, 1, Mono(0));
        for worker in 0..2 {
            let tally = tallies.worker(worker);
            tally.counters.add(Count::CommandsRun, 160);
            tally.commands.called(CommandId(0), 1_000, CallEnd::Failed);
            tally.commands.track(CommandId(0), 1_000);
            tally.error_reply(b"ERR no");
        }
        tallies.sample(Mono(100));
        assert_eq!(tallies.counters()[Count::CommandsRun], 320);
        assert_eq!(tallies.counters()[Count::ErrorReplies], 2);
        assert_eq!(tallies.errors().iter().collect::<Vec<_>>(), [(&b"ERR"[..], 2)]);
        assert_eq!(tallies.instantaneous().ops_per_sec, 200);

        tallies.reset(Mono(150));
        assert_eq!(tallies.counters(), CounterTotals::default());
        let commands = tallies.commands();
        let command = commands.of(CommandId(0)).unwrap();
        assert_eq!((command.calls, command.durations.count()), (0, 0));
        assert_eq!(tallies.errors().iter().count(), 0);
        assert_eq!(tallies.instantaneous(), Instantaneous::default());

        tallies.worker(1).counters.add(Count::CommandsRun, 16);
        tallies.sample(Mono(250));
        assert_eq!(tallies.counters()[Count::CommandsRun], 16);
        assert_eq!(tallies.instantaneous().ops_per_sec, 10);
    }

    #[test]
    fn totals_stay_right_while_others_reset() {
        let tallies = Tallies::new(1, 1, Mono(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    tallies.worker(0).commands.called(CommandId(0), 1, CallEnd::Done);
                    tallies.worker(0).commands.track(CommandId(0), 1);
                    tallies.worker(0).counters.add(Count::CommandsRun, 1);
                }
            });
            scope.spawn(|| (0..200).for_each(|_| tallies.reset(Mono(0))));
            // A total below 0 would be a panic here.
            for _ in 0..200 {
                assert!(tallies.counters()[Count::CommandsRun] <= 2_000);
                assert!(tallies.commands().of(CommandId(0)).is_some());
            }
        });
        tallies.reset(Mono(0));
        assert_eq!(tallies.counters()[Count::CommandsRun], 0);
    }
}
