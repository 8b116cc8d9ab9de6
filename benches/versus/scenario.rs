//! What the generator asks for: which commands over which keys, how deep, and what must hold.
//!
//! Requests are encoded once, before the clock starts. Every connection has keys of its own (a
//! slice of one shuffled list of all keys), so no two connections ever want the same lock.

use std::fmt;
use std::ops::Range;

use crate::server::{Flavour, Layout, Server};
use crate::wire::{self, Failure};

/// Depth at which the lock cycle is measured.
pub(crate) const LOCK_DEPTH: usize = 16;

/// Long enough that no lock ends by itself before it is released.
const LOCK_TTL_MS: &str = "30000";

/// Compare-and-delete as the Redis documentation gives it for releasing a lock.
const RELEASE_SCRIPT: &str = r#"if redis.call("get",KEYS[1]) == ARGV[1]
then return redis.call("del",KEYS[1]) else return 0 end"#;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Set,
    Incr,
    /// Take a lock, release it if it is still ours: two commands.
    Lock,
}

/// What is asked, and how many commands are sent before their replies are awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) kind: Kind,
    pub(crate) depth: usize,
}

/// How a server is asked to delete a lock that is still ours.
enum Release {
    Delex,
    /// By the digest of the loaded script.
    Script(String),
}

/// A bound on a figure of ours, given as its ratio to Redis's or in its own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// How much there is to ask about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) keys: usize,
    pub(crate) connections: usize,
}

/// The encoded requests of all connections.
pub(crate) struct Plan {
    pub(crate) bytes: Vec<u8>,
    /// What is sent in one go, each a range of `bytes`; connection after connection.
    pub(crate) batches: Vec<Range<usize>>,
    pub(crate) batches_per_connection: usize,
    pub(crate) commands_per_batch: usize,
    /// Lines of reply to a batch: no reply of ours holds a line break of its own, so counting
    /// lines is counting replies.
    pub(crate) lines_per_batch: usize,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Get, Self::Set, Self::Incr, Self::Lock];

    /// As on the command line, and what redis-benchmark calls the test.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Incr => "incr",
            Self::Lock => "lock",
        }
    }

    const fn commands_per_step(self) -> usize {
        match self {
            Self::Get | Self::Set | Self::Incr => 1,
            Self::Lock => 2,
        }
    }

    /// The reply to one step, which every server must give.
    const fn reply(self) -> &'static [u8] {
        match self {
            Self::Get => b"$8\r\nv0000000\r\n",
            Self::Set => b"+OK\r\n",
            Self::Incr => b":1\r\n",
            Self::Lock => b"+OK\r\n:1\r\n",
        }
    }

    const fn lines_per_step(self) -> usize {
        match self {
            Self::Set | Self::Incr => 1,
            Self::Get | Self::Lock => 2,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Get => "GET",
            Kind::Set => "SET",
            Kind::Incr => "INCR",
            Kind::Lock => "lock cycle",
        };
        write!(f, "{what}, {} deep", self.depth)
    }
}

impl Target {
    pub(crate) fn met_by(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bound) => figure <= bound,
            Self::AtLeast(bound) => figure >= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "<= {bound:.2}"),
            Self::AtLeast(bound) => write!(f, ">= {bound:.1}"),
        }
    }
}

impl Scenario {
    /// Server CPU per command with one thread each, or throughput on all cores; as a ratio.
    pub(crate) const fn target(self, layout: Layout) -> Option<Target> {
        let (cpu, throughput) = match (self.kind, self.depth) {
            (Kind::Lock, LOCK_DEPTH) => (0.45, 2.5),
            (Kind::Get | Kind::Set | Kind::Incr, 1) => (0.85, 1.0),
            (Kind::Get | Kind::Set | Kind::Incr, 16) => (0.65, 1.5),
            (Kind::Get | Kind::Set | Kind::Incr, 64) => (0.60, 2.0),
            (Kind::Get | Kind::Set | Kind::Incr | Kind::Lock, _) => return None,
        };
        Some(match layout {
            Layout::OneThread => Target::AtMost(cpu),
            Layout::AllCores => Target::AtLeast(throughput),
        })
    }

