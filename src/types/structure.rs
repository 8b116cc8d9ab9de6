//! What all collections have in common, whatever they hold.
//!
//! Not here: under which keys they lie (`keyspace/collection.rs`), and what commands do with them.

/// A collection that can lie under a key. One without elements never does.
pub trait Structure: Default + Clone {
    /// The name that TYPE gives it.
    const NAME: &'static str;

    /// The name that `OBJECT ENCODING` gives it.
    fn encoding(&self) -> &'static str;

    /// Number of elements; a field with its value is one.
    fn len(&self) -> usize;

    /// Whether there are no elements.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes that it owns, known without a walk over the elements: every change asks.
    fn memory(&self) -> usize;

    /// Stops the process if the structure contradicts itself.
    fn assert_invariants(&self);
}
