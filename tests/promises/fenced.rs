//! Clients that stand still for longer than their grant lasts, and then write under the lock as if
//! nothing had been. A resource that compares tokens refuses them; another is overwritten.
//!
//! Each experiment is made both ways, so that it shows that late writes happen at all.

use std::sync::{Condvar, Mutex};
use std::thread;

use crate::support::{Client, Frame, Server};

/// How often each client writes, and how many clients there are that stand still now and then.
const EACH: usize = 8;
const CLIENTS: usize = 4;
/// Short: whoever stands still waits until the next one has written.
const TTL_MS: u64 = 20;

/// Whether a resource looks at tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Tokens,
    Nothing,
}

/// What the lock protects, outside of latchd. Remembers the highest token under which it was
/// written to.
struct Resource {
    check: Check,
    state: Mutex<State>,
    /// Somebody has written under a higher token.
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    highest: u64,
    /// Writes under a lower token than the highest, which did and which did not take effect.
    late_landed: usize,
    late_refused: usize,
    /// Clients that will not write any more.
    finished: usize,
}

impl Resource {
    fn new(check: Check) -> Self {
        Self { check, state: Mutex::default(), news: Condvar::new() }
    }

    fn write(&self, token: u64) {
        let mut state = self.state.lock().expect("nobody panics with it");
        if token >= state.highest {
            state.highest = token;
        } else if self.check == Check::Tokens {
            state.late_refused += 1;
        } else {
            state.late_landed += 1;
        }
        self.news.notify_all();
    }

    /// Returns when somebody has written under a higher token: the grant is over for long.
    fn stand_still(&self, token: u64) {
        let state = self.state.lock().expect("nobody panics with it");
        drop(self.news.wait_while(state, |state| state.highest <= token));
    }

    fn is_over(&self) -> bool {
        self.state.lock().expect("nobody panics with it").finished == CLIENTS
    }

    fn finish(&self) {
        self.state.lock().expect("nobody panics with it").finished += 1;
    }
}

/// The fencing token, for which the client waits as long as it takes.
fn acquire(client: &mut Client, owner: &str) -> u64 {
    let reply = client.ask(&format!("LOCK.ACQUIRE {{r}}:lock {owner} PX {TTL_MS} WAIT 0"));
    number(&reply).unwrap_or_else(|| panic!("{reply}"))
}

fn number(reply: &str) -> Option<u64> {
    reply.strip_prefix(':')?.trim_end().parse().ok()
}

/// Writes under the lock; in every second turn it stands still before it writes.
fn careless(server: &Server, resource: &Resource, number: usize) {
    let mut client = Client::connect(server.addr());
    for turn in 0..EACH {
        let owner = format!("careless-{number}-{turn}");
        let token = acquire(&mut client, &owner);
        if turn % 2 == 0 {
            resource.stand_still(token);
        }
        resource.write(token);
        client.ask(&format!("LOCK.RELEASE {{r}}:lock {owner} TOKEN {token}"));
    }
    resource.finish();
}

/// Writes under the lock and never stands still, until the others are done: who stands still waits
/// for it.
fn steady(server: &Server, resource: &Resource) {
    let mut client = Client::connect(server.addr());
    while !resource.is_over() {
        let token = acquire(&mut client, "steady");
        resource.write(token);
        client.ask(&format!("LOCK.RELEASE {{r}}:lock steady TOKEN {token}"));
    }
}

fn experiment(check: Check) -> State {
    let (server, resource) = (Server::latchd(&["--threads", "2"]), Resource::new(check));
    thread::scope(|scope| {
        let (server, resource) = (&server, &resource);
        scope.spawn(move || steady(server, resource));
        for number in 0..CLIENTS {
            scope.spawn(move || careless(server, resource, number));
        }
    });
    resource.state.into_inner().expect("nobody panics with it")
}

#[test]
fn a_resource_that_compares_tokens_refuses_every_late_write() {
    let state = experiment(Check::Tokens);
    assert_eq!(state.late_landed, 0);
    assert!(state.late_refused >= CLIENTS * EACH / 2, "too few were late: {state:?}");
}

#[test]
fn a_resource_that_does_not_is_overwritten_by_late_clients() {
    let state = experiment(Check::Nothing);
    assert!(state.late_landed >= CLIENTS * EACH / 2, "nobody was late: {state:?}");
}

/// Two clients and a value in latchd itself: the first gets the lock and stands still, the second
/// waits for the lock, gets it when the first one's time is up, and writes; then the first one
/// writes. Gives back what the late write was told, and whose value is there in the end.
fn paused_client(
    server: &Server,
    round: usize,
    write: impl Fn(u64, &str) -> String,
) -> [String; 2] {
    let mut clients = [Client::connect(server.addr()), Client::connect(server.addr())];
    let [first, second] = &mut clients;
    let (first_owner, second_owner) = (format!("first-{round}"), format!("second-{round}"));
    let early = acquire(first, &first_owner);
    // Nobody sleeps: the answer comes when the first grant is over.
    let later = acquire(second, &second_owner);
    assert!(later > early, "{later} after {early}");
    let told = second.ask(&write(later, "from-second"));
    assert_eq!(told, "+OK\r\n");
    let told = first.ask(&write(early, "from-first"));
    let lost = first.ask(&format!("LOCK.RELEASE {{r}}:lock {first_owner} TOKEN {early}"));
    assert!(lost.starts_with("-NOTOWNER "), "{lost}");
    second.ask(&format!("LOCK.RELEASE {{r}}:lock {second_owner}"));
    let value = Frame::parse(&second.call(&["GET", "{r}:value"])).expect("RESP").expect("whole").0;
    let value = String::from_utf8_lossy(value.as_bytes().expect("a string")).into_owned();
    [told, value]
}

#[test]
fn fence_exec_refuses_every_late_write_and_a_plain_one_lands() {
    let server = Server::latchd(&["--threads", "2"]);
    for round in 0..10 {
        let fenced =
            |token, value: &str| format!("FENCE.EXEC {{r}}:fence {token} SET {{r}}:value {value}");
        let [told, value] = paused_client(&server, round, fenced);
        assert!(told.starts_with("-STALETOKEN seen "), "{told}");
        assert_eq!(value, "from-second");
        let plain = |_, value: &str| format!("SET {{r}}:value {value}");
        let [told, value] = paused_client(&server, round, plain);
        assert_eq!([&*told, &*value], ["+OK\r\n", "from-first"], "nothing is in its way");
    }
}
