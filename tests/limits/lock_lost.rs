//! An idle connection hears at once that it has lost a lock.

use std::time::{Duration, Instant};

use crate::support::{Client, Server};

#[test]
fn an_idle_resp3_connection_is_told_of_a_lost_lock_at_once() {
    let server = Server::latchd(&[]);
    let mut holder = Client::connect_resp3(server.addr());
    assert_eq!(holder.ask("LOCK.ACQUIRE k a PX 60000"), ":1\r\n");
    let mut operator = Client::connect(server.addr());
    let start = Instant::now();
    assert_eq!(operator.ask("LOCK.BREAK k"), ":1\r\n");
    let message = b">5\r\n$9\r\nlock-lost\r\n$1\r\nk\r\n$1\r\na\r\n:1\r\n$6\r\nbroken\r\n";
    assert_eq!(holder.push().as_deref(), Ok(&message[..]));
    assert!(start.elapsed() < Duration::from_secs(5), "nobody waited for something else");
    assert_eq!(holder.ask("LOCK.ACQUIRE k a PX 50"), ":2\r\n");
    let message = b">5\r\n$9\r\nlock-lost\r\n$1\r\nk\r\n$1\r\na\r\n:2\r\n$7\r\nexpired\r\n";
    assert_eq!(holder.push().as_deref(), Ok(&message[..]));
}
