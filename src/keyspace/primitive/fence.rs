//! A fence under a key: nobody waits for it, and it never ends by itself.

use crate::base::time::Mono;
use crate::coord::fence::Fence;
use crate::keyspace::primitive::Machine;

impl Machine for Fence {
    const NAME: &'static str = "fence";

    fn memory(&self) -> usize {
        0
    }

    fn is_idle(&self) -> bool {
        self.seen().is_none()
    }

    fn break_open(&mut self, _: Mono) {
        *self = Self::default();
    }
}
