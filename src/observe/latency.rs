//! The latency monitor: when which part of the server took longer than `latency-monitor-threshold`.
//!
//! Not here: replies, `LATENCY HISTOGRAM` (`histogram.rs`) and the advice of `LATENCY DOCTOR`
//! (`doctor.rs`). Bounds: the kinds of events are fixed, and each keeps its latest 160 seconds with
//! a spike.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use super::sparkline::{self, Sample};
use crate::base::time::Wall;

/// Spikes that are kept of an event, one for each second that had some.
pub const SPIKES_MAX: usize = 160;

/// A part of the server whose latency is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyEvent {
    /// A command.
    Command,
    /// A command that is flagged as fast.
    FastCommand,
    /// Requests that waited, executed again because something they waited for happened.
    CommandUnblocking,
    /// A round of active expiry.
    ExpireCycle,
    /// A round of eviction.
    EvictionCycle,
    /// The removal of one key by eviction, with the choice which.
    EvictionDel,
}

impl LatencyEvent {
    /// All of them, in the order of `LATENCY LATEST`.
    pub const ALL: [Self; 6] = [
        Self::Command,
        Self::FastCommand,
        Self::CommandUnblocking,
        Self::ExpireCycle,
        Self::EvictionCycle,
        Self::EvictionDel,
    ];

    /// Its name, as in Redis.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::FastCommand => "fast-command",
            Self::CommandUnblocking => "command-unblocking",
            Self::ExpireCycle => "expire-cycle",
            Self::EvictionCycle => "eviction-cycle",
            Self::EvictionDel => "eviction-del",
        }
    }

    /// The event of exactly that name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name().as_bytes() == name)
    }
}

/// A second in which something took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spike {
    /// Seconds since the Unix epoch.
    pub unix_s: i64,
    /// The longest of that second, in milliseconds.
    pub took_ms: u64,
}

/// The spikes of one event. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What they are spikes of.
    pub event: LatencyEvent,
    /// Oldest first; never empty, at most `SPIKES_MAX`.
    pub spikes: VecDeque<Spike>,
    /// The longest since the last reset, in milliseconds, whether or not it is still among the
    /// spikes.
    pub worst_ms: u64,
}

impl Series {
    fn new(event: LatencyEvent, first: Spike) -> Self {
        Self { event, spikes: VecDeque::from([first]), worst_ms: first.took_ms }
    }

    fn add(&mut self, spike: Spike) {
        self.worst_ms = self.worst_ms.max(spike.took_ms);
        match self.spikes.back_mut() {
            Some(last) if last.unix_s == spike.unix_s => {
                last.took_ms = last.took_ms.max(spike.took_ms);
            }
            Some(_) | None => {
                if self.spikes.len() == SPIKES_MAX {
                    self.spikes.pop_front();
                }
                self.spikes.push_back(spike);
            }
        }
    }

    /// The latest spike.
    ///
    /// # Panics
    /// Never: a series has a first spike.
    #[must_use]
    pub fn latest(&self) -> Spike {
        *self.spikes.back().expect("a series is made with its first spike")
    }

    /// The text of `LATENCY GRAPH`.
    #[must_use]
    pub fn graph(&self, now: Wall) -> String {
        let took = || self.spikes.iter().map(|spike| spike.took_ms);
        let (low, high) = (took().min().unwrap_or(0), took().max().unwrap_or(0));
        let mut graph = format!(
            "{} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
            self.event.name(),
            self.worst_ms,
            "-".repeat(sparkline::COLUMNS),
        );
        let samples: Vec<Sample> = self
            .spikes
            .iter()
            .map(|spike| Sample { value: spike.took_ms, label: age(unix_s(now) - spike.unix_s) })
            .collect();
        sparkline::draw(&samples, &mut graph);
        graph
    }
}

/// Whole seconds of a wall clock reading.
pub(super) const fn unix_s(now: Wall) -> i64 {
    now.0.div_euclid(1000)
}

/// How long ago something was, in its largest whole unit.
fn age(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400.. => format!("{}d", seconds / 86_400),
    }
}

/// The latency monitor of the server, shared by all workers.
#[derive(Debug)]
pub struct LatencyMonitor {
    threshold_ms: AtomicU64,
    /// The series by event. The lock is only taken for a spike and for LATENCY.
    series: Mutex<[Option<Series>; LatencyEvent::ALL.len()]>,
}

impl LatencyMonitor {
    /// A monitor without spikes, with the value of `latency-monitor-threshold`.
    #[must_use]
    pub const fn new(threshold_ms: u64) -> Self {
        let series = [const { None }; LatencyEvent::ALL.len()];
        Self { threshold_ms: AtomicU64::new(threshold_ms), series: Mutex::new(series) }
    }

    /// Sets `latency-monitor-threshold`: milliseconds, 0 to watch nothing.
    pub fn set_threshold_ms(&self, threshold_ms: u64) {
        self.threshold_ms.store(threshold_ms, Relaxed);
    }

    /// The value of `latency-monitor-threshold`.
    #[must_use]
    pub fn threshold_ms(&self) -> u64 {
        self.threshold_ms.load(Relaxed)
    }

    /// Takes notice that something took so many milliseconds and ended at `now`; ignored below the
    /// threshold.
    #[inline]
    pub fn record(&self, event: LatencyEvent, took_ms: u64, now: Wall) {
        let threshold_ms = self.threshold_ms();
        if threshold_ms > 0 && took_ms >= threshold_ms {
            self.add(event, Spike { unix_s: unix_s(now), took_ms });
        }
    }

