//! SIGTERM under load: exit 0, and everybody has the replies to what the server has done.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use crate::inspect::becomes;
use crate::pause::waiting;
use crate::support::{Client, Server, Silence, encode};

const CLIENTS: usize = 50;
const DEPTH: usize = 16;
/// Together before the signal, so that all of them are in full swing.
const COUNT_BEFORE: i64 = 20_000;
const STOPS_WITHIN: Duration = Duration::from_secs(10);
/// What the log says of clients that were waited for.
const WAITED_IN_VAIN: &str = "have not taken their replies";

/// Increments the shared counter, `DEPTH` requests ahead, until the server closes. Gives back
/// each value that it was told, and whether the last reply was whole.
fn load(mut client: Client) -> (Vec<i64>, bool) {
    let mut told = Vec::new();
    let batch = encode(&["INCR", "total"]).repeat(DEPTH);
    loop {
        client.send_raw(&batch);
        for _ in 0..DEPTH {
            match client.reply() {
                Ok(reply) => told.push(integer(&reply)),
                Err(silence) => {
                    let (rest, _) = client.read_to_end();
                    return (told, silence == Silence::Closed && rest.is_empty());
                }
            }
        }
    }
}

fn integer(reply: &[u8]) -> i64 {
    let text = String::from_utf8_lossy(reply);
    let digits = text.strip_prefix(':').and_then(|text| text.strip_suffix("\r\n"));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no integer: {text:?}"))
}

#[track_caller]
fn stops_cleanly(signal: i32) {
    let mut server = Server::latchd(&[]);
    let clients: Vec<_> = (0..CLIENTS).map(|_| Client::connect(server.addr())).collect();
    let mut observer = Client::connect(server.addr());
    let (status, told) = thread::scope(|scope| {
        let loads: Vec<_> = clients.into_iter().map(|one| scope.spawn(|| load(one))).collect();
        while observer
            .ask("GET total")
            .lines()
            .nth(1)
            .map_or(0, |digits| digits.parse().expect("a counter is a number"))
            < COUNT_BEFORE
        {}
        server.signal(signal);
        let status = server.wait_exit(STOPS_WITHIN);
        let told: Vec<_> =
            loads.into_iter().map(|load| load.join().expect("a load ends by itself")).collect();
        (status, told)
    });
    let status = status.unwrap_or_else(|| panic!("it does not stop:\n{}", server.log()));
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert!(told.iter().all(|(_, whole)| *whole), "every reply is whole");

    // Every increment was told to exactly one client: what is missing was done but not answered.
    let count: usize = told.iter().map(|(values, _)| values.len()).sum();
    let values: BTreeSet<i64> = told.into_iter().flat_map(|(values, _)| values).collect();
    let last = *values.last().expect("the clients have done something");
    assert_eq!(values.len(), count, "no value twice");
    let missing: Vec<_> = (1..=last).filter(|value| !values.contains(value)).collect();
    assert!(missing.is_empty(), "{} were done and not answered: {missing:?}", missing.len());
}

#[test]
fn sigterm_answers_what_was_received() {
    stops_cleanly(libc::SIGTERM);
}

#[test]
fn sigint_answers_what_was_received() {
    stops_cleanly(libc::SIGINT);
}

#[test]
fn the_shutdown_command_ends_with_zero() {
    let mut server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    client.send(&["SHUTDOWN", "NOSAVE"]);
    let (said, silence) = client.read_to_end();
    assert_eq!((said, silence), (Vec::new(), Silence::Closed));
    let status = server.wait_exit(STOPS_WITHIN).expect("it stops");
    assert_eq!(status.code(), Some(0), "{}", server.log());
}

#[test]
fn the_port_is_free_at_once_for_the_next_start() {
    let mut server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("PING"), "+PONG\r\n");
    for _ in 0..3 {
        assert_eq!(server.stop().code(), Some(0), "{}", server.log());
        server.restart();
        assert_eq!(Client::connect(server.addr()).ask("PING"), "+PONG\r\n");
    }
}

