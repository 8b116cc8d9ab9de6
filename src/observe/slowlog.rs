//! The slow log: the latest requests that took longer than a limit, for `SLOWLOG GET`.
//!
//! Not here: replies, and the decision which commands never enter (`EXEC`, whose parts do, and
//! others). Bounds: `slowlog-max-len` entries of at most 32 arguments of 128 bytes each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::redaction::redact;
use crate::base::time::Wall;

/// Arguments that an entry keeps; if there are more, the last one says how many.
pub const ARGS_MAX: usize = 32;
/// Bytes that an entry keeps of an argument, before a note how many more there were.
pub const ARG_BYTES_MAX: usize = 128;
/// How many entries `SLOWLOG GET` shows when it is not told.
pub const SHOWN_DEFAULT: usize = 10;

/// A request in the slow log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts up from 0 as long as the server runs, also over `SLOWLOG RESET`.
    pub id: u64,
    /// When it ended, in seconds since the Unix epoch.
    pub unix_s: i64,
    /// How long it ran, in microseconds.
    pub took_us: u64,
    /// Its arguments, trimmed and without secrets.
    pub args: Box<[Box<[u8]>]>,
    /// Address and port of the client.
    pub client_address: Box<str>,
    /// The client's name, empty if it has none.
    pub client_name: Box<[u8]>,
}

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Address and port, or the path of the Unix socket.
    pub address: &'a str,
    /// What it called itself, empty if it did not.
    pub name: &'a [u8],
}

/// The slow log of the server, shared by all workers.
#[derive(Debug)]
pub struct SlowLog {
    slower_than_us: AtomicI64,
    ring: Mutex<Ring>,
}

#[derive(Debug)]
struct Ring {
    /// Newest first.
    entries: VecDeque<Arc<Entry>>,
    len_max: usize,
    next_id: u64,
}

impl Ring {
    fn trim(&mut self) {
        self.entries.truncate(self.len_max);
    }
}

impl SlowLog {
    /// An empty log with the values of `slowlog-log-slower-than` and `slowlog-max-len`.
    #[must_use]
    pub fn new(slower_than_us: i64, len_max: usize) -> Self {
        let ring = Ring { entries: VecDeque::new(), len_max, next_id: 0 };
        Self { slower_than_us: AtomicI64::new(slower_than_us), ring: Mutex::new(ring) }
    }

    /// Sets `slowlog-log-slower-than`: microseconds, 0 for every request, negative for none.
    pub fn set_slower_than_us(&self, slower_than_us: i64) {
        self.slower_than_us.store(slower_than_us, Relaxed);
    }

    /// The value of `slowlog-log-slower-than`.
    #[must_use]
    pub fn slower_than_us(&self) -> i64 {
        self.slower_than_us.load(Relaxed)
    }

    /// Sets `slowlog-max-len`. As in Redis, the oldest entries beyond it go with the next one that
    /// comes.
    pub fn set_len_max(&self, len_max: usize) {
        self.ring.lock().len_max = len_max;
    }

    /// Whether a request that took so long belongs into the log.
    #[must_use]
    #[inline]
    pub fn wants(&self, took_us: u64) -> bool {
        u64::try_from(self.slower_than_us()).is_ok_and(|slower_than_us| took_us >= slower_than_us)
    }

    /// Adds a request that ended at `now`, trimmed and without its secrets. The oldest one goes if
    /// the log is full.
    pub fn push<'a>(
        &self,
        args: impl ExactSizeIterator<Item = &'a [u8]>,
        sender: Sender<'_>,
        took_us: u64,
        now: Wall,
    ) {
        let mut entry = Entry {
            id: 0,
            unix_s: now.0.div_euclid(1000),
            took_us,
            args: kept(args),
            client_address: sender.address.into(),
            client_name: sender.name.into(),
        };
        let mut ring = self.ring.lock();
        entry.id = ring.next_id;
        ring.next_id += 1;
        ring.entries.push_front(Arc::new(entry));
        ring.trim();
    }

    /// The newest entries, at most `count` of them, the newest first. `SLOWLOG GET -1` asks for
    /// `usize::MAX`.
    #[must_use]
    pub fn newest(&self, count: usize) -> Vec<Arc<Entry>> {
        self.ring.lock().entries.iter().take(count).cloned().collect()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.lock().entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops all entries; ids go on.
    pub fn reset(&self) {
        self.ring.lock().entries.clear();
    }
}

