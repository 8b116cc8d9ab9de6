//! The variant that latchd uses: the connection's core borrows the shard, whoever's it is.

use crate::load::{CORES, Connection, Load, Progress, get, keys, on_every_core, value};
use crate::support::{SHARDS, key, set};
use latchd::keyspace::Key;
use latchd::keyspace::borrow::Keyspace;
use latchd::keyspace::edit::Expiry;
use std::collections::VecDeque;
use std::time::Duration;

/// The keyspace that all cores share.
pub(crate) fn keyspace() -> Keyspace {
    let keyspace = crate::support::keyspace(SHARDS);
    for number in 0..crate::load::KEYS {
        set(&keyspace, &key(number), &value(number), Expiry::Never);
    }
    keyspace
}

/// Runs the load; how long it took.
pub(crate) fn run(keyspace: &Keyspace, load: Load) -> Duration {
    let keys = keys();
    let work = (0..CORES).map(|core| Connection::of_core(core, load));
    on_every_core(work, |connections| serve(keyspace, &keys, connections))
}

fn serve(keyspace: &Keyspace, keys: &[Vec<u8>], connections: Vec<Connection>) {
    let mut ready = VecDeque::from(connections);
    while let Some(mut connection) = ready.pop_front() {
        if take_turn(keyspace, keys, &mut connection) == Progress::NextPipeline {
            ready.push_back(connection);
        }
    }
}

/// A whole pipeline at once: nothing on the way waits for another core's thread.
fn take_turn(keyspace: &Keyspace, keys: &[Vec<u8>], connection: &mut Connection) -> Progress {
    loop {
        let key = Key::new(&keys[connection.asked()[0]]);
        let mut borrowed = keyspace.borrow(&[key.slot]);
        get(borrowed.shard(key.slot), key, &mut connection.replies);
        drop(borrowed);
        match connection.answered(1) {
            Progress::Inside => {}
            ended @ (Progress::NextPipeline | Progress::Finished) => return ended,
        }
    }
}
