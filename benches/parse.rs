//! The request parser: pipelines, lone requests, requests that arrive in pieces, a big value.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use latchd::resp::request::{Bounds, Parsed, Parser};
use std::hint::black_box;

mod support;
use support::{key, request, scaled};

const BOUNDS: Bounds = Bounds { bulk_bytes_max: 512 << 20, authenticated: true };
/// What a connection reads at once.
const READ_BYTES: usize = 64 * 1024;
/// A request in two pieces is cut here: in the middle of the key.
const CUT: usize = 32;

fn set(number: usize) -> Vec<u8> {
    request(&[&b"SET"[..], &key(number), b"abcdefgh"])
}

/// Reads all requests in `bytes` and looks at their words; how many there were.
fn read_all(parser: &mut Parser, bytes: &[u8]) -> usize {
    let (mut start, mut requests) = (0, 0);
    while start < bytes.len() {
        match parser.parse(&bytes[start..], BOUNDS).expect("the requests are well-formed") {
            Parsed::Request(found, used) => {
                black_box(parser.argv(found, &bytes[start..]));
                parser.forget();
                start += used;
                requests += 1;
            }
            Parsed::Nothing(used) => start += used,
            Parsed::Incomplete(_) => break,
        }
    }
    requests
}

fn pipelines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for depth in [1, 16, 64] {
        let bytes: Vec<u8> = (0..depth).flat_map(set).collect();
        let mut parser = Parser::default();
        assert_eq!(read_all(&mut parser, &bytes), depth);
        group.throughput(Throughput::Elements(depth as u64));
        group.bench_function(format!("SET, {depth} deep"), |bencher| {
            bencher.iter(|| read_all(&mut parser, black_box(&bytes)));
        });
    }
    group.finish();
}

fn pieces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let (bytes, mut parser) = (set(7), Parser::default());
    group.throughput(Throughput::Elements(1));
    group.bench_function("SET in two pieces", |bencher| {
        bencher.iter(|| {
            read_all(&mut parser, black_box(&bytes[..CUT])) + read_all(&mut parser, &bytes)
        });
    });
    group.bench_function("SET byte by byte", |bencher| {
        bencher.iter(|| {
            (1..=bytes.len())
                .map(|end| read_all(&mut parser, black_box(&bytes[..end])))
                .sum::<usize>()
        });
    });
    assert_eq!(read_all(&mut parser, &bytes), 1);
    let line = b"SET key:000000000042 \"a b\\r\\n\"\r\n";
    group.bench_function("SET as a line with quotes", |bencher| {
        bencher.iter(|| read_all(&mut parser, black_box(line)));
    });
    group.finish();
}

/// A value that takes many reads: each must cost the same, however much has arrived before.
fn big_value(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let value = vec![b'v'; scaled(64 << 20)];
    let (bytes, mut parser) = (request(&[&b"SET"[..], b"k", &value]), Parser::default());
    let ends = (READ_BYTES..bytes.len()).step_by(READ_BYTES).chain([bytes.len()]);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("SET of 64 MiB in reads of 64 KiB", |bencher| {
        bencher.iter(|| {
            let read = ends.clone().map(|end| read_all(&mut parser, black_box(&bytes[..end])));
            assert_eq!(read.sum::<usize>(), 1);
        });
    });
    group.finish();
}

criterion_group!(benches, pipelines, pieces, big_value);
criterion_main!(benches);
