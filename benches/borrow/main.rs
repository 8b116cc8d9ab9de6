//! The decision that everything else rests on: a command on another core's key either borrows the shard under
//! a short lock, or is sent to the core that owns it (docs/adr/0001-borrow-a-shard.md).
//!
//! Two pinned threads, each with its own connections; random keys, one in two at home on the other core;
//! a connection's commands run strictly in order, as a pipeline must. No sockets and no parsing: only the
//! way to the key and back. The threads never sleep, which flatters messages: an idle core would have to be
//! woken up for each.
#![allow(clippy::disallowed_methods, reason = "threads and a clock are what is compared")]

mod by_borrow;
mod by_message;
mod load;
#[path = "../support/mod.rs"]
mod support;

use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use load::{CONNECTIONS, Load};
use std::time::Duration;

fn compare(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one GET in two is another core's");
    group.sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(3));
    let keyspace = by_borrow::keyspace();
    let mut cores = by_message::cores();
    for depth in [1, 16] {
        // One iteration is a pipeline of every connection. Both cores work at once: what is reported
        // is the time in which they get through it together.
        group.throughput(Throughput::Elements((CONNECTIONS * depth) as u64));
        group.bench_function(BenchmarkId::new("borrow", format!("{depth} deep")), |bencher| {
            bencher.iter_custom(|rounds| by_borrow::run(&keyspace, Load { depth, rounds }));
        });
        group.bench_function(BenchmarkId::new("message", format!("{depth} deep")), |bencher| {
            bencher.iter_custom(|rounds| by_message::run(&mut cores, Load { depth, rounds }));
        });
    }
    group.finish();
}

criterion_group!(benches, compare);
criterion_main!(benches);
