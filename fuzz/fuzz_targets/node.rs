//! A node in memory for the targets that send requests, and what must be true whatever they send.

use crate::world::{Got, Name, World};

/// Everybody who may connect.
pub(crate) const CLIENTS: [Name; 3] = ['a', 'b', 'c'];
/// Values stay small, so that what takes long is a defect and not a large value.
const CONFIG: &str = "proto-max-bulk-len 1mb\n";
/// Longer than every pause and every time to live that is worth waiting for.
const A_LONG_TIME_MS: u64 = 1 << 50;

/// What a client may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Runs,
    Stops,
}

/// A server that has just started.
pub(crate) fn start() -> World {
    World::new(Some(CONFIG.to_owned()), 0).expect("the configuration is fine")
}

/// A client sends bytes; what comes back must be replies.
pub(crate) fn send(world: &mut World, name: Name, bytes: &[u8]) -> Server {
    read(world.send(name, bytes).expect("there is room for the client"))
}

/// Time passes.
pub(crate) fn advance(world: &mut World, ms: u64) -> Server {
    read(world.advance(ms))
}

fn read(got: Vec<(Name, Got)>) -> Server {
    let mut server = Server::Runs;
    for (name, got) in got {
        match got {
            Got::Garbage(bytes) => panic!("{name} got no reply, but {}", bytes.escape_ascii()),
            Got::Stops => server = Server::Stops,
            Got::Reply(_) | Got::Waits | Got::Closed | Got::Stalls(_) => {}
        }
    }
    server
}

/// Everybody leaves and every key with an end ends; before and after, the shards must be
/// consistent.
pub(crate) fn end(mut world: World) {
    world.assert_invariants();
    for client in CLIENTS {
        // Whoever is not connected cannot leave.
        let _ = world.disconnect(client);
    }
    advance(&mut world, A_LONG_TIME_MS);
    world.assert_invariants();
}
