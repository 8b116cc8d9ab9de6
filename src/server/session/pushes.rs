//! Messages that are no replies, between two replies.
//!
//! Not here: where they wait (`clients/mailbox.rs`), and waking the connection (`clients/post.rs`).

use crate::clients::TooMany;
use crate::resp::reply::Writer;
use crate::server::session::{Session, State};

impl Session {
    /// Writes what has come in for the client.
    ///
    /// # Errors
    /// There are so many messages that the connection has to be closed instead.
    pub fn take_pushes(&mut self, writer: &mut Writer) -> Result<(), TooMany> {
        writer.protocol = self.state.protocol;
        let pushes = self.client().take_pushes()?;
        pushes.iter().for_each(|push| push.write(writer));
        Ok(())
    }

    /// Whether the client follows a channel.
    #[must_use]
    pub const fn is_subscriber(&self) -> bool {
        self.state.caller.subscriptions.any()
    }
}

impl State {
    /// Writes what has come in while a request ran.
    #[cold]
    pub(super) fn send_pushes(&self, writer: &mut Writer) {
        // Whoever has too many is closed when the connection finds out.
        let pushes = self.caller.client.take_pushes().unwrap_or_default();
        pushes.iter().for_each(|push| push.write(writer));
    }
}
