//! What becomes of a panic: it is logged, and the task that panicked ends.
//!
//! A connection's task closes its connection. The shards that it held check their invariants while
//! they are given back (`keyspace/borrow.rs`), and a broken one stops the process: a second panic
//! while unwinding aborts. The timers are no connection: without them the server stops.

use std::panic::PanicHookInfo;

/// How the log begins to speak of a panic, so that tests and users can look for it.
pub const IN_LOG: &str = "Panic, please report it";

/// Sends panics to the log.
pub(crate) fn log_them() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "{IN_LOG}: {}", text_of(panic));
    }));
}

fn text_of<'p>(panic: &'p PanicHookInfo<'_>) -> &'p str {
    let payload = panic.payload();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
