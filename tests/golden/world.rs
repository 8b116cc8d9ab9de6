//! A node with its connections, driven by hand: bytes in, replies out, and time when the transcript
//! says so.
//!
//! It does what `net::connection` and `runtime::worker` do, without sockets, tasks and timers.

use crate::notation::{Reply, decode};
use crate::outside::{CONFIG_PATH, FixedPlatform, NoAlarm, VirtualClock, identity};
use latchd::base::time::{Clock, Mono};
use latchd::clients::{Kill, Origin, TooMany};
use latchd::command::context::Effect;
use latchd::command::node::{Node, NodeParts};
use latchd::config::{Config, Invocation};
use latchd::coord::token::Epoch;
use latchd::keyspace::borrow::{Keyspace, Layout, ShardId};
use latchd::keyspace::shard::Tick;
use latchd::observe::counters::Count;
use latchd::resp::reply::Writer;
use latchd::script::Sha;
use latchd::server::core::Core;
use latchd::server::session::{Session, Then};
use std::collections::BTreeMap;
use std::sync::Arc;

const SHARDS: u16 = 16;
const SEED: u128 = 1;
/// As the worker's: timers handled before somebody else may have the shard.
const TICK_STEPS: usize = 256;

/// A connection's name in the transcript.
pub(crate) type Name = char;

/// What a connection got.
pub(crate) enum Got {
    Reply(Reply),
    /// Its request waits for the end of a pause.
    Waits,
    Closed,
    /// Bytes that are no reply: a defect of latchd.
    Garbage(Vec<u8>),
    Stops,
    Stalls(u64),
}

struct Connection {
    session: Session,
    /// Bytes that have not been used yet.
    input: Vec<u8>,
    /// Whether a request waits for the end of a pause.
    waiting: bool,
}

pub(crate) struct World {
    clock: Arc<VirtualClock>,
    platform: FixedPlatform,
    core: Core,
    connections: BTreeMap<Name, Connection>,
    connected: u64,
    expires: bool,
    epoch: u32,
}

impl World {
    /// A node that has just started with the configuration `file`, if there is one.
    pub(crate) fn new(file: Option<String>, epoch: u32) -> Result<Self, String> {
        let clock = Arc::new(VirtualClock::default());
        let platform = FixedPlatform::new(&clock);
        *platform.file.lock() = file;
        let core = boot(&clock, &platform, epoch)?;
        let connections = BTreeMap::new();
        Ok(Self { clock, platform, core, connections, connected: 0, expires: true, epoch })
    }

    /// A connection sends bytes; it connects if it has not yet.
    pub(crate) fn send(&mut self, name: Name, bytes: &[u8]) -> Result<Vec<(Name, Got)>, String> {
        if !self.connections.contains_key(&name) {
            self.connect(name)?;
        }
        let counters = &self.core.tally().counters;
        counters.add(Count::NetInputBytes, bytes.len() as u64);
        counters.add(Count::Reads, 1);
        let connection = self.connections.get_mut(&name).expect("it is connected");
        connection.input.extend_from_slice(bytes);
        let mut got = Vec::new();
        self.turns(name, true, &mut got);
        let waits = |it: &Connection| it.waiting || it.session.is_waiting();
        if self.connections.get(&name).is_some_and(waits) {
            got.push((name, Got::Waits));
        }
        self.settle(&mut got);
        Ok(got)
    }

    fn connect(&mut self, name: Name) -> Result<(), String> {
        self.core.refresh();
        self.connected += 1;
        let origin = Origin {
            address: format!("127.0.0.1:{}", 50_000 + self.connected).into(),
            local_address: "127.0.0.1:6379".into(),
            fd: 7 + self.connected as i32,
            unix: false,
            worker: 0,
            since: self.clock.now().mono,
        };
        let most = self.core.settings().maxclients as usize;
        let client = self.core.node.clients.admit(origin, most);
        let client = client.ok_or("there are as many clients as `maxclients` allows")?;
        let session = Session::new(&self.core, client);
        self.core.tally().counters.add(Count::ConnectionsReceived, 1);
        self.connections.insert(name, Connection { session, input: Vec::new(), waiting: false });
        Ok(())
    }

    /// The client goes away.
    pub(crate) fn disconnect(&mut self, name: Name) -> Result<Vec<(Name, Got)>, String> {
        let mut connection = self.connections.remove(&name).ok_or("it is not connected")?;
        connection.session.close(&self.core);
        let mut got = Vec::new();
        self.settle(&mut got);
        Ok(got)
    }

