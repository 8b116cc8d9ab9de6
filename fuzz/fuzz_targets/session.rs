//! Arbitrary bytes from a client, in two pieces and with time between them: replies come back, and
//! the shards stay consistent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use node::Server;

mod node;
#[allow(dead_code, reason = "shared with the golden transcripts")]
#[path = "../../tests/golden/notation.rs"]
mod notation;
#[allow(dead_code, reason = "shared with the golden transcripts")]
#[path = "../../tests/golden/outside.rs"]
mod outside;
#[allow(dead_code, reason = "shared with the golden transcripts")]
#[path = "../../tests/golden/world.rs"]
mod world;

/// Time between the two pieces.
const PAUSE_MS: u64 = 1_000;

fuzz_target!(|input: &[u8]| {
    let Some((&cut, bytes)) = input.split_first() else { return };
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut world = node::start();
    if node::send(&mut world, 'a', first) == Server::Runs
        && node::advance(&mut world, PAUSE_MS) == Server::Runs
    {
        node::send(&mut world, 'a', second);
    }
    node::end(world);
});
