//! The connections that are shown every request (MONITOR).
//!
//! Not here: which requests, and how one is spelled (`server/monitor.rs`).
//! Invariant: all of them are shown the same lines in the same order, with times that do not go
//! back while the wall clock does not.

use crate::clients::client::Client;
use crate::clients::mailbox::Push;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Monitors {
    /// Whether there is one, so that the usual case costs one load.
    any: AtomicBool,
    all: Mutex<Vec<Arc<Client>>>,
}

impl Monitors {
    /// Whether anybody wants to see requests.
    #[must_use]
    #[inline]
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// From now on `client` is shown what everybody does.
    pub fn add(&self, client: &Arc<Client>) {
        client.set_monitors(true);
        let mut all = self.all.lock();
        all.push(Arc::clone(client));
        self.any.store(true, Ordering::Relaxed);
    }

    /// When it returns, it is shown nothing more.
    pub fn remove(&self, gone: &Client) {
        gone.set_monitors(false);
        let mut all = self.all.lock();
        all.retain(|client| client.id != gone.id);
        self.any.store(!all.is_empty(), Ordering::Relaxed);
    }

    /// Shows a line to all of them. It is made while nobody else shows one, so that the time in it
    /// is not earlier than that of the line before.
    pub fn show(&self, line: impl FnOnce() -> Vec<u8>) {
        let all = self.all.lock();
        if all.is_empty() {
            return;
        }
        let line: Arc<[u8]> = line().into();
        all.iter().for_each(|client| client.push_one_of_many(Push::Line(Arc::clone(&line))));
    }
}
