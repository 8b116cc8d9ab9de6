//! What coordinates under a key: one of the machines of `coord`, with what they have in common.
//!
//! Not here: their rules (`coord`), and what their replies look like (`command`).

use crate::coord::lock::Lock;

/// See the module's documentation.
#[derive(Debug)]
pub enum Primitive {
    /// Who holds it, and who is next.
    Lock(Lock),
}

impl Primitive {
    /// The name that TYPE gives it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Lock(_) => "lock",
        }
    }

    /// Heap bytes that it owns.
    #[must_use]
    pub fn memory(&self) -> usize {
        match self {
            Self::Lock(lock) => lock.memory(),
        }
    }
}
