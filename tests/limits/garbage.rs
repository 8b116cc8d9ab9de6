//! Bytes that no client would send, from a seed that is printed: no panic, no leak, no hanging.
//!
//! `LATCHD_SEED=n` repeats a run.

use std::time::{SystemTime, UNIX_EPOCH};

use fastrand::Rng;

use crate::inspect::{assert_well, becomes, is_long, number, open_sockets};
use crate::support::{Client, Server, Silence, encode};

/// What a used-memory figure may move by itself: buffers that are kept, allocator slack.
const MEMORY_SLACK: u64 = 16 * 1024 * 1024;

fn seed() -> u64 {
    let given = std::env::var("LATCHD_SEED").ok();
    given.map_or_else(
        || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            u64::from(since.expect("the clock is after 1970").subsec_nanos())
        },
        |text| text.parse().expect("LATCHD_SEED is a number"),
    )
}

/// One connection's worth of garbage, of one of the kinds that reach different code.
fn garbage(random: &mut Rng) -> Vec<u8> {
    let length = random.usize(1..4096);
    match random.u8(0..5) {
        0 => (0..length).map(|_| random.u8(..)).collect(),
        1 => from(b"*$:+-_#,(%~>=|!0123456789\r\n", length, random),
        2 => words(random),
        3 => broken(requests(random), random),
        _ => truncated(requests(random), random),
    }
}

fn from(alphabet: &[u8], length: usize, random: &mut Rng) -> Vec<u8> {
    (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect()
}

/// Inline requests with quotes that may not end.
fn words(random: &mut Rng) -> Vec<u8> {
    let mut line = b"SET ".to_vec();
    line.extend(from(b"abc \"'\\x0\xff\t", random.usize(1..200), random));
    line.extend_from_slice(b"\r\n");
    line
}

fn requests(random: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.usize(1..8) {
        let key = random.u8(..).to_string();
        let value = from(b"01\r\n\0\xff", random.usize(..64), random);
        let request: Vec<&[u8]> = match random.u8(0..6) {
            0 => vec![b"GET", key.as_bytes()],
            1 => vec![b"SET", key.as_bytes(), &value],
            2 => vec![b"MULTI"],
            3 => vec![b"EXEC"],
            4 => vec![&value, &value, &value],
            _ => vec![b"HELLO", b"3"],
        };
        bytes.extend(encode(&request));
    }
    bytes
}

/// A few bytes changed anywhere: lengths and counts that lie.
fn broken(mut bytes: Vec<u8>, random: &mut Rng) -> Vec<u8> {
    for _ in 0..random.usize(1..5) {
        let at = random.usize(..bytes.len());
        bytes[at] = if random.bool() { random.u8(b'0'..=b'9') } else { random.u8(..) };
    }
    bytes
}

fn truncated(mut bytes: Vec<u8>, random: &mut Rng) -> Vec<u8> {
    bytes.truncate(random.usize(1..=bytes.len()));
    bytes
}

#[test]
fn garbage_neither_kills_nor_leaks() {
    let seed = seed();
    println!("LATCHD_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut server = Server::latchd(&[]);
    let mut observer = Client::connect(server.addr());
    // Asked before the files are counted: a connection has its file once it is answered.
    let memory = number(&mut observer, "used_memory");
    let files = open_sockets(&server);
    let connections = if is_long() { 50_000 } else { 1_000 };
    for _ in 0..connections {
        let bytes = garbage(&mut random);
        let mut client = Client::connect(server.addr());
        for piece in bytes.chunks(random.usize(1..=bytes.len())) {
            // The server may have closed already, which is what protocol errors deserve.
            client.send_raw(piece);
        }
        if random.bool() {
            client.shut_down_sending();
            let (received, silence) = client.read_to_end();
            let shown = String::from_utf8_lossy(&bytes);
            assert_eq!(silence, Silence::Closed, "seed {seed}: {shown:?} hangs: {received:?}");
        }
    }
    assert_well(&mut server, &mut observer);
    becomes(&files, || open_sockets(&server));
    assert_eq!(observer.ask("FLUSHALL"), "+OK\r\n");
    let grown = number(&mut observer, "used_memory").saturating_sub(memory);
    assert!(grown < MEMORY_SLACK, "seed {seed}: {grown} bytes are still in use");
}

/// Announced sizes are believed only as far as bytes arrive.
#[test]
fn announced_but_unsent_arguments_cost_no_memory() {
    let mut server = Server::latchd(&[]);
    let mut observer = Client::connect(server.addr());
    let memory = number(&mut observer, "used_memory");
    let liars: Vec<_> = (0..100)
        .map(|index| {
            let mut client = Client::connect(server.addr());
            let announced: &[u8] = if index % 2 == 0 {
                b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc"
            } else {
                b"*1048576\r\n$4\r\nMSET\r\n$1\r\na\r\n"
            };
            assert!(client.send_raw(announced));
            client
        })
        .collect();
    becomes(&101, || number(&mut observer, "connected_clients"));
    let grown = number(&mut observer, "used_memory").saturating_sub(memory);
    assert!(grown < 100 * 1024 * 1024, "{grown} bytes for announcements of 25 GB");
    drop(liars);
    assert_well(&mut server, &mut observer);
}
