//! Where a key is: its slot, its hash, the table of a slot with the usual 60 keys and with a
//! million, and its entry.
#![allow(clippy::disallowed_methods, reason = "the longest of many inserts is found with a clock")]

use criterion::{Bencher, Criterion, SamplingMode, criterion_group, criterion_main};
use latchd::base::key_hash::KeyHash;
use latchd::base::slot::SlotId;
use latchd::keyspace::access::Access;
use latchd::keyspace::entry::Entry;
use latchd::keyspace::table::{Spot, Table};
use latchd::keyspace::value::NewValue;
use std::hint::black_box;
use std::time::{Duration, Instant};

mod support;
use support::{key, scaled};

/// A million keys over 16,384 slots.
const USUAL_KEYS: usize = 60;
/// A million keys with one hash tag.
const MANY_KEYS: usize = 1_000_000;
/// Keys added and removed between two looks at the clock; too few to make a table resize.
const CHUNK: usize = 10;

fn hash_of(key: &[u8]) -> u64 {
    KeyHash::new(7).of(key)
}

fn entry(key: &[u8]) -> Entry {
    Entry::new(key, NewValue::Text(b"abcdefgh"), None, Access::default())
}

fn insert(table: &mut Table, key: &[u8]) {
    table.insert(hash_of(key), entry(key), hash_of);
}

fn find(table: &Table, key: &[u8]) -> Option<Spot> {
    table.find(hash_of(key), |entry| entry.key() == key)
}

fn remove(table: &mut Table, key: &[u8]) -> Entry {
    let spot = find(table, key).expect("the key was inserted");
    table.remove(spot, hash_of)
}

fn keys(criterion: &mut Criterion) {
    let keys = [
        ("16 bytes", &b"key:000000000042"[..]),
        ("a hash tag", b"{user:1000}.following"),
        ("100 bytes", &[b'k'; 100]),
    ];
    let mut group = criterion.benchmark_group("slot of a key");
    for (name, key) in keys {
        group.bench_function(name, |bencher| bencher.iter(|| SlotId::of(black_box(key))));
    }
    group.finish();
    let mut group = criterion.benchmark_group("hash of a key");
    let hash = KeyHash::new(7);
    for (name, key) in keys {
        group.bench_function(name, |bencher| bencher.iter(|| hash.of(black_box(key))));
    }
    group.finish();
}

/// Adds [`CHUNK`] keys and removes them, again and again, and times one of the two.
fn change(bencher: &mut Bencher<'_>, table: &mut Table, timed: Timed) {
    let keys: Vec<Vec<u8>> = (0..CHUNK).map(|number| format!("new:{number}").into()).collect();
    bencher.iter_custom(|changes| {
        let mut spent = Duration::ZERO;
        for _ in 0..changes.div_ceil(CHUNK as u64) {
            let start = Instant::now();
            keys.iter().for_each(|key| insert(table, key));
            let inserted = Instant::now();
            keys.iter().for_each(|key| drop(remove(table, key)));
            spent += match timed {
                Timed::Insert => inserted - start,
                Timed::Remove => inserted.elapsed(),
            };
        }
        spent
    });
}

#[derive(Clone, Copy)]
enum Timed {
    Insert,
    Remove,
}

fn tables(criterion: &mut Criterion) {
    for (name, keys) in [("60 keys", USUAL_KEYS), ("a million keys", scaled(MANY_KEYS))] {
        let mut group = criterion.benchmark_group(format!("table of {name}"));
        let mut table = Table::default();
        (0..keys).for_each(|number| insert(&mut table, &key(number)));
        let mut rng = fastrand::Rng::with_seed(1);
        let wanted: Vec<Vec<u8>> = (0..scaled(100_000)).map(|_| key(rng.usize(..keys))).collect();
        let mut next = wanted.iter().cycle();
        group.bench_function("find", |bencher| {
            bencher.iter(|| find(&table, next.next().expect("a cycle has no end")).is_some());
        });
        group.bench_function("find nothing", |bencher| {
            bencher.iter(|| find(&table, black_box(b"absent")).is_some());
        });
        group.bench_function("insert", |bencher| change(bencher, &mut table, Timed::Insert));
        group.bench_function("remove", |bencher| change(bencher, &mut table, Timed::Remove));
        group.finish();
        assert_eq!(table.len(), keys);
    }
}

/// Fills a table; how long the longest insert took, which is the last time that it doubled.
fn worst_insert(keys: usize) -> Duration {
    let mut table = Table::default();
    let mut worst = Duration::ZERO;
    for number in 0..keys {
        let key = key(number);
        let start = Instant::now();
        insert(&mut table, &key);
        worst = worst.max(start.elapsed());
    }
    worst
}

fn worst_inserts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("worst insert");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (name, keys) in [("60 keys", USUAL_KEYS), ("a million keys", scaled(MANY_KEYS))] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| worst_insert(keys)).sum());
        });
    }
    group.finish();
}

fn entries(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("entry");
    let name = key(42);
    group.bench_function("new and drop", |bencher| bencher.iter(|| entry(black_box(&name))));
    let mut held = entry(&name);
    group.bench_function("read", |bencher| {
        bencher.iter(|| black_box(&held).value().text().map(|text| text.len()))
    });
    group.bench_function("replace in place", |bencher| {
        bencher.iter(|| held.replace(NewValue::Text(black_box(b"ABCDEFGH")), None));
    });
    group.bench_function("replace by a longer value and back", |bencher| {
        bencher.iter(|| {
            held.replace(NewValue::Text(black_box(&[b'v'; 100])), None);
            held.replace(NewValue::Text(black_box(b"abcdefgh")), None);
        });
    });
    group.finish();
}

criterion_group!(benches, keys, tables, worst_inserts, entries);
criterion_main!(benches);
