//! Comparing byte strings.

/// Whether two byte strings are equal. For keys: a few words are compared in place, which is
/// quicker than a call of the C library.
#[must_use]
#[inline]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (left_words, left_rest) = left.as_chunks::<8>();
    let (right_words, right_rest) = right.as_chunks::<8>();
    let mut words = left_words.iter().zip(right_words);
    words.all(|(left, right)| u64::from_ne_bytes(*left) == u64::from_ne_bytes(*right))
        && left_rest.iter().zip(right_rest).all(|(left, right)| left == right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_makes_a_difference_wherever_it_is() {
        for length in 0..40 {
            let bytes = vec![7u8; length];
            assert!(equal(&bytes, &bytes.clone()));
            assert!(!equal(&bytes, &vec![7u8; length + 1]));
            for at in 0..length {
                let mut other = bytes.clone();
                other[at] ^= 1;
                assert!(!equal(&bytes, &other), "{at} of {length}");
            }
        }
    }
}
