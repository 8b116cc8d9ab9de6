//! What a client may do because of who it is, whatever it asks for.

use crate::command::error::CommandError;
use crate::command::spec::Flags;
use crate::config::ProtectedAction;
use crate::server::core::Core;
use crate::server::session::State;

const NOT_AUTHENTICATED: CommandError = CommandError::fixed("NOAUTH Authentication required.");

/// Who is shown all requests is a kind of replica, in Redis's words too, and those leave the keys
/// alone.
const MONITORS: CommandError = CommandError::fixed("ERR Replica can't interact with the keyspace");

impl State {
    /// Whether a client that has not authenticated, or is in MONITOR, may send a request with these
    /// flags.
    #[cold]
    pub(super) fn check_standing(&self, core: &Core, flags: Flags) -> Result<(), CommandError> {
        let needs_password = || core.settings().requirepass.is_some();
        if !self.caller.authenticated && !flags.has(Flags::NO_AUTH) && needs_password() {
            return Err(NOT_AUTHENTICATED);
        }
        let keys = [Flags::WRITE, Flags::READONLY, Flags::MAY_REPLICATE];
        if self.caller.monitors && keys.iter().any(|flag| flags.has(*flag)) {
            return Err(MONITORS);
        }
        Ok(())
    }

    /// What `enable-debug-command` says about this client.
    pub(super) fn may_debug(&self, core: &Core) -> bool {
        match core.settings().enable_debug_command {
            ProtectedAction::Yes => true,
            ProtectedAction::Local => self.caller.client.origin.is_local(),
            ProtectedAction::No => false,
        }
    }
}
