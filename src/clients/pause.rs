//! CLIENT PAUSE: until when clients wait, and which commands do (Redis documentation, "CLIENT
//! PAUSE").

use crate::base::time::Mono;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a pause holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseScope {
    /// Commands that may change data.
    Writes,
    /// Every command.
    All,
}

/// The node's pause, if there is one.
#[derive(Debug, Default)]
pub struct Pause {
    /// So that the usual case costs one load.
    maybe: AtomicBool,
    current: Mutex<Option<(PauseScope, Mono)>>,
}

impl Pause {
    /// Starts a pause, or makes the current one longer and stricter; it is never cut short.
    pub fn start(&self, scope: PauseScope, until: Mono, now: Mono) {
        let mut current = self.current.lock();
        let running = current.filter(|(_, end)| *end > now);
        *current =
            Some(running.map_or((scope, until), |(old, end)| (old.max(scope), end.max(until))));
        self.maybe.store(true, Ordering::Release);
    }

    /// Ends it.
    pub fn end(&self) {
        *self.current.lock() = None;
        self.maybe.store(false, Ordering::Release);
    }

    /// The pause in force at `now`, and its end.
    #[must_use]
    #[inline]
    pub fn at(&self, now: Mono) -> Option<(PauseScope, Mono)> {
        if !self.maybe.load(Ordering::Acquire) {
            return None;
        }
        self.running(now)
    }

    #[cold]
    fn running(&self, now: Mono) -> Option<(PauseScope, Mono)> {
        let mut current = self.current.lock();
        *current = current.filter(|(_, end)| *end > now);
        self.maybe.store(current.is_some(), Ordering::Release);
        *current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_pause_makes_the_first_longer_and_stricter_never_shorter() {
        let pause = Pause::default();
        pause.start(PauseScope::All, Mono(100), Mono(0));
        pause.start(PauseScope::Writes, Mono(50), Mono(10));
        assert_eq!(pause.at(Mono(99)), Some((PauseScope::All, Mono(100))));
        assert_eq!(pause.at(Mono(100)), None);
    }

    #[test]
    fn unpausing_ends_it() {
        let pause = Pause::default();
        pause.start(PauseScope::Writes, Mono(100), Mono(0));
        pause.end();
        assert_eq!(pause.at(Mono(1)), None);
    }
}
