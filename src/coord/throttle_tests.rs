//! The sequences that redis-cell documents and tests, the boundaries, and a leaking bucket as the
//! model of the algorithm.

#![cfg(test)]

use super::*;
use proptest::prelude::*;

const fn ms(ms: u64) -> Nanos {
    Nanos(ms * NS_PER_MS)
}

fn ask(throttle: &mut Throttle, quota: Quota, quantity: i64, now: Nanos) -> [i64; 5] {
    throttle.request(&quota, quantity, now).unwrap().reply()
}

#[test]
fn the_example_of_redis_cells_manual() {
    let quota = Quota::new(15, 30, 60).unwrap();
    assert_eq!(ask(&mut Throttle::default(), quota, 1, ms(0)), [0, 16, 15, -1, 2]);
}

/// The cases of redis-cell's own test: one a second, five at once.
#[test]
fn the_sequence_of_redis_cells_test() {
    let quota = Quota::new(4, 1, 1).unwrap();
    let mut throttle = Throttle::default();
    // When, quantity; limited, remaining, milliseconds to retry and to reset.
    let cases: [(u64, i64, bool, u64, Option<u64>, u64); 15] = [
        (0, 6, true, 5, None, 0),
        (0, 1, false, 4, None, 1000),
        (0, 1, false, 3, None, 2000),
        (0, 1, false, 2, None, 3000),
        (0, 1, false, 1, None, 4000),
        (0, 1, false, 0, None, 5000),
        (0, 1, true, 0, Some(1000), 5000),
        (3000, 1, false, 2, None, 3000),
        (3100, 1, false, 1, None, 3900),
        (4000, 1, false, 1, None, 4000),
        (8000, 1, false, 4, None, 1000),
        (9500, 1, false, 4, None, 1000),
        (9500, 0, false, 4, None, 1000),
        (9500, 2, false, 2, None, 3000),
        (9500, 5, true, 2, Some(3000), 3000),
    ];
    for (number, (at, quantity, limited, remaining, retry_ms, reset_ms)) in
        cases.into_iter().enumerate()
    {
        let verdict = throttle.request(&quota, quantity, ms(at)).unwrap();
        let decision = match retry_ms {
            Some(retry_ms) => Decision::RetryAfter(retry_ms * NS_PER_MS),
            None if limited => Decision::TooMuch,
            None => Decision::Allowed,
        };
        let reset_after_ns = reset_ms * NS_PER_MS;
        assert_eq!(verdict, Verdict { decision, limit: 5, remaining, reset_after_ns }, "{number}");
    }
}

#[test]
fn a_request_is_limited_up_to_the_last_nanosecond() {
    let quota = Quota::new(0, 1, 5).unwrap();
    let mut throttle = Throttle::default();
    assert_eq!(ask(&mut throttle, quota, 1, ms(0)), [0, 1, 0, -1, 5]);
    assert_eq!(ask(&mut throttle, quota, 1, ms(4999)), [1, 1, 0, 1, 1]);
    assert_eq!(ask(&mut throttle, quota, 1, Nanos(ms(5000).0 - 1)), [1, 1, 0, 0, 0]);
    assert_eq!(ask(&mut throttle, quota, 1, ms(5000)), [0, 1, 0, -1, 5]);
}

#[test]
fn seconds_are_rounded_up_from_whole_milliseconds() {
    let seconds = [0, 999_999, 1_000_000, 1_000_000_000, 1_000_999_999, 1_001_000_000];
    assert_eq!(seconds.map(whole_seconds), [0, 0, 1, 1, 1, 2]);
}

#[test]
fn a_limited_request_does_not_count_and_a_look_neither() {
    let quota = Quota::new(1, 1, 1).unwrap();
    let mut throttle = Throttle::default();
    assert_eq!(ask(&mut throttle, quota, 2, ms(0)), [0, 2, 0, -1, 2]);
    for at in [100, 200, 300] {
        assert_eq!(ask(&mut throttle, quota, 1, ms(at)), [1, 2, 0, 1, 2]);
    }
    assert_eq!(ask(&mut throttle, quota, 0, ms(1000)), [0, 2, 1, -1, 1]);
    assert_eq!(ask(&mut throttle, quota, 1, ms(1000)), [0, 2, 0, -1, 2]);
}

#[test]
fn a_look_at_an_unused_limit_leaves_nothing_behind() {
    let quota = Quota::new(1, 1, 1).unwrap();
    let mut throttle = Throttle::default();
    assert_eq!(ask(&mut throttle, quota, 0, Nanos(1)), [0, 2, 2, -1, 0]);
    assert!(throttle.is_idle());
}

#[test]
fn a_changed_limit_takes_effect_at_once() {
    let (wide, narrow) = (Quota::new(9, 1, 1).unwrap(), Quota::new(1, 1, 1).unwrap());
    let mut throttle = Throttle::default();
    assert_eq!(ask(&mut throttle, wide, 8, ms(0)), [0, 10, 2, -1, 8]);
    assert_eq!(ask(&mut throttle, narrow, 1, ms(0)), [1, 2, 0, 7, 8]);
    assert_eq!(ask(&mut throttle, wide, 1, ms(0)), [0, 10, 1, -1, 9]);
}

