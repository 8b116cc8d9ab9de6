//! Many locks that nobody waits for: what one of them occupies, and how long others wait while all
//! of them end within one second.
//!
//! A client pings through the end of a million locks, on so many connections that every worker
//! serves some, and asks for a key on every other one. The longest of its round trips includes
//! whatever else the machine does, so that the same client first pings an idle server.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::server::{Layout, Server};
use crate::wire::{Client, Failure, STALL, request};

const BATCH: usize = 500;
const OWNER_BYTES: usize = 16;
const KEY_BYTES: usize = 16;
/// All locks end within this time.
const SPREAD: Duration = Duration::from_secs(1);
/// How long before that the last of them has to be there.
const MARGIN: Duration = Duration::from_secs(2);
/// Connections go to workers by turns, more or less: so many reach each of a few.
const PINGS: usize = 8;

/// What was measured.
pub(crate) struct Held {
    /// Growth of `used_memory` and of resident memory per lock, without its key and its owner.
    pub(crate) used_bytes: f64,
    pub(crate) resident_bytes: f64,
    /// The longest round trip on the idle server, with all locks held, and while they end.
    pub(crate) longest_ms: [f64; 3],
    /// How long it took from the first end until none was left.
    pub(crate) ended_in_ms: f64,
}

pub(crate) fn measure(binary: &Path, locks: usize) -> Result<Held, Failure> {
    let server = Server::start(binary, Layout::AllCores)?;
    let mut client = server.client()?;
    let mut pings = (0..PINGS).map(|_| server.client()).collect::<Result<Vec<_>, _>>()?;
    let idle = longest(&mut pings, Duration::from_secs(1))?;
    let before = (client.info_field("memory", "used_memory")?, server.resident_bytes()?);
    let (began, lead) = (Instant::now(), lead(&mut client, locks)?);
    acquire(&mut client, locks, (began, lead))?;
    let after = (client.info_field("memory", "used_memory")?, server.resident_bytes()?);
    let held = client.info_field("locks", "locks_held")?;
    if held != locks as u64 {
        return Err(format!("{held} locks are held, not {locks}: the machine is too slow").into());
    }
    let quiet = (began + lead).saturating_duration_since(Instant::now());
    let calm = longest(&mut pings, quiet.saturating_sub(MARGIN / 4))?;
    let first_end = began + lead;
    let last_end = first_end + SPREAD;
    let stormy = longest(&mut pings, last_end.saturating_duration_since(Instant::now()))?;
    while client.info_field("locks", "locks_held")? > 0 {
        if last_end.elapsed() > STALL {
            return Err("locks do not end".into());
        }
    }
    let each = |before: u64, after: u64| {
        (after as f64 - before as f64) / locks as f64 - (KEY_BYTES + OWNER_BYTES) as f64
    };
    Ok(Held {
        used_bytes: each(before.0, after.0),
        resident_bytes: each(before.1, after.1),
        longest_ms: [idle, calm, stormy].map(|longest| longest.as_secs_f64() * 1e3),
        ended_in_ms: first_end.elapsed().as_secs_f64() * 1e3,
    })
}

/// How long to hold the first locks, so that the last of so many is there before they end.
fn lead(client: &mut Client, locks: usize) -> Result<Duration, Failure> {
    let sample = BATCH.min(locks);
    let began = Instant::now();
    acquire(client, sample, (began, Duration::from_millis(1)))?;
    let batches = u32::try_from(locks.div_ceil(sample))?;
    Ok(began.elapsed() * batches * 2 + MARGIN)
}

fn acquire(
    client: &mut Client,
    locks: usize,
    (began, lead): (Instant, Duration),
) -> Result<(), Failure> {
    let mut requests = Vec::new();
    for first in (0..locks).step_by(BATCH) {
        let batch = first..locks.min(first + BATCH);
        requests.clear();
        let left = (began + lead).saturating_duration_since(Instant::now()).as_millis();
        for at in batch.clone() {
            let (key, owner) = (format!("lock:{at:011}"), format!("owner:{at:010}"));
            let ms = (left + at as u128 % SPREAD.as_millis() + 1).to_string();
            let words: [&[u8]; 5] =
                [b"LOCK.ACQUIRE", key.as_bytes(), owner.as_bytes(), b"PX", ms.as_bytes()];
            request(&mut requests, &words);
        }
        let replies = client.exchange(&requests, batch.len())?;
        if replies.iter().filter(|byte| **byte == b':').count() != batch.len() {
            return Err("a lock was not free, or an error".into());
        }
    }
    Ok(())
}

/// The longest round trip of PING and EXISTS by turns, on all connections, for as long as `window`.
fn longest(pings: &mut [Client], window: Duration) -> Result<Duration, Failure> {
    let (mut requests, mut longest) = ([Vec::new(), Vec::new()], Duration::ZERO);
    request(&mut requests[0], &[b"PING"]);
    request(&mut requests[1], &[b"EXISTS", b"lock:00000000000"]);
    let began = Instant::now();
    while began.elapsed() < window {
        for (at, client) in pings.iter_mut().enumerate() {
            let asked = Instant::now();
            client.exchange(&requests[at % requests.len()], 1)?;
            longest = longest.max(asked.elapsed());
        }
    }
    Ok(longest)
}
