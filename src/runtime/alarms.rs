//! Wakes a shard's home core when a deadline comes up that is earlier than what the core waits for.

use crate::base::time::Mono;
use crate::keyspace::borrow::{Alarm, ShardId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Bell {
    /// When the core wakes up by itself, in milliseconds of the boot-time clock.
    wakes_at: AtomicU64,
    ring: Notify,
}

/// One bell per worker; shards are dealt out to workers in turn.
#[derive(Clone, Debug)]
pub(crate) struct Alarms {
    bells: Arc<[Bell]>,
}

impl Alarms {
    pub(crate) fn new(workers: usize) -> Self {
        Self { bells: (0..workers).map(|_| Bell::default()).collect() }
    }

    /// The shards whose timers `worker` runs.
    pub(crate) fn homes(
        &self,
        worker: usize,
        shards: u16,
    ) -> impl Iterator<Item = ShardId> + use<> {
        let workers = self.bells.len();
        (0..shards).filter(move |shard| usize::from(*shard) % workers == worker).map(ShardId)
    }

    /// From here on every deadline rings: the worker is about to look at its shards.
    pub(crate) fn listen(&self, worker: usize) {
        self.bells[worker].wakes_at.store(u64::MAX, Ordering::SeqCst);
    }

    /// The worker will look again at `deadline`; waits until then or until an earlier deadline
    /// rings.
    pub(crate) async fn wait(&self, worker: usize, deadline: Mono, now: Mono) {
        let bell = &self.bells[worker];
        bell.wakes_at.fetch_min(deadline.0, Ordering::SeqCst);
        let pause = std::time::Duration::from_millis(deadline.since(now));
        // Either way the worker looks at its shards next.
        let _ = tokio::time::timeout(pause, bell.ring.notified()).await;
    }
}

impl Alarm for Alarms {
    #[inline]
    fn ring(&self, shard: ShardId, deadline: Mono) {
        let bell = &self.bells[usize::from(shard.0) % self.bells.len()];
        if deadline.0 < bell.wakes_at.load(Ordering::SeqCst) {
            bell.wakes_at.fetch_min(deadline.0, Ordering::SeqCst);
            bell.ring.notify_one();
        }
    }
}
