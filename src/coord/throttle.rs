//! A rate limit: the generic cell rate algorithm (GCRA), with the answers of redis-cell.
//!
//! Not here: reading the arguments. All a limit remembers is one instant; how fast and how much
//! comes with every request, so that a changed limit takes effect at once.
//! Where redis-cell divides floating-point microseconds, this divides whole nanoseconds: beyond
//! some thousands of requests a second its `remaining` is off by a few, and this one is not.

use crate::base::time::Mono;

/// Nanoseconds of the boot-time clock. Milliseconds would let a limit of thousands a second pass
/// all of them at the tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;
const MS_PER_S: u64 = 1000;

impl Nanos {
    /// Nanoseconds from `earlier` to here, 0 if `earlier` is later.
    const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The first millisecond that is not before this instant.
    const fn rounded_up(self) -> Mono {
        Mono(self.0.div_ceil(NS_PER_MS))
    }
}

impl From<Mono> for Nanos {
    fn from(at: Mono) -> Self {
        Self(at.0.saturating_mul(NS_PER_MS))
    }
}

/// Why a request is not even counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing in some time, or something in no time.
    ZeroRate,
    /// A negative number, or one so large that the instants do not fit.
    OutOfRange,
}

/// How much is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many requests can come at once, one more than the burst beyond the first.
    limit: u64,
    /// The time in which one request's worth comes back.
    interval_ns: u64,
    /// The time in which all of it comes back: `limit * interval_ns`.
    tolerance_ns: u64,
}

impl Quota {
    /// `count` requests in `period_s` seconds, and `max_burst` more at once after a quiet time.
    ///
    /// # Errors
    /// If that is no rate, or one that cannot be computed with.
    pub fn new(max_burst: i64, count: i64, period_s: i64) -> Result<Self, Refused> {
        if count == 0 || period_s == 0 {
            return Err(Refused::ZeroRate);
        }
        let [max_burst, count, period_s] = unsigned([max_burst, count, period_s])?;
        let interval_ns = u128::from(period_s) * u128::from(NS_PER_S) / u128::from(count);
        let interval_ns = u64::try_from(interval_ns).map_err(|_| Refused::OutOfRange)?;
        if interval_ns == 0 {
            return Err(Refused::ZeroRate);
        }
        // Both fit the signed integers of the reply, and twice their size still fits a u64.
        let limit = signed(max_burst.checked_add(1))?;
        let tolerance_ns = signed(interval_ns.checked_mul(limit))?;
        Ok(Self { limit, interval_ns, tolerance_ns })
    }
}

fn unsigned<const N: usize>(numbers: [i64; N]) -> Result<[u64; N], Refused> {
    let mut out = [0; N];
    for (number, slot) in numbers.into_iter().zip(&mut out) {
        *slot = u64::try_from(number).map_err(|_| Refused::OutOfRange)?;
    }
    Ok(out)
}

/// The number, if it is one that an `i64` can hold as well.
fn signed(number: Option<u64>) -> Result<u64, Refused> {
    number.filter(|number| i64::try_from(*number).is_ok()).ok_or(Refused::OutOfRange)
}

/// Whether a request may go on.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may, and has been counted.
    Allowed,
    /// It may not, and has not been counted: it may after this time, if nobody else asks.
    RetryAfter(u64),
    /// It may not, and never will: it asks for more than can come at once.
    TooMuch,
}

/// Answer to [`Throttle::request`]. Times are in nanoseconds.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may go on.
    pub decision: Decision,
    /// How many could come at once after a quiet time.
    pub limit: u64,
    /// How many could come now.
    pub remaining: u64,
    /// After which time all of them could come again.
    pub reset_after_ns: u64,
}

impl Verdict {
    /// The five integers of `CL.THROTTLE`: limited or not, limit, remaining, seconds until a retry
    /// makes sense (-1 if allowed or senseless), seconds until all is as at first.
    #[must_use]
    pub fn reply(&self) -> [i64; 5] {
        let (limited, retry_after_s) = match self.decision {
            Decision::Allowed => (0, -1),
            Decision::RetryAfter(ns) => (1, signed_count(whole_seconds(ns))),
            Decision::TooMuch => (1, -1),
        };
        let Self { limit, remaining, reset_after_ns, .. } = *self;
        let reset_after_s = whole_seconds(reset_after_ns);
        let [limit, remaining, reset_after_s] = [limit, remaining, reset_after_s].map(signed_count);
        [limited, limit, remaining, retry_after_s, reset_after_s]
    }
}

/// Seconds, rounded up, so that who waits as long does not come too early; what is less than a
/// millisecond is left out before, as redis-cell does.
const fn whole_seconds(ns: u64) -> u64 {
    (ns / NS_PER_MS).div_ceil(MS_PER_S)
}

fn signed_count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The memory of one limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// When the next request would come if all of them came evenly, at the rate of the limit:
    /// the further ahead, the less is left. In the past, it does not count.
    arrival: Option<Nanos>,
}

impl Throttle {
    /// Counts a request for `quantity`, if it may go on. A quantity of 0 only looks.
    ///
    /// # Errors
    /// If the quantity is negative, or so large that the instants do not fit. Nothing has changed.
    pub fn request(
        &mut self,
        quota: &Quota,
        quantity: i64,
        now: Nanos,
    ) -> Result<Verdict, Refused> {
        let Quota { limit, interval_ns, tolerance_ns } = *quota;
        let [quantity] = unsigned([quantity])?;
        let cost_ns = signed(interval_ns.checked_mul(quantity))?;
        let arrival = self.arrival.map_or(now, |arrival| arrival.max(now));
        let next = Nanos(signed(arrival.0.checked_add(cost_ns))?);
        let latest = Nanos(signed(now.0.checked_add(tolerance_ns))?);
        let decision = if next <= latest {
            Decision::Allowed
        } else if cost_ns <= tolerance_ns {
            Decision::RetryAfter(next.since(latest))
        } else {
            Decision::TooMuch
        };
        let arrival = if decision == Decision::Allowed { next } else { arrival };
        // Who only looks at an unused limit leaves nothing behind.
        if arrival > now {
            self.arrival = Some(arrival);
        }
        let reset_after_ns = arrival.since(now);
        let remaining = tolerance_ns.saturating_sub(reset_after_ns) / interval_ns;
        Ok(Verdict { decision, limit, remaining, reset_after_ns })
    }

    /// Forgets what does not count any more.
    pub fn tick(&mut self, now: Mono) {
        if self.next_deadline().is_some_and(|end| end <= now) {
            self.arrival = None;
        }
    }

    /// From when on there is nothing to remember.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.arrival.map(Nanos::rounded_up)
    }

    /// When the next request would come if all of them came evenly; what is over does not count.
    #[must_use]
    pub const fn arrival(&self) -> Option<Nanos> {
        self.arrival
    }

    /// Whether there is nothing to remember.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.arrival.is_none()
    }
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
