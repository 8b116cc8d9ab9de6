//! The SHA-1 that names a script in EVALSHA.

use sha1_smol::Sha1;
use std::fmt;

/// The SHA-1 of a script, or of its normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha([u8; Sha::BYTES]);

impl Sha {
    const BYTES: usize = 20;
    /// Digits of its hexadecimal form.
    pub const DIGITS: usize = 2 * Self::BYTES;

    /// That of `text`.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self(Sha1::from(text).digest().bytes())
    }

    /// The one that `digits` spell, in either case.
    #[must_use]
    pub const fn parse(digits: &[u8]) -> Option<Self> {
        if digits.len() != Self::DIGITS {
            return None;
        }
        let mut bytes = [0; Self::BYTES];
        let mut at = 0;
        while at < Self::BYTES {
            let (Some(high), Some(low)) = (nibble(digits[2 * at]), nibble(digits[2 * at + 1]))
            else {
                return None;
            };
            bytes[at] = high << 4 | low;
            at += 1;
        }
        Some(Self(bytes))
    }

    /// As `parse`, for the rows of the catalogue.
    ///
    /// # Panics
    /// If they do not spell one: at compile time, as the rows are constants.
    pub(super) const fn hex(digits: &str) -> Self {
        Self::parse(digits.as_bytes()).expect("a row spells a SHA-1 with 40 hexadecimal digits")
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_digits_in_either_case_spell_one() {
        let sha = Sha::of(b"return 1");
        assert_eq!(sha.to_string(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
        assert_eq!(Sha::parse(b"E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"), Some(sha));
        assert_eq!(Sha::parse(b"e0e1f9fabfc9d4800c877a703b823ac0578ff8d"), None);
        assert_eq!(Sha::parse(b"g0e1f9fabfc9d4800c877a703b823ac0578ff8db"), None);
    }
}
