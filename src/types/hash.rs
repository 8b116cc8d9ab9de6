//! A hash: fields with a value each.

use crate::types::structure::Structure;

type Pair = (Box<[u8]>, Box<[u8]>);

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    pairs: Vec<Pair>,
    bytes: usize,
}

impl Hash {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.iter().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// Gives a field a value; whether the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.bytes += value.len();
        if let Some((_, old)) = self.pairs.iter_mut().find(|(name, _)| **name == *field) {
            self.bytes -= old.len();
            *old = value.into();
            return false;
        }
        self.bytes += field.len();
        self.pairs.push((field.into(), value.into()));
        true
    }

    /// Removes a field; whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let Some(at) = self.pairs.iter().position(|(name, _)| **name == *field) else {
            return false;
        };
        let (name, value) = self.pairs.remove(at);
        self.bytes -= name.len() + value.len();
        true
    }

    /// All fields with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.pairs.iter().map(|(field, value)| (&**field, &**value))
    }
}

impl Structure for Hash {
    const NAME: &'static str = "hash";

    fn encoding(&self) -> &'static str {
        "listpack"
    }

    fn len(&self) -> usize {
        self.pairs.len()
    }

    fn memory(&self) -> usize {
        self.pairs.capacity() * size_of::<Pair>() + self.bytes
    }

    fn assert_invariants(&self) {
        let bytes: usize = self.iter().map(|(field, value)| field.len() + value.len()).sum();
        assert_eq!(self.bytes, bytes, "the bytes of a hash are what adding up gives");
    }
}
