//! The ways in which a crowd goes for one lock: what a client sends, and when it asks again.

use std::time::Duration;

use crate::wire::request;

const LOCK: &[u8] = b"hot";
const TTL_MS: &[u8] = b"30000";
/// What clients of Redis release a lock with: delete it if it is still theirs.
const RELEASE: &[u8] = b"if redis.call('get', KEYS[1]) == ARGV[1] then \
return redis.call('del', KEYS[1]) else return 0 end";

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// latchd: each waits in the queue, and releases when it has seen its token.
    Queue,
    /// latchd: as above, but the release follows in the same pipeline, as a client does that
    /// guards commands of the same connection.
    QueuePipelined,
    /// Redis: as redis-py's `Lock`, which asks again every 100 ms.
    PollFixed,
    /// Redis: as node's redlock, which asks again after 200 ms, give or take 100.
    PollJitter,
}

impl Manner {
    pub(crate) const ALL: [Self; 4] =
        [Self::Queue, Self::QueuePipelined, Self::PollFixed, Self::PollJitter];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Queue => "latchd, queue",
            Self::QueuePipelined => "latchd, queue, release in the pipeline",
            Self::PollFixed => "Redis, polled as by redis-py",
            Self::PollJitter => "Redis, polled as by redlock",
        }
    }

    pub(crate) const fn asks_redis(self) -> bool {
        matches!(self, Self::PollFixed | Self::PollJitter)
    }

    /// How long to wait before asking again; `chance` is between 0 and 1.
    pub(crate) fn pause(self, chance: f64) -> Duration {
        match self {
            Self::Queue | Self::QueuePipelined => Duration::ZERO,
            Self::PollFixed => Duration::from_millis(100),
            Self::PollJitter => Duration::from_secs_f64(0.1 + 0.2 * chance),
        }
    }

    /// The request for the lock, and the one that gives it back.
    pub(crate) fn requests(self, owner: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut acquire, mut release) = (Vec::new(), Vec::new());
        if self.asks_redis() {
            request(&mut acquire, &[b"SET", LOCK, owner, b"NX", b"PX", TTL_MS]);
            request(&mut release, &[b"EVAL", RELEASE, b"1", LOCK, owner]);
        } else {
            request(&mut acquire, &[b"LOCK.ACQUIRE", LOCK, owner, b"PX", TTL_MS, b"WAIT", b"0"]);
            request(&mut release, &[b"LOCK.RELEASE", LOCK, owner]);
        }
        (acquire, release)
    }
}
