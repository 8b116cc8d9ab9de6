//! A log-linear histogram of durations in nanoseconds: one writer thread, any number of readers, no
//! lock.
//!
//! The buckets are those of Redis's `hdr_histogram` with two significant digits: 256 exact ones,
//! then 128 for each power of two, so that a value is known to 1/128 of itself. Unlike Redis's,
//! which stop at one second, they go up to `VALUE_MAX`.
//!
//! Not here: resetting. Counters never go back; `tally.rs` remembers where they stood.

use super::counters::Counter;

/// Sub-buckets per power of two, beyond the exact ones.
const HALF: usize = 128;
const HALF_BITS: u32 = HALF.ilog2();
/// Powers of two between 0 ns and the end of the range.
const VALUE_BITS: u32 = 40;
const BUCKETS: usize = (VALUE_BITS - HALF_BITS + 1) as usize * HALF;

/// Longest duration that is told apart, about 18 minutes; anything longer counts as this.
pub const VALUE_MAX: u64 = (1 << VALUE_BITS) - 1;

const _: () = assert!(bucket_of(VALUE_MAX) == BUCKETS - 1, "the last bucket ends the range");
const _: () = assert!(HALF.is_power_of_two(), "a bucket's width is a power of two");

/// The bucket that `value` (at most `VALUE_MAX`) falls into.
#[inline]
const fn bucket_of(value: u64) -> usize {
    let shift = (value | HALF as u64).ilog2() - HALF_BITS;
    shift as usize * HALF + (value >> shift) as usize
}

/// The least value of a bucket and its width.
const fn span_of(bucket: usize) -> (u64, u64) {
    if bucket < 2 * HALF {
        return (bucket as u64, 1);
    }
    let shift = bucket / HALF - 1;
    (((bucket % HALF + HALF) as u64) << shift, 1 << shift)
}

/// The greatest value of a bucket.
const fn highest_of(bucket: usize) -> u64 {
    let (lowest, width) = span_of(bucket);
    lowest + width - 1
}

/// Counts of durations while they are being recorded. 34 KiB, so it is boxed and made on first use.
#[derive(Debug)]
pub struct Histogram {
    counts: [Counter; BUCKETS],
    sum_ns: Counter,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [const { Counter::new() }; BUCKETS], sum_ns: Counter::new() }
    }
}

impl Histogram {
    /// Counts one duration. Only the histogram's one writer thread may call this.
    #[inline]
    pub fn record(&self, took_ns: u64) {
        let took_ns = took_ns.min(VALUE_MAX);
        self.counts[bucket_of(took_ns)].add(1);
        self.sum_ns.add(took_ns);
    }
}

/// A copy of one or more histograms, to read figures from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Counts by bucket, up to the last bucket in use.
    counts: Vec<u64>,
    total: u64,
    sum_ns: u64,
}

impl Distribution {
    /// Adds what `live` holds now. Its writer may go on meanwhile.
    pub fn add(&mut self, live: &Histogram) {
        self.sum_ns += live.sum_ns.value();
        let counts = live.counts.iter().map(Counter::value);
        for (bucket, count) in counts.enumerate().filter(|&(_, count)| count > 0) {
            if self.counts.len() <= bucket {
                self.counts.resize(bucket + 1, 0);
            }
            self.counts[bucket] += count;
            self.total += count;
        }
    }

    /// What was recorded since `earlier`, which must be an older copy of the same histograms.
    #[must_use]
    pub fn without(mut self, earlier: &Self) -> Self {
        for (count, before) in self.counts.iter_mut().zip(&earlier.counts) {
            *count -= before;
        }
        let used = self.counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
        self.counts.truncate(used);
        self.total -= earlier.total;
        self.sum_ns -= earlier.sum_ns;
        self
    }

