//! A field and its value in one heap block.

use crate::types::dense::Keyed;
use crate::types::packed::{length_bytes, push_length, split_length};

/// The field's length, the field, the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair(Box<[u8]>);

impl Pair {
    /// A field with a value.
    #[must_use]
    pub fn new(field: &[u8], value: &[u8]) -> Self {
        let bytes = length_bytes(field.len()) + field.len() + value.len();
        let mut block = Vec::with_capacity(bytes);
        push_length(&mut block, field.len());
        block.extend_from_slice(field);
        block.extend_from_slice(value);
        Self(block.into_boxed_slice())
    }

    /// Both.
    #[must_use]
    pub fn parts(&self) -> (&[u8], &[u8]) {
        let (length, rest) = split_length(&self.0);
        rest.split_at(length)
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.parts().1
    }
}

impl Keyed for Pair {
    fn key(&self) -> &[u8] {
        self.parts().0
    }

    fn memory(&self) -> usize {
        self.0.len()
    }
}
