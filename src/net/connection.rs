//! A connection: reads into the worker's shared buffer, lets the session take a turn, writes the replies.
//!
//! An idle connection owns no buffer. Reading goes on while replies wait to be taken, as in Redis, so that
//! a client may send everything before it reads anything; `client-output-buffer-limit` bounds that.
//! Not here: what requests mean (`server`), and accepting (`listen`).

use crate::base::time::Mono;
use crate::clients::Kill;
use crate::command::context::Effect;
use crate::net::stream::Stream;
use crate::observe::counters::Count;
use crate::resp::reply::Writer;
use crate::server::core::Core;
use crate::server::session::{Session, Then};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::time::{Sleep, sleep};

/// Room for one read when nothing is buffered; most turns fit, and it stays in the cache.
const READ_BYTES: usize = 64 * 1024;
/// Room added for each read when a request is larger than that.
const READ_MORE_BYTES: usize = 64 * 1024;
/// A buffer that grew beyond this is given back when it is empty.
const KEEP_BYTES_MAX: usize = 1024 * 1024;

/// What carries out the effects that go beyond a connection.
pub trait Outside: Send + Sync {
    /// Stops the server.
    fn shut_down(&self);
    /// Keeps all shards from everybody for so long.
    fn stall(&self, micros: u64);
}

/// What all connections of a worker share. Never contended: only the worker's own tasks lock it, and none
/// of them waits while it does.
pub struct Desk {
    core: Core,
    writer: Writer,
    input: Box<[u8]>,
}

/// A worker's connections, as one of them sees it.
#[derive(Clone)]
pub struct Worker {
    /// Buffers and the view of the node.
    pub desk: Arc<Mutex<Desk>>,
    /// Set when the server stops: connections answer what has arrived and close.
    pub stopping: Arc<AtomicBool>,
    /// For effects beyond the connection.
    pub outside: Arc<dyn Outside>,
}

impl Desk {
    /// The desk of one worker.
    #[must_use]
    pub fn new(core: Core) -> Self {
        Self { core, writer: Writer::default(), input: vec![0; READ_BYTES].into() }
    }

    /// The worker's view of the node.
    pub const fn core(&mut self) -> &mut Core {
        &mut self.core
    }
}

/// One client's connection.
pub(crate) struct Connection {
    stream: Stream,
    session: Session,
    worker: Worker,
    /// Bytes of requests that could not be used yet, from `start` on.
    pending: Vec<u8>,
    start: usize,
    /// Replies that the socket did not take, from `sent` on.
    unsent: Vec<u8>,
    sent: usize,
    closing: bool,
    paused: bool,
    effect: Option<Effect>,
    /// Wakes the connection at the end of a pause or of its time over the soft output limit.
    timer: Option<Pin<Box<Sleep>>>,
    over_soft_since: Option<Mono>,
}

/// Why a connection ended.
#[derive(Debug)]
enum End {
    Closed,
    Failed,
    Killed,
    OutputLimit,
    InputLimit,
}

impl Connection {
    pub(crate) fn new(stream: Stream, session: Session, worker: Worker) -> Self {
        Self {
            stream,
            session,
            worker,
            pending: Vec::new(),
            start: 0,
            unsent: Vec::new(),
            sent: 0,
            closing: false,
            paused: false,
            effect: None,
            timer: None,
            over_soft_since: None,
        }
    }

    /// Serves the client until it or the server closes.
    pub(crate) async fn serve(mut self) {
        let end = poll_fn(|cx| self.poll(cx)).await;
        let client = self.session.client();
        match end {
            End::Closed | End::Failed | End::Killed => {
                tracing::debug!(id = client.id.0, ?end, "Client closed connection");
            }
            End::OutputLimit => tracing::warn!(
                id = client.id.0,
                address = client.origin.address,
                "Client scheduled to be closed ASAP for overcoming of output buffer limits."
            ),
            End::InputLimit => tracing::warn!(
                id = client.id.0,
                address = client.origin.address,
                "Closing client that reached max query buffer length"
            ),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.session.client().register(cx.waker());
        if let Some(timer) = &mut self.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            self.timer = None;
        }
        loop {
            match self.session.client().killed() {
                Kill::Now => return Poll::Ready(End::Killed),
                Kill::AfterReply => self.closing = true,
                Kill::No => {}
            }
            let writing = self.poll_flush(cx);
            match writing {
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                Poll::Ready(Ok(())) if self.closing => return Poll::Ready(End::Closed),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            if self.closing {
                return Poll::Pending;
            }
            if let Some(effect) = self.effect.take() {
                self.carry_out(effect);
            }
            if self.paused {
                ready!(self.poll_pause(cx));
            }
            if self.start < self.pending.len() && self.take_turn(cx)? == Progress::Again {
                continue;
            }
            match ready!(self.poll_turn(cx)) {
                Ok(()) => {}
                Err(End::Closed) if self.worker.stopping.load(Ordering::Acquire) => {}
                Err(end) => return Poll::Ready(end),
            }
        }
    }
}
