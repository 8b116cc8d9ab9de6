//! Requests at the limits: huge values in linear time, a million arguments, and one byte too much.

use std::time::{Duration, Instant};

use crate::inspect::{assert_well, is_long, number};
use crate::support::{Client, Server, Silence, encode};

const MIB: usize = 1024 * 1024;
/// The slowest that a value may travel in both directions. A server that copies what it already has
/// with each read is a hundred times slower on the bigger value.
const BYTES_PER_SECOND_MIN: usize = 8 * MIB;

#[test]
fn a_huge_value_goes_in_and_out_in_linear_time() {
    let server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    let bytes = if is_long() { 512 * MIB } else { 64 * MIB };
    let value: Vec<u8> = (0..bytes).map(|at| (at * 31 / 7) as u8).collect();
    let time_max = Duration::from_secs((bytes / BYTES_PER_SECOND_MIN) as u64);
    client.set_patience(time_max);

    let began = Instant::now();
    assert_eq!(client.call(&[&b"SET"[..], b"huge", &value]), b"+OK\r\n");
    let reply = client.call(&["GET", "huge"]);
    let took = began.elapsed();
    assert!(took < time_max, "{bytes} bytes took {took:?}");

    let head = format!("${bytes}\r\n").into_bytes();
    assert_eq!(&reply[..head.len()], head);
    assert!(reply[head.len()..head.len() + bytes] == value, "every byte came back");
    assert_eq!(&reply[head.len() + bytes..], b"\r\n");
}

#[test]
fn a_million_arguments_go_in_in_linear_time() {
    let server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    client.set_patience(Duration::from_secs(60));
    let arguments = 1024 * 1024;
    let mut request = format!("*{arguments}\r\n$3\r\nDEL\r\n").into_bytes();
    for number in 1..arguments {
        let key = format!("k{number}");
        request.extend_from_slice(format!("${}\r\n{key}\r\n", key.len()).as_bytes());
    }
    assert_eq!(client.ask("MSET k1 a k1048575 b other c"), "+OK\r\n");
    let began = Instant::now();
    assert!(client.send_raw(&request));
    assert_eq!(client.reply().as_deref(), Ok(&b":2\r\n"[..]));
    assert!(began.elapsed() < Duration::from_secs(30), "took {:?}", began.elapsed());
    assert_eq!(client.ask("DBSIZE"), ":1\r\n");
}

/// A pipeline larger than all buffers between the two, written while nobody reads yet.
#[test]
fn a_pipeline_of_any_depth_is_answered_in_order() {
    let server = Server::latchd(&[]);
    let depth = if is_long() { 2_000_000 } else { 200_000 };
    let mut client = Client::connect(server.addr());
    client.set_patience(Duration::from_secs(120));
    let mut pipeline = Vec::new();
    for number in 0..depth {
        pipeline.extend(encode(&["ECHO", &number.to_string()]));
    }
    pipeline.extend(encode(&["QUIT"]));
    // Nobody reads until everything is written, so the server must take it all in.
    assert!(client.send_raw(&pipeline));
    let (received, silence) = client.read_to_end();
    assert_eq!(silence, Silence::Closed);
    let mut expected = Vec::new();
    for number in 0..depth {
        let digits = number.to_string();
        expected.extend_from_slice(format!("${}\r\n{digits}\r\n", digits.len()).as_bytes());
    }
    expected.extend_from_slice(b"+OK\r\n");
    assert!(received == expected, "{} bytes for {}", received.len(), expected.len());
}