    /// Checks what must be true whatever was sent: shards are consistent, and whoever has left has
    /// left nothing behind.
    pub(crate) fn assert_invariants(&self) {
        let node = &self.core.node;
        for shard in (0..node.keyspace.shards()).map(ShardId) {
            for shard in node.keyspace.borrow_shard(shard).shards() {
                shard.assert_invariants();
                let nobody = self.connections.is_empty();
                assert!(!nobody || shard.watches.is_empty(), "nobody is left to watch a key");
            }
        }
        let waits = node.keyspace.waits();
        waits.assert_invariants();
        let nobody_waits = !self.connections.values().any(|it| it.session.is_waiting());
        assert!(!nobody_waits || waits.is_empty(), "nobody is left to wait for a lock");
        assert_eq!(node.clients.connected(), self.connections.len(), "who has left is forgotten");
    }

    /// Time passes: whatever is due happens at its own millisecond.
    pub(crate) fn advance(&mut self, ms: u64) -> Vec<(Name, Got)> {
        let end = self.clock.now().mono.plus(ms);
        let mut got = Vec::new();
        loop {
            let now = self.clock.now().mono;
            let due = self.tick(now);
            self.settle(&mut got);
            if now == end {
                break;
            }
            let pause = self.core.node.clients.pause.at(now).map(|(_, until)| until);
            let waits = self.connections.values().filter_map(|it| it.session.waits_until());
            let next = due.into_iter().chain(pause).chain(waits).fold(end, Mono::min);
            let next = next.max(now.plus(1));
            self.clock.advance(next.since(now));
        }
        self.keep_house();
        self.settle(&mut got);
        got
    }

    /// Ends what is due in every shard; when something is due next.
    fn tick(&self, now: Mono) -> Option<Mono> {
        let keyspace = &self.core.node.keyspace;
        let shards = (0..keyspace.shards()).map(ShardId).filter(|_| self.expires);
        let tick = |shard| loop {
            let mut borrowed = keyspace.borrow_shard(shard);
            match borrowed.shards().next()?.tick(now, TICK_STEPS) {
                Tick::More => {}
                Tick::Until(due) => return Some(due),
                Tick::Idle => return None,
            }
        };
        shards.filter_map(tick).min()
    }

    fn keep_house(&self) {
        let (node, now) = (&self.core.node, self.clock.now().mono);
        node.tallies.sample(now);
        let timeout_ms = u64::from(node.settings().timeout_s) * 1_000;
        if timeout_ms > 0 {
            node.clients.close_idle(now, timeout_ms);
        }
    }

    pub(crate) fn shift_wall(&self, ms: i64) {
        self.clock.shift_wall(ms);
    }

    /// Everything that latchd measures takes at least so long from here on.
    pub(crate) fn slow_down(&self, ms: u64) {
        self.clock.slow_down(ms);
    }

    /// Whether shards end keys by themselves, or only when somebody looks.
    pub(crate) const fn set_expires(&mut self, expires: bool) {
        self.expires = expires;
    }

    /// The configuration file.
    pub(crate) fn file(&self) -> Option<String> {
        self.platform.file.lock().clone()
    }

