//! The reply writer: the replies of the hot commands, and larger shapes in both versions of the protocol.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use latchd::resp::reply::{Protocol, Writer};
use std::hint::black_box;

mod support;

/// Replies written before the buffer is emptied, as in a deep pipeline.
const REPLIES: usize = 64;

type Write = fn(&mut Writer);

fn hot(criterion: &mut Criterion) {
    let kinds: [(&str, Write); 6] = [
        ("OK", Writer::ok),
        ("null", Writer::null),
        ("a small integer", |writer| writer.int(black_box(1))),
        ("a long integer", |writer| writer.int(black_box(-1_234_567_890_123))),
        ("8 bytes", |writer| writer.bulk(black_box(b"abcdefgh"))),
        ("an error", |writer| writer.error(black_box(b"ERR value is not an integer"))),
    ];
    let mut group = criterion.benchmark_group("reply");
    group.throughput(Throughput::Elements(REPLIES as u64));
    for (name, write) in kinds {
        let mut writer = Writer::default();
        group.bench_function(format!("{REPLIES} times {name}"), |bencher| {
            bencher.iter(|| {
                writer.out.clear();
                (0..REPLIES).for_each(|_| write(&mut writer));
                black_box(writer.out.len())
            });
        });
    }
    group.finish();
}

fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reply");
    let value = vec![b'v'; 1 << 20];
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let version = protocol.number();
        let mut writer = Writer { protocol, ..Writer::default() };
        group.throughput(Throughput::Elements(100));
        group.bench_function(format!("a map of 100 pairs, RESP{version}"), |bencher| {
            bencher.iter(|| {
                writer.out.clear();
                writer.map(100);
                for number in 0..100 {
                    writer.bulk(b"field");
                    writer.double(black_box(f64::from(number) / 8.0));
                }
                black_box(writer.out.len())
            });
        });
    }
    let mut writer = Writer::default();
    group.throughput(Throughput::Bytes(value.len() as u64));
    group.bench_function("1 MiB", |bencher| {
        bencher.iter(|| {
            writer.out.clear();
            writer.bulk(black_box(&value));
            black_box(writer.out.len())
        });
    });
    group.finish();
}

criterion_group!(benches, hot, shapes);
criterion_main!(benches);