#[test]
fn a_request_above_the_query_buffer_limit_closes_the_client() {
    let mut server = Server::latchd(&["--client-query-buffer-limit", "1mb"]);
    let mut other = Client::connect(server.addr());
    let mut greedy = Client::connect(server.addr());
    greedy.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\n");
    // Half of it is above the limit; the server may close while it is being written.
    greedy.send_raw(&vec![b'x'; 2 * MIB]);
    assert_eq!(greedy.read_to_end(), (Vec::new(), Silence::Closed));
    assert_eq!(other.ask("EXISTS k"), ":0\r\n");

    // Many small requests are not one big one.
    let small = encode(&["SET", "small", &"x".repeat(100)]).repeat(50_000);
    let mut client = Client::connect(server.addr());
    assert!(client.send_raw(&small));
    for _ in 0..50_000 {
        assert_eq!(client.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    }
    drop((client, greedy));
    assert_well(&mut server, &mut other);
}

/// What MULTI queues has not run yet, so it counts as a request that is still being sent.
#[test]
fn a_transaction_above_the_query_buffer_limit_closes_the_client() {
    let mut server = Server::latchd(&["--client-query-buffer-limit", "1mb"]);
    let mut other = Client::connect(server.addr());
    let set = encode(&["SET", "k", &"x".repeat(100_000)]);
    let mut below = Client::connect(server.addr());
    assert!(below.send_raw(&[encode(&["MULTI"]), set.repeat(10), encode(&["EXEC"])].concat()));
    assert_eq!(below.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    for _ in 0..10 {
        assert_eq!(below.reply().as_deref(), Ok(&b"+QUEUED\r\n"[..]));
    }
    assert_eq!(below.reply().map(|reply| reply.len()), Ok("*10\r\n".len() + 10 * "+OK\r\n".len()));

    let mut greedy = Client::connect(server.addr());
    assert_eq!(greedy.ask("MULTI"), "+OK\r\n");
    for _ in 0..10 {
        assert!(greedy.send_raw(&set));
        assert_eq!(greedy.reply().as_deref(), Ok(&b"+QUEUED\r\n"[..]));
    }
    assert!(greedy.send_raw(&set));
    assert_eq!(greedy.read_to_end(), (Vec::new(), Silence::Closed));
    assert_eq!(number(&mut other, "client_query_buffer_limit_disconnections"), 1);
    drop((below, greedy));
    assert_well(&mut server, &mut other);
}

/// What Redis refuses by the protocol alone, word for word; the connection is closed after it.
#[test]
fn protocol_limits_have_their_words() {
    let mut server = Server::latchd(&[]);
    let mut other = Client::connect(server.addr());
    let endless = vec![b'x'; 2 * MIB];
    let long_count = [b"*".as_slice(), &endless].concat();
    let long_size = [b"*1\r\n$".as_slice(), &endless].concat();
    let cases: [(&[u8], &str); 10] = [
        (&endless, "too big inline request"),
        (&long_count, "too big mbulk count string"),
        (&long_size, "too big bulk count string"),
        (b"*2147483648\r\n", "invalid multibulk length"),
        (b"*x\r\n", "invalid multibulk length"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n:1\r\n", "expected '$', got ':'"),
        (b"SET k \"open\r\n", "unbalanced quotes in request"),
        (b"SET k 'a'b\r\n", "unbalanced quotes in request"),
    ];
    for (bytes, words) in cases {
        let mut client = Client::connect(server.addr());
        client.send_raw(bytes);
        let (said, silence) = client.read_to_end();
        // Bytes that were still on the way reset the connection and can take the words with them.
        let expected = format!("-ERR Protocol error: {words}\r\n");
        let lost = said.is_empty() && bytes.len() > MIB;
        assert!(lost || said == expected.as_bytes(), "{}", String::from_utf8_lossy(&said));
        assert_eq!(silence, Silence::Closed, "{words}");
    }
    assert_well(&mut server, &mut other);
}

#[test]
fn proto_max_bulk_len_is_a_setting() {
    let server = Server::latchd(&["--proto-max-bulk-len", "1mb"]);
    let mut client = Client::connect(server.addr());
    assert_eq!(client.call(&["SET", "k", &"x".repeat(MIB)]), b"+OK\r\n");
    let refused = client.call(&["APPEND", "k", "x"]);
    let words = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
    assert_eq!(String::from_utf8_lossy(&refused), words);
    assert!(client.send_raw(b"*2\r\n$3\r\nGET\r\n$1048577\r\n"));
    let (said, silence) = client.read_to_end();
    assert_eq!(said, b"-ERR Protocol error: invalid bulk length\r\n");
    assert_eq!(silence, Silence::Closed);
}

#[test]
fn an_inline_request_may_be_long() {
    let server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    let value = "x".repeat(60_000);
    assert!(client.send_raw(format!("SET k {value}\r\n").as_bytes()));
    assert_eq!(client.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    assert_eq!(client.ask("STRLEN k"), ":60000\r\n");
}
