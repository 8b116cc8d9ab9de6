//! What the benches of the parts share: the server's allocator, keys, requests as bytes, and a node
//! in memory.
#![allow(dead_code, reason = "each bench uses some of it")]

use latchd::base::time::Clock;
use latchd::clients::Origin;
use latchd::command::node::{Node, NodeParts};
use latchd::config::{Config, Invocation};
use latchd::coord::token::Epoch;
use latchd::keyspace::borrow::{Keyspace, Layout};
use latchd::keyspace::edit::Expiry;
use latchd::keyspace::event;
use latchd::keyspace::value::NewValue;
use latchd::keyspace::{Db, Key};
use latchd::runtime::clock::SystemClock;
use latchd::server::core::Core;
use latchd::server::session::Session;
use outside::{FixedPlatform, NoAlarm, identity};
use std::sync::Arc;

#[allow(clippy::unwrap_used, reason = "it was written for tests")]
#[path = "../../tests/golden/outside.rs"]
mod outside;

/// What a block costs is part of what is measured, so it is the server's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// As many as the server has on two cores.
pub(crate) const SHARDS: u16 = 32;
const SEED: u128 = 7;

/// Whether every benchmark only has to show that it runs (`cargo bench -- --test`).
pub(crate) fn smoke() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// `full`, or little enough for a smoke run in a debug build.
pub(crate) fn scaled(full: usize) -> usize {
    if smoke() { full / 50 } else { full }
}

/// Key number `number`, of 16 bytes as `redis-benchmark` writes them.
pub(crate) fn key(number: usize) -> Vec<u8> {
    format!("key:{number:012}").into_bytes()
}

/// A request as clients send it.
pub(crate) fn request<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words.iter().map(AsRef::as_ref) {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// A keyspace in which nobody has to be told of deadlines.
pub(crate) fn keyspace(shards: u16) -> Keyspace {
    let now = SystemClock::default().now().mono;
    let layout = Layout { shards, databases: 16, epoch: Epoch::default(), seed: SEED, now };
    Keyspace::new(layout, Box::new(NoAlarm))
}

/// Writes a key without going through a command.
pub(crate) fn set(keyspace: &Keyspace, key: &[u8], value: &[u8], expiry: Expiry) {
    let (key, now) = (Key::new(key), SystemClock::default().now().mono);
    let mut borrowed = keyspace.borrow(&[key.slot]);
    borrowed.shard(key.slot).edit(Db(0), key, now).set(NewValue::Text(value), expiry, &event::SET);
}

/// A worker's view of a node with real clocks, default settings and no sockets.
pub(crate) fn core(keyspace: Keyspace) -> Core {
    let (platform, clock) = (FixedPlatform::default(), SystemClock::default());
    let (invocation, _) = Config::load::<&str>(&[], &platform).expect("the defaults are fine");
    let Invocation::Run(config) = invocation else { unreachable!("no argument asks to run") };
    let identity = identity(clock.now());
    let (platform, clock) = (Box::new(platform), Arc::new(clock));
    Core::new(Arc::new(Node::new(NodeParts { keyspace, config, clock, platform, identity })), 0)
}

/// The session of a client that has just connected.
pub(crate) fn session(core: &Core) -> Session {
    let origin = Origin {
        address: "127.0.0.1:50000".into(),
        local_address: "127.0.0.1:6379".into(),
        fd: 8,
        unix: false,
        worker: 0,
        since: core.node.clock.now().mono,
    };
    Session::new(core, core.node.clients.admit(origin, 1).expect("there is room for one client"))
}
