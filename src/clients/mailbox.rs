//! Messages for a connection that are no replies: they wait here until its own core takes them,
//! between two replies.
//!
//! Invariant: whoever is no subscriber and has no messages owns no more than a pointer.

use crate::pubsub::Subscribed;
use crate::resp::reply::{Protocol, Writer};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A message, spelled for RESP3.
#[derive(Clone, Debug)]
pub enum Push {
    /// Of a channel. RESP2 has it as an array.
    Message(Arc<[u8]>),
    /// Something that RESP2 has no words for: who has gone back to it does not hear it.
    Notice(Arc<[u8]>),
    /// A request, as MONITOR shows it: the same in both versions.
    Line(Arc<[u8]>),
}

impl Push {
    fn bytes(&self) -> u64 {
        let (Self::Message(spelled) | Self::Notice(spelled) | Self::Line(spelled)) = self;
        spelled.len() as u64
    }

    /// Appends it to what the connection sends.
    pub fn write(&self, writer: &mut Writer) {
        match (self, writer.protocol) {
            (Self::Message(spelled), _) => writer.spelled_push(spelled),
            (Self::Notice(spelled), Protocol::Resp3) => writer.spelled_push(spelled),
            (Self::Notice(_), Protocol::Resp2 | Protocol::Recorded) => {}
            (Self::Line(line), _) => writer.out.extend_from_slice(line),
        }
    }
}

/// A connection has more messages than it may, because it takes none: it has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    /// Whether there is something to take, so that the usual case costs one load.
    any: AtomicBool,
    kept: Mutex<Option<Box<Kept>>>,
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

impl Mailbox {
    /// Adds a message, if there are no more than `most` bytes of messages then.
    pub(super) fn put(&self, push: Push, most: u64) -> Put {
        let mut kept = self.kept.lock();
        let kept = kept.get_or_insert_default();
        if kept.too_many {
            return Put::Behind;
        }
        kept.bytes += push.bytes();
        if kept.bytes <= most {
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

    #[test]
    fn a_connection_is_woken_once_for_all_messages_that_it_has_not_looked_at() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.put(message(1), u64::MAX), Put::First);
        assert_eq!(mailbox.put(message(1), u64::MAX), Put::Behind);
        assert_eq!(mailbox.take().unwrap().len(), 2);
        assert_eq!(mailbox.put(message(1), u64::MAX), Put::First);
    }

    #[test]
    fn one_byte_more_than_the_limit_is_too_many_for_good() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.put(message(6), 10), Put::First);
        assert_eq!(mailbox.put(message(4), 10), Put::Behind);
        assert_eq!(mailbox.take().unwrap().len(), 2);
        assert_eq!(mailbox.put(message(11), 10), Put::First);
        assert_eq!(mailbox.take().unwrap_err(), TooMany);
        assert_eq!(mailbox.put(message(1), u64::MAX), Put::Behind);
        assert_eq!(mailbox.take().unwrap_err(), TooMany);
    }

    #[test]
    fn only_a_subscriber_keeps_a_place_for_messages() {
        let mailbox = Mailbox::default();
        let _ = mailbox.put(message(1), u64::MAX);
        assert!(mailbox.take().is_ok() && mailbox.kept.lock().is_none());
        mailbox.set_subscribed(Subscribed { patterns: 1, ..Subscribed::default() });
        let _ = mailbox.put(message(1), u64::MAX);
        assert!(mailbox.take().is_ok() && mailbox.kept.lock().is_some());
        mailbox.set_subscribed(Subscribed::default());
        assert!(mailbox.kept.lock().is_none());
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
