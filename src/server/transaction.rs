//! MULTI, EXEC and WATCH (Redis documentation, "Transactions"): a queue of requests that runs with
//! all its shards borrowed at once, so that nobody sees a part of it.
//!
//! Not here: which requests are queued (`session`).
//! Invariant: every watch in `watched` is counted once in its shard's `Watches`.

use crate::base::slot::SlotId;
use crate::base::time::Now;
use crate::clients::Figures;
use crate::command::context::{Caller, Context, Effect};
use crate::command::error::CommandError;
use crate::command::spec::{Flags, Group, Reach};
use crate::command::table::{self, Command, key_slots};
use crate::keyspace::borrow::Borrowed;
use crate::keyspace::shard::Use;
use crate::keyspace::watch::Version;
use crate::keyspace::{Db, Key};
use crate::observe::commands::CallEnd;
use crate::resp::reply::Writer;
use crate::resp::request::{Argv, Span};
use crate::server::core::Core;
use crate::server::dispatch::{self, Call, Slots, Start};

const ABORTED: CommandError =
    CommandError::fixed("EXECABORT Transaction discarded because of previous errors.");

/// The answer to an EXEC that was refused itself.
pub(crate) fn aborted_by(error: &CommandError) -> CommandError {
    let text = error.text();
    let text = text.strip_prefix(b"ERR ").unwrap_or(text);
    CommandError::new([b"EXECABORT Transaction discarded because of: ", text].concat())
}

#[derive(Debug)]
struct Watch {
    db: Db,
    key: Box<[u8]>,
    slot: SlotId,
    version: Version,
}

/// A request that is kept for later.
pub(super) struct Queued {
    pub(super) command: &'static Command,
    bytes: Box<[u8]>,
    spans: Box<[Span]>,
}

impl Queued {
    pub(super) fn new(command: &'static Command, argv: Argv<'_>) -> Self {
        let mut bytes = Vec::with_capacity(argv.iter().map(<[u8]>::len).sum());
        let spans = argv.iter().map(|word| {
            bytes.extend_from_slice(word);
            Span { start: bytes.len() - word.len(), len: word.len() }
        });
        let spans = spans.collect();
        Self { command, bytes: bytes.into(), spans }
    }

    pub(super) const fn argv(&self) -> Argv<'_> {
        Argv::new(&self.bytes, &self.spans)
    }
}

/// A session's transaction, if it is in one, and what it watches. Few sessions are in one at a
/// time, so the rest of them own no more than a pointer.
#[derive(Default)]
pub(crate) struct Transaction(Option<Box<Begun>>);

#[derive(Default)]
struct Begun {
    /// `None` before MULTI: there are only watches.
    queue: Option<Vec<Queued>>,
    queued_bytes: usize,
    /// A request was refused while the queue was open: EXEC will not run.
    broken: bool,
    watched: Vec<Watch>,
}

impl Transaction {
    fn queue(&self) -> Option<&[Queued]> {
        self.0.as_ref()?.queue.as_deref()
    }

