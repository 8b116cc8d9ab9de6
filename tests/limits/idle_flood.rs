//! Ten thousand connections that do nothing: the server answers as before and lets go of them.
//!
//! `unsafe` is needed for the limit of open files, which the standard library cannot raise.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::inspect::{assert_well, becomes, number, open_sockets};
use crate::support::{Client, Server};

const IDLE: usize = 10_000;
/// Files of the test itself: its binary's, and one for each server that it looks at.
const SPARE: usize = 200;
/// Nine answers in ten come within this: far above what one takes on a busy machine, which may
/// stand still for a few of them, and far below what a walk over all would take.
const ANSWER_MAX: Duration = Duration::from_millis(500);
const ANSWERS: usize = 200;

/// Raises the limit of open files, which the server inherits.
fn allow_open_files(count: usize) {
    let wanted = libc::rlim_t::try_from(count).expect("a count of files fits");
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live `rlimit`, which is all that the call reads or writes.
    let read = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(read, 0, "the limit of open files can be read");
    let hard = limit.rlim_max;
    limit.rlim_cur = limit.rlim_cur.max(wanted);
    // Only the superuser gets beyond the hard limit.
    limit.rlim_max = hard.max(wanted);
    // SAFETY: as above.
    let raised = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(raised, 0, "needs `ulimit -Hn` of {wanted}, has {hard}");
}

#[test]
fn ten_thousand_idle_connections_slow_nobody_down() {
    allow_open_files(IDLE + SPARE);
    let mut server = Server::latchd(&["--maxclients", "10100"]);
    let mut observer = Client::connect(server.addr());
    assert_eq!(observer.ask("PING"), "+PONG\r\n");
    let sockets_before = open_sockets(&server);

    let idle: Vec<_> = (0..IDLE).map(|_| Client::connect(server.addr())).collect();
    becomes(&(IDLE as u64 + 1), || number(&mut observer, "connected_clients"));
    let mut took: Vec<Duration> = (0..ANSWERS)
        .map(|round| {
            let began = Instant::now();
            assert_eq!(observer.ask(&format!("SET k {round}")), "+OK\r\n");
            began.elapsed()
        })
        .collect();
    took.sort();
    assert!(took[ANSWERS * 9 / 10] < ANSWER_MAX, "answers took {took:?}");

    let mut idle = idle;
    for client in idle.iter_mut().step_by(97) {
        assert_eq!(client.ask("GET k"), "$3\r\n199\r\n");
    }
    drop(idle);
    becomes(&sockets_before, || open_sockets(&server));
    assert_well(&mut server, &mut observer);
}

#[test]
fn connections_that_come_and_go_leave_nothing_behind() {
    let mut server = Server::latchd(&[]);
    let mut observer = Client::connect(server.addr());
    assert_eq!(observer.ask("PING"), "+PONG\r\n");
    let sockets_before = open_sockets(&server);
    for _ in 0..2_000 {
        drop(TcpStream::connect(server.addr()).expect("the server accepts"));
    }
    // Connections can still wait to be accepted when the count of files is already back.
    becomes(&2_001, || number(&mut observer, "total_connections_received"));
    becomes(&sockets_before, || open_sockets(&server));
    assert_well(&mut server, &mut observer);
}
