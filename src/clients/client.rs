//! One connection as the others see it.
//!
//! Invariant: only the connection's own core writes the figures; everybody may read them at any
//! time.

use crate::base::time::Mono;
use crate::clients::mailbox::{Mailbox, Push, Put, TooMany};
use crate::clients::post::Post;
use crate::pubsub::Subscribed;
use crate::resp::reply::Protocol;
use atomic_waker::AtomicWaker;
use parking_lot::RwLock;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::task::Waker;

/// A connection's number, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// The user that everybody is until AUTH says otherwise, as in Redis.
pub const DEFAULT_USER: &[u8] = b"default";

/// Where a connection comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its address, `127.0.0.1:50312` or `/path/to/socket:0`.
    pub address: Box<str>,
    /// The server's end.
    pub local_address: Box<str>,
    /// File descriptor.
    pub fd: i32,
    /// Whether it came through the Unix socket.
    pub unix: bool,
    /// The worker that serves it.
    pub worker: u16,
    /// When it connected.
    pub since: Mono,
}

impl Origin {
    /// Whether it comes from this machine: what `local` means in `enable-debug-command` and
    /// `enable-protected-configs`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let address = || self.address.parse::<SocketAddr>();
        self.unix || address().is_ok_and(|address| address.ip().to_canonical().is_loopback())
    }
}

macro_rules! figures {
    ($(#[$doc:meta] $name:ident: $atomic:ty = $plain:ty;)*) => {
        #[derive(Debug, Default)]
        struct Shared { $($name: $atomic,)* }

        /// What a connection is doing, as CLIENT LIST shows it.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Figures { $(#[$doc] pub $name: $plain,)* }

        impl Shared {
            fn load(&self) -> Figures {
                Figures { $($name: self.$name.load(Ordering::Relaxed),)* }
            }

            fn store(&self, figures: &Figures) {
                $(self.$name.store(figures.$name, Ordering::Relaxed);)*
            }
        }
    };
}

figures! {
    /// Milliseconds of the boot-time clock at which it was last heard of.
    last_seen_ms: AtomicU64 = u64;
    /// Number of the command that it ran last, plus one; 0 before the first.
    last_command: AtomicU16 = u16;
    /// Database.
    db: AtomicU8 = u8;
    /// Version of the protocol, 2 or 3.
    protocol: AtomicU8 = u8;
    /// Commands queued by MULTI; -1 outside.
    queued: AtomicI64 = i64;
    /// Keys watched.
    watched: AtomicU64 = u64;
    /// Bytes of an unfinished request.
    input_bytes: AtomicU64 = u64;
    /// Room that is left in the buffer that holds them.
    input_free_bytes: AtomicU64 = u64;
    /// Bytes of queued commands.
    queued_bytes: AtomicU64 = u64;
    /// Bytes of replies that the client has not taken.
    output_bytes: AtomicU64 = u64;
    /// Whether its keys' access marks are left alone.
    no_touch: AtomicBool = bool;
    /// Whether it is exempt from eviction.
    no_evict: AtomicBool = bool;
    /// Whether it waits: for the end of a pause, or for a key.
    blocked: AtomicBool = bool;
    /// Whether it waits for a key.
    waits: AtomicBool = bool;
}

/// Names that a client gives itself.
#[derive(Debug)]
struct Names {
    name: Vec<u8>,
    library: Vec<u8>,
    library_version: Vec<u8>,
    user: Vec<u8>,
}

impl Default for Names {
    fn default() -> Self {
        let (name, library, library_version) = Default::default();
        Self { name, library, library_version, user: DEFAULT_USER.to_vec() }
    }
}

/// Whether a connection has been asked to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// It has not.
    No,
    /// As soon as what it is owed has been sent.
    AfterReply,
    /// At once.
    Now,
}

/// What CLIENT UNBLOCK makes of a request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unblock {
    /// As if its time were up.
    TimedOut,
    /// An error.
    Error,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// Where it comes from.
    pub origin: Origin,
    shared: Shared,
    /// `None` until it gives itself one: most never do.
    names: RwLock<Option<Box<Names>>>,
    kill: AtomicU8,
    /// What CLIENT UNBLOCK asked for; 0 for nothing.
    unblock: AtomicU8,
    /// Whether what it waits for has news.
    news: AtomicBool,
    /// Whether it is shown every request.
    monitors: AtomicBool,
    waker: AtomicWaker,
    mailbox: Mailbox,
    /// The post of its worker.
    post: Arc<Post>,
}

impl Client {
    /// A connection that has just been accepted.
    #[must_use]
    pub(super) fn new(id: ClientId, origin: Origin, post: Arc<Post>) -> Self {
        let figures = Figures {
            last_seen_ms: origin.since.0,
            protocol: Protocol::Resp2.number() as u8,
            queued: -1,
            ..Figures::default()
        };
        let shared = Shared::default();
        shared.store(&figures);
        let (names, kill, unblock, news, monitors, waker) = Default::default();
        let mailbox = Mailbox::default();
        Self { id, origin, shared, names, kill, unblock, news, monitors, waker, mailbox, post }
    }

