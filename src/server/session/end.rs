//! What ends with a session, or with RESET: everything that others keep for it.

use crate::clients::DEFAULT_USER;
use crate::command::context::Replies;
use crate::coord::lease::ConnId;
use crate::keyspace::Db;
use crate::resp::reply::{Protocol, Writer};
use crate::server::core::Core;
use crate::server::session::{Session, State};

impl Session {
    /// Ends the session: nobody waits for it any more.
    pub fn close(&mut self, core: &Core) {
        if let Some(waiting) = self.state.waiting.take() {
            waiting.abandon(core, core.node.clock.now().mono);
        }
        self.state.let_leases_run_out(core);
        self.state.leave_channels(core);
        self.state.end_monitoring(core);
        self.state.transaction.reset(core);
        core.node.clients.remove(self.state.caller.client.id);
    }
}

impl State {
    /// The connection keeps no lease alive any more.
    fn let_leases_run_out(&mut self, core: &Core) {
        let conn = ConnId(self.caller.client.id.0);
        for slot in self.caller.kept.take() {
            let mut shards = core.node.keyspace.borrow(&[slot]);
            let now = core.node.clock.now().mono;
            shards.shard(slot).connection_closed(conn, now);
        }
    }

    /// The connection follows nothing any more.
    fn leave_channels(&mut self, core: &Core) {
        let caller = &mut self.caller;
        if caller.subscriptions.any() {
            caller.subscriptions.leave_all(&core.node.pubsub, &*caller.client);
            caller.client.set_subscribed(caller.subscriptions.counts());
        }
    }

    /// The connection is shown nothing more.
    fn end_monitoring(&mut self, core: &Core) {
        if std::mem::take(&mut self.caller.monitors) {
            core.node.clients.monitors.remove(&self.caller.client);
        }
    }

    /// Back to what a new connection is.
    pub(super) fn reset(&mut self, core: &Core, writer: &mut Writer) {
        self.transaction.reset(core);
        self.leave_channels(core);
        self.end_monitoring(core);
        // What has come in until now comes before the answer, in the words of the old protocol.
        if self.caller.client.has_pushes() {
            self.send_pushes(writer);
        }
        writer.protocol = Protocol::Resp2;
        let caller = &mut self.caller;
        caller.db = Db(0);
        caller.no_touch = false;
        caller.no_evict = false;
        // CLIENT REPLY SKIP holds for the answer to RESET itself, as in Redis.
        if caller.replies != Replies::SkipThis {
            caller.replies = Replies::On;
        }
        caller.authenticated = core.settings().requirepass.is_none();
        caller.client.set_name(b"");
        caller.client.set_user(DEFAULT_USER);
    }
}