    /// How many durations there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.total
    }

    /// The sum of all durations in nanoseconds.
    #[must_use]
    pub const fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// The duration in nanoseconds that `percentile` (0 to 100) of all do not exceed, rounded up to
    /// the end of its bucket; percentile 0 is the start of the first bucket. 0 if there are none.
    #[must_use]
    pub fn percentile_ns(&self, percentile: f64) -> u64 {
        let wanted = (percentile.clamp(0.0, 100.0) / 100.0 * self.total as f64 + 0.5) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted.max(1) {
                return if percentile > 0.0 { highest_of(bucket) } else { span_of(bucket).0 };
            }
        }
        0
    }

    /// The cumulative distribution that `LATENCY HISTOGRAM` prints: pairs of whole microseconds and
    /// how many durations were at most that long, for each power of two that adds some.
    #[must_use]
    pub fn cumulative_us(&self) -> Vec<(u64, u64)> {
        let mut pairs = Vec::new();
        let (mut seen, mut printed) = (0, 0);
        for level in FIRST_LEVEL_BITS..=VALUE_BITS {
            // As in Redis, a step ends with the bucket that its power of two starts.
            let last = bucket_of((1 << level).min(VALUE_MAX));
            let first = if level == FIRST_LEVEL_BITS { 0 } else { bucket_of(1 << (level - 1)) + 1 };
            seen += self.counts.iter().take(last + 1).skip(first).sum::<u64>();
            if seen > printed {
                pairs.push((highest_of(last) / 1000, seen));
                printed = seen;
            }
        }
        pairs
    }
}

/// The first step of `cumulative_us` is 1,024 ns, which Redis calls a microsecond.
const FIRST_LEVEL_BITS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(durations_ns: &[u64]) -> Distribution {
        let live = Box::<Histogram>::default();
        durations_ns.iter().for_each(|&took| live.record(took));
        let mut copy = Distribution::default();
        copy.add(&live);
        copy
    }

    #[test]
    fn buckets_follow_each_other_without_gap_or_overlap() {
        let mut expected = 0;
        for bucket in 0..BUCKETS {
            let (lowest, width) = span_of(bucket);
            assert_eq!(lowest, expected);
            assert_eq!((bucket_of(lowest), bucket_of(lowest + width - 1)), (bucket, bucket));
            assert!(width == 1 || width * HALF as u64 <= lowest, "known to 1/128 of itself");
            expected = lowest + width;
        }
        assert_eq!(expected, VALUE_MAX + 1);
    }

    #[test]
    fn percentiles_are_the_figures_that_redis_prints() {
        // Seen in redis-server 7.0.15: a call of so many whole microseconds, its `p50` in
        // nanoseconds.
        for (took_us, printed_ns) in
            [(3, 3_007), (5, 5_023), (6, 6_015), (7, 7_007), (12, 12_031), (64, 64_255)]
        {
            assert_eq!(distribution(&[took_us * 1000]).percentile_ns(50.0), printed_ns);
        }
        assert_eq!(distribution(&[64_000]).percentile_ns(0.0), 64_000);
        assert_eq!(distribution(&[1_000_000_000]).percentile_ns(99.0), 1_002_438_655);
    }

    #[test]
    fn a_percentile_counts_from_the_shortest() {
        let two_to_one = distribution(&[300_000_000, 700_000_000, 1_000]);
        assert_eq!(two_to_one.percentile_ns(33.3), 1_003);
        assert_eq!(two_to_one.percentile_ns(50.0), highest_of(bucket_of(300_000_000)));
        assert_eq!(two_to_one.percentile_ns(100.0), 700_448_767);
        assert_eq!(Distribution::default().percentile_ns(50.0), 0);
    }

    #[test]
    fn the_cumulative_view_is_the_one_that_redis_prints() {
        // Seen in redis-server 7.0.15 after four calls of INFO and one of DEBUG SLEEP 0.3.
        let info = distribution(&[16_000, 33_000, 51_000, 70_000]);
        assert_eq!(info.cumulative_us(), [(16, 1), (33, 2), (66, 3), (132, 4)]);
        assert_eq!(distribution(&[300_123_000]).cumulative_us(), [(541_065, 1)]);
        assert_eq!(distribution(&[1, 1_031, 1_032]).cumulative_us(), [(1, 2), (2, 3)]);
        assert_eq!(Distribution::default().cumulative_us(), []);
    }

    #[test]
    fn the_longest_duration_is_still_counted() {
        let long = distribution(&[u64::MAX, VALUE_MAX, 0]);
        assert_eq!((long.count(), long.sum_ns()), (3, 2 * VALUE_MAX));
        assert_eq!(long.percentile_ns(100.0), VALUE_MAX);
        assert_eq!(long.cumulative_us(), [(1, 1), (VALUE_MAX / 1000, 3)]);
    }

    #[test]
    fn what_was_there_before_is_taken_off() {
        let live = Box::<Histogram>::default();
        live.record(5_000);
        let mut before = Distribution::default();
        before.add(&live);
        live.record(10);
        let mut after = Distribution::default();
        after.add(&live);
        assert_eq!(after.clone().without(&before), distribution(&[10]));
        assert_eq!(after.clone().without(&after), Distribution::default());
    }
}
