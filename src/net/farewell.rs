//! Ends a connection so that the client gets what it was sent last: an error, or the answer to
//! QUIT.
//!
//! Closing a socket with unread bytes makes the kernel forget replies that the client has not
//! received yet, and bytes that arrive later do the same. So the server says first that nothing
//! more will come, and reads on until the client has closed as well: so much, and so long, at most.
//! Not here: who is sent away, and why (`connection`, `listen`).

use crate::net::connection::Worker;
use crate::net::stream::Stream;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A worker reads on for so many at a time; the others are closed at once. Each costs a file, which
/// `runtime/platform.rs` sets aside.
pub const LEAVING_MAX: usize = 16;
/// What a client that is told to go may still have on the way: more than the socket buffers of both
/// ends.
const UNREAD_BYTES_MAX: usize = 16 << 20;
/// A client that has not closed by then does not listen.
const TIME: Duration = Duration::from_secs(1);
const STEP_BYTES: usize = 16 * 1024;

/// One of the places of a worker, taken until it is dropped.
struct Place(Arc<Worker>);

impl Place {
    fn take(worker: &Arc<Worker>) -> Option<Self> {
        let more = |count: usize| (count < LEAVING_MAX).then_some(count + 1);
        worker.leaving.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(Arc::clone(worker)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leaving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says on `stream` that nothing more will come, and reads on beside it; the caller drops `stream`.
pub(super) fn end(stream: &Stream, worker: &Arc<Worker>) {
    if let Err(error) = begin(stream, worker) {
        // The client is gone, most likely, or there is no file left for this.
        tracing::debug!(%error, "A connection was closed at once");
    }
}

fn begin(stream: &Stream, worker: &Arc<Worker>) -> io::Result<()> {
    stream.end_writing()?;
    let read = match read_some(stream) {
        Ok(0) => return Ok(()),
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        Err(error) => return Err(error),
    };
    if let Some(place) = Place::take(worker) {
        tokio::spawn(read_on(stream.duplicate()?, read, place));
    }
    Ok(())
}

async fn read_on(stream: Stream, mut read: usize, _place: Place) {
    let _time_is_up = tokio::time::timeout(TIME, async {
        while read < UNREAD_BYTES_MAX {
            match stream.readable().await.and_then(|()| read_some(&stream)) {
                Ok(0) => return,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    })
    .await;
}

/// Reads once, and forgets it.
fn read_some(stream: &Stream) -> io::Result<usize> {
    stream.try_read(&mut [0; STEP_BYTES])
}
