//! Rates per second over the last moments: `instantaneous_ops_per_sec` and the two of the network.
//!
//! As in Redis, a rate is the mean of 16 samples taken 100 ms apart. Not here: who takes them.

use super::counters::{Count, CounterTotals};
use crate::base::time::Mono;

/// How often `Rates::sample` is meant to be called, in milliseconds.
pub const SAMPLE_EVERY_MS: u64 = 100;
const SAMPLES: usize = 16;

/// The rates of the three counters that `INFO stats` shows per second.
#[derive(Debug)]
pub struct Rates {
    ops: Rate,
    input: Rate,
    output: Rate,
    sampled_at: Mono,
}

/// What `INFO stats` shows of the last 1.6 seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Instantaneous {
    /// Commands per second.
    pub ops_per_sec: u64,
    /// KiB per second read from clients.
    pub input_kbps: f32,
    /// KiB per second written to clients.
    pub output_kbps: f32,
}

impl Rates {
    /// Starts at `now` with rates of 0, counting from `totals`.
    #[must_use]
    pub fn new(now: Mono, totals: &CounterTotals) -> Self {
        Self {
            ops: Rate::new(totals[Count::CommandsRun]),
            input: Rate::new(totals[Count::NetInputBytes]),
            output: Rate::new(totals[Count::NetOutputBytes]),
            sampled_at: now,
        }
    }

    /// Takes a sample. `totals` must be sums that never go back.
    pub fn sample(&mut self, now: Mono, totals: &CounterTotals) {
        let passed_ms = now.since(self.sampled_at);
        self.sampled_at = now;
        self.ops.sample(passed_ms, totals[Count::CommandsRun]);
        self.input.sample(passed_ms, totals[Count::NetInputBytes]);
        self.output.sample(passed_ms, totals[Count::NetOutputBytes]);
    }

    /// The rates as of the last sample.
    #[must_use]
    pub fn instantaneous(&self) -> Instantaneous {
        Instantaneous {
            ops_per_sec: self.ops.per_second(),
            input_kbps: self.input.per_second() as f32 / 1024.0,
            output_kbps: self.output.per_second() as f32 / 1024.0,
        }
    }
}

#[derive(Debug)]
struct Rate {
    per_second: [u64; SAMPLES],
    next: usize,
    last_total: u64,
}

impl Rate {
    const fn new(total: u64) -> Self {
        Self { per_second: [0; SAMPLES], next: 0, last_total: total }
    }

    fn sample(&mut self, passed_ms: u64, total: u64) {
        let more = total - self.last_total;
        self.last_total = total;
        self.per_second[self.next] = more.saturating_mul(1000).checked_div(passed_ms).unwrap_or(0);
        self.next = (self.next + 1) % SAMPLES;
    }

    fn per_second(&self) -> u64 {
        self.per_second.iter().sum::<u64>() / SAMPLES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::counters::Counters;

    fn totals(worker: &Counters) -> CounterTotals {
        let mut totals = CounterTotals::default();
        totals.add(worker);
        totals
    }

    #[test]
    fn a_steady_load_shows_its_rate_after_sixteen_samples() {
        let worker = Counters::default();
        let mut rates = Rates::new(Mono(5000), &totals(&worker));
        for tick in 1..=16 {
            worker.add(Count::CommandsRun, 50);
            worker.add(Count::NetInputBytes, 1024);
            worker.add(Count::NetOutputBytes, 512);
            rates.sample(Mono(5000 + tick * SAMPLE_EVERY_MS), &totals(&worker));
            if tick == 8 {
                assert_eq!(rates.instantaneous().ops_per_sec, 250);
            }
        }
        let full = Instantaneous { ops_per_sec: 500, input_kbps: 10.0, output_kbps: 5.0 };
        assert_eq!(rates.instantaneous(), full);
        for tick in 17..=32 {
            rates.sample(Mono(5000 + tick * SAMPLE_EVERY_MS), &totals(&worker));
        }
        assert_eq!(rates.instantaneous(), Instantaneous::default());
    }

    #[test]
    fn two_samples_at_the_same_instant_divide_by_nothing() {
        let worker = Counters::default();
        let mut rates = Rates::new(Mono(7), &totals(&worker));
        worker.add(Count::CommandsRun, 50);
        rates.sample(Mono(7), &totals(&worker));
        assert_eq!(rates.instantaneous().ops_per_sec, 0);
    }
}
