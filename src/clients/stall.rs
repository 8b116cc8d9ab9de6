//! A standstill of the whole server: every connection waits until whoever asked for it lets go
//! (DEBUG SLEEP).
//!
//! It stops threads, not tasks, on purpose: the server shall look hung from the outside.

use parking_lot::{Mutex, MutexGuard};
use std::sync::atomic::{AtomicBool, Ordering};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Stall {
    /// So that the usual case costs one load.
    on: AtomicBool,
    gate: Mutex<()>,
}

/// The server stands still until this is dropped.
pub struct Standstill<'s> {
    stall: &'s Stall,
    _gate: MutexGuard<'s, ()>,
}

impl Stall {
    /// Begins a standstill; waits for the end of another one.
    pub fn begin(&self) -> Standstill<'_> {
        let gate = self.gate.lock();
        self.on.store(true, Ordering::Release);
        Standstill { stall: self, _gate: gate }
    }

    /// Waits for the end of the standstill, if there is one. Nothing may be borrowed meanwhile.
    #[inline]
    pub fn wait(&self) {
        if self.on.load(Ordering::Acquire) {
            drop(self.gate.lock());
        }
    }
}

impl Drop for Standstill<'_> {
    fn drop(&mut self) {
        self.stall.on.store(false, Ordering::Release);
    }
}
