//! Who may connect and for how long: `maxclients`, `timeout`, `protected-mode`, passwords.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::inspect::{assert_well, becomes, number};
use crate::support::{Client, Server, Silence};

#[test]
fn one_client_too_many_is_told_so() {
    let mut server = Server::latchd(&["--maxclients", "10"]);
    let mut inside: Vec<_> = (0..10).map(|_| Client::connect(server.addr())).collect();
    for client in &mut inside {
        assert_eq!(client.ask("PING"), "+PONG\r\n");
    }
    for _ in 0..3 {
        let (said, silence) = Client::connect(server.addr()).read_to_end();
        assert_eq!(said, b"-ERR max number of clients reached\r\n");
        assert_eq!(silence, Silence::Closed);
    }
    assert_eq!(number(&mut inside[0], "rejected_connections"), 3);
    assert_eq!(number(&mut inside[0], "connected_clients"), 10);

    // A place that becomes free is given to the next.
    inside.pop();
    becomes(&9, || number(&mut inside[0], "connected_clients"));
    let mut next = Client::connect(server.addr());
    assert_eq!(next.ask("PING"), "+PONG\r\n");
    inside.truncate(1);
    drop(next);
    assert_well(&mut server, &mut inside[0]);
}

#[test]
fn maxclients_changes_while_running() {
    let server = Server::latchd(&[]);
    let mut first = Client::connect(server.addr());
    assert_eq!(first.ask("CONFIG SET maxclients 1"), "+OK\r\n");
    let (said, _) = Client::connect(server.addr()).read_to_end();
    assert_eq!(said, b"-ERR max number of clients reached\r\n");
    assert_eq!(first.ask("CONFIG SET maxclients 2"), "+OK\r\n");
    assert_eq!(Client::connect(server.addr()).ask("PING"), "+PONG\r\n");
}

#[test]
fn an_idle_client_is_closed_and_a_busy_one_is_not() {
    let mut server = Server::latchd(&["--timeout", "3"]);
    let mut busy = Client::connect(server.addr());
    let began = Instant::now();
    let idle = Client::connect(server.addr());
    becomes(&2, || number(&mut busy, "connected_clients"));
    becomes(&1, || number(&mut busy, "connected_clients"));
    let lived = began.elapsed();
    assert!(lived >= Duration::from_millis(2_900), "closed after {lived:?}, 3 s are allowed");
    let mut idle = idle;
    assert_eq!(idle.read_to_end(), (Vec::new(), Silence::Closed));
    assert_well(&mut server, &mut busy);
}

/// An address of this machine that is not loopback, if it has one. No packet is sent to find it.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a UDP socket can be had");
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().expect("a bound socket has an address").ip())
}

#[test]
fn protected_mode_refuses_other_machines_until_there_is_a_password() {
    let Some(address) = own_address() else {
        println!("not tested: this machine has no way out, so nobody can come from outside");
        return;
    };
    let server = Server::latchd(&["--bind", "0.0.0.0"]);
    let outside = SocketAddr::new(address, server.port());
    let (said, silence) = Client::connect(outside).read_to_end();
    assert!(said.starts_with(b"-DENIED "), "{}", String::from_utf8_lossy(&said));
    assert_eq!(silence, Silence::Closed);

    let mut inside = Client::connect(server.addr());
    assert_eq!(inside.ask("CONFIG SET requirepass secret"), "+OK\r\n");
    let mut stranger = Client::connect(outside);
    assert_eq!(stranger.ask("PING"), "-NOAUTH Authentication required.\r\n");
    assert_eq!(stranger.ask("AUTH secret"), "+OK\r\n");
    assert_eq!(stranger.ask("PING"), "+PONG\r\n");

    assert_eq!(inside.ask("CONFIG SET requirepass \"\""), "+OK\r\n");
    assert_eq!(inside.ask("CONFIG SET protected-mode no"), "+OK\r\n");
    assert_eq!(Client::connect(outside).ask("PING"), "+PONG\r\n");
}

/// Whoever has not said a password gets small buffers only.
#[test]
fn strangers_may_not_send_big_requests() {
    let server = Server::latchd(&["--requirepass", "secret"]);
    for (request, refusal) in [
        (&b"*11\r\n"[..], "-ERR Protocol error: unauthenticated multibulk length\r\n"),
        (b"*2\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n"),
    ] {
        let mut client = Client::connect(server.addr());
        assert!(client.send_raw(request));
        let (said, silence) = client.read_to_end();
        assert_eq!((String::from_utf8_lossy(&said).as_ref(), silence), (refusal, Silence::Closed));
    }
    let mut friend = Client::connect(server.addr());
    assert_eq!(friend.ask("AUTH secret"), "+OK\r\n");
    assert_eq!(friend.call(&["SET", "k", &"x".repeat(20_000)]), b"+OK\r\n");
}
