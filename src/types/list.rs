//! A list: elements in an order, with two ends.

use crate::types::structure::Structure;
use std::collections::VecDeque;

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct List {
    elements: VecDeque<Box<[u8]>>,
    bytes: usize,
}

impl List {
    /// Puts an element behind all others.
    pub fn push_back(&mut self, element: &[u8]) {
        self.bytes += element.len();
        self.elements.push_back(element.into());
    }

    /// Takes the first element.
    pub fn pop_front(&mut self) -> Option<Box<[u8]>> {
        let element = self.elements.pop_front()?;
        self.bytes -= element.len();
        Some(element)
    }

    /// All elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.elements.iter().map(|element| &**element)
    }
}

impl Structure for List {
    const NAME: &'static str = "list";

    fn encoding(&self) -> &'static str {
        "quicklist"
    }

    fn len(&self) -> usize {
        self.elements.len()
    }

    fn memory(&self) -> usize {
        self.elements.capacity() * size_of::<Box<[u8]>>() + self.bytes
    }

    fn assert_invariants(&self) {
        let bytes: usize = self.iter().map(<[u8]>::len).sum();
        assert_eq!(self.bytes, bytes, "the bytes of a list are what adding up gives");
    }
}
