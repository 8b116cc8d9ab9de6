//! How many bytes of replies may wait for a client.
//!
//! Not here: the replies that wait, and closing a client that leaves too many (`net/backlog.rs`,
//! `net/connection.rs`).

use crate::config::OutputLimit;
use crate::server::core::Core;
use crate::server::session::Session;

/// What somebody who has not given the password may leave (Redis 7.4.3): errors, which nobody has
/// to leave unread. `client-output-buffer-limit normal` has no limit by default, so anybody could
/// fill the memory otherwise.
const STRANGER: OutputLimit = OutputLimit { hard_bytes: 1024, soft_bytes: 0, soft_seconds: 0 };

impl Session {
    /// What counts for the client as it is now.
    pub fn output_limit(&self, core: &Core) -> OutputLimit {
        let (settings, caller) = (core.settings(), &self.state.caller);
        let limits = &settings.client_output_buffer_limit;
        if !caller.authenticated && settings.requirepass.is_some() {
            STRANGER
        } else if caller.subscriptions.any() {
            limits.pubsub
        } else {
            limits.normal
        }
    }
}
