//! Messages for a connection that are no replies: they wait here until its own core takes them,
//! between two replies.
//!
//! Invariant: whoever is no subscriber and has no messages owns no more than a pointer.

use crate::pubsub::Subscribed;
use crate::resp::reply::{Protocol, Writer};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A message, spelled for RESP3.
#[derive(Clone, Debug)]
pub enum Push {
    /// Of a channel. RESP2 has it as an array.
    Message(Arc<[u8]>),
    /// Something that RESP2 has no words for: who has gone back to it does not hear it.
    Notice(Arc<[u8]>),
}

impl Push {
    fn bytes(&self) -> u64 {
        let (Self::Message(spelled) | Self::Notice(spelled)) = self;
        spelled.len() as u64
    }

    /// Appends it to what the connection sends.
    pub fn write(&self, writer: &mut Writer) {
        match (self, writer.protocol) {
            (Self::Message(spelled), _) => writer.spelled_push(spelled),
            (Self::Notice(spelled), Protocol::Resp3) => writer.spelled_push(spelled),
            (Self::Notice(_), Protocol::Resp2 | Protocol::Recorded) => {}
        }
    }
}

/// A connection has more messages than it may, because it takes none: it has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// How many bytes of messages may wait for one connection, 0 for no limit: one figure for all of
/// them.
#[derive(Clone, Debug, Default)]
pub(super) struct OutboxLimit(Arc<AtomicU64>);

impl OutboxLimit {
    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn allows(&self, bytes: u64) -> bool {
        let most = self.0.load(Ordering::Relaxed);
        most == 0 || bytes <= most
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Whether there is something to take, so that the usual case costs one load.
    any: AtomicBool,
    kept: Mutex<Option<Box<Kept>>>,
    limit: OutboxLimit,
}

#[derive(Debug, Default)]
struct Kept {
    pushes: Vec<Push>,
    bytes: u64,
    too_many: bool,
    subscribed: Subscribed,
}

/// Whether the connection has to be woken.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It has been told already, and has not looked since.
    Behind,
    /// Nobody has told it.
    First,
}

impl Outbox {
    pub(super) fn new(limit: OutboxLimit) -> Self {
        Self { any: AtomicBool::new(false), kept: Mutex::new(None), limit }
    }

    /// Adds a message; `unsent` bytes before it have not been taken by the client.
    pub(super) fn put(&self, push: Push, unsent: u64) -> Put {
        let mut kept = self.kept.lock();
        let kept = kept.get_or_insert_default();
        if kept.too_many {
            return Put::Behind;
        }
        kept.bytes += push.bytes();
        if self.limit.allows(kept.bytes + unsent) {
            kept.pushes.push(push);
        } else {
            kept.too_many = true;
            kept.pushes = Vec::new();
        }
        if self.any.swap(true, Ordering::AcqRel) { Put::Behind } else { Put::First }
    }

    #[inline]
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    pub(super) fn take(&self) -> Result<Vec<Push>, TooMany> {
        if !self.any() {
            return Ok(Vec::new());
        }
        let mut slot = self.kept.lock();
        let Some(kept) = &mut *slot else { return Ok(Vec::new()) };
        if kept.too_many {
            return Err(TooMany);
        }
        self.any.store(false, Ordering::Release);
        kept.bytes = 0;
        let pushes = std::mem::take(&mut kept.pushes);
        if kept.subscribed.is_nothing() {
            *slot = None;
        }
        Ok(pushes)
    }

    pub(super) fn set_subscribed(&self, subscribed: Subscribed) {
        let mut slot = self.kept.lock();
        if subscribed.is_nothing() && !self.any() {
            *slot = None;
        } else {
            slot.get_or_insert_default().subscribed = subscribed;
        }
    }

    pub(super) fn subscribed(&self) -> Subscribed {
        self.kept.lock().as_ref().map(|kept| kept.subscribed).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Push {
        Push::Message(vec![b'x'; bytes].into())
    }

    fn outbox(limit_bytes: u64) -> Outbox {
        let limit = OutboxLimit::default();
        limit.set(limit_bytes);
        Outbox::new(limit)
    }

    #[test]
    fn a_connection_is_woken_once_for_all_messages_that_it_has_not_looked_at() {
        let outbox = outbox(0);
        assert_eq!(outbox.put(message(1), 0), Put::First);
        assert_eq!(outbox.put(message(1), 0), Put::Behind);
        assert_eq!(outbox.take().unwrap().len(), 2);
        assert_eq!(outbox.put(message(1), 0), Put::First);
    }

    #[test]
    fn one_byte_more_than_the_limit_is_too_many_for_good() {
        let outbox = outbox(10);
        assert_eq!(outbox.put(message(6), 0), Put::First);
        assert_eq!(outbox.put(message(4), 0), Put::Behind);
        assert_eq!(outbox.take().unwrap().len(), 2);
        assert_eq!(outbox.put(message(8), 3), Put::First);
        assert_eq!(outbox.take().unwrap_err(), TooMany);
        assert_eq!(outbox.put(message(1), 0), Put::Behind);
        assert_eq!(outbox.take().unwrap_err(), TooMany);
    }

    #[test]
    fn only_a_subscriber_keeps_a_place_for_messages() {
        let outbox = outbox(0);
        let _ = outbox.put(message(1), 0);
        assert!(outbox.take().is_ok() && outbox.kept.lock().is_none());
        outbox.set_subscribed(Subscribed { patterns: 1, ..Subscribed::default() });
        let _ = outbox.put(message(1), 0);
        assert!(outbox.take().is_ok() && outbox.kept.lock().is_some());
        outbox.set_subscribed(Subscribed::default());
        assert!(outbox.kept.lock().is_none());
    }

    #[test]
    fn what_resp2_cannot_say_it_does_not_hear() {
        let spelled: Arc<[u8]> = (*b">1\r\n:1\r\n").into();
        let written = |push: &Push, protocol| {
            let mut writer = Writer { protocol, ..Writer::default() };
            push.write(&mut writer);
            writer.out
        };
        let (message, notice) = (Push::Message(Arc::clone(&spelled)), Push::Notice(spelled));
        assert_eq!(written(&message, Protocol::Resp3), b">1\r\n:1\r\n");
        assert_eq!(written(&message, Protocol::Resp2), b"*1\r\n:1\r\n");
        assert_eq!(written(&notice, Protocol::Resp3), b">1\r\n:1\r\n");
        assert_eq!(written(&notice, Protocol::Resp2), b"");
    }
}
