//! A hash: fields with a value each. A small one is packed, a large one is a table.
//!
//! Which of the two it is can be seen from outside (`OBJECT ENCODING`), so it changes exactly when
//! Redis changes it, and never back. Not here: numbers in fields, and picking by chance
//! (`command/hash`).

use crate::base::key_hash::KeyHash;
use crate::types::dense::Dense;
use crate::types::packed::{Packed, Spot};
use crate::types::pair::Pair;
use crate::types::structure::Structure;

/// A packed hash does not become longer than this, whatever the settings say (`lpSafeToAdd`).
const PACKED_BYTES_MAX: usize = 1 << 30;

/// How large a hash may be that is packed, and how the fields of a table are hashed.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'n> {
    /// `hash-max-listpack-entries`
    pub fields: usize,
    /// `hash-max-listpack-value`: bytes of a field or a value.
    pub bytes: usize,
    /// The hash of the node.
    pub hashing: &'n KeyHash,
}

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Hash(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Fields and values in turn.
    Packed(Packed),
    Table(Box<Dense<Pair>>),
}

impl Default for Form {
    fn default() -> Self {
        Self::Packed(Packed::default())
    }
}

/// A field in a packed hash.
struct Found<'p> {
    field: Spot,
    value: Spot,
    text: &'p [u8],
}

fn find<'p>(packed: &'p Packed, field: &[u8]) -> Option<Found<'p>> {
    let mut pieces = packed.iter();
    while let (Some(name), Some(value)) = (pieces.next(), pieces.next()) {
        if name.text == field {
            return Some(Found { field: name.spot(), value: value.spot(), text: value.text });
        }
    }
    None
}

fn pairs(packed: &Packed) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut pieces = packed.iter();
    std::iter::from_fn(move || Some((pieces.next()?.text, pieces.next()?.text)))
}

impl Hash {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        match &self.0 {
            Form::Packed(packed) => find(packed, field).map(|found| found.text),
            Form::Table(table) => table.get(field).map(Pair::value),
        }
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn contains(&self, field: &[u8]) -> bool {
        self.get(field).is_some()
    }

    /// Gives a field a value; whether the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: &Limits<'_>) -> bool {
        if field.len().max(value.len()) > limits.bytes {
            self.become_table(limits.hashing);
        }
        let packed = match &mut self.0 {
            Form::Packed(packed) => packed,
            Form::Table(table) => return table.put(Pair::new(field, value)).is_none(),
        };
        let at = find(packed, field).map(|found| found.value);
        match at {
            Some(at) => packed.replace(at, value),
            None => {
                packed.push(field);
                packed.push(value);
            }
        }
        if packed.len() / 2 > limits.fields || packed.bytes() > PACKED_BYTES_MAX {
            self.become_table(limits.hashing);
        }
        at.is_none()
    }

    /// Removes a field; whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Packed(packed) => {
                let Some((first, last)) = find(packed, field).map(|it| (it.field, it.value)) else {
                    return false;
                };
                packed.remove(first, last, 2);
                true
            }
            Form::Table(table) => table.remove(field).is_some(),
        }
    }

    /// All fields with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let (packed, table) = match &self.0 {
            Form::Packed(packed) => (Some(packed), &[][..]),
            Form::Table(table) => (None, table.elements()),
        };
        packed.into_iter().flat_map(pairs).chain(table.iter().map(Pair::parts))
    }

    /// The fields with their values by their numbers, which are good until the next change.
    #[must_use]
    pub fn numbered(&self) -> Numbered<'_> {
        match &self.0 {
            Form::Packed(packed) => Numbered::Packed(pairs(packed).collect()),
            Form::Table(table) => Numbered::Table(table.elements()),
        }
    }

    /// One step of a walk that began at cursor 0: calls `visit` with at least `count` fields, if so
    /// many are left, and returns where to go on; 0 is the end. A small hash is one step. A field
    /// that is there all the time is met, once or more.
    pub fn scan<'h>(
        &'h self,
        cursor: u64,
        count: u64,
        visit: impl FnMut((&'h [u8], &'h [u8])),
    ) -> u64 {
        match &self.0 {
            Form::Packed(packed) => {
                pairs(packed).for_each(visit);
                0
            }
            Form::Table(table) => {
                let (met, next) = table.scan(cursor, count);
                met.iter().map(Pair::parts).for_each(visit);
                next
            }
        }
    }

    fn become_table(&mut self, hashing: &KeyHash) {
        let Form::Packed(packed) = &self.0 else { return };
        let mut table = Dense::new(hashing);
        for (field, value) in pairs(packed) {
            table.put(Pair::new(field, value));
        }
        self.0 = Form::Table(Box::new(table));
    }
}

