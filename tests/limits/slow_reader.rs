//! A client that asks for much and reads nothing is closed at `client-output-buffer-limit`.

use std::time::{Duration, Instant};

use crate::inspect::{assert_well, becomes, number};
use crate::support::{Client, Server, Silence, encode};

const VALUE_BYTES: usize = 1024 * 1024;
/// Replies of 200 MB: more than the kernel's socket buffers and the limit together.
const REQUESTS: usize = 200;
/// Far above what an answer takes on a machine that other tests keep busy.
const ANSWER_MAX: Duration = Duration::from_secs(5);

fn with_big_value(directives: &[&str]) -> (Server, Client) {
    let server = Server::latchd(directives);
    let mut client = Client::connect(server.addr());
    assert_eq!(client.call(&["SET", "big", &"x".repeat(VALUE_BYTES)]), b"+OK\r\n");
    (server, client)
}

/// A client that the server has seen: from now on it counts as connected.
fn admitted(server: &Server) -> Client {
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("PING"), "+PONG\r\n");
    client
}

#[test]
fn a_slow_reader_is_closed_and_nobody_else_notices() {
    let (mut server, mut other) =
        with_big_value(&["--client-output-buffer-limit", "normal", "8mb", "0", "0"]);
    let memory_before = number(&mut other, "used_memory");
    let mut slow = admitted(&server);
    assert!(slow.send_raw(&encode(&["GET", "big"]).repeat(REQUESTS)));

    let mut slowest = Duration::ZERO;
    becomes(&1, || {
        let began = Instant::now();
        assert_eq!(other.ask("INCR n").as_bytes()[0], b':');
        slowest = slowest.max(began.elapsed());
        number(&mut other, "connected_clients")
    });
    assert!(slowest < ANSWER_MAX, "another client waited {slowest:?}");

    let (received, silence) = slow.read_to_end();
    assert_eq!(silence, Silence::Closed);
    assert!(received.len() < REQUESTS * VALUE_BYTES, "it was closed before everything was sent");
    let grown = number(&mut other, "used_memory").saturating_sub(memory_before);
    assert!(grown < 8 * VALUE_BYTES as u64, "{grown} bytes are still in use");
    assert_well(&mut server, &mut other);
}

#[test]
fn a_reader_below_the_limit_gets_everything() {
    let (mut server, mut other) =
        with_big_value(&["--client-output-buffer-limit", "normal", "64mb", "0", "0"]);
    let mut patient = Client::connect(server.addr());
    for _ in 0..5 {
        assert!(patient.send_raw(&encode(&["GET", "big"]).repeat(8)));
        for _ in 0..8 {
            assert_eq!(patient.reply().map(|reply| reply.len()), Ok(VALUE_BYTES + 12));
        }
    }
    drop(patient);
    assert_well(&mut server, &mut other);
}

#[test]
fn the_soft_limit_closes_only_after_its_time() {
    let (mut server, mut other) =
        with_big_value(&["--client-output-buffer-limit", "normal", "0", "1mb", "2"]);
    let mut slow = admitted(&server);
    let began = Instant::now();
    assert!(slow.send_raw(&encode(&["GET", "big"]).repeat(REQUESTS)));
    becomes(&1, || number(&mut other, "connected_clients"));
    let lived = began.elapsed();
    assert!(lived >= Duration::from_secs(1), "closed after {lived:?}, the limit allows 2 s");
    assert_well(&mut server, &mut other);
}

/// The time may become longer while it runs: then a look at the old time finds nothing wrong, and
/// there must be another one.
#[test]
fn a_soft_limit_that_is_extended_closes_at_its_new_time() {
    let (mut server, mut other) =
        with_big_value(&["--client-output-buffer-limit", "normal", "0", "1mb", "3"]);
    let mut slow = admitted(&server);
    let began = Instant::now();
    assert!(slow.send_raw(&encode(&["GET", "big"]).repeat(REQUESTS)));
    becomes(&1, || other.ask("CLIENT LIST").matches(" omem=0 ").count());
    assert_eq!(other.ask("CONFIG SET client-output-buffer-limit \"normal 0 1mb 4\""), "+OK\r\n");
    becomes(&1, || number(&mut other, "connected_clients"));
    let lived = began.elapsed();
    assert!(lived >= Duration::from_millis(3_900), "closed after {lived:?}, the limit allows 4 s");
    assert_well(&mut server, &mut other);
}

