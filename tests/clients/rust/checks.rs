//! What the programs of all crates share: the server's address, a look at its keys, counted checks,
//! and a crowd that would lose steps if two of it were let in at once.

use redis::Commands;
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Long enough that no lock ends by itself.
pub(crate) const MINUTE_MS: usize = 60_000;
/// Short enough to wait for its end.
pub(crate) const MOMENT_MS: usize = 400;
/// Who goes for one lock at the same time, and how often.
const CROWD: usize = 6;
const EACH: usize = 8;

static CHECKS: AtomicUsize = AtomicUsize::new(0);

/// How many checks there were.
pub(crate) fn done() -> usize {
    CHECKS.load(Ordering::Relaxed)
}

/// Checks a value.
#[track_caller]
pub(crate) fn same<T: PartialEq + Debug>(actual: T, expected: T) {
    CHECKS.fetch_add(1, Ordering::Relaxed);
    assert_eq!(actual, expected);
}

/// Checks a condition.
#[track_caller]
pub(crate) fn holds(fact: bool, what: impl Debug) {
    CHECKS.fetch_add(1, Ordering::Relaxed);
    assert!(fact, "does not hold: {what:?}");
}

/// Where the server is.
pub(crate) struct Server {
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn new(port: u16) -> Self {
        Self { url: format!("redis://127.0.0.1:{port}/") }
    }

    /// A connection that looks, or interferes.
    pub(crate) fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(&*self.url).expect("the address is one");
        client.get_connection().expect("the server is there")
    }

    /// Checks how many milliseconds a lock's key has left.
    #[track_caller]
    pub(crate) fn lives(&self, key: &str, ms: RangeInclusive<isize>) {
        let left: isize = self.connect().pttl(key).expect("PTTL answers");
        holds(ms.contains(&left), (key, left, ms));
    }

    /// Checks that a key is not there.
    #[track_caller]
    pub(crate) fn is_free(&self, key: &str) {
        same(self.connect().exists(key).ok(), Some(false));
    }

    /// A crowd adds to a number, in steps that are not atomic, each under a lock: `alone` takes
    /// it, does what it is given, and releases it.
    pub(crate) fn crowd(&self, number: &str, alone: impl Fn(&mut dyn FnMut()) + Sync) {
        thread::scope(|scope| {
            for _ in 0..CROWD {
                scope.spawn(|| {
                    let mut connection = self.connect();
                    for _ in 0..EACH {
                        alone(&mut || {
                            let before: Option<usize> = connection.get(number).expect("a number");
                            let after = before.unwrap_or(0) + 1;
                            let () = connection.set(number, after).expect("SET answers");
                        });
                    }
                });
            }
        });
        same(self.connect().get(number).ok(), Some(CROWD * EACH));
    }
}
