//! Looking at a server from outside: INFO, open files, and waiting for either to change.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, Server};

/// How long the server may take to notice what happened to its connections.
const NOTICES_WITHIN: Duration = Duration::from_secs(20);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(3);

/// Whether this is the long run of `./check --long`.
pub(crate) fn is_long() -> bool {
    std::env::var_os("LATCHD_LONG").is_some()
}

/// A field of INFO.
///
/// # Panics
/// If it is not there.
#[track_caller]
pub(crate) fn info(client: &mut Client, field: &str) -> String {
    let text = client.ask("INFO everything");
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("INFO has no {field}:\n{text}")).to_owned()
}

/// A field of INFO that is a number.
#[track_caller]
pub(crate) fn number(client: &mut Client, field: &str) -> u64 {
    let value = info(client, field);
    value.parse().unwrap_or_else(|_| panic!("{field} is no number: {value}"))
}

/// How many sockets the process has open. Other files come and go: it looks into `/proc` itself.
pub(crate) fn open_sockets(server: &Server) -> usize {
    let folder = format!("/proc/{}/fd", server.pid());
    let files = fs::read_dir(folder).expect("the server runs and is ours");
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Asks until the answer is `expected`; the server notices closed sockets in its own time.
#[track_caller]
pub(crate) fn becomes<T: PartialEq + std::fmt::Debug>(expected: &T, mut ask: impl FnMut() -> T) {
    let end = Instant::now() + NOTICES_WITHIN;
    loop {
        let answer = ask();
        if answer == *expected {
            return;
        }
        assert!(Instant::now() < end, "still {answer:?}, expected {expected:?}");
        // Asking costs the server work, which would slow down what is waited for.
        thread::sleep(BETWEEN_QUESTIONS);
    }
}

/// The server is alive, has said nothing of a panic, and only `client` is connected.
#[track_caller]
pub(crate) fn assert_well(server: &mut Server, client: &mut Client) {
    assert!(server.wait_exit(Duration::ZERO).is_none(), "it died:\n{}", server.log());
    becomes(&1, || number(client, "connected_clients"));
    assert_eq!(client.ask("PING"), "+PONG\r\n");
    assert_eq!(panics_in(&server.log()), [""; 0]);
}

/// What a log says of panics: in the server's words, and in those of the standard library, which
/// speaks until the server does.
pub(crate) fn panics_in(log: &str) -> Vec<&str> {
    let words = [latchd::runtime::panics::IN_LOG, "panicked at"];
    log.lines().filter(|line| words.iter().any(|words| line.contains(words))).collect()
}

#[test]
fn a_panic_in_the_log_is_found() {
    let server = Server::latchd(&["--enable-debug-command", "yes"]);
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("DEBUG LOG harmless"), "+OK\r\n");
    assert_eq!(panics_in(&server.log()), [""; 0]);
    let planted = format!("{}: planted", latchd::runtime::panics::IN_LOG);
    assert_eq!(client.call(&["DEBUG", "LOG", &planted]), b"+OK\r\n");
    assert_eq!(panics_in(&server.log()).len(), 1, "{}", server.log());
    assert_eq!(panics_in("a\nthread 'main' (1) panicked at src/x.rs:1:1:\nb").len(), 1);
}