/// A client that has been told that it will be closed after its replies, and does not take them.
#[test]
fn the_soft_limit_holds_for_who_is_leaving() {
    let (mut server, mut other) =
        with_big_value(&["--client-output-buffer-limit", "normal", "0", "1mb", "1"]);
    let mut slow = admitted(&server);
    let requests = [encode(&["GET", "big"]).repeat(REQUESTS), encode(&["QUIT"])].concat();
    assert!(slow.send_raw(&requests));
    becomes(&1, || number(&mut other, "connected_clients"));
    assert_well(&mut server, &mut other);
}

/// The default has no limit for ordinary clients, and whoever has no password is none.
#[test]
fn who_has_not_given_the_password_and_reads_nothing_is_closed() {
    let mut server = Server::latchd(&["--requirepass", "secret"]);
    let mut other = Client::connect(server.addr());
    assert_eq!(other.ask("AUTH secret"), "+OK\r\n");
    let mut stranger = Client::connect(server.addr());
    assert!(stranger.ask("PING").starts_with("-NOAUTH"));
    // 12 MB of errors. The server may close before it has read all of the requests.
    let request = format!("{} {}\r\n", "a".repeat(128), "b".repeat(128));
    let _ = stranger.send_raw(&request.into_bytes().repeat(40_000));
    becomes(&1, || number(&mut other, "connected_clients"));
    assert_eq!(number(&mut other, "client_output_buffer_limit_disconnections"), 1);
    assert_well(&mut server, &mut other);
}

/// Without a limit (the default) the server keeps what a slow reader has asked for.
#[test]
fn a_reader_without_a_limit_gets_everything_late() {
    let (mut server, mut other) = with_big_value(&[]);
    let mut late = Client::connect(server.addr());
    assert!(late.send_raw(&encode(&["GET", "big"]).repeat(64)));
    assert_eq!(other.ask("SET big small"), "+OK\r\n");
    let old = VALUE_BYTES + 12;
    let sizes: Vec<_> = (0..64).map(|_| late.reply().expect("a reply").len()).collect();
    let boundary = sizes.iter().take_while(|&&size| size == old).count();
    assert!(sizes[boundary..].iter().all(|&size| size == b"$5\r\nsmall\r\n".len()), "{sizes:?}");
    drop(late);
    assert_well(&mut server, &mut other);
}

/// A client that reads steadily, and stays behind by as much as it was at first.
#[test]
fn a_reader_that_stays_behind_costs_what_it_has_not_taken() {
    let (mut server, mut other) = with_big_value(&[]);
    let memory_before = number(&mut other, "used_memory");
    let mut behind = admitted(&server);
    let request = encode(&["GET", "big"]);
    assert!(behind.send_raw(&request.repeat(128)));
    for _ in 0..512 {
        assert!(behind.send_raw(&request));
        assert_eq!(behind.reply().map(|reply| reply.len()), Ok(VALUE_BYTES + 12));
    }
    let grown = number(&mut other, "used_memory").saturating_sub(memory_before);
    // As much that was sent as waits, in a buffer that has doubled just now: 512 values. All that
    // was sent is 640 of them, in a buffer of 1,024.
    assert!(grown < 560 * VALUE_BYTES as u64, "{grown} bytes for 128 replies");
    drop(behind);
    assert_well(&mut server, &mut other);
}

/// Only who neither asks nor takes anything is idle.
#[test]
fn timeout_leaves_a_client_alone_that_takes_its_replies_slowly() {
    let (mut server, mut other) = with_big_value(&["--timeout", "2"]);
    let mut slow = admitted(&server);
    assert!(slow.send_raw(&encode(&["GET", "big"]).repeat(REQUESTS)));
    let began = Instant::now();
    for count in 1..=30 {
        assert_eq!(slow.reply().map(|reply| reply.len()), Ok(VALUE_BYTES + 12), "reply {count}");
        becomes(&true, || {
            assert_eq!(other.ask("PING"), "+PONG\r\n");
            began.elapsed() > count * Duration::from_millis(150)
        });
    }
    // From here on it takes nothing.
    becomes(&1, || number(&mut other, "connected_clients"));
    assert_well(&mut server, &mut other);
}
