//! DEBUG DIGEST's signatures, equal to Redis's for the same keys (`debug.c`): SHA-1 sums of keys
//! and values, combined so that the order of keys does not matter.

use crate::base::number::DECIMAL_MAX;
use crate::keyspace::collection::Collection;
use crate::keyspace::entry::Entry;
use crate::keyspace::value::Value;
use sha1_smol::Sha1;

/// 160 bits that further bytes are combined with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest(pub(super) [u8; 20]);

impl Digest {
    /// Combines with `bytes` in a way that does not depend on what came first (`xorDigest`).
    pub(super) fn xor(&mut self, bytes: &[u8]) {
        let sum = Sha1::from(bytes).digest().bytes();
        self.0.iter_mut().zip(sum).for_each(|(mine, other)| *mine ^= other);
    }

    /// Combines with `bytes` in a way that does (`mixDigest`).
    pub(super) fn mix(&mut self, bytes: &[u8]) {
        self.xor(bytes);
        self.0 = Sha1::from(self.0).digest().bytes();
    }

    /// Its 40 digits.
    pub(super) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// `digest` combined with the entry's type, value, and whether it ends (`xorObjectDigest`).
pub(super) fn of_value(mut digest: Digest, entry: &Entry) -> Digest {
    const TYPE_STRING: u32 = 0;
    match entry.value() {
        Value::Text(text) => {
            digest.mix(&TYPE_STRING.to_be_bytes());
            digest.mix(text.bytes(&mut [0; DECIMAL_MAX]));
        }
        Value::Collection(collection) => mix_collection(&mut digest, collection),
        Value::Primitive(primitive) => digest.mix(primitive.type_name().as_bytes()),
    }
    if entry.timer().is_some() {
        digest.xor(b"!!expire!!");
    }
    digest
}

/// What Redis mixes in for the elements of a collection, each kind in its own way.
fn mix_collection(digest: &mut Digest, collection: &Collection) {
    const TYPE_LIST: u32 = 1;
    const TYPE_HASH: u32 = 4;
    match collection {
        Collection::List(list) => {
            digest.mix(&TYPE_LIST.to_be_bytes());
            list.iter().for_each(|element| digest.mix(element));
        }
        Collection::Hash(hash) => {
            digest.mix(&TYPE_HASH.to_be_bytes());
            for (field, value) in hash.iter() {
                let mut pair = Digest::default();
                pair.mix(field);
                pair.mix(value);
                digest.xor(&pair.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Mono;
    use crate::keyspace::access::Access;
    use crate::keyspace::entry::Timer;
    use crate::keyspace::value::NewValue;
    use crate::keyspace::wheel::TimerId;

    #[test]
    fn signatures_are_those_of_redis_7() {
        let text = |text: &'static [u8], timer| {
            let entry = Entry::new(b"key", NewValue::Text(text), timer, Access::default());
            of_value(Digest::default(), &entry).hex()
        };
        let timer = Timer { deadline: Mono(1), id: TimerId(0) };
        assert_eq!(text(b"b", None), "b78559cd22bce6e6df712eb99ce7f3b08e8f8f1f");
        assert_eq!(text(b"1", Some(timer)), "5279988c5d1911f474bcbbf2f0a87012d40f8459");
    }
}
