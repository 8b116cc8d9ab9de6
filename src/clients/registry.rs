//! All connections of the node. Commands read it; the data path does not.

use crate::base::time::Mono;
use crate::clients::client::{Client, ClientId, Kill, Origin};
use crate::clients::monitors::Monitors;
use crate::clients::pause::Pause;
use crate::clients::post::Post;
use dashmap::DashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Context;

/// See the module's documentation.
#[derive(Debug)]
pub struct Registry {
    clients: DashMap<ClientId, Arc<Client>>,
    last_id: AtomicU64,
    connected: AtomicUsize,
    /// One for each worker.
    posts: Box<[Arc<Post>]>,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// MONITOR.
    pub monitors: Monitors,
}

impl Registry {
    /// The connections of a node with so many workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        let (clients, last_id, connected, pause, monitors) = Default::default();
        let posts = (0..workers.max(1)).map(|_| Arc::default()).collect();
        Self { clients, last_id, connected, posts, pause, monitors }
    }

    /// Admits a connection if there are fewer than `most`.
    pub fn admit(&self, origin: Origin, most: usize) -> Option<Arc<Client>> {
        let room = |connected: usize| (connected < most).then_some(connected + 1);
        self.connected.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).ok()?;
        let id = ClientId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let post = Arc::clone(self.post(usize::from(origin.worker)));
        let client = Arc::new(Client::new(id, origin, post));
        self.clients.insert(id, Arc::clone(&client));
        Some(client)
    }

    /// Forgets a connection that has been closed.
    pub fn remove(&self, id: ClientId) {
        if self.clients.remove(&id).is_some() {
            self.connected.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Acquire)
    }

    /// One of them. Who has been told to go at once counts as gone.
    #[must_use]
    pub fn get(&self, id: ClientId) -> Option<Arc<Client>> {
        let client = self.clients.get(&id)?;
        (client.killed() != Kill::Now).then(|| Arc::clone(&client))
    }

    /// All of them, oldest first, but not those that have been told to go at once.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Client>> {
        let staying = self.clients.iter().filter(|client| client.killed() != Kill::Now);
        let mut all: Vec<_> = staying.map(|client| Arc::clone(&client)).collect();
        all.sort_unstable_by_key(|client| client.id);
        all
    }

    /// Whether there is one like this.
    pub fn any(&self, wanted: impl Fn(&Client) -> bool) -> bool {
        self.clients.iter().any(|client| wanted(&client))
    }

    /// How many bytes of messages, or of lines of MONITOR, may wait for one connection; 0 for no
    /// limit.
    pub fn limit_mailboxes(&self, bytes: u64, line_bytes: u64) {
        self.posts.iter().for_each(|post| post.limit(bytes, line_bytes));
    }

    /// Wakes the connections of a worker that have got messages, and the task of `cx` when others
    /// have.
    pub fn wake_addressees(&self, worker: usize, cx: &Context<'_>) {
        self.post(worker).wake_noted(cx);
    }

    fn post(&self, worker: usize) -> &Arc<Post> {
        &self.posts[worker % self.posts.len()]
    }

    /// Closes connections that have not been heard of for `timeout_ms`, but neither
    /// subscribers nor monitors: they listen.
    pub fn close_idle(&self, now: Mono, timeout_ms: u64) {
        for client in &self.clients {
            let figures = client.figures();
            let idle = !figures.blocked && now.since(Mono(figures.last_seen_ms)) > timeout_ms;
            if idle && !client.monitors() && client.subscribed().is_nothing() {
                client.kill(Kill::Now);
            }
        }
    }

    /// Lets every connection look around: a pause has ended, or the server stops.
    pub fn wake_all(&self) {
        self.clients.iter().for_each(|client| client.wake());
    }
}
