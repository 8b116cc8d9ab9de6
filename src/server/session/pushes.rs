//! Messages that are no replies, between two replies.
//!
//! Not here: where they wait (`clients/mailbox.rs`), and waking the connection (`clients/post.rs`).

use crate::clients::{Push, TooMany};
use crate::command::context::Replies;
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
        self.state.write_pushes(&pushes, writer);
        Ok(())
    }
}

impl State {
    /// Writes what has come in while a request ran.
    #[cold]
    pub(super) fn send_pushes(&self, writer: &mut Writer) {
        // Whoever has too many is closed when the connection finds out.
        let pushes = self.caller.client.take_pushes().unwrap_or_default();
        self.write_pushes(&pushes, writer);
    }

    /// CLIENT REPLY OFF holds for what MONITOR shows as well, as in Redis.
    fn write_pushes(&self, pushes: &[Push], writer: &mut Writer) {
        let silent = self.caller.replies == Replies::Off;
        let heard = |push: &&Push| !silent || !matches!(push, Push::Line(_));
        pushes.iter().filter(heard).for_each(|push| push.write(writer));
    }
}
