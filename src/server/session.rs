//! A client's protocol state: bytes in, replies out, in order.
//!
//! Not here: the socket, and what waits. A turn ends with a word that says what has to happen next.
//! Invariant: what `turn` reports as used is never looked at again, and nothing else is skipped.

use crate::base::slot::SlotId;
use crate::base::time::{Mono, Now};
use crate::clients::{Client, Figures, Kill, PauseScope};
use crate::command::context::{Caller, Effect, KeptSlots, Replies, Wait};
use crate::command::error::CommandError;
use crate::command::named::named;
use crate::command::spec::{Flags, Group, Run, SessionVerb};
use crate::command::table::{self, Command, key_slots};
use crate::keyspace::Db;
use crate::observe::commands::CallEnd;
use crate::pubsub::Subscriptions;
use crate::resp::glance::second_word;
use crate::resp::reply::{Protocol, Writer};
use crate::resp::request::{Argv, Bounds, Parser};
use crate::server::core::Core;
use crate::server::dispatch::{self, Call, Slots, Start};
use crate::server::memory_limit;
use crate::server::monitor;
use crate::server::refusal;
use crate::server::transaction::{self, Queued, Transaction};
pub use crate::server::waiting::WaitEnd;
use crate::server::waiting::{UNBLOCKED, Waiting};
use crate::server::window::{Expected, Window};
use std::sync::Arc;

mod end;
mod output_limit;
mod pushes;
mod standing;

/// A turn ends early when so many bytes of replies have gathered, so that they are sent before more
/// are made.
const TURN_OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// What a turn left to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Wait for more bytes; at least so many are needed.
    Read(usize),
    /// Send what has been written, then take another turn.
    Flush,
    /// Send what has been written, then close.
    Close,
    /// Take another turn when the pause is over or somebody wakes the client.
    Paused,
    /// Send, then do this, then take another turn.
    Do(Effect),
    /// Nothing more is read until the request that waits is done: see [`Session::wait_end`].
    Wait,
}

/// A client's session. See the module's documentation.
pub struct Session {
    parser: Parser,
    state: State,
}

struct State {
    caller: Caller,
    protocol: Protocol,
    transaction: Transaction,
    /// The request that waits for a key.
    waiting: Option<Box<Waiting>>,
    last_command: u16,
    /// Bytes from the start of the request that is running on; more than 4 GiB count as that.
    unread: u32,
}

const _: () = assert!(size_of::<State>() <= 56, "an idle connection is small");

/// How far a turn has come.
struct Turn {
    at: Start,
    used: usize,
    output_max: usize,
}

enum Step {
    Next,
    Stop(Then),
}

impl Session {
    /// The session of a connection that has just been accepted.
    #[must_use]
    pub fn new(core: &Core, client: Arc<Client>) -> Self {
        let caller = Caller {
            client,
            db: Db(0),
            authenticated: core.settings().requirepass.is_none(),
            no_touch: false,
            monitors: false,
            no_evict: false,
            replies: Replies::On,
            kept: KeptSlots::default(),
            subscriptions: Subscriptions::default(),
        };
        let state = State {
            caller,
            protocol: Protocol::Resp2,
            transaction: Transaction::default(),
            waiting: None,
            last_command: 0,
            unread: 0,
        };
        Self { parser: Parser::default(), state }
    }

