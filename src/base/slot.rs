//! Hash slots: which of the 16,384 a key belongs to.
//!
//! Source: Redis Cluster specification, "Key distribution model".

/// A hash slot, 0 to 16,383.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(u16);

impl SlotId {
    /// How many slots there are.
    pub const COUNT: u16 = 16_384;

    /// The slot numbered `raw`, `None` if there is none.
    #[must_use]
    pub const fn new(raw: u16) -> Option<Self> {
        if raw < Self::COUNT { Some(Self(raw)) } else { None }
    }

    /// The slot of a key: CRC16 of the key, or of its hash tag if it has a non-empty one.
    #[must_use]
    #[inline]
    pub fn of(key: &[u8]) -> Self {
        Self(crc16(hash_tag(key)) & (Self::COUNT - 1))
    }

    /// The slot's number, 0 to 16,383.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The part between the first `{` and the first `}` after it, or the whole key if that part is
/// empty.
#[inline]
fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|&byte| byte == b'{') else { return key };
    let inside = &key[open + 1..];
    match inside.iter().position(|&byte| byte == b'}') {
        Some(length) if length > 0 => &inside[..length],
        Some(_) | None => key,
    }
}

const POLYNOMIAL: u16 = 0x1021;

/// `TABLES[k][b]` is the CRC of byte `b` followed by `k` zero bytes, so eight bytes fold in one
/// step.
static TABLES: [[u16; 256]; 8] = tables();

const fn tables() -> [[u16; 256]; 8] {
    let mut tables = [[0u16; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { (crc << 1) ^ POLYNOMIAL } else { crc << 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut level = 1;
    while level < 8 {
        let mut byte = 0;
        while byte < 256 {
            let shorter = tables[level - 1][byte];
            tables[level][byte] = (shorter << 8) ^ tables[0][(shorter >> 8) as usize];
            byte += 1;
        }
        level += 1;
    }
    tables
}

/// CRC-16/XMODEM, eight bytes at a time: the slot of every key is computed on the hot path.
fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0u16;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let [high, low] = crc.to_be_bytes();
        crc = TABLES[7][usize::from(chunk[0] ^ high)]
            ^ TABLES[6][usize::from(chunk[1] ^ low)]
            ^ TABLES[5][usize::from(chunk[2])]
            ^ TABLES[4][usize::from(chunk[3])]
            ^ TABLES[3][usize::from(chunk[4])]
            ^ TABLES[2][usize::from(chunk[5])]
            ^ TABLES[1][usize::from(chunk[6])]
            ^ TABLES[0][usize::from(chunk[7])];
    }
    for &byte in chunks.remainder() {
        crc = (crc << 8) ^ TABLES[0][usize::from((crc >> 8) as u8 ^ byte)];
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_check_value_holds() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn known_slots_match_redis() {
        for (key, slot) in [("foo", 12182), ("bar", 5061), ("hello", 866), ("", 0)] {
            assert_eq!(SlotId::of(key.as_bytes()).index(), slot, "{key}");
        }
    }

    #[test]
    fn a_hash_tag_decides_and_an_empty_one_does_not() {
        assert_eq!(SlotId::of(b"{user1000}.following"), SlotId::of(b"{user1000}.followers"));
        assert_eq!(SlotId::of(b"foo{{bar}}zap").index(), usize::from(crc16(b"{bar") & 16_383));
        assert_eq!(SlotId::of(b"foo{}{bar}").index(), usize::from(crc16(b"foo{}{bar}") & 16_383));
        assert_eq!(SlotId::of(b"foo{bar").index(), usize::from(crc16(b"foo{bar") & 16_383));
    }

    #[test]
    fn folding_eight_bytes_equals_byte_by_byte() {
        let mut rng = fastrand::Rng::with_seed(7);
        for length in 0..64 {
            let bytes: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
            let slow = bytes.iter().fold(0u16, |crc, &byte| {
                (crc << 8) ^ TABLES[0][usize::from((crc >> 8) as u8 ^ byte)]
            });
            assert_eq!(crc16(&bytes), slow);
        }
    }
}
