//! Calls, durations and failures by command: `INFO commandstats`, `INFO latencystats` and the
//! figures of `LATENCY HISTOGRAM`.
//!
//! Each worker has a table of its own, indexed by command. Names come from the caller when
//! something is printed: this layer does not know the commands.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::counters::Counter;
use super::histogram::{Distribution, Histogram};

/// A command's number in the command table. A subcommand has its own; a container's subcommands
/// follow it, so that lines printed in the order of ids are grouped as Redis's are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u16);

/// How a call of a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// With a reply that is not an error.
    Done,
    /// With an error reply.
    Failed,
}

/// What one worker has counted about one command.
#[derive(Debug, Default)]
struct CommandStats {
    calls: Counter,
    took_ns: Counter,
    rejected_calls: Counter,
    failed_calls: Counter,
    /// Made when the first duration is recorded: most commands are never called.
    durations: OnceLock<Box<Histogram>>,
}

/// What one worker has counted about all commands. Only that worker may record into it.
#[derive(Debug)]
pub struct CommandTable(Box<[CommandStats]>);

impl CommandTable {
    /// A table for the commands with ids below `commands`.
    #[must_use]
    pub fn new(commands: usize) -> Self {
        Self((0..commands).map(|_| CommandStats::default()).collect())
    }

    /// Counts a call that ran for `took_ns`.
    ///
    /// # Panics
    /// If `command` is beyond the table.
    #[inline]
    pub fn called(&self, command: CommandId, took_ns: u64, end: CallEnd) {
        let stats = &self.0[usize::from(command.0)];
        stats.calls.add(1);
        stats.took_ns.add(took_ns);
        if end == CallEnd::Failed {
            stats.failed_calls.add(1);
        }
    }

    /// Adds a call's duration to the command's histogram; for when `latency-tracking` is on.
    ///
    /// # Panics
    /// If `command` is beyond the table.
    #[inline]
    pub fn track(&self, command: CommandId, took_ns: u64) {
        self.0[usize::from(command.0)].durations.get_or_init(Box::default).record(took_ns);
    }

    /// Counts a call that was refused before it ran (wrong arity, no permission, out of memory).
    ///
    /// # Panics
    /// If `command` is beyond the table.
    pub fn rejected(&self, command: CommandId) {
        self.0[usize::from(command.0)].rejected_calls.add(1);
    }
}

/// What all workers have counted about one command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandTotal {
    /// Calls that ran.
    pub calls: u64,
    /// How long they ran together, in nanoseconds.
    pub took_ns: u64,
    /// Calls that were refused before they ran.
    pub rejected_calls: u64,
    /// Calls that ran and ended with an error.
    pub failed_calls: u64,
    /// Durations of the calls while `latency-tracking` was on.
    pub durations: Distribution,
}

impl CommandTotal {
    fn add(&mut self, stats: &CommandStats) {
        self.calls += stats.calls.value();
        self.took_ns += stats.took_ns.value();
        self.rejected_calls += stats.rejected_calls.value();
        self.failed_calls += stats.failed_calls.value();
        if let Some(durations) = stats.durations.get() {
            self.durations.add(durations);
        }
    }

    fn without(self, earlier: &Self) -> Self {
        Self {
            calls: self.calls - earlier.calls,
            took_ns: self.took_ns - earlier.took_ns,
            rejected_calls: self.rejected_calls - earlier.rejected_calls,
            failed_calls: self.failed_calls - earlier.failed_calls,
            durations: self.durations.without(&earlier.durations),
        }
    }

    const fn is_unused(&self) -> bool {
        self.calls == 0 && self.rejected_calls == 0 && self.failed_calls == 0
    }

    /// Mean duration in microseconds, 0 without a call.
    fn us_per_call(&self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.took_ns as f64 / 1000.0 / self.calls as f64 }
    }
}

/// What all workers have counted, by command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandTotals(Vec<CommandTotal>);

impl CommandTotals {
    /// Adds what one worker has counted so far.
    pub fn add(&mut self, worker: &CommandTable) {
        if self.0.len() < worker.0.len() {
            self.0.resize_with(worker.0.len(), CommandTotal::default);
        }
        for (total, stats) in self.0.iter_mut().zip(&worker.0) {
            total.add(stats);
        }
    }

    /// What was counted since `earlier`, older totals of the same workers.
    #[must_use]
    pub fn without(mut self, earlier: &Self) -> Self {
        for (total, before) in self.0.iter_mut().zip(&earlier.0) {
            *total = std::mem::take(total).without(before);
        }
        self
    }

    /// The figures of one command, `None` if there is no such command.
    #[must_use]
    pub fn of(&self, command: CommandId) -> Option<&CommandTotal> {
        self.0.get(usize::from(command.0))
    }