    /// Whether requests are being queued.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|begun| begun.queue.is_some())
    }

    /// Number of queued requests, -1 outside a transaction.
    pub(crate) fn queued(&self) -> i64 {
        self.queue().map_or(-1, |queue| queue.len() as i64)
    }

    /// Bytes of queued requests.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |begun| begun.queued_bytes)
    }

    /// Number of watched keys.
    pub(crate) fn watched(&self) -> usize {
        self.0.as_ref().map_or(0, |begun| begun.watched.len())
    }

    fn any_has(&self, flag: Flags) -> bool {
        let has = |queued: &Queued| table::flags(queued.command, queued.argv()).has(flag);
        self.queue().unwrap_or_default().iter().any(has)
    }

    /// Whether EXEC would write.
    pub(crate) fn would_write(&self) -> bool {
        self.any_has(Flags::WRITE)
    }

    /// Whether EXEC would add data.
    pub(crate) fn would_grow(&self) -> bool {
        self.any_has(Flags::DENYOOM)
    }

    /// MULTI.
    pub(crate) fn open(&mut self) -> Result<(), CommandError> {
        if self.is_open() {
            return Err(CommandError::fixed("ERR MULTI calls can not be nested"));
        }
        self.0.get_or_insert_default().queue = Some(Vec::new());
        Ok(())
    }

    /// Keeps a request for EXEC.
    pub(crate) fn push(&mut self, command: &'static Command, argv: Argv<'_>) {
        let Some(begun) = &mut self.0 else { return };
        let Some(queue) = &mut begun.queue else { return };
        let queued = Queued::new(command, argv);
        begun.queued_bytes += queued.bytes.len() + size_of_val(&*queued.spans);
        queue.push(queued);
    }

    /// Notes that a request was refused.
    pub(crate) fn spoil(&mut self) {
        if let Some(begun) = &mut self.0 {
            begun.broken |= begun.queue.is_some();
        }
    }

    /// DISCARD.
    pub(crate) fn discard(&mut self, core: &Core) -> Result<(), CommandError> {
        if !self.is_open() {
            return Err(CommandError::fixed("ERR DISCARD without MULTI"));
        }
        self.reset(core);
        Ok(())
    }

    /// Forgets the queue and the watches.
    pub(crate) fn reset(&mut self, core: &Core) {
        self.unwatch(core);
        self.0 = None;
    }

    /// WATCH.
    pub(crate) fn watch(
        &mut self,
        core: &Core,
        db: Db,
        argv: Argv<'_>,
        now: Now,
    ) -> Result<(), CommandError> {
        if self.is_open() {
            return Err(CommandError::fixed("ERR WATCH inside MULTI is not allowed"));
        }
        let watched = &mut self.0.get_or_insert_default().watched;
        for bytes in argv.from(1).iter() {
            if watched.iter().any(|watch| watch.db == db && *watch.key == *bytes) {
                continue;
            }
            let key = Key::new(bytes);
            let mut shards = core.node.keyspace.borrow(&[key.slot]);
            let shard = shards.shard(key.slot);
            // A key whose time has run out must not count as changed when it is cleared away later.
            shard.remove_if_ended(db, key, now.mono);
            let version = shard.watches.watch(db, bytes);
            watched.push(Watch { db, key: bytes.into(), slot: key.slot, version });
        }
        Ok(())
    }

    /// UNWATCH, and what every end of a transaction does.
    pub(crate) fn unwatch(&mut self, core: &Core) {
        for watch in self.0.iter_mut().flat_map(|begun| begun.watched.drain(..)) {
            let mut shards = core.node.keyspace.borrow(&[watch.slot]);
            shards.shard(watch.slot).watches.unwatch(watch.db, &watch.key);
        }
    }

    /// EXEC: runs the queue, unless a watched key has changed or a request was refused.
    pub(crate) fn exec(
        &mut self,
        core: &Core,
        caller: &mut Caller,
        writer: &mut Writer,
        now: Now,
    ) -> Result<Option<Effect>, CommandError> {
        let queue = self.0.as_mut().and_then(|begun| Some((begun.queue.take()?, begun.broken)));
        let Some((queue, broken)) = queue else {
            return Err(CommandError::fixed("ERR EXEC without MULTI"));
        };
        if broken {
            self.reset(core);
            return Err(ABORTED);
        }
        let Some(shards) = self.borrow_unchanged(core, &queue, now) else {
            self.reset(core);
            writer.null_array();
            return Ok(None);
        };
        self.0 = None;
        let reply_start = writer.out.len();
        if !caller.replies.are_silent() {
            writer.array(queue.len());
        }
        let Some(first) = queue.first() else { return Ok(None) };
        let mut cx = dispatch::context(core, caller, first.command, writer, (shards, now));
        (cx.in_transaction, cx.reply_start) = (true, reply_start);
        for queued in &queue {
            run_queued(core, &mut cx, queued);
        }
        Ok(cx.effect)
    }

    /// The shards of everything that is queued or watched, with the watches ended; `None` if a
    /// watched key has changed.
    fn borrow_unchanged<'c>(
        &mut self,
        core: &'c Core,
        queue: &[Queued],
        now: Now,
    ) -> Option<Borrowed<'c>> {
        let watched = &mut self.0.get_or_insert_default().watched;
        let mut slots = Slots::new();
        queue.iter().for_each(|q| key_slots(q.command.spec, q.argv(), &mut slots));
        slots.extend(watched.iter().map(|watch| watch.slot));
        let everything = queue.iter().any(|q| q.command.spec.reach != Reach::Keys);
        let keyspace = &core.node.keyspace;
        let mut shards = if everything { keyspace.borrow_all() } else { keyspace.borrow(&slots) };
        let unchanged = watched.iter().all(|watch| {
            let shard = shards.shard(watch.slot);
            shard.remove_if_ended(watch.db, Key { bytes: &watch.key, slot: watch.slot }, now.mono);
            shard.watches.unchanged(watch.db, &watch.key, watch.version)
        });
        if !unchanged {
            return None;
        }
        for watch in watched.drain(..) {
            shards.shard(watch.slot).watches.unwatch(watch.db, &watch.key);
        }
        Some(shards)
    }
}

fn run_queued(core: &Core, cx: &mut Context<'_>, queued: &Queued) {
    let mut slots = Slots::new();
    key_slots(queued.command.spec, queued.argv(), &mut slots);
    let start = Start { now: cx.keys.now, nanos: core.node.clock.nanos() };
    cx.command = queued.command;
    // An earlier command of the queue may have been SELECT or CLIENT NO-TOUCH.
    cx.keys.db = cx.caller.db;
    cx.keys.usage = if cx.caller.no_touch { Use::Peek } else { Use::Touch };
    if queued.command.spec.group == Group::Connection {
        // CLIENT INFO shows what HELLO and SELECT of the same queue have changed.
        let protocol = cx.reply.protocol.number() as u8;
        let figures = cx.caller.client.figures();
        cx.caller.client.set_figures(&Figures { db: cx.caller.db.0, protocol, ..figures });
    }
    let before = cx.reply.out.len();
    let silent = cx.caller.replies.are_silent();
    dispatch::run(core, cx, queued.argv(), &slots);
    let failed = cx.reply.out.get(before) == Some(&b'-');
    // CLIENT REPLY ON is answered, and so is what follows it.
    if silent && cx.caller.replies.are_silent() {
        cx.reply.out.truncate(before);
    }
    let end = if failed { CallEnd::Failed } else { CallEnd::Done };
    let call = Call { command: queued.command, argv: queued.argv(), slot: None };
    dispatch::account(core, cx.caller, call, start, (core.node.clock.nanos(), end));
}
