//! From the samples of all pairs to one figure each: medians, ratios and verdicts.

use crate::scenario::{Scenario, Target};
use crate::server::Layout;

/// One run against one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    /// CPU time of the server per command.
    pub(crate) server_ns: f64,
    /// CPU time of the generator per command.
    pub(crate) generator_ns: f64,
    /// Time from sending a batch to its last reply.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
}

/// A run against each server, one right after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<T> {
    pub(crate) ours: T,
    pub(crate) redis: T,
}

/// One comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// What the number is, as JSON calls it.
    pub(crate) name: &'static str,
    /// Medians of all runs.
    pub(crate) ours: f64,
    pub(crate) redis: f64,
    /// The median of the pairs' ratios, so that what slows both runs of a pair cancels out.
    pub(crate) ratio: f64,
    /// What it is held against, if anything.
    pub(crate) target: Option<Target>,
    pub(crate) met: bool,
}

/// All figures of a scenario in a layout.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) scenario: Scenario,
    pub(crate) layout: Layout,
    pub(crate) server_ns: Figure,
    pub(crate) generator_ns: Figure,
    pub(crate) per_second: Figure,
    pub(crate) p50_us: Figure,
    pub(crate) p99_us: Figure,
    pub(crate) p999_us: Figure,
    /// Throughput as redis-benchmark shows it.
    pub(crate) cross_check: Option<Figure>,
}

impl Figure {
    /// Compares; the target is held against the ratio.
    pub(crate) fn of(name: &'static str, pairs: &[Pair<f64>], target: Option<Target>) -> Self {
        let ratio = median(pairs.iter().map(|pair| pair.ours / pair.redis));
        Self {
            name,
            ours: median(pairs.iter().map(|pair| pair.ours)),
            redis: median(pairs.iter().map(|pair| pair.redis)),
            ratio,
            target,
            met: target.is_none_or(|target| target.met_by(ratio)),
        }
    }

    /// As `of`, but the target is held against our own number.
    pub(crate) fn absolute(name: &'static str, pair: Pair<f64>, target: Option<Target>) -> Self {
        let met = target.is_none_or(|target| target.met_by(pair.ours));
        Self { target, met, ..Self::of(name, &[pair], None) }
    }
}

impl Row {
    /// `judge` is false in a smoke run, whose numbers mean nothing.
    pub(crate) fn new(
        scenario: Scenario,
        layout: Layout,
        pairs: &[Pair<Sample>],
        cross_checks: &[Pair<f64>],
        judge: bool,
    ) -> Self {
        let target = scenario.target(layout).filter(|_| judge);
        let (cpu, throughput) = match layout {
            Layout::OneThread => (target, None),
            Layout::AllCores => (None, target),
        };
        let figure = |name, target, part: fn(&Sample) -> f64| {
            let parts: Vec<_> = pairs
                .iter()
                .map(|pair| Pair { ours: part(&pair.ours), redis: part(&pair.redis) })
                .collect();
            Figure::of(name, &parts, target)
        };
        let cross_check = (!cross_checks.is_empty()).then(|| {
            let target = scenario.cross_check_target().filter(|_| judge);
            Figure::of("redis_benchmark_per_second", cross_checks, target)
        });
        Self {
            scenario,
            layout,
            server_ns: figure("server_cpu_ns", cpu, |sample| sample.server_ns),
            generator_ns: figure("generator_cpu_ns", None, |sample| sample.generator_ns),
            per_second: figure("commands_per_second", throughput, |sample| sample.per_second),
            p50_us: figure("p50_us", None, |sample| sample.p50_us),
            p99_us: figure("p99_us", None, |sample| sample.p99_us),
            p999_us: figure("p999_us", None, |sample| sample.p999_us),
            cross_check,
        }
    }

    pub(crate) fn figures(&self) -> impl Iterator<Item = &Figure> {
        let latency = [&self.p50_us, &self.p99_us, &self.p999_us];
        [&self.server_ns, &self.generator_ns, &self.per_second]
            .into_iter()
            .chain(latency)
            .chain(&self.cross_check)
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { values[middle - 1].midpoint(values[middle]) }
}
