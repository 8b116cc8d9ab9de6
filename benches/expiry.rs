//! Timers, and the worst that they can do: a million keys that end within one second, while others work.
#![allow(
    clippy::disallowed_methods,
    reason = "looks for the longest step, with a clock and a thread"
)]

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use latchd::base::time::Mono;
use latchd::keyspace::borrow::{Keyspace, ShardId};
use latchd::keyspace::edit::Expiry;
use latchd::keyspace::shard::{Tick, Use};
use latchd::keyspace::wheel::{Due, Target, TimerId, Wheel};
use latchd::keyspace::{Db, Key};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

mod support;
use support::{SHARDS, key, keyspace, scaled, set};

/// As many as a shard's wheel has with half a million keys.
const TIMERS: usize = 16_384;
const KEYS: usize = 1_000_000;
/// As the worker's: timers handled before others get the shard.
const TICK_STEPS: usize = 256;
/// The keys end within a second that lies ahead by this much of any clock: only `tick` ends them.
const AHEAD_MS: u64 = 1 << 40;
/// A key that nobody ends, for those who read meanwhile.
const READ_KEYS: usize = 1_000;

const TARGET: Target = Target { hash: 1, slot: 2, table: 0 };

/// A wheel with [`TIMERS`] timers within a minute.
fn wheel() -> (Wheel, Vec<TimerId>) {
    let (mut wheel, mut rng) = (Wheel::new(Mono(0)), fastrand::Rng::with_seed(1));
    let ids = (0..TIMERS).map(|_| wheel.add(Mono(rng.u64(1..60_000)), TARGET)).collect();
    (wheel, ids)
}

fn timers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wheel");
    let ((mut wheel, ids), mut rng) = (self::wheel(), fastrand::Rng::with_seed(2));
    group.bench_function("add and cancel", |bencher| {
        bencher.iter(|| {
            let id = wheel.add(Mono(rng.u64(1..60_000)), black_box(TARGET));
            wheel.cancel(id);
        });
    });
    let mut next = ids.iter().cycle();
    group.bench_function("reset", |bencher| {
        bencher.iter(|| {
            let id = next.next().expect("a cycle has no end");
            wheel.reset(*id, Mono(rng.u64(1..60_000)));
        });
    });
    group.throughput(criterion::Throughput::Elements(TIMERS as u64));
    group.bench_function("pop all that is due", |bencher| {
        let pop = |(wheel, _): &mut (Wheel, Vec<TimerId>)| {
            let mut popped = 0;
            loop {
                match wheel.pop_due(Mono(60_000)) {
                    Due::Timer(..) => popped += 1,
                    Due::Sorting => {}
                    Due::Nothing => break,
                }
            }
            assert_eq!(popped, TIMERS);
        };
        bencher.iter_batched_ref(self::wheel, pop, BatchSize::LargeInput);
    });
    group.finish();
}

/// A million keys that end within one second, and a few that never do.
fn crowded() -> Keyspace {
    let keyspace = keyspace(SHARDS);
    for number in 0..scaled(KEYS) {
        let deadline = Mono(AHEAD_MS + number as u64 % 1_000);
        set(&keyspace, &key(number), b"abcdefgh", Expiry::At(deadline));
    }
    for number in 0..READ_KEYS {
        set(&keyspace, &read_key(number), b"abcdefgh", Expiry::Never);
    }
    keyspace
}

fn read_key(number: usize) -> Vec<u8> {
    format!("stays:{number}").into()
}

/// Ends everything, as workers do: shard by shard, some steps at a time. The longest time that a shard
/// was held.
fn end_everything(keyspace: &Keyspace) -> Duration {
    let mut longest = Duration::ZERO;
    for shard in (0..keyspace.shards()).map(ShardId) {
        loop {
            let mut borrowed = keyspace.borrow_shard(shard);
            let start = Instant::now();
            let shard = borrowed.shards().next().expect("one shard is borrowed");
            let tick = shard.tick(Mono(AHEAD_MS + 1_000), TICK_STEPS);
            drop(borrowed);
            longest = longest.max(start.elapsed());
            if tick == Tick::Idle {
                break;
            }
        }
    }
    longest
}

/// Reads keys until `done`; the longest time that one took.
fn read_until(done: &AtomicBool, keyspace: &Keyspace) -> Duration {
    let keys: Vec<Vec<u8>> = (0..READ_KEYS).map(read_key).collect();
    let mut longest = Duration::ZERO;
    for key in keys.iter().cycle() {
        if done.load(Ordering::Acquire) {
            break;
        }
        let start = Instant::now();
        let key = Key::new(key);
        let mut borrowed = keyspace.borrow(&[key.slot]);
        let found = borrowed.shard(key.slot).read(Db(0), key, Use::Touch, Mono(1)).is_some();
        drop(borrowed);
        longest = longest.max(start.elapsed());
        assert!(found, "these keys stay");
    }
    longest
}

/// The longest wait of a reader while everything ends.
fn longest_wait() -> Duration {
    let (keyspace, done) = (crowded(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_until(&done, &keyspace));
        end_everything(&keyspace);
        done.store(true, Ordering::Release);
        reader.join().expect("the reader does not panic")
    })
}

/// These report the longest of many, not the mean: how long somebody may have to wait.
fn a_million_in_a_second(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a million keys that end within a second");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1));
    group.bench_function("longest step", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| end_everything(&crowded())).sum());
    });
    group.bench_function("longest wait of a GET", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| longest_wait()).sum());
    });
    group.finish();
}

criterion_group!(benches, timers, a_million_in_a_second);
criterion_main!(benches);
