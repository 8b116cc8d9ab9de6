//! The same requests to latchd and to a real `redis-server`, replies compared byte for byte.
#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

#[path = "../support/mod.rs"]
mod support;

#[test]
fn smoke() {
    let mut server = support::Server::redis(&[]);
    let mut client = support::Client::connect(server.addr());
    assert_eq!(client.ask("SET a \"x\\xff y\""), "+OK\r\n");
    assert_eq!(client.call(&["GET", "a"]), b"$4\r\nx\xff y\r\n");
    assert!(server.stop().success());
    server.restart();
    let mut client = support::Client::connect_resp3(server.addr());
    assert_eq!(client.ask("GET a"), "_\r\n");
    client.send_raw(b"PING\r\n*x\r\n");
    client.shut_down_sending();
    println!("{:?}", client.read_to_end());
}