    /// The process ends without warning and starts again: connections and keys are gone, and it
    /// cannot prove its last fencing token, so the epoch grows.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        self.connections.clear();
        self.epoch += 1;
        self.core = boot(&self.clock, &self.platform, self.epoch)?;
        Ok(())
    }

    /// Counts a listed script as loaded: its text belongs to others.
    pub(crate) fn load(&mut self, sha: &str) -> Result<(), String> {
        let listed = Sha::parse(sha.as_bytes()).is_some_and(|it| self.core.node.scripts.assume(it));
        listed.then_some(()).ok_or_else(|| format!("the catalogue has no script {sha}"))
    }

    /// Lets everybody notice what has happened.
    fn settle(&mut self, got: &mut Vec<(Name, Got)>) {
        let names: Vec<Name> = self.connections.keys().copied().collect();
        for name in names {
            let mut writer = Writer::default();
            let pushed =
                self.connections.get_mut(&name).map(|it| it.session.take_pushes(&mut writer));
            match pushed {
                Some(Err(TooMany)) => self.close(name, got),
                Some(Ok(())) | None => self.deliver(name, &mut writer, got),
            }
            let resume = self.look_again(name, got) || self.pause_is_over(name);
            self.turns(name, resume, got);
        }
    }

    /// Lets a request that waits for a key look again if it should; whether it is done.
    fn look_again(&mut self, name: Name, got: &mut Vec<(Name, Got)>) -> bool {
        let now = self.clock.now().mono;
        let Some(connection) = self.connections.get_mut(&name) else { return false };
        let Some(end) = connection.session.wait_end(now) else { return false };
        let mut writer = Writer::default();
        self.core.refresh();
        let then = connection.session.resume(&self.core, end, &mut writer);
        self.deliver(name, &mut writer, got);
        then != Then::Wait
    }

    /// Whether a request has been waiting for the end of a pause, and need not any more.
    fn pause_is_over(&self, name: Name) -> bool {
        let pause = self.core.node.clients.pause.at(self.clock.now().mono);
        self.connections.get(&name).is_some_and(|connection| {
            let held = pause.is_some() && connection.session.client().figures().blocked;
            connection.waiting && !held
        })
    }

    /// Closes a connection that has been killed; otherwise, if there is something to resume, lets
    /// it take turns until it has nothing more to do.
    fn turns(&mut self, name: Name, mut resume: bool, got: &mut Vec<(Name, Got)>) {
        let mut writer = Writer::default();
        while let Some(connection) = self.connections.get_mut(&name) {
            let killed = connection.session.client().killed();
            let mut open = killed == Kill::No;
            let waits = connection.session.is_waiting();
            if open && resume && !waits && !connection.input.is_empty() {
                self.core.refresh();
                let (used, then) =
                    connection.session.turn(&self.core, &connection.input, &mut writer);
                connection.input.drain(..used);
                connection.waiting = then == Then::Paused;
                resume = matches!(then, Then::Flush | Then::Do(_));
                open = then != Then::Close && then != Then::Do(Effect::Close);
                match self.platform.take_stood_still_us() {
                    0 => {}
                    micros => got.push((name, Got::Stalls(micros))),
                }
                self.deliver(name, &mut writer, got);
                if let Then::Do(effect) = then {
                    self.carry_out(name, effect, got);
                }
            } else {
                resume = false;
            }
            if !open {
                self.close(name, got);
            }
            if !resume {
                return;
            }
        }
    }

    fn deliver(&self, name: Name, writer: &mut Writer, got: &mut Vec<(Name, Got)>) {
        if writer.out.is_empty() {
            return;
        }
        let counters = &self.core.tally().counters;
        counters.add(Count::NetOutputBytes, writer.out.len() as u64);
        counters.add(Count::Writes, 1);
        let mut rest = &writer.out[..];
        while !rest.is_empty() {
            let before = rest;
            let Some(reply) = decode(&mut rest) else {
                got.push((name, Got::Garbage(before.to_vec())));
                break;
            };
            got.push((name, Got::Reply(reply)));
        }
        writer.out.clear();
    }

    fn carry_out(&mut self, name: Name, effect: Effect, got: &mut Vec<(Name, Got)>) {
        match effect {
            Effect::Close | Effect::Refresh | Effect::Wait(_) => {}
            Effect::Shutdown(_) => {
                // The process would have ended: nothing behind it runs.
                if let Some(connection) = self.connections.get_mut(&name) {
                    connection.input.clear();
                }
                got.push((name, Got::Stops));
            }
        }
    }

    fn close(&mut self, name: Name, got: &mut Vec<(Name, Got)>) {
        if let Some(mut connection) = self.connections.remove(&name) {
            connection.session.close(&self.core);
            got.push((name, Got::Closed));
        }
    }
}

fn boot(clock: &Arc<VirtualClock>, platform: &FixedPlatform, epoch: u32) -> Result<Core, String> {
    let has_file = platform.file.lock().is_some();
    let args: &[&str] = if has_file { &[CONFIG_PATH] } else { &[] };
    let (invocation, warnings) = Config::load(args, platform).map_err(|error| error.to_string())?;
    let Invocation::Run(config) = invocation else { unreachable!("a path asks to run") };
    if let Some(warning) = warnings.first() {
        return Err(warning.to_string());
    }
    let now = clock.now();
    let layout = Layout {
        shards: SHARDS,
        databases: u16::try_from(config.settings().databases).map_err(|error| error.to_string())?,
        epoch: Epoch::new(epoch).ok_or("there is no such epoch")?,
        seed: SEED,
        now: now.mono,
    };
    let node = Node::new(NodeParts {
        keyspace: Keyspace::new(layout, Box::new(NoAlarm)),
        config,
        clock: Arc::<VirtualClock>::clone(clock),
        platform: Box::new(platform.clone()),
        identity: identity(now),
    });
    Ok(Core::new(Arc::new(node), 0))
}
