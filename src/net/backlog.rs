//! Replies that a client has not taken yet, and what `client-output-buffer-limit` says about them.
//!
//! Not here: the socket, and waking up when a limit's time is over (`connection`).
//! Invariant: everything before `sent` has been taken, and is let go of before it is more than what
//! still waits: a client that never catches up costs no more than twice what it has not taken.

use crate::base::time::Mono;
use crate::config::OutputLimit;

/// A buffer with more than so many times the room that its bytes need gives some of it back.
const ROOM_FACTOR_MAX: usize = 4;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: Vec<u8>,
    sent: usize,
    /// Whether the socket has refused some of them.
    refused: bool,
    over_soft_since: Option<Mono>,
}

/// What the limit says.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Within,
    /// Too much if it is as much still at that time.
    UntilThen(Mono),
    TooMuch,
}

impl Backlog {
    /// Whether everything has been taken.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Number of bytes that have not been taken.
    pub(super) const fn waiting(&self) -> u64 {
        (self.bytes.len() - self.sent) as u64
    }

    /// What to offer to the socket.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Whether the socket has refused some of the replies since it last took them all.
    #[inline]
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    /// Takes over the replies in `out`, and leaves an empty buffer there: `spare` if there was
    /// nothing before.
    #[inline]
    pub(super) fn take(&mut self, out: &mut Vec<u8>, spare: impl FnOnce() -> Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = std::mem::replace(out, spare());
        } else {
            self.bytes.extend_from_slice(out);
            out.clear();
        }
    }

    /// Notes that the socket took so many bytes.
    #[inline]
    pub(super) fn took(&mut self, count: usize) {
        self.sent += count;
        if self.sent < self.bytes.len() {
            self.release();
        }
    }

    /// Lets go of what has been taken, when it is more than what waits: each byte is moved at most
    /// once for one that was sent.
    #[cold]
    fn release(&mut self) {
        if self.sent <= self.bytes.len() / 2 {
            return;
        }
        self.bytes.drain(..self.sent);
        self.sent = 0;
        if self.bytes.capacity() / ROOM_FACTOR_MAX > self.bytes.len() {
            self.bytes.shrink_to(self.bytes.len() * 2);
        }
    }

    /// Notes that the socket takes no more for now.
    pub(super) const fn refuse(&mut self) {
        self.refused = true;
    }

    /// Ends the backlog, when all of it has been taken; gives the buffer back, and whether the
    /// socket had refused some of it.
    #[inline]
    pub(super) fn end(&mut self) -> (Vec<u8>, bool) {
        let ended = std::mem::take(self);
        (ended.bytes, ended.refused)
    }

    /// What the limit says about the backlog. `now` is asked for only if that matters.
    pub(super) fn judge(&mut self, limit: OutputLimit, now: impl FnOnce() -> Mono) -> Verdict {
        let waiting = self.waiting();
        if limit.hard_bytes > 0 && waiting > limit.hard_bytes {
            return Verdict::TooMuch;
        }
        if limit.soft_bytes == 0 || waiting <= limit.soft_bytes {
            self.over_soft_since = None;
            return Verdict::Within;
        }
        let now = now();
        let end =
            self.over_soft_since.get_or_insert(now).plus(u64::from(limit.soft_seconds) * 1_000);
        if now >= end { Verdict::TooMuch } else { Verdict::UntilThen(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    fn backlog(bytes: usize) -> Backlog {
        let mut backlog = Backlog::default();
        backlog.take(&mut vec![b'x'; bytes], Vec::new);
        backlog
    }

    const LIMIT: OutputLimit = OutputLimit { hard_bytes: 100, soft_bytes: 10, soft_seconds: 2 };

    #[test]
    fn the_hard_limit_holds_at_once_and_the_soft_one_after_its_time() {
        assert_eq!(backlog(101).judge(LIMIT, || Mono(5)), Verdict::TooMuch);
        let mut backlog = backlog(100);
        assert_eq!(backlog.judge(LIMIT, || Mono(5)), Verdict::UntilThen(Mono(2_005)));
        assert_eq!(backlog.judge(LIMIT, || Mono(2_004)), Verdict::UntilThen(Mono(2_005)));
        assert_eq!(backlog.judge(LIMIT, || Mono(2_005)), Verdict::TooMuch);
    }

    #[test]
    fn the_time_starts_again_when_the_client_was_below_the_soft_limit() {
        let mut backlog = backlog(11);
        assert_eq!(backlog.judge(LIMIT, || Mono(0)), Verdict::UntilThen(Mono(2_000)));
        backlog.took(1);
        assert_eq!(backlog.judge(LIMIT, || Mono(1_999)), Verdict::Within);
        backlog.take(&mut vec![b'x'], Vec::new);
        assert_eq!(backlog.judge(LIMIT, || Mono(2_000)), Verdict::UntilThen(Mono(4_000)));
    }

    #[test]
    fn a_client_that_never_catches_up_costs_no_more_than_what_it_has_not_taken() {
        let mut backlog = backlog(1_000);
        let mut next = (0..=u8::MAX).cycle();
        let mut expected: VecDeque<u8> = vec![b'x'; 1_000].into();
        for _ in 0..10_000 {
            let mut reply: Vec<u8> = next.by_ref().take(100).collect();
            expected.extend(&reply);
            backlog.take(&mut reply, Vec::new);
            let sent: Vec<u8> = expected.drain(..100).collect();
            assert!(backlog.rest().starts_with(&sent));
            backlog.took(100);
        }
        assert_eq!(backlog.waiting(), 1_000);
        assert!(backlog.bytes.capacity() <= 5_000, "{}", backlog.bytes.capacity());
    }

    #[test]
    fn the_room_of_a_large_backlog_goes_with_it() {
        let mut backlog = backlog(1_000_000);
        for _ in 0..999 {
            backlog.took(1_000);
        }
        assert_eq!(backlog.waiting(), 1_000);
        assert!(backlog.bytes.capacity() <= 4_000, "{}", backlog.bytes.capacity());
    }
}
