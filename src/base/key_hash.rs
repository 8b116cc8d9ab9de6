//! How keys are hashed: SipHash-1-3 with 128 secret bits, so that nobody can choose keys that
//! collide, whatever they know of this program (docs/adr/0003-own-key-table.md).
//!
//! Not here: which slot a key belongs to. Every client can compute that (`base/slot.rs`).

use siphasher::sip::SipHasher13;

/// The hash of keys under one seed.
#[derive(Clone, Debug)]
pub struct KeyHash(SipHasher13);

impl KeyHash {
    /// The hash under this seed. Where strangers choose keys it has to be a number that they
    /// cannot guess, nor compute from others that the server has shown them.
    #[must_use]
    pub fn new(seed: u128) -> Self {
        Self(SipHasher13::new_with_keys(seed as u64, (seed >> 64) as u64))
    }

    /// The hash of a key.
    #[must_use]
    #[inline]
    pub fn of(&self, key: &[u8]) -> u64 {
        self.0.hash(key)
    }

    /// A generator for samples. What RANDOMKEY returns may betray where it is, but not the seed of
    /// the hash, which it has its start from only by way of the hash.
    #[must_use]
    pub(crate) fn dice(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.of(b"samples"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_hash_is_siphash_1_3_of_the_seed() {
        // The key 00 01 .. 0f and the message 00 01 .. 0e of the SipHash paper, with 1-3 rounds.
        let seed = u128::from_le_bytes(std::array::from_fn(|at| at as u8));
        let message: [u8; 15] = std::array::from_fn(|at| at as u8);
        let hash = KeyHash::new(seed);
        assert_eq!(hash.of(b""), 0xabac_0158_050f_c4dc);
        assert_eq!(hash.of(&message), 0xd320_d86d_2a51_9956);
    }

    #[test]
    fn every_bit_of_the_seed_counts() {
        let hashes: BTreeSet<u64> = (0..128).map(|bit| KeyHash::new(1 << bit).of(b"key")).collect();
        assert_eq!(hashes.len(), 128);
    }

    #[test]
    fn keys_that_make_a_multiplying_hash_zero_do_not_collide() {
        // A hash that multiplies the halves of a short key, each xored with a constant, is zero
        // for every key whose second half is that constant: here one of foldhash's.
        let second_half = [0x17, 0x09, 0x47, 0xb5, 0xb5, 0xd5, 0x84, 0x3f];
        let hash = KeyHash::new(7);
        let hashes: BTreeSet<u64> = (0..10_000u32)
            .map(|number| hash.of(&[&b"{a}"[..], &number.to_le_bytes(), &second_half].concat()))
            .collect();
        assert_eq!(hashes.len(), 10_000);
    }
}
