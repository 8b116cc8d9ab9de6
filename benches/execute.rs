//! A session at work: requests in, replies out, on 100,000 keys, in one thread and without sockets.
//!
//! The difference between this and `versus` is what the kernel and the runtime cost.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use latchd::keyspace::edit::Expiry;
use latchd::resp::reply::Writer;
use latchd::server::core::Core;
use latchd::server::session::{Session, Then};
use std::hint::black_box;

mod support;
use support::{SHARDS, core, key, keyspace, request, scaled, session, set};

const KEYS: usize = 100_000;
/// Requests prepared ahead: together they touch more keys than a cache holds.
const COMMANDS: usize = 64 * 1_024;

/// Request number `number`, about key `key`.
type Command = fn(usize, &[u8]) -> Vec<u8>;

const COMMAND_KINDS: [(&str, Command); 4] = [
    ("GET", |_, key| request(&[b"GET", key])),
    ("SET", |_, key| request(&[b"SET", key, b"abcdefgh"])),
    ("INCR", |_, key| request(&[b"INCR", &counter(key)[..]])),
    // Taken and given back: every lock is free when it is asked for.
    ("lock cycle", |number, key| match number % 2 {
        0 => request(&[b"SET", &lock(key)[..], b"owner", b"NX", b"PX", b"30000"]),
        _ => request(&[b"DELEX", &lock(key)[..], b"IFEQ", b"owner"]),
    }),
];

fn counter(key: &[u8]) -> Vec<u8> {
    [b"counter:", key].concat()
}

fn lock(key: &[u8]) -> Vec<u8> {
    [b"lock:", key].concat()
}

/// Pipelines of `depth` requests, in bytes.
fn pipelines(command: Command, depth: usize) -> Vec<Vec<u8>> {
    let mut rng = fastrand::Rng::with_seed(1);
    // Two requests in turn share a key: those of a lock cycle must.
    let commands = scaled(COMMANDS);
    let keys: Vec<usize> = (0..commands.div_ceil(2)).map(|_| rng.usize(..KEYS)).collect();
    let numbers: Vec<usize> = (0..commands).collect();
    let pipeline = |numbers: &[usize]| -> Vec<u8> {
        numbers.iter().flat_map(|&number| command(number, &key(keys[number / 2]))).collect()
    };
    numbers.chunks_exact(depth).map(pipeline).collect()
}

/// Runs a whole pipeline, as a connection does that has read it at once.
fn run(session: &mut Session, core: &Core, input: &[u8], writer: &mut Writer) {
    writer.out.clear();
    let (used, then) = session.turn(core, black_box(input), writer);
    assert!(used == input.len() && matches!(then, Then::Read(_)), "a pipeline takes one turn");
}

fn execute(criterion: &mut Criterion) {
    let keyspace = keyspace(SHARDS);
    for number in 0..KEYS {
        set(&keyspace, &key(number), b"abcdefgh", Expiry::Never);
    }
    let core = core(keyspace);
    let (mut session, mut writer) = (session(&core), Writer::default());
    let mut group = criterion.benchmark_group("execute");
    for (name, command) in COMMAND_KINDS {
        for depth in [1, 16, 64] {
            let pipelines = pipelines(command, depth);
            for pipeline in &pipelines {
                run(&mut session, &core, pipeline, &mut writer);
                let failed = writer.out.split(|&byte| byte == b'\n').any(|l| l.starts_with(b"-"));
                assert!(!failed, "{}", writer.out.escape_ascii());
            }
            let mut next = pipelines.iter().cycle();
            group.throughput(Throughput::Elements(depth as u64));
            group.bench_function(BenchmarkId::new(name, format!("{depth} deep")), |bencher| {
                bencher.iter(|| {
                    let pipeline = next.next().expect("a cycle has no end");
                    run(&mut session, &core, pipeline, &mut writer);
                    black_box(writer.out.len())
                });
            });
        }
    }
    group.finish();
    session.close(&core);
}

criterion_group!(benches, execute);
criterion_main!(benches);