    /// Appends the lines of `INFO commandstats`: one for each command that was ever called.
    /// `name_of` gives a command's full name, such as `get` or `config|get`.
    pub fn print_commandstats<'n>(&self, name_of: impl Fn(CommandId) -> &'n str, out: &mut String) {
        for (command, total) in self.iter().filter(|(_, total)| !total.is_unused()) {
            write!(
                out,
                "cmdstat_{}:calls={},usec={},usec_per_call={:.2},\
                 rejected_calls={},failed_calls={}\r\n",
                name_of(command),
                total.calls,
                total.took_ns / 1000,
                total.us_per_call(),
                total.rejected_calls,
                total.failed_calls,
            )
            .expect("a String takes everything");
        }
    }

    /// Appends the lines of `INFO latencystats`: the `percentiles` (0 to 100) of each command with
    /// recorded durations.
    pub fn print_latencystats<'n>(
        &self,
        name_of: impl Fn(CommandId) -> &'n str,
        percentiles: &[f64],
        out: &mut String,
    ) {
        for (command, total) in self.iter().filter(|(_, total)| total.durations.count() > 0) {
            out.push_str("latency_percentiles_usec_");
            out.push_str(name_of(command));
            out.push(':');
            let mut separator = "";
            for &percentile in percentiles {
                let us = total.durations.percentile_ns(percentile) as f64 / 1000.0;
                write!(out, "{separator}p{}={us:.3}", percentile_name(percentile))
                    .expect("a String takes everything");
                separator = ",";
            }
            out.push_str("\r\n");
        }
    }

    fn iter(&self) -> impl Iterator<Item = (CommandId, &CommandTotal)> {
        (0..).map(CommandId).zip(&self.0)
    }
}

/// A percentile with at most six decimals and no trailing zeros, as Redis writes it: `99.9`, `50`.
fn percentile_name(percentile: f64) -> String {
    let six_decimals = format!("{percentile:.6}");
    six_decimals.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["get", "set", "config", "config|get"];

    fn name_of(command: CommandId) -> &'static str {
        NAMES[usize::from(command.0)]
    }

    fn totals(workers: &[&CommandTable]) -> CommandTotals {
        let mut totals = CommandTotals::default();
        workers.iter().for_each(|worker| totals.add(worker));
        totals
    }

    fn commandstats(totals: &CommandTotals) -> String {
        let mut out = String::new();
        totals.print_commandstats(name_of, &mut out);
        out
    }

    fn latencystats(totals: &CommandTotals, percentiles: &[f64]) -> String {
        let mut out = String::new();
        totals.print_latencystats(name_of, percentiles, &mut out);
        out
    }

    #[test]
    fn commandstats_are_printed_as_redis_prints_them() {
        let worker = CommandTable::new(NAMES.len());
        // The figures of a redis-server 7.0.15: five SETs took 41 microseconds together, and so on.
        worker.called(CommandId(0), 3_000, CallEnd::Done);
        worker.rejected(CommandId(0));
        [8_000, 8_000, 7_000, 7_000, 11_000]
            .iter()
            .for_each(|&took| worker.called(CommandId(1), took, CallEnd::Done));
        worker.called(CommandId(3), 12_000, CallEnd::Failed);
        let lines = [
            "cmdstat_get:calls=1,usec=3,usec_per_call=3.00,rejected_calls=1,failed_calls=0\r\n",
            "cmdstat_set:calls=5,usec=41,usec_per_call=8.20,rejected_calls=0,failed_calls=0\r\n",
            "cmdstat_config|get:calls=1,usec=12,usec_per_call=12.00,\
             rejected_calls=0,failed_calls=1\r\n",
        ];
        assert_eq!(commandstats(&totals(&[&worker])), lines.concat());
    }

    #[test]
    fn a_command_that_was_only_rejected_has_a_line() {
        let worker = CommandTable::new(NAMES.len());
        worker.rejected(CommandId(2));
        let line =
            "cmdstat_config:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n";
        assert_eq!(commandstats(&totals(&[&worker])), line);
    }

    #[test]
    fn latencystats_are_printed_as_redis_prints_them() {
        let worker = CommandTable::new(NAMES.len());
        worker.track(CommandId(0), 3_000);
        worker.called(CommandId(1), 3_000, CallEnd::Done);
        worker.track(CommandId(3), 64_000);
        let lines = "latency_percentiles_usec_get:p50=3.007,p99=3.007,p99.9=3.007\r\n\
            latency_percentiles_usec_config|get:p50=64.255,p99=64.255,p99.9=64.255\r\n";
        assert_eq!(latencystats(&totals(&[&worker]), &[50.0, 99.0, 99.9]), lines);
    }

    #[test]
    fn a_percentile_is_named_without_needless_digits() {
        let named = [0.0, 50.0, 99.99, 100.0, 33.333_333_3].map(percentile_name);
        assert_eq!(named, ["0", "50", "99.99", "100", "33.333333"]);
    }

    #[test]
    fn calls_shorter_than_a_microsecond_add_up() {
        let worker = CommandTable::new(1);
        (0..10).for_each(|_| worker.called(CommandId(0), 250, CallEnd::Done));
        let line =
            "cmdstat_get:calls=10,usec=2,usec_per_call=0.25,rejected_calls=0,failed_calls=0\r\n";
        assert_eq!(commandstats(&totals(&[&worker])), line);
    }

    #[test]
    fn totals_merge_workers_and_take_off_the_past() {
        let workers = [CommandTable::new(4), CommandTable::new(4)];
        for worker in &workers {
            worker.called(CommandId(0), 1_000, CallEnd::Done);
            worker.track(CommandId(0), 1_000);
        }
        let earlier = totals(&[&workers[0], &workers[1]]);
        assert_eq!(earlier.of(CommandId(0)).map(|total| total.calls), Some(2));
        assert_eq!(earlier.of(CommandId(4)), None);
        workers[1].called(CommandId(0), 5_000, CallEnd::Done);
        workers[1].track(CommandId(0), 5_000);
        let since = totals(&[&workers[0], &workers[1]]).without(&earlier);
        let line =
            "cmdstat_get:calls=1,usec=5,usec_per_call=5.00,rejected_calls=0,failed_calls=0\r\n";
        assert_eq!(commandstats(&since), line);
        assert_eq!(latencystats(&since, &[50.0]), "latency_percentiles_usec_get:p50=5.023\r\n");
    }
}
