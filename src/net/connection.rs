//! A connection: reads into the worker's shared buffer, lets the session take a turn, writes the
//! replies.
//!
//! An idle connection owns no buffer. Reading goes on while replies wait to be taken, as in Redis,
//! so that a client may send everything before it reads anything; `client-output-buffer-limit`
//! bounds that, and so does a small limit for who has not given the password. Not here: what
//! requests mean (`server`), and accepting (`listen`).

use crate::clients::{Figures, Kill, TooMany};
use crate::command::context::{Effect, Haste};
use crate::keyspace::Db;
use crate::net::backlog::{Backlog, Verdict};
use crate::net::farewell;
use crate::net::stream::Stream;
use crate::net::timer::Timer;
use crate::observe::counters::Count;
use crate::resp::reply::Writer;
use crate::server::core::Core;
use crate::server::session::{Session, Then, WaitEnd};
use crate::server::window::Expected;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

/// Room for one read when nothing is buffered; most turns fit, and it stays in the cache.
const READ_BYTES: usize = 64 * 1024;
/// Room added for each read when a request is larger than that.
const READ_MORE_BYTES: usize = 64 * 1024;
/// Requests in more bytes than this hide their own cache misses (`server/window.rs`).
const FEW_BYTES: usize = 256;
/// Buffers for requests and replies that a worker keeps, and how large one of them may be.
const SPARE_MAX: usize = 256;
const SPARE_BYTES_MAX: usize = 16 * 1024;

/// What carries out the effects that go beyond a connection.
pub trait Outside: Send + Sync {
    /// Stops the server.
    fn shut_down(&self, haste: Haste);
}

/// What all connections of a worker share. Never contended: only the worker's own tasks lock it,
/// and none of them waits while it does.
pub struct Desk {
    core: Core,
    writer: Writer,
    input: Box<[u8]>,
    /// Empty buffers, so that an active connection takes one and an idle one has none.
    spare: Vec<Vec<u8>>,
    /// The key of the request that was read last and has not run yet.
    expected: Option<(Expected, Db)>,
}

/// A worker's connections, as one of them sees it.
pub struct Worker {
    /// Buffers and the view of the node.
    pub desk: Mutex<Desk>,
    /// Set when the server stops: connections answer what has arrived and close.
    pub stopping: AtomicBool,
    /// For effects beyond the connection.
    pub outside: Box<dyn Outside>,
    /// How many clients are read from although they have been sent away.
    pub leaving: AtomicUsize,
}

impl Desk {
    /// The desk of one worker.
    #[must_use]
    pub fn new(core: Core) -> Self {
        let input = vec![0; READ_BYTES].into();
        Self { core, writer: Writer::default(), input, spare: Vec::new(), expected: None }
    }

    /// Looks at what may have changed since the last turn, and drops what a session that panicked
    /// may have left behind: it was meant for another client.
    #[inline]
    fn begin_turn(&mut self) {
        self.core.node.stall.wait();
        self.core.refresh();
        self.writer.out.clear();
    }

    /// Fetches what the next turns will need, one step behind what was read.
    #[inline]
    fn fetch(&mut self, next: Option<(Expected, Db)>) {
        if let Some((expected, db)) = std::mem::replace(&mut self.expected, next) {
            expected.fetch_entry(&self.core, db);
        }
    }

    /// Keeps a buffer for the next requests or replies, unless there are enough or it has grown
    /// large.
    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < SPARE_MAX && buffer.capacity() <= SPARE_BYTES_MAX {
            buffer.clear();
            self.spare.push(buffer);
        }
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
    worker: Arc<Worker>,
    /// Bytes of requests that could not be used yet, from `start` on.
    pending: Vec<u8>,
    start: usize,
    /// Whether `pending` may hold whole requests.
    resume: bool,
    /// Whether `pending` was read in this round, to be run in the next.
    unread: bool,
    /// Replies that the socket has not taken.
    unsent: Backlog,
    /// Whether something is put off to the next round: running what was read, or sending replies.
    fresh: bool,
    closing: bool,
    effect: Option<Effect>,
    timer: Timer,
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
    pub(crate) fn new(stream: Stream, session: Session, worker: Arc<Worker>) -> Self {
        Self {
            stream,
            session,
            worker,
            pending: Vec::new(),
            start: 0,
            resume: false,
            unread: false,
            unsent: Backlog::default(),
            fresh: false,
            closing: false,
            effect: None,
            timer: Timer::default(),
        }
    }

