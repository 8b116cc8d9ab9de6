//! What a worker hands to each of its sessions: the node, its own tally, and the settings in force.

use crate::command::node::Node;
use crate::config::Settings;
use crate::observe::tally::Tally;
use std::sync::Arc;

/// One worker's view of the node.
pub struct Core {
    /// What all workers share.
    pub node: Arc<Node>,
    /// The worker's number.
    pub worker: usize,
    settings: Arc<Settings>,
    version: u64,
}

impl Core {
    /// The view of worker number `worker`.
    #[must_use]
    pub fn new(node: Arc<Node>, worker: usize) -> Self {
        let (version, settings) = (node.settings_version(), node.settings());
        Self { node, worker, settings, version }
    }

    /// Picks up changed settings; called once per turn.
    #[inline]
    pub fn refresh(&mut self) {
        let version = self.node.settings_version();
        if version != self.version {
            (self.version, self.settings) = (version, self.node.settings());
        }
    }

    /// The settings as of the last `refresh`.
    #[must_use]
    #[inline]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What this worker counts.
    #[must_use]
    #[inline]
    pub fn tally(&self) -> &Tally {
        self.node.tallies.worker(self.worker)
    }
}
