//! Subscribers that do not read are closed at `client-output-buffer-limit pubsub`, and those that
//! do hear everything, at once.

use std::thread;
use std::time::{Duration, Instant};

use crate::inspect::{assert_well, becomes, number};
use crate::support::{Client, Frame, Server, Silence, encode};

const MESSAGE_BYTES: usize = 1024 * 1024;
/// More than the default limit, 32 MB, and the kernel's socket buffers together.
const MESSAGES: usize = 100;
/// Far above what an answer takes on a machine that other tests keep busy.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A subscriber of `news` that speaks RESP2.
fn subscriber(server: &Server) -> Client {
    let mut client = Client::connect(server.addr());
    let told = client.ask("SUBSCRIBE news");
    assert_eq!(told, "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    client
}

/// A message that can be told from the others by its first bytes.
fn message(number: usize) -> String {
    format!("{number:08}{}", "x".repeat(MESSAGE_BYTES - 8))
}

/// Publishes; how many got it.
fn publish(client: &mut Client, number: usize) -> i64 {
    let reply = client.call(&["PUBLISH", "news", &message(number)]);
    let (frame, _) = Frame::parse(&reply).expect("RESP").expect("a whole reply");
    frame.as_int().expect("PUBLISH answers with a number")
}

/// The number of the next message.
fn hear(client: &mut Client) -> usize {
    let reply = client.reply().expect("a message");
    let (frame, _) = Frame::parse(&reply).expect("RESP").expect("a whole message");
    let text = frame.as_list().and_then(|words| words.get(2)?.as_bytes()).expect("three words");
    assert_eq!(text.len(), MESSAGE_BYTES);
    String::from_utf8_lossy(&text[..8]).parse().expect("it begins with its number")
}

#[test]
fn a_subscriber_that_does_not_read_is_closed_by_default_and_nobody_else_notices() {
    let server = Server::latchd(&["--threads", "2"]);
    let mut other = Client::connect(server.addr());
    let memory_before = number(&mut other, "used_memory");
    let (mut slow, mut quick) = (subscriber(&server), subscriber(&server));
    let mut publisher = Client::connect(server.addr());
    let slowest = thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let heard: Vec<usize> = (0..MESSAGES).map(|_| hear(&mut quick)).collect();
            assert!(heard.into_iter().eq(0..MESSAGES), "every message once, in order");
        });
        let mut slowest = Duration::ZERO;
        for number in 0..MESSAGES {
            publish(&mut publisher, number);
            let began = Instant::now();
            assert_eq!(other.ask("INCR n").as_bytes()[0], b':');
            slowest = slowest.max(began.elapsed());
        }
        reading.join().expect("the quick one hears everything");
        slowest
    });
    assert!(slowest < ANSWER_MAX, "another client waited {slowest:?}");
    becomes(&1, || number(&mut other, "pubsub_clients"));
    assert_eq!(other.ask("PUBSUB NUMSUB news"), "*2\r\n$4\r\nnews\r\n:1\r\n");
    assert_eq!(number(&mut other, "client_output_buffer_limit_disconnections"), 1);
    let (received, silence) = slow.read_to_end();
    assert_eq!(silence, Silence::Closed);
    assert!(received.len() < MESSAGES * MESSAGE_BYTES, "it was closed before it had everything");
    drop((quick, publisher));
    becomes(&0, || number(&mut other, "pubsub_channels"));
    let mut server = server;
    assert_well(&mut server, &mut other);
    let grown = number(&mut other, "used_memory").saturating_sub(memory_before);
    assert!(grown < 8 * MESSAGE_BYTES as u64, "{grown} bytes are still in use");
}

/// The limit of the other clients is another one, and who leaves its channels is one of them again.
#[test]
fn a_subscriber_has_the_limit_of_subscribers_and_only_as_long_as_it_is_one() {
    let limits = ["normal", "1mb", "0", "0", "pubsub", "0", "0", "0"];
    let limits = [&["--client-output-buffer-limit"], &limits[..]].concat();
    let mut server = Server::latchd(&limits);
    let mut other = Client::connect(server.addr());
    let mut behind = subscriber(&server);
    for number in 0..32 {
        assert_eq!(publish(&mut other, number), 1);
    }
    assert!((0..32).map(|_| hear(&mut behind)).eq(0..32), "without a limit nothing is lost");
    let told = behind.ask("UNSUBSCRIBE");
    assert_eq!(told, "*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:0\r\n");
    assert_eq!(other.call(&["SET", "big", &message(0)]), b"+OK\r\n");
    assert!(behind.send_raw(&encode(&["GET", "big"]).repeat(64)));
    becomes(&1, || number(&mut other, "connected_clients"));
    assert_well(&mut server, &mut other);
}

#[test]
fn the_soft_limit_closes_a_subscriber_after_its_time_though_nothing_more_happens() {
    let limit = ["--client-output-buffer-limit", "pubsub", "0", "1mb", "2"];
    let mut server = Server::latchd(&limit);
    let mut other = Client::connect(server.addr());
    let slow = subscriber(&server);
    let began = Instant::now();
    for number in 0..32 {
        assert_eq!(publish(&mut other, number), 1);
    }
    becomes(&1, || number(&mut other, "connected_clients"));
    let lived = began.elapsed();
    assert!(lived >= Duration::from_millis(1_900), "closed after {lived:?}, the limit allows 2 s");
    drop(slow);
    assert_well(&mut server, &mut other);
}

/// Its worker sleeps, and so does the publisher's: nothing but the message wakes it.
#[test]
fn an_idle_subscriber_hears_at_once_whichever_core_it_is_on() {
    let server = Server::latchd(&["--threads", "2"]);
    let mut subscribers: Vec<Client> = (0..8).map(|_| subscriber(&server)).collect();
    let mut publisher = Client::connect(server.addr());
    for number in 0..20 {
        let began = Instant::now();
        assert_eq!(publish(&mut publisher, number), 8);
        for subscriber in &mut subscribers {
            assert_eq!(hear(subscriber), number);
        }
        assert!(began.elapsed() < ANSWER_MAX, "nobody waited for something else");
    }
}