    /// Counts and logs why the connection ended.
    fn note(&self, end: &End) {
        match end {
            End::OutputLimit => self.count(Count::OutputLimitClosed, 1),
            End::InputLimit => self.count(Count::InputLimitClosed, 1),
            End::Closed | End::Failed | End::Killed => {}
        }
        let client = self.session.client();
        let (id, address) = (client.id.0, &client.origin.address);
        match end {
            End::Closed | End::Failed | End::Killed => {
                tracing::debug!(id, address, "Client closed connection");
            }
            End::OutputLimit => tracing::warn!(
                id,
                address,
                "Client closed: it left more replies than client-output-buffer-limit allows, or \
                 than who has not given the password may leave"
            ),
            End::InputLimit => tracing::warn!(
                id,
                address,
                "Client closed: a request is longer than client-query-buffer-limit"
            ),
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.session.client().register(cx.waker());
        loop {
            match self.session.client().killed() {
                Kill::Now => return Poll::Ready(End::Killed),
                Kill::AfterReply => self.closing = true,
                Kill::No => {}
            }
            if let Err(end) = self.take_pushes() {
                return Poll::Ready(end);
            }
            if std::mem::take(&mut self.fresh) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match self.poll_flush(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(End::Failed),
                Poll::Ready(Ok(())) if self.closing => return Poll::Ready(End::Closed),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            if self.unsent.is_refused()
                && let Err(end) = self.check_limits(cx)
            {
                return Poll::Ready(end);
            }
            if self.closing {
                return Poll::Pending;
            }
            if let Some(effect) = self.effect.take() {
                self.carry_out(effect);
                continue;
            }
            if std::mem::take(&mut self.unread) {
                self.pending_turn();
                // Every other connection has been read from by now.
                self.fresh = false;
                continue;
            }
            let step = if self.session.is_waiting() {
                match self.poll_wait(cx) {
                    Poll::Ready(end) => {
                        self.waited_turn(end);
                        Ok(())
                    }
                    // It may wait longer than the server is there.
                    Poll::Pending if self.worker.stopping.load(Ordering::Acquire) => {
                        self.closing = true;
                        continue;
                    }
                    // Who goes away while its request waits leaves the queue at once.
                    Poll::Pending => ready!(self.poll_read_ahead(cx)),
                }
            } else if self.resume {
                match self.poll_pause(cx) {
                    Poll::Ready(()) => {
                        self.pending_turn();
                        Ok(())
                    }
                    // The pause may last longer than the server; Redis does not wait for it either.
                    Poll::Pending if self.worker.stopping.load(Ordering::Acquire) => {
                        self.closing = true;
                        continue;
                    }
                    // Nobody who has gone away is kept until the pause is over.
                    Poll::Pending => ready!(self.poll_read_ahead(cx)),
                }
            } else {
                ready!(self.poll_read(cx))
            };
            // Replies that have not been offered to the socket yet are no backlog.
            let limits = |()| if self.fresh { Ok(()) } else { self.check_limits(cx) };
            if let Err(end) = step.and_then(limits) {
                return Poll::Ready(end);
            }
        }
    }

    /// Does what a turn has asked for, now that its replies have been sent.
    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Shutdown(haste) => {
                self.worker.outside.shut_down(haste);
                self.closing = true;
            }
            Effect::Close => self.closing = true,
            // Done at the start of every turn; the session keeps a request that waits.
            Effect::Refresh | Effect::Wait(_) => {}
        }
    }