    #[cold]
    fn add(&self, event: LatencyEvent, spike: Spike) {
        match &mut self.series.lock()[event as usize] {
            Some(series) => series.add(spike),
            none @ None => *none = Some(Series::new(event, spike)),
        }
    }

    /// The spikes of an event, `None` if there were none: `LATENCY HISTORY` and `LATENCY GRAPH`.
    #[must_use]
    pub fn series(&self, event: LatencyEvent) -> Option<Series> {
        self.series.lock()[event as usize].clone()
    }

    /// All events that had spikes: `LATENCY LATEST`.
    #[must_use]
    pub fn all(&self) -> Vec<Series> {
        self.series.lock().iter().flatten().cloned().collect()
    }

    /// Forgets the spikes of the event with that name, in any case of letters. Returns how many
    /// events were forgotten: 0 or 1.
    pub fn reset(&self, name: &[u8]) -> usize {
        let mut all = self.series.lock();
        let named = LatencyEvent::ALL
            .into_iter()
            .find(|event| event.name().as_bytes().eq_ignore_ascii_case(name));
        named.map_or(0, |event| usize::from(all[event as usize].take().is_some()))
    }

    /// Forgets all spikes. Returns how many events had some.
    pub fn reset_all(&self) -> usize {
        self.series.lock().iter_mut().filter_map(Option::take).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_S: i64 = 1_795_191_435;

    fn at(second: i64) -> Wall {
        Wall((START_S + second) * 1000 + 999)
    }

    fn spikes(monitor: &LatencyMonitor, event: LatencyEvent) -> Vec<(i64, u64)> {
        let series = monitor.series(event).unwrap();
        series.spikes.iter().map(|spike| (spike.unix_s - START_S, spike.took_ms)).collect()
    }

    #[test]
    fn only_what_reaches_the_threshold_is_kept() {
        let monitor = LatencyMonitor::new(0);
        monitor.record(LatencyEvent::Command, 5000, at(0));
        monitor.set_threshold_ms(100);
        monitor.record(LatencyEvent::Command, 99, at(0));
        assert_eq!(monitor.series(LatencyEvent::Command), None);
        monitor.record(LatencyEvent::Command, 100, at(0));
        assert_eq!(spikes(&monitor, LatencyEvent::Command), [(0, 100)]);
    }

    #[test]
    fn a_second_keeps_its_longest() {
        let monitor = LatencyMonitor::new(1);
        for (second, took_ms) in [(0, 30), (0, 20), (0, 40), (1, 5)] {
            monitor.record(LatencyEvent::ExpireCycle, took_ms, at(second));
        }
        assert_eq!(spikes(&monitor, LatencyEvent::ExpireCycle), [(0, 40), (1, 5)]);
        let series = monitor.series(LatencyEvent::ExpireCycle).unwrap();
        assert_eq!((series.worst_ms, series.latest().took_ms), (40, 5));
    }

    #[test]
    fn the_oldest_of_more_than_160_seconds_go_but_the_worst_is_remembered() {
        let monitor = LatencyMonitor::new(1);
        monitor.record(LatencyEvent::Command, 900, at(0));
        (1..=160).for_each(|second| monitor.record(LatencyEvent::Command, 1, at(second)));
        let series = monitor.series(LatencyEvent::Command).unwrap();
        assert_eq!((series.spikes.len(), series.worst_ms), (SPIKES_MAX, 900));
        assert_eq!(series.spikes[0].unix_s, START_S + 1);
    }

    #[test]
    fn a_reset_forgets_one_or_all() {
        let monitor = LatencyMonitor::new(1);
        for event in LatencyEvent::ALL {
            monitor.record(event, 7, at(0));
        }
        assert_eq!((monitor.reset(b"COMMAND"), monitor.reset(b"command")), (1, 0));
        assert_eq!(monitor.reset(b"no-such-event"), 0);
        assert_eq!(monitor.all().len(), 5);
        assert_eq!((monitor.reset_all(), monitor.reset_all()), (5, 0));
    }

    #[test]
    fn an_event_is_found_by_its_exact_name() {
        for event in LatencyEvent::ALL {
            assert_eq!(LatencyEvent::named(event.name().as_bytes()), Some(event));
        }
        assert_eq!(LatencyEvent::named(b"Command"), None);
    }

    #[test]
    fn the_graph_is_the_one_that_redis_prints() {
        let monitor = LatencyMonitor::new(1);
        for (second, took_ms) in [(0, 30), (1, 20), (3, 100), (4, 300), (5, 5), (6, 200)] {
            monitor.record(LatencyEvent::Command, took_ms, at(second));
        }
        // As redis-server 7.0.15 answered to LATENCY GRAPH command.
        let expected = "\
command - high 300 ms, low 5 ms (all time high 300 ms)
--------------------------------------------------------------------------------
   #  \n   | o\n  _| |\no_||_|\n      \n764321\nssssss\n";
        assert_eq!(monitor.series(LatencyEvent::Command).unwrap().graph(at(7)), expected);
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let ages = [0, 59, 60, 3599, 3600, 86_399, 86_400, 1_000_000].map(age);
        assert_eq!(ages, ["0s", "59s", "1m", "59m", "1h", "23h", "1d", "11d"]);
    }
}
