//! A password, which nobody can read.

use crate::acl::error::RuleError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const BYTES: usize = 32;

/// The SHA-256 of a password.
#[derive(Clone, Copy, Debug)]
pub struct Password([u8; BYTES]);

impl Password {
    /// That of `clear`.
    #[must_use]
    pub fn of(clear: &[u8]) -> Self {
        Self(Sha256::digest(clear).into())
    }

    /// The one that `digits` spell.
    ///
    /// # Errors
    /// They are not 64 hexadecimal digits in lower case.
    pub fn parse(digits: &[u8]) -> Result<Self, RuleError> {
        let mut bytes = [0; BYTES];
        if digits.len() != 2 * BYTES {
            return Err(RuleError::MalformedHash);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }

    /// The 64 digits.
    #[must_use]
    pub fn digits(&self) -> String {
        self.0.iter().fold(String::with_capacity(2 * BYTES), |mut digits, byte| {
            write!(digits, "{byte:02x}").expect("a string takes everything");
            digits
        })
    }

    /// Whether both are the same, in a time that says nothing about where they differ.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs.fold(0, |difference, (a, b)| std::hint::black_box(difference | (a ^ b))) == 0
    }
}

const fn digit(byte: u8) -> Result<u8, RuleError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(RuleError::MalformedHash),
    }
}
