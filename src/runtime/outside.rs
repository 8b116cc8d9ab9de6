//! Carries out what connections cannot do themselves: stopping the server, and stalling it for
//! tests.

use crate::command::node::Node;
use crate::net::connection::Outside;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
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
    pub(crate) node: Arc<Node>,
    pub(crate) stop: Arc<Stop>,
}

impl Outside for Process {
    fn shut_down(&self) {
        tracing::info!("User requested shutdown...");
        self.stop.ask();
    }

    fn stall(&self, micros: u64) {
        let everything = self.node.keyspace.borrow_all();
        #[allow(clippy::disallowed_methods, reason = "DEBUG SLEEP is there to stall the server")]
        std::thread::sleep(Duration::from_micros(micros));
        drop(everything);
    }
}