/// A server with a client whose replies are more than fits into the sockets.
fn with_a_client_that_reads_nothing(directives: &[&str]) -> (Server, Client, Client) {
    let server = Server::latchd(directives);
    let (mut other, mut unread) = (Client::connect(server.addr()), Client::connect(server.addr()));
    assert_eq!(other.call(&["SET", "big", &"x".repeat(1024 * 1024)]), b"+OK\r\n");
    assert!(unread.send_raw(&encode(&["GET", "big"]).repeat(128)));
    becomes(&1, || other.ask("CLIENT LIST").matches(" omem=0 ").count());
    (server, other, unread)
}

#[test]
fn a_client_that_reads_nothing_is_not_waited_for() {
    let (mut server, _other, _unread) =
        with_a_client_that_reads_nothing(&["--shutdown-timeout", "600"]);
    server.signal(libc::SIGTERM);
    let status = server.wait_exit(STOPS_WITHIN).expect("it stops");
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert!(server.log().contains(WAITED_IN_VAIN), "{}", server.log());
}

#[test]
fn a_client_that_reads_gets_everything_at_a_shutdown() {
    let (mut server, _other, mut unread) = with_a_client_that_reads_nothing(&[]);
    server.signal(libc::SIGTERM);
    for _ in 0..128 {
        assert_eq!(unread.reply().map(|reply| reply.len()), Ok(1024 * 1024 + 12));
    }
    assert_eq!(unread.read_to_end(), (Vec::new(), Silence::Closed));
    let status = server.wait_exit(STOPS_WITHIN).expect("it stops");
    assert_eq!(status.code(), Some(0), "{}", server.log());
}

#[test]
fn shutdown_now_waits_for_nobody() {
    let (mut server, mut other, mut unread) = with_a_client_that_reads_nothing(&[]);
    assert!(other.send(&["SHUTDOWN", "NOSAVE", "NOW"]));
    let status = server.wait_exit(STOPS_WITHIN).expect("it stops");
    assert!(!server.log().contains(WAITED_IN_VAIN), "{}", server.log());
    assert_eq!(status.code(), Some(0), "{}", server.log());
    let (received, silence) = unread.read_to_end();
    assert_eq!(silence, Silence::Closed);
    assert!(received.len() < 128 * 1024 * 1024, "it was cut off");
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let (mut server, _other, mut unread) = with_a_client_that_reads_nothing(&[]);
    server.signal(libc::SIGTERM);
    becomes(&true, || server.log().contains("Received SIGTERM"));
    server.signal(libc::SIGINT);
    let status = server.wait_exit(STOPS_WITHIN).expect("it stops");
    assert_eq!(status.code(), Some(1), "{}", server.log());
    assert!(server.log().contains("You insist"), "{}", server.log());
    assert_eq!(unread.read_to_end().1, Silence::Closed);
}

#[test]
fn a_paused_client_does_not_hold_the_end_up() {
    let mut server = Server::latchd(&["--shutdown-timeout", "600"]);
    let mut observer = Client::connect(server.addr());
    let mut writer = Client::connect(server.addr());
    assert_eq!(observer.ask("CLIENT PAUSE 600000 WRITE"), "+OK\r\n");
    assert!(writer.send(&["SET", "k", "v"]));
    becomes(&1, || waiting(&mut observer));
    server.signal(libc::SIGTERM);
    let status = server.wait_exit(STOPS_WITHIN).expect("it stops");
    assert!(!server.log().contains(WAITED_IN_VAIN), "{}", server.log());
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!(writer.read_to_end(), (Vec::new(), Silence::Closed));
}

#[test]
fn nothing_runs_behind_the_shutdown_command() {
    let mut server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    let pipeline = [encode(&["SHUTDOWN", "NOSAVE"]), encode(&["SET", "k", "v"])].concat();
    assert!(client.send_raw(&pipeline));
    assert_eq!(client.read_to_end(), (Vec::new(), Silence::Closed));
    assert_eq!(server.wait_exit(STOPS_WITHIN).expect("it stops").code(), Some(0));
}