    /// Waits for the end of a CLIENT PAUSE, if there is one.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pause = {
            let node = &self.worker.desk.lock().core.node;
            let now = node.clock.now().mono;
            node.clients.pause.at(now).map(|(_, until)| (until, now))
        };
        match pause {
            Some((until, now)) if self.session.client().figures().blocked => {
                self.timer.wake_by(until, now, cx);
                Poll::Pending
            }
            Some(_) | None => {
                self.timer.stop();
                Poll::Ready(())
            }
        }
    }

    /// Waits until the request that waits should look again.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<WaitEnd> {
        let now = self.worker.desk.lock().core.node.clock.now().mono;
        if let Some(end) = self.session.wait_end(now) {
            self.timer.stop();
            return Poll::Ready(end);
        }
        if let Some(until) = self.session.waits_until() {
            self.timer.wake_by(until, now, cx);
        }
        Poll::Pending
    }

    /// Sends what the socket has not taken yet.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let waiting = self.unsent.waiting();
        while !self.unsent.rest().is_empty() {
            match self.stream.poll_write(cx, self.unsent.rest())? {
                Poll::Ready(taken) => self.unsent.took(taken),
                Poll::Pending => {
                    self.unsent.refuse();
                    self.publish_backlog(waiting);
                    return Poll::Pending;
                }
            }
        }
        let (buffer, was_refused) = self.unsent.end();
        if was_refused {
            self.publish_backlog(waiting);
        }
        let desk = &mut *self.worker.desk.lock();
        desk.core.tally().counters.add(Count::Writes, 1);
        desk.recycle(buffer);
        Poll::Ready(Ok(()))
    }

    /// Reads once and lets the session use it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let read = if self.pending.is_empty() {
            let worker = Arc::clone(&self.worker);
            let desk = &mut *worker.desk.lock();
            let mut space = ReadBuf::new(&mut desk.input);
            match self.stream.poll_read(cx, &mut space) {
                Poll::Ready(Ok(read)) if read > 0 => {
                    self.use_input(desk, read);
                    return Poll::Ready(Ok(()));
                }
                ended @ (Poll::Ready(_) | Poll::Pending) => ended,
            }
        } else {
            self.poll_read_more(cx)
        };
        match read {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(End::Closed)),
            Poll::Ready(Ok(read)) => {
                self.count(Count::NetInputBytes, read as u64);
                self.count(Count::Reads, 1);
                self.pending_turn();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(_)) => Poll::Ready(Err(End::Failed)),
            // Everything that had arrived is answered, and replies that are not taken by now may be
            // lost.
            Poll::Pending
                if self.worker.stopping.load(Ordering::Acquire) && self.unsent.is_empty() =>
            {
                Poll::Ready(Err(End::Closed))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Reads without using what comes. The buffer grows by what has come and no more: many
    /// connections may wait at a time.
    fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let worker = Arc::clone(&self.worker);
        let desk = &mut *worker.desk.lock();
        let mut space = ReadBuf::new(&mut desk.input);
        Poll::Ready(match ready!(self.stream.poll_read(cx, &mut space)) {
            Ok(0) => Err(End::Closed),
            Ok(read) => {
                desk.core.tally().counters.add(Count::NetInputBytes, read as u64);
                self.pending.extend_from_slice(&desk.input[..read]);
                Ok(())
            }
            Err(_) => Err(End::Failed),
        })
    }

    /// Reads behind the part of a request that is there already: what is long straight into the
    /// connection's buffer, the rest by way of the worker's, so that the many connections that wait
    /// for the end of a short request own no more than its beginning.
    fn poll_read_more(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        if self.start > 0 {
            self.pending.drain(..self.start);
            self.start = 0;
        }
        let length = self.pending.len();
        if length < READ_MORE_BYTES {
            let desk = &mut *self.worker.desk.lock();
            let mut space = ReadBuf::new(&mut desk.input);
            let read = ready!(self.stream.poll_read(cx, &mut space))?;
            self.pending.extend_from_slice(space.filled());
            return Poll::Ready(Ok(read));
        }
        self.pending.reserve(self.session.reserve(length).max(READ_MORE_BYTES));
        self.pending.resize(length + READ_MORE_BYTES, 0);
        let mut space = ReadBuf::new(&mut self.pending[length..]);
        let read = self.stream.poll_read(cx, &mut space);
        let added = space.filled().len();
        self.pending.truncate(length + added);
        read
    }

    /// Runs what is in the worker's buffer, or, if it is a lone request, puts it off until the
    /// other connections have been read from: its key is on the way into the cache meanwhile.
    fn use_input(&mut self, desk: &mut Desk, read: usize) {
        desk.core.tally().counters.add(Count::NetInputBytes, read as u64);
        desk.core.tally().counters.add(Count::Reads, 1);
        if read <= FEW_BYTES
            && let expected @ Some(_) = self.session.glance(&desk.core, &desk.input[..read])
        {
            desk.fetch(expected);
            self.pending = desk.spare.pop().unwrap_or_default();
            self.pending.extend_from_slice(&desk.input[..read]);
            (self.unread, self.fresh) = (true, true);
            return;
        }
        desk.begin_turn();
        let (used, then) = self.session.turn(&desk.core, &desk.input[..read], &mut desk.writer);
        if used < read {
            self.pending.extend_from_slice(&desk.input[used..read]);
        }
        self.end_turn(desk, then);
    }

    /// A turn over the connection's own bytes.
    fn pending_turn(&mut self) {
        let worker = Arc::clone(&self.worker);
        let desk = &mut *worker.desk.lock();
        desk.fetch(None);
        self.run_pending(desk);
    }

    fn run_pending(&mut self, desk: &mut Desk) {
        desk.begin_turn();
        let input = &self.pending[self.start..];
        let (used, then) = self.session.turn(&desk.core, input, &mut desk.writer);
        self.start += used;
        if self.start == self.pending.len() {
            desk.recycle(std::mem::take(&mut self.pending));
            self.start = 0;
        }
        self.end_turn(desk, then);
    }

    /// Lets the request that has waited look again.
    fn waited_turn(&mut self, end: WaitEnd) {
        let worker = Arc::clone(&self.worker);
        let desk = &mut *worker.desk.lock();
        desk.begin_turn();
        let then = self.session.resume(&desk.core, end, &mut desk.writer);
        self.end_turn(desk, then);
        // What was sent behind the request may be what the next in a queue waits for, such as a
        // release: it runs before the reply is sent, not after.
        if then == Then::Flush && !self.pending.is_empty() {
            self.run_pending(desk);
        }
    }

    /// Takes a turn's replies and notes what comes next.
    fn end_turn(&mut self, desk: &mut Desk, then: Then) {
        self.resume = false;
        if !self.pending.is_empty() {
            self.publish_buffers();
        }
        match then {
            Then::Read(_) | Then::Wait => {}
            Then::Flush | Then::Paused => self.resume = true,
            Then::Close => self.closing = true,
            Then::Do(effect) => {
                self.resume = true;
                self.effect = Some(effect);
            }
        }
        self.take_replies(desk);
    }

    /// Takes the desk's replies over. They are written when every connection that is ready has had
    /// its turn: the first reply wakes the client's machine, and the others find it awake.
    fn take_replies(&mut self, desk: &mut Desk) {
        let out = &mut desk.writer.out;
        if out.is_empty() {
            return;
        }
        desk.core.tally().counters.add(Count::NetOutputBytes, out.len() as u64);
        self.fresh |= self.unsent.is_empty();
        self.unsent.take(out, || desk.spare.pop().unwrap_or_default());
    }

    /// Takes over messages that are no replies.
    fn take_pushes(&mut self) -> Result<(), End> {
        if self.session.client().has_pushes() {
            let worker = Arc::clone(&self.worker);
            let desk = &mut *worker.desk.lock();
            self.session.take_pushes(&mut desk.writer).map_err(|TooMany| End::OutputLimit)?;
            self.take_replies(desk);
        }
        Ok(())
    }

    fn count(&self, count: Count, more: u64) {
        self.worker.desk.lock().core.tally().counters.add(count, more);
    }

    /// Says how many replies wait, of the bytes that did before. Who takes some of them is not
    /// idle, as in Redis: a long reply may take longer than `timeout`.
    fn publish_backlog(&self, before: u64) {
        self.publish_buffers();
        if self.unsent.waiting() < before {
            let now = self.worker.desk.lock().core.node.clock.now().mono;
            let client = self.session.client();
            client.set_figures(&Figures { last_seen_ms: now.0, ..client.figures() });
        }
    }

    fn publish_buffers(&self) {
        let client = self.session.client();
        let mut figures = client.figures();
        figures.input_free_bytes = (self.pending.capacity() - self.pending.len()) as u64;
        figures.output_bytes = self.unsent.waiting();
        client.set_figures(&figures);
    }

    /// Closes a client that does not take its replies or sends an endless request.
    fn check_limits(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let buffered = self.pending.len() - self.start;
        if self.unsent.is_empty() && buffered == 0 {
            return Ok(());
        }
        let worker = Arc::clone(&self.worker);
        let mut desk = worker.desk.lock();
        let settings = desk.core().settings();
        if buffered > settings.client_query_buffer_limit {
            return Err(End::InputLimit);
        }
        let limit = self.session.output_limit(desk.core());
        let clock = &desk.core.node.clock;
        match self.unsent.judge(limit, || clock.now().mono) {
            Verdict::Within => Ok(()),
            Verdict::TooMuch => Err(End::OutputLimit),
            // The time is up even if nothing else happens on the connection.
            Verdict::UntilThen(end) => {
                let now = clock.now().mono;
                drop(desk);
                self.timer.wake_by(end, now, cx);
                Ok(())
            }
        }
    }
}

/// Serves the client until it or the server closes. An `async fn` would keep the connection twice,
/// as its argument and as its variable.
impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let end = ready!(self.poll_end(cx));
        self.note(&end);
        // A server that stops has answered everything that it has been sent.
        if self.closing && !self.worker.stopping.load(Ordering::Acquire) {
            farewell::end(&self.stream, &self.worker);
        }
        Poll::Ready(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Whoever sees that the client has gone finds its memory free.
        (self.pending, self.unsent) = Default::default();
        self.session.close(&self.worker.desk.lock().core);
    }
}
