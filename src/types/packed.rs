//! Strings one behind the other in one run of bytes, each with its length in front: the leanest way
//! to keep a few of them.
//!
//! Everything but the ends is found by walking, so it is for collections that stay small. Not here:
//! what the strings mean.

/// A longer run than this would be moved around for too long by a change.
const SLACK_FRACTION: usize = 8;
/// Room is taken in steps of this, because the allocator gives no less.
const ROUND_BYTES: usize = 16;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    strings: usize,
}

/// A string and where it stands. Valid until the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'p> {
    /// Where its length begins.
    start: usize,
    /// The string.
    pub text: &'p [u8],
}

/// Where a string stands. Valid until the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    start: usize,
    end: usize,
}

impl Piece<'_> {
    /// Where it stands.
    #[must_use]
    pub const fn spot(&self) -> Spot {
        let length = self.text.len();
        Spot { start: self.start, end: self.start + length_bytes(length) + length }
    }
}

/// Bytes of a length in front of a string.
#[must_use]
pub const fn length_bytes(length: usize) -> usize {
    let bits = (usize::BITS - length.leading_zeros()) as usize;
    if bits <= 7 { 1 } else { bits.div_ceil(7) }
}

/// Appends a length: seven bits a byte, the lowest first, and a mark on all but the last.
pub fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// The length that `bytes` begin with, and what stands behind it.
#[must_use]
#[inline]
pub fn split_length(bytes: &[u8]) -> (usize, &[u8]) {
    let (mut length, mut shift) = (0, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (length, &bytes[at + 1..]);
        }
        shift += 7;
    }
    (0, &[])
}

impl Packed {
    /// Number of strings.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.strings
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.strings == 0
    }

    /// Bytes of all strings and their lengths.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Heap bytes that it owns.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// All strings, in order.
    pub fn iter(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let start = self.bytes.len() - rest.len();
            let (length, behind) = split_length(rest);
            let (text, behind) = behind.split_at(length);
            rest = behind;
            Some(Piece { start, text })
        })
    }

    /// Puts a string behind all others.
    pub fn push(&mut self, text: &[u8]) {
        self.make_room(length_bytes(text.len()) + text.len());
        push_length(&mut self.bytes, text.len());
        self.bytes.extend_from_slice(text);
        self.strings += 1;
    }

    /// Puts another string in the place of one.
    pub fn replace(&mut self, at: Spot, text: &[u8]) {
        let needed = length_bytes(text.len()) + text.len();
        self.make_room(needed.saturating_sub(at.end - at.start));
        let mut length = Vec::with_capacity(length_bytes(text.len()));
        push_length(&mut length, text.len());
        self.bytes.splice(at.start..at.end, length.into_iter().chain(text.iter().copied()));
        self.give_room_back();
    }

    /// Takes out the strings from `first` to `last`, `count` of them.
    pub fn remove(&mut self, first: Spot, last: Spot, count: usize) {
        self.bytes.drain(first.start..last.end);
        self.strings -= count;
        self.give_room_back();
    }

    fn make_room(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let wanted = (needed + needed / SLACK_FRACTION).next_multiple_of(ROUND_BYTES);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
    }

    fn give_room_back(&mut self) {
        let used = self.bytes.len();
        if self.bytes.capacity() > 2 * used + 4 * ROUND_BYTES {
            self.bytes.shrink_to((used + used / SLACK_FRACTION).next_multiple_of(ROUND_BYTES));
        }
    }

    /// Stops the process if the structure contradicts itself.
    ///
    /// # Panics
    /// As said.
    pub fn assert_invariants(&self) {
        assert_eq!(self.iter().count(), self.strings, "the strings are counted");
        let bytes = self.iter().map(|piece| length_bytes(piece.text.len()) + piece.text.len());
        assert_eq!(bytes.sum::<usize>(), self.bytes.len(), "there is nothing between the strings");
    }
}

/// A copy has the room that it needs.
impl Clone for Packed {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), strings: self.strings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_come_back_with_what_stands_behind_them() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 1 << 21, (1 << 28) - 1, u32::MAX as usize] {
            let mut bytes = Vec::new();
            push_length(&mut bytes, length);
            assert_eq!(bytes.len(), length_bytes(length));
            bytes.push(b'x');
            assert_eq!(split_length(&bytes), (length, &b"x"[..]));
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(Vec<u8>),
        Replace(usize, Vec<u8>),
        Remove(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let text = || prop::collection::vec(any::<u8>(), 0..200);
        prop_oneof![
            3 => text().prop_map(Step::Push),
            2 => (0..20usize, text()).prop_map(|(at, text)| Step::Replace(at, text)),
            1 => (0..20usize, 1..4usize).prop_map(|(at, count)| Step::Remove(at, count)),
        ]
    }

    proptest! {
        #[test]
        fn packed_strings_are_a_list(steps in prop::collection::vec(step(), 0..60)) {
            let (mut packed, mut list) = (Packed::default(), Vec::<Vec<u8>>::new());
            for step in steps {
                let spots: Vec<Spot> = packed.iter().map(|piece| piece.spot()).collect();
                match step {
                    Step::Push(text) => {
                        packed.push(&text);
                        list.push(text);
                    }
                    Step::Replace(at, text) if at < list.len() => {
                        packed.replace(spots[at], &text);
                        list[at] = text;
                    }
                    Step::Remove(at, count) if at + count <= list.len() => {
                        packed.remove(spots[at], spots[at + count - 1], count);
                        list.drain(at..at + count);
                    }
                    Step::Replace(..) | Step::Remove(..) => {}
                }
                packed.assert_invariants();
                let texts: Vec<&[u8]> = packed.iter().map(|piece| piece.text).collect();
                prop_assert_eq!(texts, list.clone());
                prop_assert!(packed.memory() <= 2 * packed.bytes() + 4 * ROUND_BYTES);
            }
        }
    }
}
