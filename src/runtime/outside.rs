//! Stopping the server: carries out what a connection asked for and cannot do itself.

use crate::command::context::Haste;
use crate::net::connection::Outside;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::Notify;

/// A request to stop, seen by every worker.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    asked: AtomicU8,
    bell: Notify,
}

/// Values of `asked`; whoever is in a hurry wins.
const RUNNING: u8 = 0;
const AFTER_REPLIES: u8 = 1;
const NOW: u8 = 2;

impl Stop {
    /// Asks everybody to stop.
    pub(crate) fn ask(&self, haste: Haste) {
        let wanted = match haste {
            Haste::AfterReplies => AFTER_REPLIES,
            Haste::Now => NOW,
        };
        self.asked.fetch_max(wanted, Ordering::AcqRel);
        self.bell.notify_waiters();
    }

    /// Returns when somebody has asked.
    pub(crate) async fn asked(&self) {
        loop {
            let ringing = self.bell.notified();
            if self.asked.load(Ordering::Acquire) > RUNNING {
                return;
            }
            ringing.await;
        }
    }

    /// Whether somebody wants it at once.
    pub(crate) fn is_urgent(&self) -> bool {
        self.asked.load(Ordering::Acquire) == NOW
    }
}

/// See the module's documentation.
pub(crate) struct Process {
    pub(crate) stop: Arc<Stop>,
}

impl Outside for Process {
    fn shut_down(&self, haste: Haste) {
        tracing::info!("User requested shutdown...");
        self.stop.ask(haste);
    }
}
