//! Who is sent away still gets what it was sent last, although it has not stopped sending.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::inspect::{assert_well, becomes, number, open_sockets};
use crate::support::{Client, Server, encode};

/// More than any socket buffer, and less than what the server reads on for.
const MUCH: usize = 8 << 20;

/// What comes back when much is sent behind `request`. Neither side is cut off.
fn sent_with_much_behind(server: &Server, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.addr()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("the timeout is not zero");
    let mut sending = stream.try_clone().expect("a socket can be shared");
    let bytes = [request, &b"x".repeat(MUCH)].concat();
    let sender = thread::spawn(move || sending.write_all(&bytes));
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("the connection ends as it should");
    sender.join().expect("sending does not panic").expect("everything can be sent");
    received
}

#[test]
fn an_error_that_ends_the_connection_arrives_whatever_is_still_being_sent() {
    let mut server = Server::latchd(&[]);
    let error = b"-ERR Protocol error: invalid bulk length\r\n".to_vec();
    for _ in 0..20 {
        assert_eq!(sent_with_much_behind(&server, b"*1\r\n$-5\r\n"), error);
    }
    let mut next = Client::connect(server.addr());
    assert_well(&mut server, &mut next);
}

#[test]
fn replies_before_quit_arrive_whatever_is_sent_behind_it() {
    let server = Server::latchd(&[]);
    let value = "v".repeat(100_000);
    Client::connect(server.addr()).call(&["SET", "k", &value]);
    let gets = encode(&["GET", "k"]).repeat(20);
    let replies = format!("$100000\r\n{value}\r\n").repeat(20) + "+OK\r\n";
    for _ in 0..5 {
        let got = sent_with_much_behind(&server, &[&*gets, &encode(&["QUIT"])].concat());
        assert!(got == replies.as_bytes(), "{} of {} bytes", got.len(), replies.len());
    }
}

#[test]
fn who_is_refused_learns_why_although_it_has_asked_for_something() {
    let mut server = Server::latchd(&["--maxclients", "1"]);
    let mut inside = Client::connect(server.addr());
    assert_eq!(inside.ask("PING"), "+PONG\r\n");
    for _ in 0..20 {
        let got = sent_with_much_behind(&server, &encode(&["HELLO", "3"]));
        assert_eq!(got, b"-ERR max number of clients reached\r\n");
    }
    assert_well(&mut server, &mut inside);
}

#[test]
fn who_does_not_close_is_not_waited_for() {
    let mut server = Server::latchd(&[]);
    let mut first = Client::connect(server.addr());
    assert_eq!(first.ask("PING"), "+PONG\r\n");
    let before = open_sockets(&server);
    let mut left: Vec<Client> = (0..40).map(|_| Client::connect(server.addr())).collect();
    for client in &mut left {
        assert_eq!(client.ask("QUIT"), "+OK\r\n");
    }
    // As if they had gone, though their sockets are still there.
    becomes(&1, || number(&mut first, "connected_clients"));
    becomes(&before, || open_sockets(&server));
    drop(left);
    assert_well(&mut server, &mut first);
}