#[test]
fn a_limit_of_many_a_second_counts_each() {
    let quota = Quota::new(1999, 3000, 1).unwrap();
    let mut throttle = Throttle::default();
    for left in (0..2000).rev() {
        assert_eq!(ask(&mut throttle, quota, 1, ms(0))[..3], [0, 2000, left]);
    }
    assert_eq!(ask(&mut throttle, quota, 1, ms(0)), [1, 2000, 0, 0, 1]);
}

#[test]
fn what_is_no_rate_is_refused() {
    let quotas = [(1, 0, 1), (1, 1, 0), (1, 1_000_000_001, 1), (1, 0, 0)];
    for (burst, count, period_s) in quotas {
        assert_eq!(Quota::new(burst, count, period_s), Err(Refused::ZeroRate));
    }
    let fastest = Quota::new(0, 1_000_000_000, 1).unwrap();
    assert_eq!(fastest.interval_ns, 1);
}

#[test]
fn numbers_that_do_not_fit_are_refused_and_change_nothing() {
    let quotas = [
        (-1, 1, 1),
        (1, -1, 1),
        (1, 1, -1),
        (i64::MAX, 1, 1),
        (i64::MAX - 1, 1, 1),
        (0, 1, i64::MAX),
        (1, 1, 9_223_372_036),
    ];
    for (burst, count, period_s) in quotas {
        assert_eq!(Quota::new(burst, count, period_s), Err(Refused::OutOfRange), "{burst} {count}");
    }
    let longest = Quota::new(0, 1, 9_223_372_036).unwrap();
    let mut throttle = Throttle::default();
    assert_eq!(throttle.request(&longest, 1, ms(1000)), Err(Refused::OutOfRange));
    assert_eq!(throttle.request(&longest, 2, ms(0)), Err(Refused::OutOfRange));
    assert_eq!(throttle.request(&longest, -1, ms(0)), Err(Refused::OutOfRange));
    assert!(throttle.is_idle());
    assert_eq!(ask(&mut throttle, longest, 1, ms(0)), [0, 1, 0, -1, 9_223_372_036]);
}

#[test]
fn a_limit_is_forgotten_when_all_has_come_back() {
    let quota = Quota::new(0, 3, 1).unwrap();
    let mut throttle = Throttle::default();
    assert_eq!(ask(&mut throttle, quota, 1, ms(0))[0], 0);
    assert_eq!(throttle.next_deadline(), Some(Mono(334)));
    throttle.tick(Mono(333));
    assert!(!throttle.is_idle());
    throttle.tick(Mono(334));
    assert!(throttle.is_idle());
}

/// A bucket that holds `limit` times `interval_ns` and leaks one a nanosecond.
#[derive(Default)]
struct Bucket {
    level: u128,
    seen: u64,
}

impl Bucket {
    fn pour(&mut self, quota: &Quota, quantity: u64, now: Nanos) -> bool {
        self.level = self.level.saturating_sub(u128::from(now.0 - self.seen));
        self.seen = now.0;
        let poured = self.level + u128::from(quantity) * u128::from(quota.interval_ns);
        let fits = poured <= u128::from(quota.limit) * u128::from(quota.interval_ns);
        if fits {
            self.level = poured;
        }
        fits
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn it_is_a_leaking_bucket(
        (burst, count, period_s) in (0..6i64, 1..5000i64, 1..4i64),
        requests in prop::collection::vec((0..8i64, 0..2_000_000_000u64), 1..60),
    ) {
        let quota = Quota::new(burst, count, period_s).unwrap();
        let (mut throttle, mut bucket) = (Throttle::default(), Bucket::default());
        let mut now = Nanos(0);
        for (quantity, pause) in requests {
            // Pauses around the time in which one comes back, so that both answers occur.
            now = Nanos(now.0 + pause % (2 * quota.interval_ns + 1));
            let before = throttle;
            let verdict = throttle.request(&quota, quantity, now).unwrap();
            let fits = bucket.pour(&quota, quantity.unsigned_abs(), now);
            prop_assert_eq!(verdict.decision == Decision::Allowed, fits);
            prop_assert_eq!(u128::from(verdict.reset_after_ns), bucket.level);
            let room = u128::from(quota.tolerance_ns) - bucket.level;
            prop_assert_eq!(u128::from(verdict.remaining), room / u128::from(quota.interval_ns));
            match verdict.decision {
                Decision::Allowed => {}
                Decision::TooMuch => prop_assert!(quantity > burst + 1),
                Decision::RetryAfter(ns) => {
                    prop_assert_eq!(before, throttle);
                    let mut early = throttle;
                    let at = |ns| Nanos(now.0 + ns);
                    let too_early = early.request(&quota, quantity, at(ns - 1)).unwrap();
                    prop_assert_ne!(too_early.decision, Decision::Allowed);
                    let in_time = early.request(&quota, quantity, at(ns)).unwrap();
                    prop_assert_eq!(in_time.decision, Decision::Allowed);
                }
            }
        }
    }
}
