//! Stopping the server: carries out what a connection asked for and cannot do itself.

use crate::net::connection::Outside;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// A request to stop, seen by every worker.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    asked: AtomicBool,
    bell: Notify,
}

impl Stop {
    /// Asks everybody to stop.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        self.bell.notify_waiters();
    }

    /// Returns when somebody has asked.
    pub(crate) async fn asked(&self) {
        loop {
            let ringing = self.bell.notified();
            if self.asked.load(Ordering::Acquire) {
                return;
            }
            ringing.await;
        }
    }
}

/// See the module's documentation.
pub(crate) struct Process {
    pub(crate) stop: Arc<Stop>,
}

impl Outside for Process {
    fn shut_down(&self) {
        tracing::info!("User requested shutdown...");
        self.stop.ask();
    }
}
