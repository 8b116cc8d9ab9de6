//! From a request to its function: which shards it borrows, how long it took, and what is counted
//! about it.
//!
//! Not here: whether the request is allowed at all (`session`).

use crate::base::slot::SlotId;
use crate::base::time::{Now, Wall};
use crate::command::args::Args;
use crate::command::context::{Caller, Context, Effect, Keys, NestedCall, Patience};
use crate::command::error::CommandError;
use crate::command::spec::{Flags, Reach, Run, SessionVerb};
use crate::command::table::{Command, has_one_key, key_slots};
use crate::keyspace::borrow::Borrowed;
use crate::keyspace::flush::Garbage;
use crate::keyspace::shard::Use;
use crate::observe::commands::CallEnd;
use crate::observe::counters::Count;
use crate::observe::latency::LatencyEvent;
use crate::observe::slowlog::Sender;
use crate::resp::reply::Writer;
use crate::resp::request::Argv;
use crate::server::core::Core;
use crate::server::monitor;
use smallvec::SmallVec;

/// The slots of a request's keys.
pub(crate) type Slots = SmallVec<[SlotId; 8]>;

/// When a command started, in both senses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) now: Now,
    pub(crate) nanos: u64,
}

/// A request and the command it names.
#[derive(Clone, Copy)]
pub(crate) struct Call<'r> {
    pub(crate) command: &'static Command,
    pub(crate) argv: Argv<'r>,
    /// The slot of its first key, if somebody has computed it.
    pub(crate) slot: Option<SlotId>,
}

/// Runs a command that is allowed to run, outside a transaction.
#[inline]
pub(crate) fn execute(
    core: &Core,
    caller: &mut Caller,
    call: Call<'_>,
    writer: &mut Writer,
    now: Now,
) -> Option<Effect> {
    let Call { command, argv, slot } = call;
    let mut slots = Slots::new();
    match slot {
        Some(slot) if has_one_key(command.spec) => slots.push(slot),
        Some(_) | None => key_slots(command.spec, argv, &mut slots),
    }
    let shards = match command.spec.reach {
        Reach::Keys | Reach::EachShard => core.node.keyspace.borrow(&slots),
        Reach::AllShards => core.node.keyspace.borrow_all(),
    };
    let mut cx = context(core, caller, command, writer, (shards, now));
    cx.patience = Patience::Ready;
    run(core, &mut cx, argv, &slots);
    cx.effect
}

/// Runs a request again that has waited.
pub(crate) fn resume(
    core: &Core,
    caller: &mut Caller,
    (command, argv, slots): (&'static Command, Argv<'_>, &[SlotId]),
    writer: &mut Writer,
    (now, patience): (Now, Patience),
) -> Option<Effect> {
    let shards = core.node.keyspace.borrow(slots);
    let mut cx = context(core, caller, command, writer, (shards, now));
    cx.patience = patience;
    run(core, &mut cx, argv, slots);
    cx.effect
}

/// A context for `command` over the shards borrowed for it.
#[inline]
pub(crate) fn context<'a>(
    core: &'a Core,
    caller: &'a mut Caller,
    command: &'static Command,
    reply: &'a mut Writer,
    (shards, now): (Borrowed<'a>, Now),
) -> Context<'a> {
    let usage = if caller.no_touch { Use::Peek } else { Use::Touch };
    let reply_start = reply.out.len();
    Context {
        keys: Keys { shards, db: caller.db, now, usage },
        caller,
        reply,
        node: &core.node,
        command,
        in_transaction: false,
        reply_start,
        patience: Patience::None,
        effect: None,
        nested: None,
        garbage: Garbage::default(),
    }
}

/// Calls the function; a failure becomes an error reply.
#[inline]
pub(crate) fn run(core: &Core, cx: &mut Context<'_>, argv: Argv<'_>, slots: &[SlotId]) {
    let words_of_name = 1 + usize::from(cx.command.container.is_some());
    let start = cx.reply.out.len();
    let outcome = match cx.command.spec.run {
        Run::Plain(function) => function(cx, Args::new(argv, words_of_name, slots)),
        // EXEC has forgotten the watches already; this one was queued and still wants its answer.
        Run::Session(SessionVerb::Unwatch) => {
            cx.reply.ok();
            Ok(())
        }
        // The session has taken care of its other verbs, and a container has no words to run.
        Run::Session(_) | Run::Container => Ok(()),
    };
    if let Err(error) = outcome {
        cx.reply.out.truncate(start);
        refuse(core, cx.reply, &error);
    }
    if let Some(nested) = cx.nested.take() {
        account_nested(core, nested);
    }
    // While the shards are borrowed, so that requests for the same key are shown in their order.
    if core.node.clients.monitors.any() {
        monitor::show_run(core, cx, argv);
    }
}

/// Counts a command that ran inside another one. The slow log and the latency monitor have the
/// outer one.
#[cold]
fn account_nested(core: &Core, NestedCall { command, took_ns, end }: NestedCall) {
    let tally = core.tally();
    tally.counters.add(Count::CommandsRun, 1);
    tally.commands.called(command, took_ns, end);
    if core.settings().latency_tracking {
        tally.commands.track(command, took_ns);
    }
}

/// Writes an error reply and counts it.
pub(crate) fn refuse(core: &Core, reply: &mut Writer, error: &CommandError) {
    core.tally().error_reply(error.text());
    reply.error(error.text());
}

/// Counts a call that ran from `start` until `end_ns`; `failed` says whether its reply is an error.
#[inline]
pub(crate) fn account(
    core: &Core,
    caller: &Caller,
    Call { command, argv, .. }: Call<'_>,
    start: Start,
    (end_ns, end): (u64, CallEnd),
) {
    let took_ns = end_ns.saturating_sub(start.nanos);
    let tally = core.tally();
    tally.counters.add(Count::CommandsRun, 1);
    tally.commands.called(command.id, took_ns, end);
    if core.settings().latency_tracking {
        tally.commands.track(command.id, took_ns);
    }
    let took_us = took_ns / 1_000;
    let ended = || Wall(start.now.wall.0.saturating_add_unsigned(took_us / 1_000));
    if core.node.slow_log.wants(took_us) && !command.spec.flags.has(Flags::SKIP_SLOWLOG) {
        let name = caller.client.name();
        let sender = Sender { address: &caller.client.origin.address, name: &name };
        core.node.slow_log.push(argv.iter(), sender, took_us, ended());
    }
    let threshold_ms = core.node.latency.threshold_ms();
    if threshold_ms > 0 && took_us / 1_000 >= threshold_ms {
        let event = if command.spec.flags.has(Flags::FAST) {
            LatencyEvent::FastCommand
        } else {
            LatencyEvent::Command
        };
        core.node.latency.record(event, took_us / 1_000, ended());
    }
}