/// The arguments as an entry keeps them.
fn kept<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>) -> Box<[Box<[u8]>]> {
    let total = args.len();
    let whole = if total > ARGS_MAX { ARGS_MAX - 1 } else { total };
    let mut first: SmallVec<[&[u8]; ARGS_MAX]> = args.take(whole).collect();
    redact(&mut first);
    let more = (total > whole)
        .then(|| format!("... ({} more arguments)", total - whole).into_bytes().into());
    first.iter().map(|arg| trimmed(arg)).chain(more).collect()
}

fn trimmed(arg: &[u8]) -> Box<[u8]> {
    let Some((start, rest)) = arg.split_at_checked(ARG_BYTES_MAX).filter(|(_, r)| !r.is_empty())
    else {
        return arg.into();
    };
    [start, format!("... ({} more bytes)", rest.len()).as_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Sender<'_> = Sender { address: "127.0.0.1:39780", name: b"" };

    fn push(log: &SlowLog, args: &[&str]) {
        log.push(args.iter().map(|arg| arg.as_bytes()), SENDER, 6, Wall(1_795_191_435_999));
    }

    fn newest_args(log: &SlowLog) -> Vec<String> {
        let newest = log.newest(1);
        newest[0].args.iter().map(|arg| String::from_utf8(arg.to_vec()).unwrap()).collect()
    }

    fn ids(log: &SlowLog, count: usize) -> Vec<u64> {
        log.newest(count).iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn the_limit_decides_what_is_slow() {
        let log = SlowLog::new(10_000, 128);
        assert_eq!([9_999, 10_000].map(|took_us| log.wants(took_us)), [false, true]);
        log.set_slower_than_us(0);
        assert!(log.wants(0));
        log.set_slower_than_us(-1);
        assert!(!log.wants(u64::MAX));
    }

    #[test]
    fn an_entry_says_what_when_how_long_and_who() {
        let log = SlowLog::new(0, 128);
        let sender = Sender { address: "127.0.0.1:1", name: b"worker-3" };
        let args = [&b"auth"[..], b"secret"];
        log.push(args.into_iter(), sender, 1_234, Wall(1_795_191_435_999));
        let expected = Entry {
            id: 0,
            unix_s: 1_795_191_435,
            took_us: 1_234,
            args: [&b"auth"[..], b"(redacted)"].map(Into::into).into(),
            client_address: "127.0.0.1:1".into(),
            client_name: b"worker-3"[..].into(),
        };
        assert_eq!(*log.newest(1)[0], expected);
    }

    #[test]
    fn more_than_32_arguments_are_counted_instead() {
        let log = SlowLog::new(0, 128);
        push(&log, &["mget"; 32]);
        assert_eq!(newest_args(&log), ["mget"; 32]);
        push(&log, &["mget"; 33]);
        let args = newest_args(&log);
        assert_eq!((args.len(), &*args[30], &*args[31]), (32, "mget", "... (2 more arguments)"));
    }

    #[test]
    fn more_than_128_bytes_are_counted_instead() {
        let log = SlowLog::new(0, 128);
        let long = "a".repeat(129);
        push(&log, &["set", "k", &long[..128]]);
        assert_eq!(newest_args(&log)[2], long[..128]);
        push(&log, &["set", "k", &long]);
        assert_eq!(newest_args(&log)[2], format!("{}... (1 more bytes)", &long[..128]));
    }

    #[test]
    fn the_oldest_entries_go_and_the_newest_come_first() {
        let log = SlowLog::new(0, 3);
        (0..5).for_each(|_| push(&log, &["ping"]));
        assert_eq!(ids(&log, usize::MAX), [4, 3, 2]);
        assert_eq!(ids(&log, 2), [4, 3]);
        log.set_len_max(1);
        assert_eq!(log.len(), 3);
        push(&log, &["ping"]);
        assert_eq!((ids(&log, usize::MAX), log.len()), (vec![5], 1));
        log.set_len_max(0);
        push(&log, &["ping"]);
        assert!(log.is_empty());
    }

    #[test]
    fn ids_go_on_after_a_reset() {
        let log = SlowLog::new(0, 3);
        push(&log, &["ping"]);
        log.reset();
        assert!(log.is_empty());
        push(&log, &["ping"]);
        assert_eq!(ids(&log, SHOWN_DEFAULT), [1]);
    }
}
