//! The real clocks. The only file that reads them.
//!
//! Uses `unsafe` for `clock_gettime`: std has no `CLOCK_BOOTTIME`, which goes on while the machine
//! sleeps.

use crate::base::time::{Clock, Micros, Mono, Now, Wall};
use std::sync::atomic::{AtomicI64, Ordering};

/// The offset between the clocks may wander so far before it is corrected: clock slewing and
/// rounding must not make a deadline come back as another number, a wall clock that was set must be
/// noticed.
const OFFSET_TOLERANCE_MS: i64 = 20;

#[cfg(target_os = "linux")]
const BOOT_CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
/// macOS's monotonic clock goes on while the machine sleeps.
#[cfg(not(target_os = "linux"))]
const BOOT_CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

fn read_ns(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write to, and these clocks exist on every supported
    // system.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// So many readings, so that one of them was not interrupted.
const READINGS: usize = 8;

/// How far the clocks are apart. A thread that is held up between two readings would make the wall
/// clock late, and keys with an end on it live longer than Redis lets them: of some attempts the
/// one counts in which the least time passed.
fn measure_offset_ms() -> i64 {
    let attempt = |_| {
        let (before, wall, after) =
            (read_ns(BOOT_CLOCK), read_ns(libc::CLOCK_REALTIME), read_ns(BOOT_CLOCK));
        (after - before, wall - before)
    };
    tightest((0..READINGS).map(attempt)) / 1_000_000
}

/// Of pairs of how long an attempt took and what it found: what the quickest one found.
fn tightest(attempts: impl Iterator<Item = (i64, i64)>) -> i64 {
    attempts.min().map_or(0, |(_, found)| found)
}

/// The clocks of this machine.
#[derive(Debug)]
pub struct SystemClock {
    /// Wall clock minus boot clock, in milliseconds, as of the last `sync`.
    offset_ms: AtomicI64,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { offset_ms: AtomicI64::new(measure_offset_ms()) }
    }
}

/// The offset to use when the clocks are `measured_ms` apart and were `known_ms` apart.
const fn settle(known_ms: i64, measured_ms: i64) -> i64 {
    if (measured_ms - known_ms).abs() <= OFFSET_TOLERANCE_MS { known_ms } else { measured_ms }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        self.at(self.nanos())
    }

    #[inline]
    fn nanos(&self) -> u64 {
        read_ns(BOOT_CLOCK).unsigned_abs()
    }

    #[inline]
    fn at(&self, nanos: u64) -> Now {
        let mono = Mono(nanos / 1_000_000);
        let wall = Wall(mono.0 as i64 + self.offset_ms.load(Ordering::Relaxed));
        Now { mono, micros: Micros(nanos / 1_000), wall }
    }

    fn sync(&self) {
        let known_ms = self.offset_ms.load(Ordering::Relaxed);
        self.offset_ms.store(settle(known_ms, measure_offset_ms()), Ordering::Relaxed);
    }

    fn wall_us(&self) -> i64 {
        read_ns(libc::CLOCK_REALTIME) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_was_interrupted_says_nothing_about_the_clocks() {
        assert_eq!(tightest([(9_000_000, 991), (40, 1_000), (70, 1_020)].into_iter()), 1_000);
    }

    #[test]
    fn a_wall_clock_that_was_set_is_noticed_and_one_that_drifts_is_not() {
        assert_eq!(settle(1_000, 1_000 + OFFSET_TOLERANCE_MS), 1_000);
        assert_eq!(settle(1_000, 1_000 - OFFSET_TOLERANCE_MS - 1), 1_000 - OFFSET_TOLERANCE_MS - 1);
        assert_eq!(settle(1_000, 1_000 + 3_600_000), 1_000 + 3_600_000);
    }
}
