//! Wakes the connections of one worker that have got messages: one wake-up of the worker's thread
//! for all of them, however many there are, and whichever thread has sent them.
//!
//! Not here: the messages (`mailbox`). Invariant: a connection that is noted here is woken.

use crate::clients::client::Client;
use crate::clients::mailbox::Push;
use atomic_waker::AtomicWaker;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Post {
    /// Those with messages that they have not been woken for.
    noted: Mutex<Vec<Arc<Client>>>,
    worker: AtomicWaker,
    /// Bytes of messages that may wait for one connection; 0 for no limit.
    bytes_max: AtomicU64,
    /// The same for what MONITOR shows: who looks at it counts as a normal client.
    line_bytes_max: AtomicU64,
}

impl Post {
    /// Notes a connection that has got its first message.
    pub(super) fn note(&self, client: Arc<Client>) {
        let first = {
            let mut noted = self.noted.lock();
            noted.push(client);
            noted.len() == 1
        };
        if first {
            self.worker.wake();
        }
    }

    /// Wakes all that are noted, and the task of `cx` when there are others.
    pub(super) fn wake_noted(&self, cx: &Context<'_>) {
        self.worker.register(cx.waker());
        let noted = std::mem::take(&mut *self.noted.lock());
        noted.iter().for_each(|client| client.wake());
    }

    pub(super) fn limit(&self, bytes: u64, line_bytes: u64) {
        self.bytes_max.store(bytes, Ordering::Relaxed);
        self.line_bytes_max.store(line_bytes, Ordering::Relaxed);
    }

    /// Bytes of messages that may wait for a connection with so many bytes of unsent replies when
    /// `push` is one of them.
    pub(super) fn room(&self, push: &Push, unsent: u64) -> u64 {
        let bytes_max = match push {
            Push::Message(_) | Push::Notice(_) => &self.bytes_max,
            Push::Line(_) => &self.line_bytes_max,
        };
        match bytes_max.load(Ordering::Relaxed) {
            0 => u64::MAX,
            most => most.saturating_sub(unsent),
        }
    }
}
