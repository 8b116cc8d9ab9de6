//! How long things took, in microseconds, as log-linear histograms: exact below 32 us, known to
//! 1/16 of themselves above.
//!
//! Not here: nanoseconds and readers on other threads (`observe/histogram.rs`).

/// Buckets per power of two.
const HALF: usize = 16;
const HALF_BITS: u32 = HALF.ilog2();
const VALUE_BITS: u32 = 46;
const BUCKETS: usize = (VALUE_BITS - HALF_BITS + 1) as usize * HALF;
/// Anything longer, two years, counts as this.
const US_MAX: u64 = (1 << VALUE_BITS) - 1;

const _: () = assert!(bucket_of(US_MAX) == BUCKETS - 1, "the last bucket ends the range");
const _: () = assert!(BUCKETS <= u16::MAX as usize, "a bucket's number has 16 bits");

const fn bucket_of(us: u64) -> usize {
    let us = if us < US_MAX { us } else { US_MAX };
    let shift = (us | HALF as u64).ilog2() - HALF_BITS;
    shift as usize * HALF + (us >> shift) as usize
}

/// The longest duration of a bucket.
const fn last_of(bucket: usize) -> u64 {
    if bucket < 2 * HALF {
        return bucket as u64;
    }
    let shift = bucket / HALF - 1;
    (((bucket % HALF + HALF + 1) as u64) << shift) - 1
}

/// What counts durations and tells what many of them do not exceed.
pub trait Counts: Default {
    /// Counts one duration.
    fn record(&mut self, us: u64);

    /// The duration that so many of a thousand do not exceed, rounded up to the end of its bucket;
    /// 0 if there are none.
    fn permille(&self, permille: u64) -> u64;
}

/// Durations of all kinds of things: every bucket has its counter, which take 5.5 KiB from the
/// first duration on.
#[derive(Clone, Debug, Default)]
pub struct Durations {
    counts: Option<Box<[u64; BUCKETS]>>,
    total: u64,
}

/// Durations of one thing, most of which are alike: only buckets that are used have a counter.
#[derive(Clone, Debug, Default)]
pub struct FewDurations {
    /// By bucket, rising.
    counts: Vec<(u16, u32)>,
    total: u64,
}

impl Durations {
    /// Adds what others counted.
    pub fn add(&mut self, other: &Self) {
        let Some(others) = &other.counts else { return };
        let counts = self.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
        counts.iter_mut().zip(others.iter()).for_each(|(count, more)| *count += more);
        self.total += other.total;
    }
}

impl Counts for Durations {
    fn record(&mut self, us: u64) {
        let counts = self.counts.get_or_insert_with(|| Box::new([0; BUCKETS]));
        counts[bucket_of(us)] += 1;
        self.total += 1;
    }

    fn permille(&self, permille: u64) -> u64 {
        let counts = self.counts.iter().flat_map(|counts| counts.iter().copied());
        nth_permille(counts.enumerate(), (self.total, permille))
    }
}

impl Counts for FewDurations {
    fn record(&mut self, us: u64) {
        let bucket = bucket_of(us) as u16;
        match self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(1),
            Err(at) => self.counts.insert(at, (bucket, 1)),
        }
        self.total += 1;
    }

    fn permille(&self, permille: u64) -> u64 {
        let counts = self.counts.iter();
        let counts = counts.map(|(bucket, count)| (usize::from(*bucket), u64::from(*count)));
        nth_permille(counts, (self.total, permille))
    }
}

fn nth_permille(
    mut counts: impl Iterator<Item = (usize, u64)>,
    (total, permille): (u64, u64),
) -> u64 {
    if total == 0 {
        return 0;
    }
    let rank = (total * permille).div_ceil(1000).max(1);
    let mut seen = 0;
    let reaches = |(_, count): &(usize, u64)| {
        seen += count;
        seen >= rank
    };
    counts.find(reaches).map_or(US_MAX, |(bucket, _)| last_of(bucket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_durations_are_told_exactly_and_long_ones_to_a_sixteenth() {
        for us in (0..4_000).chain([123_456_789, US_MAX - 1, US_MAX]) {
            let told = last_of(bucket_of(us));
            assert!(told >= us && told - us <= us / 16, "{us} is told as {told}");
            assert!(us >= 32 || told == us);
        }
    }

    #[test]
    fn a_rank_is_rounded_up() {
        let mut durations = Durations::default();
        assert_eq!(durations.permille(999), 0);
        (1..=20).for_each(|us| durations.record(us));
        assert_eq!(
            [0, 500, 501, 999].map(|permille| durations.permille(permille)),
            [1, 10, 11, 20]
        );
        let mut both = Durations::default();
        both.record(u64::MAX);
        both.add(&durations);
        assert_eq!([500, 999].map(|permille| both.permille(permille)), [11, US_MAX]);
    }

    #[test]
    fn few_durations_tell_what_many_counters_tell() {
        let (mut few, mut all) = (FewDurations::default(), Durations::default());
        assert_eq!(few.permille(500), 0);
        for us in [70_000, 3, 3, 100, u64::MAX, 101, 2_000, 3] {
            few.record(us);
            all.record(us);
            for permille in [0, 1, 250, 500, 501, 990, 999, 1000] {
                assert_eq!(few.permille(permille), all.permille(permille));
            }
        }
    }
}
