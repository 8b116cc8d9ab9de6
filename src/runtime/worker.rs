//! One thread: a current-thread runtime with its own listeners, connections and home shards.
//!
//! Uses `unsafe` for `sched_setscheduler`, which std does not offer.

use crate::base::time::Mono;
use crate::clients::Client;
use crate::command::context::Haste;
use crate::command::node::Node;
use crate::keyspace::borrow::ShardId;
use crate::keyspace::shard::Tick;
use crate::net::acceptors::{self, Move};
use crate::net::connection::{Desk, Worker};
use crate::net::listen::accept_unix;
use crate::observe::latency::LatencyEvent;
use crate::observe::rates::SAMPLE_EVERY_MS;
use crate::runtime::alarms::Alarms;
use crate::runtime::duties::Duties;
use crate::runtime::node_state::NodeState;
use crate::runtime::outside::{Process, Stop};
use crate::server::core::Core;
use parking_lot::Mutex;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

/// Timers handled before others get the shard: some 50 us of work.
const TICK_STEPS: usize = 256;
/// Peak memory is that of a look each second.
const MEMORY_EVERY_SAMPLES: u64 = 1_000 / SAMPLE_EVERY_MS;
/// Without an earlier deadline a home core looks at its shards this often.
const LOOK_EVERY_MS: u64 = 100;

/// At a shutdown, a client that has taken nothing for so long is not waited for: it has died or
/// stopped reading.
const TAKES_NOTHING_MS: u64 = 1_000;

/// Tasks that run before the worker looks for new events: a round of reading and one of writing
/// for some hundred connections.
const EVENT_INTERVAL: u32 = 256;

/// What a worker starts with.
pub(crate) struct Setup {
    pub(crate) node: Arc<Node>,
    pub(crate) number: usize,
    /// Where to accept TCP connections.
    pub(crate) tcp: UnboundedReceiver<Move>,
    pub(crate) unix: Option<(std::os::unix::net::UnixListener, String)>,
    pub(crate) alarms: Alarms,
    pub(crate) stop: Arc<Stop>,
    pub(crate) state: Arc<NodeState>,
    /// Hears from each worker once, when it accepts connections; dropped by one that cannot.
    pub(crate) started: mpsc::Sender<()>,
}

/// Runs a worker on this thread until the server stops.
pub(crate) fn run(setup: Setup) -> io::Result<()> {
    pin(setup.number, setup.node.identity.workers);
    prefer_batches();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .event_interval(EVENT_INTERVAL)
        .build()?;
    runtime.block_on(serve(setup))
}

/// Gives the worker a core of its own, if there are workers for all cores that the process may use.
/// With fewer of them the scheduler knows better: two servers that both began at the first core
/// would share it while others are idle.
fn pin(number: usize, workers: usize) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if workers < cores.len() {
        return;
    }
    if let Some(core) = cores.get(number % cores.len().max(1)) {
        core_affinity::set_for_current(*core);
    }
}

/// Asks the kernel not to interrupt whoever runs on this core each time a request arrives
/// (`SCHED_BATCH`): where clients share the core, they get to send more of them first. On a core of
/// its own the worker notices nothing. docs/adr/0005-batch-scheduling.md has the numbers.
#[cfg(target_os = "linux")]
fn prefer_batches() {
    // SAFETY: a zeroed `sched_param` is valid, and is the only one that SCHED_BATCH takes.
    let set = unsafe {
        let none = std::mem::zeroed::<libc::sched_param>();
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const none)
    };
    if set != 0 {
        tracing::debug!("This system does not let threads choose SCHED_BATCH");
    }
}

/// Other systems have no such wish.
#[cfg(not(target_os = "linux"))]
fn prefer_batches() {}

