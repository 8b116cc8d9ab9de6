//! What a server occupies: bytes per key by its own account, bytes per idle connection as the
//! kernel sees them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::scenario::key;
use crate::server::{Layout, Server};
use crate::wire::{Client, Failure, STALL};

/// Connections opened before the server is asked whether it has accepted them, well below the
/// backlog of a listener.
const ACCEPT_BATCH: usize = 100;

/// Buffers shrink and freed pages return to the system some seconds after the last use: resident
/// memory is read when it has not fallen for so many seconds.
const STEADY_SECONDS: usize = 4;
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// Resident bytes of one connection that does nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    /// It has never said anything.
    pub(crate) silent: f64,
    /// It has had one PING answered, some seconds ago.
    pub(crate) after_ping: f64,
}

/// `used_memory` per key, with keys of 16 bytes and values of 8 as `value` makes them.
pub(crate) fn bytes_per_key(
    binary: &Path,
    keys: usize,
    value: fn(usize) -> String,
) -> Result<f64, Failure> {
    let server = Server::start(binary, Layout::AllCores)?;
    let mut client = server.client()?;
    let before = client.info_field("memory", "used_memory")?;
    client.load(keys, |index| (key(index), value(index)))?;
    // Long enough for the tables to finish growing.
    thread::sleep(Duration::from_secs(1));
    let after = client.info_field("memory", "used_memory")?;
    Ok((after as f64 - before as f64) / keys as f64)
}

/// Resident bytes per connection. Without `settle` (a smoke run) the first reading is taken.
pub(crate) fn bytes_per_connection(
    binary: &Path,
    count: usize,
    settle: bool,
) -> Result<Idle, Failure> {
    let server = Server::start(binary, Layout::AllCores)?;
    let mut client = server.client()?;
    let before = settled_bytes(&server, settle)?;
    let mut streams = Vec::with_capacity(count);
    while streams.len() < count {
        for _ in 0..ACCEPT_BATCH.min(count - streams.len()) {
            streams.push(TcpStream::connect(server.address)?);
        }
        await_accepted(&mut client, streams.len())?;
    }
    let silent = settled_bytes(&server, settle)?;
    for stream in &mut streams {
        ping(stream)?;
    }
    let after_ping = settled_bytes(&server, settle)?;
    let each = |bytes: u64| (bytes as f64 - before as f64) / count as f64;
    Ok(Idle { silent: each(silent), after_ping: each(after_ping) })
}

fn ping(stream: &mut TcpStream) -> Result<(), Failure> {
    let mut reply = *b"+PONG\r\n";
    stream.set_read_timeout(Some(STALL))?;
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    stream.read_exact(&mut reply)?;
    if &reply != b"+PONG\r\n" {
        return Err(format!("to PING came {:?}", String::from_utf8_lossy(&reply)).into());
    }
    Ok(())
}

fn await_accepted(client: &mut Client, opened: usize) -> Result<(), Failure> {
    let started = Instant::now();
    // Our own connection counts as well.
    while client.info_field("clients", "connected_clients")? <= opened as u64 {
        if started.elapsed() > SETTLE_MAX {
            return Err(format!("of {opened} connections some were not accepted").into());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn settled_bytes(server: &Server, settle: bool) -> Result<u64, Failure> {
    let started = Instant::now();
    let mut least = server.resident_bytes()?;
    let mut steady = 0;
    while settle && steady < STEADY_SECONDS && started.elapsed() < SETTLE_MAX {
        thread::sleep(Duration::from_secs(1));
        let now = server.resident_bytes()?;
        steady = if now < least { 0 } else { steady + 1 };
        least = least.min(now);
    }
    Ok(least)
}