    /// The connection as others see it.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.state.caller.client
    }

    /// Runs the requests in `input`, which starts where the last turn stopped using it; replies go
    /// to `writer`. Returns how many bytes were used, and what to do then.
    pub fn turn(&mut self, core: &Core, input: &[u8], writer: &mut Writer) -> (usize, Then) {
        writer.protocol = self.state.protocol;
        let nanos = core.node.clock.nanos();
        let mut turn = Turn {
            at: Start { now: core.node.clock.at(nanos), nanos },
            used: 0,
            output_max: writer.out.len() + TURN_OUTPUT_BYTES_MAX,
        };
        let mut window = Window::default();
        let then = loop {
            let bounds = Bounds {
                bulk_bytes_max: core.settings().proto_max_bulk_len as i64,
                authenticated: self.state.caller.authenticated,
            };
            let end = window.fill(&mut self.parser, &input[turn.used..], bounds, core);
            window.prefetch_entries(core, self.state.caller.db);
            if let Some(then) = self.run_window(core, &window, input, (writer, &mut turn)) {
                self.parser.rewind();
                break then;
            }
            match end {
                Ok(None) => {}
                Ok(Some(wanted)) => {
                    self.parser.forget();
                    break Then::Read(wanted);
                }
                Err(error) => {
                    let rest = &input[turn.used..];
                    refusal::log_protocol_error(core.settings(), self.client(), error, rest);
                    if self.state.caller.replies == Replies::On {
                        let error = CommandError::new([b"ERR ", &*error.text()].concat());
                        dispatch::refuse(core, writer, &error);
                    }
                    turn.used = input.len();
                    break Then::Close;
                }
            }
        };
        self.state.protocol = writer.protocol;
        self.state.note_unread(input.len() - turn.used);
        self.publish(turn.at.now, then);
        (turn.used, then)
    }

    /// Runs the requests that were read ahead, until one of them ends the turn.
    #[inline]
    fn run_window(
        &mut self,
        core: &Core,
        window: &Window,
        input: &[u8],
        (writer, turn): (&mut Writer, &mut Turn),
    ) -> Option<Then> {
        let (start, first_ns) = (turn.used, turn.at.nanos);
        for ahead in window.requests() {
            let argv = self.parser.argv(ahead.found, &input[start + ahead.start..]);
            self.state.note_unread(input.len() - start - ahead.start);
            let request = Request { argv, command: ahead.command, slot: ahead.slot() };
            let step = self.state.request(core, request, writer, &mut turn.at);
            if matches!(step, Step::Stop(Then::Paused)) {
                return Some(Then::Paused);
            }
            turn.used = start + ahead.end;
            match step {
                Step::Stop(then) => return Some(then),
                Step::Next if writer.out.len() > turn.output_max => return Some(Then::Flush),
                Step::Next => {}
            }
            // Milliseconds matter to expiry, so a long turn reads the clock again.
            if turn.at.nanos - first_ns > 1_000_000 {
                turn.at.now = core.node.clock.at(turn.at.nanos);
            }
        }
        turn.used = start + window.end();
        None
    }

    /// Starts fetching the key that a request, which will run a little later, probably names.
    #[inline]
    #[must_use]
    pub fn glance(&self, core: &Core, input: &[u8]) -> Option<(Expected, Db)> {
        let key = second_word(input)?;
        Some((Expected::fetch(core, key), self.state.caller.db))
    }

    /// How much room is worth preparing for the rest of an unfinished request.
    #[must_use]
    pub fn reserve(&self, buffered: usize) -> usize {
        self.parser.reserve(buffered)
    }

    /// Whether a request waits for a key.
    #[inline]
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.state.waiting.is_some()
    }

    /// When the time of the request that waits is up.
    #[must_use]
    pub fn waits_until(&self) -> Option<Mono> {
        self.state.waiting.as_ref()?.wait.until
    }

    /// Whether the request that waits should look again.
    pub fn wait_end(&self, now: Mono) -> Option<WaitEnd> {
        let waiting = self.state.waiting.as_ref()?;
        if self.client().take_news() {
            return Some(WaitEnd::News);
        }
        if let Some(unblock) = self.client().take_unblock() {
            return Some(unblock.into());
        }
        let is_over = waiting.wait.until.is_some_and(|until| until <= now);
        is_over.then_some(WaitEnd::TimedOut)
    }

    /// Runs the request that waits again.
    pub fn resume(&mut self, core: &Core, end: WaitEnd, writer: &mut Writer) -> Then {
        let Some(waiting) = self.state.waiting.take() else { return Then::Flush };
        writer.protocol = self.state.protocol;
        let nanos = core.node.clock.nanos();
        let at = Start { now: core.node.clock.at(nanos), nanos };
        let then = self.state.resume(core, waiting, end, (writer, at));
        self.publish(at.now, then);
        then
    }

    fn publish(&self, now: Now, then: Then) {
        let mut figures = self.state.figures(now);
        figures.waits = then == Then::Wait;
        figures.blocked = figures.waits || then == Then::Paused;
        figures.output_bytes = self.client().figures().output_bytes;
        self.client().set_figures(&figures);
    }
}