/// See [`Hash::numbered`].
#[derive(Debug)]
pub enum Numbered<'h> {
    /// Those of a small hash.
    Packed(Vec<(&'h [u8], &'h [u8])>),
    /// Those of a table.
    Table(&'h [Pair]),
}

impl<'h> Numbered<'h> {
    /// The field of this number, counted from 0, with its value.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<(&'h [u8], &'h [u8])> {
        match self {
            Self::Packed(pairs) => pairs.get(number).copied(),
            Self::Table(pairs) => pairs.get(number).map(Pair::parts),
        }
    }
}

impl Structure for Hash {
    const NAME: &'static str = "hash";

    fn encoding(&self) -> &'static str {
        match self.0 {
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.len() / 2,
            Form::Table(table) => table.len(),
        }
    }

    fn memory(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.memory(),
            Form::Table(table) => size_of::<Dense<Pair>>() + table.memory(),
        }
    }

    fn assert_invariants(&self) {
        match &self.0 {
            Form::Packed(packed) => {
                packed.assert_invariants();
                assert!(packed.len().is_multiple_of(2), "a field has a value");
            }
            Form::Table(table) => table.assert_invariants(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u8, Vec<u8>),
        Remove(u8),
        Get(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let value = prop::collection::vec(any::<u8>(), 0..12);
        let field = || prop_oneof![0..12u8, any::<u8>()];
        prop_oneof![
            4 => (field(), value).prop_map(|(field, value)| Step::Set(field, value)),
            2 => field().prop_map(Step::Remove),
            1 => field().prop_map(Step::Get),
        ]
    }

    proptest! {
        #[test]
        fn a_hash_is_a_map(
            fields in 0..40usize, bytes in 8..12usize,
            steps in prop::collection::vec(step(), 0..200)
        ) {
            let hashing = KeyHash::new(7);
            let limits = Limits { fields, bytes, hashing: &hashing };
            let (mut hash, mut map, mut is_table) = (Hash::default(), BTreeMap::new(), false);
            for step in steps {
                match step {
                    Step::Set(field, value) => {
                        let is_new = hash.set(&[field], &value, &limits);
                        is_table |= value.len() > bytes;
                        prop_assert_eq!(is_new, map.insert(field, value).is_none());
                        is_table |= map.len() > fields;
                    }
                    Step::Remove(field) => {
                        prop_assert_eq!(hash.remove(&[field]), map.remove(&field).is_some());
                    }
                    Step::Get(field) => {
                        prop_assert_eq!(hash.get(&[field]), map.get(&field).map(|it| &it[..]));
                    }
                }
                hash.assert_invariants();
                prop_assert_eq!(hash.len(), map.len());
                let encoding = if is_table { "hashtable" } else { "listpack" };
                prop_assert_eq!(hash.encoding(), encoding);
            }
            let seen: BTreeMap<u8, Vec<u8>> =
                hash.iter().map(|(field, value)| (field[0], value.to_vec())).collect();
            prop_assert_eq!(&seen, &map);
            let numbered = hash.numbered();
            let seen = (0..map.len()).filter_map(|number| numbered.get(number));
            prop_assert!(seen.eq(hash.iter()));
        }
    }

    #[test]
    fn a_small_hash_is_walked_over_in_the_order_of_its_fields_in_one_step() {
        let hashing = KeyHash::new(7);
        let limits = Limits { fields: 512, bytes: 64, hashing: &hashing };
        let mut hash = Hash::default();
        for field in ["b", "a", "c"] {
            assert!(hash.set(field.as_bytes(), b"1", &limits));
        }
        assert!(!hash.set(b"a", b"longer", &limits));
        let mut seen = Vec::new();
        assert_eq!(hash.scan(0, 1, |(field, _)| seen.push(field)), 0);
        assert_eq!(seen, [b"b", b"a", b"c"]);
        assert_eq!(hash.memory(), 32, "three small fields cost one block");
    }
}