    /// Throughput as redis-benchmark shows it, as a ratio.
    pub(crate) const fn cross_check_target(self) -> Option<Target> {
        match self.depth {
            1 => Some(Target::AtLeast(1.0)),
            _ => None,
        }
    }

    /// Empties the server, gives it the keys, has it answer one step correctly, and encodes what
    /// will be asked: the same requests in every run.
    pub(crate) fn prepare(self, server: &Server, scale: Scale) -> Result<Plan, Failure> {
        let mut client = server.client()?;
        client.call(&["FLUSHALL"])?;
        match self.kind {
            Kind::Get | Kind::Set | Kind::Lock => {
                client.load(scale.keys, |index| (key(index), value(index)))?;
            }
            Kind::Incr => client.load(scale.keys, |index| (counter(index), "0".to_owned()))?,
        }
        let release = match server.flavour {
            Flavour::Latchd => Release::Delex,
            Flavour::Redis => Release::Script(client.call(&["SCRIPT", "LOAD", RELEASE_SCRIPT])?),
        };
        let mut step = Vec::new();
        self.append_step(&mut step, 0, &release);
        let reply = client.exchange(&step, self.kind.lines_per_step())?;
        if reply != self.kind.reply() {
            let reply = String::from_utf8_lossy(&reply).into_owned();
            return Err(format!("{self}: the server answered {reply:?} to a trial").into());
        }
        Ok(self.plan(scale, &release))
    }

    fn plan(self, scale: Scale, release: &Release) -> Plan {
        let mut order: Vec<usize> = (0..scale.keys).collect();
        fastrand::Rng::with_seed(16_384).shuffle(&mut order);
        let steps_per_batch = self.depth / self.kind.commands_per_step();
        let keys_each = scale.keys / scale.connections;
        let mut plan = Plan {
            bytes: Vec::new(),
            batches: Vec::new(),
            batches_per_connection: (keys_each / steps_per_batch).max(1),
            commands_per_batch: steps_per_batch * self.kind.commands_per_step(),
            lines_per_batch: steps_per_batch * self.kind.lines_per_step(),
        };
        for own in order.chunks_exact(keys_each).take(scale.connections) {
            let mut keys = own.iter().cycle();
            for _ in 0..plan.batches_per_connection {
                let start = plan.bytes.len();
                for &index in keys.by_ref().take(steps_per_batch) {
                    self.append_step(&mut plan.bytes, index, release);
                }
                plan.batches.push(start..plan.bytes.len());
            }
        }
        plan
    }

    fn append_step(self, out: &mut Vec<u8>, index: usize, release: &Release) {
        match self.kind {
            Kind::Get => wire::request(out, &[b"GET", key(index).as_bytes()]),
            Kind::Set => {
                wire::request(out, &[b"SET", key(index).as_bytes(), value(index).as_bytes()]);
            }
            Kind::Incr => wire::request(out, &[b"INCR", counter(index).as_bytes()]),
            Kind::Lock => append_lock_cycle(out, index, release),
        }
    }
}

/// The keys that redis-benchmark makes of `-r`, so that its GETs find ours: 16 bytes.
pub(crate) fn key(index: usize) -> String {
    format!("key:{index:012}")
}

/// 8 bytes that are not a number, as strings usually are not.
pub(crate) fn value(index: usize) -> String {
    format!("v{:07}", index % 10_000_000)
}

/// 8 digits, which Redis keeps as an integer.
pub(crate) fn digits(index: usize) -> String {
    format!("{}", 10_000_000 + index % 90_000_000)
}

fn counter(index: usize) -> String {
    format!("counter:{index:012}")
}

fn append_lock_cycle(out: &mut Vec<u8>, index: usize, release: &Release) {
    let lock = format!("lock:{index:011}");
    let owner = format!("owner:{index:010}");
    let (lock, owner) = (lock.as_bytes(), owner.as_bytes());
    wire::request(out, &[b"SET", lock, owner, b"NX", b"PX", LOCK_TTL_MS.as_bytes()]);
    match release {
        Release::Delex => wire::request(out, &[b"DELEX", lock, b"IFEQ", owner]),
        Release::Script(digest) => {
            wire::request(out, &[b"EVALSHA", digest.as_bytes(), b"1", lock, owner]);
        }
    }
}