impl State {
    #[inline]
    fn note_unread(&mut self, bytes: usize) {
        self.unread = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    fn figures(&self, now: Now) -> Figures {
        Figures {
            last_seen_ms: now.mono.0,
            last_command: self.last_command,
            db: self.caller.db.0,
            protocol: self.protocol.number() as u8,
            queued: self.transaction.queued(),
            watched: self.transaction.watched() as u64,
            input_bytes: u64::from(self.unread),
            queued_bytes: self.transaction.queued_bytes() as u64,
            no_touch: self.caller.no_touch,
            no_evict: self.caller.no_evict,
            ..Figures::default()
        }
    }

    /// Looks up, checks, then queues or runs one request. `at` is when it starts, and then when it
    /// ended.
    #[inline]
    fn request(
        &mut self,
        core: &Core,
        request: Request<'_>,
        writer: &mut Writer,
        at: &mut Start,
    ) -> Step {
        let before = writer.out.len();
        if self.caller.replies == Replies::SkipNext {
            self.caller.replies = Replies::SkipThis;
        }
        // What is suppressed was so before the request: an EXEC with CLIENT REPLY OFF in it is
        // answered up to there.
        let replies = self.caller.replies;
        let Request { argv, slot, .. } = request;
        let step = match self.admit(core, request, (at.now, writer.protocol)) {
            Ok(Admitted::Run(command)) => self.run(core, Call { command, argv, slot }, writer, at),
            Ok(Admitted::Queue(command)) => {
                self.transaction.push(command, argv);
                if self.transaction.queued_bytes() > core.settings().client_query_buffer_limit {
                    return Step::Stop(refusal::endless_queue(core, &self.caller.client));
                }
                writer.simple("QUEUED");
                Step::Next
            }
            Ok(Admitted::Later) => return Step::Stop(Then::Paused),
            Err(_) if refusal::is_http(argv.get(0).unwrap_or_default()) => {
                tracing::warn!(
                    address = self.caller.client.origin.address,
                    "Possible SECURITY ATTACK detected: somebody is sending POST or Host: to \
                     latchd, most likely through a browser. The connection is closed."
                );
                // What it has sent before, such as a line with GET, gets no answer either.
                writer.out.clear();
                return Step::Stop(Then::Close);
            }
            Err(refused) => {
                let error = self.refused(core, refused);
                dispatch::refuse(core, writer, &error);
                Step::Next
            }
        };
        match replies {
            Replies::On | Replies::SkipNext => {}
            Replies::Off | Replies::SkipThis if self.caller.replies == replies => {
                writer.out.truncate(before);
                if replies == Replies::SkipThis {
                    self.caller.replies = Replies::On;
                }
            }
            // This was CLIENT REPLY, and ON is answered.
            Replies::Off | Replies::SkipThis => {}
        }
        // What the client hears by its own request stands behind the reply, as in Redis from 7.2
        // on.
        if self.caller.client.has_pushes() {
            self.send_pushes(writer);
        }
        step
    }

    /// What a refusal means to the transaction, and its text.
    #[cold]
    fn refused(&mut self, core: &Core, refused: Refused) -> CommandError {
        if let Some(command) = refused.command {
            core.tally().commands.rejected(command.id);
            if matches!(command.spec.run, Run::Session(SessionVerb::Exec)) {
                self.transaction.reset(core);
                return transaction::aborted_by(&refused.error);
            }
        }
        self.transaction.spoil();
        refused.error
    }

    /// Whether and how a request may run now. The order of the checks is Redis's
    /// (`processCommand`).
    #[inline]
    fn admit(
        &mut self,
        core: &Core,
        request: Request<'_>,
        (now, protocol): (Now, Protocol),
    ) -> Result<Admitted, Refused> {
        let argv = request.argv;
        let command = match request.command {
            Some(command) => command,
            None => named(argv)?,
        };
        self.last_command = command.id.0 + 1;
        let refuse = |error| Err(Refused { command: Some(command), error });
        let spec = command.spec;
        if !spec.accepts(argv.len()) {
            return refuse(CommandError::arity(&command.full_name));
        }
        if spec.flags.has(Flags::PROTECTED) && !self.may_debug(core) {
            return refuse(refusal::PROTECTED);
        }
        // One branch for what is rarely so.
        if (!self.caller.authenticated | self.caller.monitors)
            && let Err(error) = self.check_standing(core, spec.flags)
        {
            return refuse(error);
        }
        let open = self.transaction.is_open();
        if open && spec.flags.has(Flags::NO_MULTI) {
            return refuse(CommandError::fixed("ERR Command not allowed inside a transaction"));
        }
        if memory_limit::is_full(core, now.mono) && self.may_grow(command, argv) {
            return refuse(memory_limit::FULL);
        }
        if self.caller.subscriptions.any()
            && protocol == Protocol::Resp2
            && !spec.flags.has(Flags::SUBSCRIBER)
        {
            return refuse(refusal::subscriber(command));
        }
        if let Some((scope, _)) = core.node.clients.pause.at(now.mono)
            && (scope == PauseScope::All || self.may_write(command))
            && !self.caller.monitors
        {
            return Ok(Admitted::Later);
        }
        match spec.run {
            Run::Session(SessionVerb::Unwatch) if open => Ok(Admitted::Queue(command)),
            Run::Session(_) => Ok(Admitted::Run(command)),
            Run::Plain(_) | Run::Container if open => Ok(Admitted::Queue(command)),
            Run::Plain(_) | Run::Container => Ok(Admitted::Run(command)),
        }
    }

    /// Whether a request needs memory: those that are queued do as well.
    fn may_grow(&self, command: &Command, argv: Argv<'_>) -> bool {
        match command.spec.run {
            Run::Session(SessionVerb::Exec) => self.transaction.would_grow(),
            Run::Session(SessionVerb::Discard | SessionVerb::Quit | SessionVerb::Reset) => false,
            Run::Session(SessionVerb::Multi | SessionVerb::Watch | SessionVerb::Unwatch)
            | Run::Plain(_)
            | Run::Container => {
                self.transaction.is_open() || table::flags(command, argv).has(Flags::DENYOOM)
            }
        }
    }

    fn may_write(&self, command: &Command) -> bool {
        let flags = command.spec.flags;
        let exec = matches!(command.spec.run, Run::Session(SessionVerb::Exec));
        flags.has(Flags::WRITE)
            || flags.has(Flags::MAY_REPLICATE)
            || exec && self.transaction.would_write()
    }

    #[inline]
    fn run(&mut self, core: &Core, call: Call<'_>, writer: &mut Writer, at: &mut Start) -> Step {
        let command = call.command;
        let shows_itself = matches!(command.spec.run, Run::Session(SessionVerb::Exec));
        if command.spec.group == Group::Connection || shows_itself {
            // CLIENT LIST and CLIENT INFO show this connection as it is now.
            self.protocol = writer.protocol;
            self.caller.client.set_figures(&self.figures(at.now));
        }
        let before = writer.out.len();
        let effect = match command.spec.run {
            Run::Session(verb) => {
                let effect = self.session_verb(core, verb, call.argv, (writer, at.now));
                monitor::show(core, &self.caller, command, call.argv);
                effect
            }
            Run::Plain(_) | Run::Container => {
                dispatch::execute(core, &mut self.caller, call, writer, at.now)
            }
        };
        let failed = writer.out.get(before) == Some(&b'-');
        let end = if failed { CallEnd::Failed } else { CallEnd::Done };
        let end_ns = core.node.clock.nanos();
        // A request that waits is counted when it is done.
        if !matches!(effect, Some(Effect::Wait(_))) {
            dispatch::account(core, &self.caller, call, *at, (end_ns, end));
        }
        at.nanos = end_ns;
        match effect {
            Some(Effect::Wait(wait)) => self.wait(Queued::new(command, call.argv), wait),
            Some(Effect::Close) => Step::Stop(Then::Close),
            // The settings are read once per turn, so that a request need not ask whether they
            // have changed.
            Some(Effect::Refresh) => Step::Stop(Then::Flush),
            Some(effect @ Effect::Shutdown(_)) => Step::Stop(Then::Do(effect)),
            None if self.caller.client.killed() != Kill::No => Step::Stop(Then::Close),
            None => Step::Next,
        }
    }

    /// Keeps a request that has been parked.
    #[cold]
    fn wait(&mut self, request: Queued, wait: Wait) -> Step {
        let mut slots = Slots::new();
        key_slots(request.command.spec, request.argv(), &mut slots);
        // What there was before this request is of no interest to it.
        let _ = self.caller.client.take_unblock();
        self.waiting = Some(Box::new(Waiting { request, slots, wait }));
        Step::Stop(Then::Wait)
    }

    fn resume(
        &mut self,
        core: &Core,
        mut waiting: Box<Waiting>,
        end: WaitEnd,
        (writer, at): (&mut Writer, Start),
    ) -> Then {
        let before = writer.out.len();
        let command = waiting.request.command;
        if end == WaitEnd::Error {
            waiting.abandon(core, at.now.mono);
            dispatch::refuse(core, writer, &UNBLOCKED);
        } else {
            let request = (command, waiting.request.argv(), &*waiting.slots);
            let when = (at.now, waiting.patience(end));
            let effect = dispatch::resume(core, &mut self.caller, request, writer, when);
            if let Some(Effect::Wait(wait)) = effect {
                waiting.wait = wait;
                self.waiting = Some(waiting);
                return Then::Wait;
            }
        }
        let failed = writer.out.get(before) == Some(&b'-');
        if self.caller.replies.are_silent() {
            writer.out.truncate(before);
        }
        let end = if failed { CallEnd::Failed } else { CallEnd::Done };
        let call = Call { command, argv: waiting.request.argv(), slot: None };
        dispatch::account(core, &self.caller, call, at, (core.node.clock.nanos(), end));
        Then::Flush
    }

    fn session_verb(
        &mut self,
        core: &Core,
        verb: SessionVerb,
        argv: Argv<'_>,
        (writer, now): (&mut Writer, Now),
    ) -> Option<Effect> {
        let outcome = match verb {
            SessionVerb::Multi => self.transaction.open(),
            SessionVerb::Discard => self.transaction.discard(core),
            SessionVerb::Watch => self.transaction.watch(core, self.caller.db, argv, now),
            SessionVerb::Unwatch => {
                self.transaction.unwatch(core);
                Ok(())
            }
            SessionVerb::Exec => match self.transaction.exec(core, &mut self.caller, writer, now) {
                Ok(effect) => return effect,
                Err(error) => Err(error),
            },
            SessionVerb::Reset => {
                self.reset(core, writer);
                writer.simple("RESET");
                return None;
            }
            SessionVerb::Quit => {
                writer.ok();
                return Some(Effect::Close);
            }
        };
        match outcome {
            Ok(()) => writer.ok(),
            Err(error) => dispatch::refuse(core, writer, &error),
        }
        None
    }
}

enum Admitted {
    Run(&'static Command),
    Queue(&'static Command),
    /// The server is paused: the request stays unread.
    Later,
}

/// A request of the window.
#[derive(Clone, Copy)]
struct Request<'r> {
    argv: Argv<'r>,
    command: Option<&'static Command>,
    slot: Option<SlotId>,
}

struct Refused {
    command: Option<&'static Command>,
    error: CommandError,
}

impl From<CommandError> for Refused {
    fn from(error: CommandError) -> Self {
        Self { command: None, error }
    }
}
