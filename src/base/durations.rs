//! How long things took, in milliseconds, as a compact log-linear histogram: exact below 32 ms,
//! known to 1/16 of itself above.
//!
//! Not here: nanoseconds and readers on other threads (`observe/histogram.rs`).

/// Buckets per power of two.
const HALF: usize = 16;
const HALF_BITS: u32 = HALF.ilog2();
const VALUE_BITS: u32 = 36;
const BUCKETS: usize = (VALUE_BITS - HALF_BITS + 1) as usize * HALF;
/// Anything longer, two years, counts as this.
const MS_MAX: u64 = (1 << VALUE_BITS) - 1;

const _: () = assert!(bucket_of(MS_MAX) == BUCKETS - 1, "the last bucket ends the range");

const fn bucket_of(ms: u64) -> usize {
    let shift = (ms | HALF as u64).ilog2() - HALF_BITS;
    shift as usize * HALF + (ms >> shift) as usize
}

/// The longest duration of a bucket.
const fn last_of(bucket: usize) -> u64 {
    if bucket < 2 * HALF {
        return bucket as u64;
    }
    let shift = bucket / HALF - 1;
    (((bucket % HALF + HALF + 1) as u64) << shift) - 1
}

/// Counts by bucket, which take 4 KiB from the first duration on.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    counts: Option<Box<[u64; BUCKETS]>>,
    total: u64,
}

impl Durations {
    /// Counts one duration.
    pub fn record(&mut self, ms: u64) {
        let counts = self.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
        counts[bucket_of(ms.min(MS_MAX))] += 1;
        self.total += 1;
    }

    /// Adds what others counted.
    pub fn add(&mut self, other: &Self) {
        let Some(others) = &other.counts else { return };
        let counts = self.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
        counts.iter_mut().zip(others.iter()).for_each(|(count, more)| *count += more);
        self.total += other.total;
    }

    /// The duration that so many of a thousand do not exceed, rounded up to the end of its bucket;
    /// 0 if there are none.
    #[must_use]
    pub fn permille(&self, permille: u64) -> u64 {
        let Some(counts) = &self.counts else { return 0 };
        let rank = (self.total * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        let reaches = |count: &u64| {
            seen += count;
            seen >= rank
        };
        counts.iter().position(reaches).map_or(MS_MAX, last_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_durations_are_told_exactly_and_long_ones_to_a_sixteenth() {
        for ms in (0..4_000).chain([123_456_789, MS_MAX - 1, MS_MAX]) {
            let told = last_of(bucket_of(ms));
            assert!(told >= ms && told - ms <= ms / 16, "{ms} is told as {told}");
            assert!(ms >= 32 || told == ms);
        }
    }

    #[test]
    fn a_rank_is_rounded_up() {
        let mut durations = Durations::default();
        assert_eq!(durations.permille(999), 0);
        (1..=20).for_each(|ms| durations.record(ms));
        assert_eq!(
            [0, 500, 501, 999].map(|permille| durations.permille(permille)),
            [1, 10, 11, 20]
        );
        let mut both = Durations::default();
        both.record(u64::MAX);
        both.add(&durations);
        assert_eq!([500, 999].map(|permille| both.permille(permille)), [11, MS_MAX]);
    }
}