    /// What it is doing.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.shared.load()
    }

    /// Says what it is doing; its own core only.
    pub fn set_figures(&self, figures: &Figures) {
        self.shared.store(figures);
    }

    fn named<R: Default>(&self, read: impl FnOnce(&Names) -> R) -> R {
        self.names.read().as_deref().map(read).unwrap_or_default()
    }

    fn name_it(&self, write: impl FnOnce(&mut Names)) {
        write(self.names.write().get_or_insert_default());
    }

    /// The name that CLIENT SETNAME gave it; empty without one.
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        self.named(|names| names.name.clone())
    }

    /// Gives it a name; an empty one takes it away.
    pub fn set_name(&self, name: &[u8]) {
        self.name_it(|names| names.name = name.to_vec());
    }

    /// Name and version of the library it uses (CLIENT SETINFO).
    #[must_use]
    pub fn library(&self) -> (Vec<u8>, Vec<u8>) {
        self.named(|names| (names.library.clone(), names.library_version.clone()))
    }

    /// CLIENT SETINFO LIB-NAME.
    pub fn set_library_name(&self, name: &[u8]) {
        self.name_it(|names| names.library = name.to_vec());
    }

    /// CLIENT SETINFO LIB-VER.
    pub fn set_library_version(&self, version: &[u8]) {
        self.name_it(|names| names.library_version = version.to_vec());
    }

    /// The user it is, or would be after AUTH.
    #[must_use]
    pub fn user(&self) -> Vec<u8> {
        self.names.read().as_deref().map_or_else(|| DEFAULT_USER.to_vec(), |it| it.user.clone())
    }

    /// Notes who it is.
    pub fn set_user(&self, user: &[u8]) {
        self.name_it(|names| names.user = user.to_vec());
    }

    /// Asks the connection to go; whoever asks more strictly wins.
    pub fn kill(&self, kill: Kill) {
        self.kill.fetch_max(kill as u8, Ordering::AcqRel);
        self.wake();
    }

    /// Whether it has been asked to go.
    #[must_use]
    #[inline]
    pub fn killed(&self) -> Kill {
        match self.kill.load(Ordering::Acquire) {
            0 => Kill::No,
            1 => Kill::AfterReply,
            _ => Kill::Now,
        }
    }

    /// Ends the wait of its request, if it still waits when it hears of it.
    pub fn unblock(&self, how: Unblock) {
        self.unblock.store(how as u8 + 1, Ordering::Release);
        self.wake();
    }

    /// Takes what CLIENT UNBLOCK has asked for.
    pub fn take_unblock(&self) -> Option<Unblock> {
        match self.unblock.swap(0, Ordering::AcqRel) {
            0 => None,
            1 => Some(Unblock::TimedOut),
            _ => Some(Unblock::Error),
        }
    }

    /// What its request waits for has news.
    pub fn give_news(&self) {
        self.news.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether there were news since the last call.
    pub fn take_news(&self) -> bool {
        self.news.swap(false, Ordering::AcqRel)
    }

    /// Whether it is shown every request (MONITOR).
    #[must_use]
    pub fn monitors(&self) -> bool {
        self.monitors.load(Ordering::Relaxed)
    }

    pub(super) fn set_monitors(&self, monitors: bool) {
        self.monitors.store(monitors, Ordering::Relaxed);
    }

    /// Sends it a message that is no reply, when it is between two replies.
    pub fn push(&self, push: Push) {
        match self.put(push) {
            Put::First => self.wake(),
            Put::Behind => {}
        }
    }

    /// As `push`, where many connections may get the same.
    pub(super) fn push_one_of_many(self: &Arc<Self>, push: Push) {
        match self.put(push) {
            Put::First => self.post.note(Arc::clone(self)),
            Put::Behind => {}
        }
    }

    fn put(&self, push: Push) -> Put {
        let unsent = self.shared.output_bytes.load(Ordering::Relaxed);
        let room = self.post.room(&push, unsent);
        self.mailbox.put(push, room)
    }

    /// Whether there are messages to be sent.
    #[must_use]
    #[inline]
    pub fn has_pushes(&self) -> bool {
        self.mailbox.any()
    }

    /// Takes the messages that are to be sent.
    ///
    /// # Errors
    /// There are so many that it has to be closed instead.
    pub fn take_pushes(&self) -> Result<Vec<Push>, TooMany> {
        self.mailbox.take()
    }

    /// How much it follows.
    #[must_use]
    pub fn subscribed(&self) -> Subscribed {
        self.mailbox.subscribed()
    }

    /// Says how much it follows; its own core only.
    pub fn set_subscribed(&self, subscribed: Subscribed) {
        self.mailbox.set_subscribed(subscribed);
    }

    /// Lets the connection's task look around.
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// Whom `wake` wakes.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }
}
