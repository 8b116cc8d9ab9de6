//! CLIENT PAUSE on real sockets: who waits is woken when the pause ends, whatever it was before.
//!
//! Not here: which commands wait (`tests/golden/connection/client-pause.txt`).

use std::time::{Duration, Instant};

use crate::inspect::{assert_well, becomes};
use crate::support::{Client, Server};

/// Far longer than any test takes.
const FOR_LONG: &str = "CLIENT PAUSE 600000 WRITE";

/// How many clients wait for the end of a pause.
pub(crate) fn waiting(observer: &mut Client) -> usize {
    observer.ask("CLIENT LIST").matches(" flags=b ").count()
}

#[test]
fn a_shorter_pause_after_a_longer_one_ends_at_its_own_time() {
    // One thread: nobody runs between the two requests of the pipeline below.
    let mut server = Server::latchd(&["--threads", "1"]);
    let mut observer = Client::connect(server.addr());
    let mut writer = Client::connect(server.addr());
    assert_eq!(observer.ask(FOR_LONG), "+OK\r\n");
    assert!(writer.send(&["SET", "k", "v"]));
    becomes(&1, || waiting(&mut observer));

    let began = Instant::now();
    assert!(observer.send_raw(b"CLIENT UNPAUSE\r\nCLIENT PAUSE 300 WRITE\r\n"));
    assert_eq!(observer.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    assert_eq!(observer.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    assert_eq!(writer.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    assert!(began.elapsed() >= Duration::from_millis(299), "after {:?}", began.elapsed());
    drop(writer);
    assert_well(&mut server, &mut observer);
}

#[test]
fn a_longer_pause_after_a_shorter_one_is_waited_for() {
    let mut server = Server::latchd(&["--threads", "1"]);
    let mut observer = Client::connect(server.addr());
    let mut writer = Client::connect(server.addr());
    assert_eq!(observer.ask("CLIENT PAUSE 200 WRITE"), "+OK\r\n");
    let began = Instant::now();
    assert!(writer.send(&["SET", "k", "v"]));
    assert_eq!(observer.ask("CLIENT PAUSE 500 WRITE"), "+OK\r\n");
    assert_eq!(writer.reply().as_deref(), Ok(&b"+OK\r\n"[..]));
    assert!(began.elapsed() >= Duration::from_millis(499), "after {:?}", began.elapsed());
    drop(writer);
    assert_well(&mut server, &mut observer);
}