async fn serve(setup: Setup) -> io::Result<()> {
    let outside = Process { stop: Arc::clone(&setup.stop) };
    let worker = Arc::new(Worker {
        desk: Mutex::new(Desk::new(Core::new(Arc::clone(&setup.node), setup.number))),
        stopping: AtomicBool::new(false),
        outside: Box::new(outside),
        leaving: AtomicUsize::new(0),
    });
    let (mut duties, mut accepting) = (Duties::default(), Vec::new());
    let accept = acceptors::accept(setup.tcp, Arc::clone(&worker));
    accepting.push(duties.start("accepting connections", accept));
    if let Some((listener, path)) = setup.unix {
        let listener = Arc::new(UnixListener::from_std(listener)?);
        let accept = accept_unix(listener, path, Arc::clone(&worker));
        accepting.push(duties.start("accepting connections on the Unix socket", accept));
    }
    let (node, number) = (Arc::clone(&setup.node), setup.number);
    let post = std::future::poll_fn(move |cx| {
        node.clients.wake_addressees(number, cx);
        Poll::Pending
    });
    duties.start("messages", post);
    duties.start("timers", run_timers(Arc::clone(&setup.node), setup.alarms, setup.number));
    if setup.number == 0 {
        duties.start("housekeeping", housekeeping(Arc::clone(&setup.node), setup.state));
    }
    let _nobody_waits = setup.started.send(());
    drop(setup.started);
    tokio::select! {
        () = setup.stop.asked() => {}
        error = duties.ended() => {
            setup.stop.ask(Haste::AfterReplies);
            return Err(io::Error::other(format!("worker {}: {error}", setup.number)));
        }
    }
    accepting.iter().for_each(AbortHandle::abort);
    worker.stopping.store(true, Ordering::Release);
    setup.node.clients.wake_all();
    drain(&setup.node, setup.number as u16, &setup.stop).await;
    Ok(())
}

/// Waits until this worker's connections have answered what they received and been read, for
/// `shutdown-timeout` at most. Whoever takes nothing holds nobody up.
async fn drain(node: &Node, number: u16, stop: &Stop) {
    let start = node.clock.now().mono;
    let end = start.plus(u64::from(node.settings().shutdown_timeout_s) * 1_000);
    let mine = |client: &Client| client.origin.worker == number;
    while node.clients.any(mine) {
        let now = node.clock.now().mono;
        let takes_some = |client: &Client| {
            let last = start.max(Mono(client.figures().last_seen_ms));
            mine(client) && now.since(last) < TAKES_NOTHING_MS
        };
        if stop.is_urgent() {
            return;
        }
        if now >= end || !node.clients.any(takes_some) {
            tracing::warn!("Clients that have not taken their replies are cut off");
            return;
        }
        node.clients.wake_all();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Ends what is due in this worker's home shards, at its millisecond.
async fn run_timers(node: Arc<Node>, alarms: Alarms, number: usize) {
    let homes: Vec<ShardId> = alarms.homes(number, node.keyspace.shards()).collect();
    loop {
        alarms.listen(number);
        let mut next = node.clock.now().mono.plus(LOOK_EVERY_MS);
        for &home in &homes {
            if let Some(due) = run_shard(&node, home).await {
                next = next.min(due);
            }
        }
        alarms.wait(number, next, node.clock.now().mono).await;
    }
}

/// Ends what is due in one shard, a few keys at a time; when to come back.
async fn run_shard(node: &Node, home: ShardId) -> Option<Mono> {
    loop {
        let now = node.clock.now();
        let (tick, took_ms) = {
            let mut borrowed = node.keyspace.borrow_shard(home);
            let shard = borrowed.shards().next()?;
            let start_ns = node.clock.nanos();
            let tick = shard.tick(now.mono, TICK_STEPS);
            (tick, node.clock.nanos().saturating_sub(start_ns) / 1_000_000)
        };
        node.latency.record(LatencyEvent::ExpireCycle, took_ms, now.wall);
        match tick {
            Tick::More => tokio::task::yield_now().await,
            Tick::Until(due) => return Some(due),
            Tick::Idle => return None,
        }
    }
}

/// Puts the next epoch of fencing tokens on disk before a slot needs it.
fn reserve_epoch(node: &Node, state: &NodeState) {
    let Some(epoch) = node.keyspace.epochs().wanted() else { return };
    match state.reserve(epoch) {
        Ok(()) => node.keyspace.epochs().reserve(epoch),
        // Tried again at the next turn; when the slot gets there first, it hands out no tokens.
        Err(error) => tracing::warn!(%error, "node.state cannot be written"),
    }
}

/// Samples rates and memory, and closes idle clients.
async fn housekeeping(node: Arc<Node>, state: Arc<NodeState>) {
    let mut samples: u64 = 0;
    let mut every = tokio::time::interval(Duration::from_millis(SAMPLE_EVERY_MS));
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        every.tick().await;
        node.clock.sync();
        let now = node.clock.now().mono;
        node.tallies.sample(now);
        reserve_epoch(&node, &state);
        // Rarer than the rest: it asks every arena of the allocator.
        if samples.is_multiple_of(MEMORY_EVERY_SAMPLES) {
            let _ = node.memory();
        }
        samples += 1;
        let timeout_ms = u64::from(node.settings().timeout_s) * 1_000;
        if timeout_ms > 0 {
            node.clients.close_idle(now, timeout_ms);
        }
    }
}
