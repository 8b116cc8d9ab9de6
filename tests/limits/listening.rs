//! CONFIG SET moves the server to another port or address while it runs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::inspect::{assert_well, becomes, open_sockets};
use crate::support::{Client, Server};

/// A port that nobody uses.
fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    socket.local_addr().expect("it is bound").port()
}

fn on(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn is_open(address: SocketAddr) -> bool {
    std::net::TcpStream::connect(address).is_ok()
}

#[test]
fn the_port_moves_and_connections_stay() {
    for threads in ["1", "4"] {
        let mut server = Server::latchd(&["--threads", threads]);
        let mut client = Client::connect(server.addr());
        assert_eq!(client.ask("SET k v"), "+OK\r\n");
        let before = open_sockets(&server);
        for _ in 0..5 {
            let port = free_port();
            let old = client.ask("CONFIG GET port");
            let old: u16 = old.lines().last().and_then(|it| it.parse().ok()).expect("a port");
            assert_eq!(client.ask(&format!("CONFIG SET port {port}")), "+OK\r\n");
            assert!(!is_open(on(old)), "nobody listens on the old port");
            // Every worker accepts there.
            let mut more: Vec<_> = (0..16).map(|_| Client::connect(on(port))).collect();
            more.iter_mut().for_each(|next| assert_eq!(next.ask("GET k"), "$1\r\nv\r\n"));
            assert_eq!(client.ask("GET k"), "$1\r\nv\r\n");
        }
        becomes(&before, || open_sockets(&server));
        assert_well(&mut server, &mut client);
    }
}

#[test]
fn a_port_that_is_taken_changes_nothing() {
    let mut server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    let other = Server::latchd(&[]);
    let (free, taken) = (free_port(), other.port());
    assert_eq!(
        client.ask(&format!("CONFIG SET timeout 5 port {taken}")),
        "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this \
         port. Check server logs.\r\n"
    );
    // The directory comes after the port, which is taken back.
    let refused = client.ask(&format!("CONFIG SET port {free} dir /nosuch"));
    assert!(refused.starts_with("-ERR CONFIG SET failed"), "{refused}");
    assert!(!is_open(on(free)));
    assert_eq!(client.ask("CONFIG GET timeout"), "*2\r\n$7\r\ntimeout\r\n$1\r\n0\r\n");
    assert_eq!(Client::connect(server.addr()).ask("PING"), "+PONG\r\n");
    assert!(server.log().contains("CONFIG SET port: "), "{}", server.log());
    assert_well(&mut server, &mut client);
}

#[test]
fn addresses_come_and_go_on_the_same_port() {
    let mut server = Server::latchd(&["--bind", "127.0.0.1"]);
    let mut client = Client::connect(server.addr());
    let second = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), server.port()));
    assert!(!is_open(second));
    for (bind, opens) in [
        ("127.0.0.1 127.0.0.2", true),
        ("127.0.0.1", false),
        ("0.0.0.0", true),
        ("127.0.0.1", false),
    ] {
        assert_eq!(client.ask(&format!("CONFIG SET bind \"{bind}\"")), "+OK\r\n", "{bind}");
        assert_eq!(is_open(second), opens, "{bind}");
        assert_eq!(Client::connect(server.addr()).ask("PING"), "+PONG\r\n", "{bind}");
    }
    assert_eq!(
        client.ask("CONFIG SET bind 192.0.2.1"),
        "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to \
         specified addresses.\r\n"
    );
    assert_eq!(client.ask("CONFIG SET port 0"), "+OK\r\n");
    assert!(!is_open(server.addr()));
    assert_eq!(client.ask(&format!("CONFIG SET port {}", server.port())), "+OK\r\n");
    assert_well(&mut server, &mut client);
}
