//! The x87 80-bit numbers in which Redis computes INCRBYFLOAT: read as C's `strtold` reads them,
//! added with rounding to the nearest even, and written as `%.17Lf` without trailing zeros
//! (`ld2string`, human form).
//!
//! Not here: 64-bit doubles, whose sums and digits differ from these in the last places.

use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float, Round, StatusAnd};
use std::fmt::Write;
use std::ops::{Add, Sub};

/// Redis copies a number into a buffer of this size with a NUL at its end, so a text must be
/// shorter.
const TEXT_BYTES_LIMIT: usize = 5 * 1024;
/// No text below the limit has so many digits that an exponent beyond this could still matter.
const EXPONENT_MAX: i32 = 100_000;
/// Digits behind the decimal point.
const FRACTION_DIGITS: usize = 17;
/// `10^FRACTION_DIGITS`.
const FRACTION_SCALE: u128 = 100_000_000_000_000_000;
/// The value of a number is its 64-bit significand times two to the power of its biased exponent
/// less this.
const EXPONENT_BIAS: i32 = 16_383 + 63;
/// Large integers are kept in pieces of nine decimal digits, lowest first.
const PIECE: u64 = 1_000_000_000;
/// A piece times `2^PIECE_SHIFT`, and a carry, fits 64 bits.
const PIECE_SHIFT: u32 = 29;

const _: () = assert!((PIECE << PIECE_SHIFT) >> PIECE_SHIFT == PIECE);
const _: () = assert!(FRACTION_SCALE < 1 << 57, "a significand times the scale fits 121 bits");

/// A number; never NaN when it was read, but a sum may be.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Extended(X87DoubleExtended);

impl Extended {
    /// Nothing.
    pub const ZERO: Self = Self(X87DoubleExtended::ZERO);

    /// The number that `text` spells, or `None`. As Redis's `string2ld`: hexadecimal and infinite
    /// numbers are numbers; NaN, spaces, anything behind the number, and what is too large or too
    /// small are not.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= TEXT_BYTES_LIMIT {
            return None;
        }
        let (negative, magnitude) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let number = match magnitude {
            [b'0', b'x' | b'X', digits @ ..] => read("0x", digits, 'p')?,
            word if is_infinity(word) => X87DoubleExtended::INFINITY,
            digits => read("", digits, 'e')?,
        };
        Some(Self(if negative { -number } else { number }))
    }

    /// Whether it is neither infinite nor NaN.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    /// The largest number there is, `LDBL_MAX`.
    #[must_use]
    pub fn largest() -> Self {
        Self(X87DoubleExtended::largest())
    }

    /// The smallest number there is, `-LDBL_MAX`.
    #[must_use]
    pub fn smallest() -> Self {
        Self(-X87DoubleExtended::largest())
    }

    /// The decimal form of a finite number: 17 digits behind the point at most, no trailing zeros,
    /// no `-0`.
    #[must_use]
    pub fn to_text(self) -> String {
        let bits = self.0.to_bits();
        let significand = bits as u64;
        let biased = (bits >> 64) as i32 & 0x7fff;
        // Subnormal numbers have the exponent of the smallest normal ones.
        let exponent = biased.max(1) - EXPONENT_BIAS;
        let mut text = String::new();
        if self.0.is_negative() {
            text.push('-');
        }
        if exponent >= 0 {
            push_shifted(&mut text, significand, exponent.unsigned_abs());
        } else {
            push_scaled(
                &mut text,
                u128::from(significand) * FRACTION_SCALE,
                exponent.unsigned_abs(),
            );
        }
        if text == "-0" { "0".to_owned() } else { text }
    }
}

impl From<i64> for Extended {
    fn from(number: i64) -> Self {
        // 64 bits of significand hold every integer of 64 bits.
        Self(X87DoubleExtended::from_i128(i128::from(number)).value)
    }
}

impl Add for Extended {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).value)
    }
}

impl Sub for Extended {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self((self.0 - other.0).value)
    }
}

fn is_infinity(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity")
}

/// Reads digits with an optional point and an optional exponent behind `mark`; hexadecimal if
/// `prefix` says so.
fn read(prefix: &str, digits: &[u8], mark: char) -> Option<X87DoubleExtended> {
    let is_digit = |byte: &u8| {
        if prefix.is_empty() { byte.is_ascii_digit() } else { byte.is_ascii_hexdigit() }
    };
    let is_mark = |byte: &u8| byte.eq_ignore_ascii_case(&(mark as u8));
    let mantissa_len = digits.iter().position(is_mark).unwrap_or(digits.len());
    let (mantissa, tail) = digits.split_at(mantissa_len);
    let points = mantissa.iter().filter(|&&byte| byte == b'.').count();
    let places = mantissa.iter().filter(|byte| is_digit(byte)).count();
    if points > 1 || places == 0 || points + places != mantissa.len() {
        return None;
    }
    let exponent = match tail.split_first() {
        None => 0,
        Some((_, exponent)) => read_exponent(exponent)?,
    };
    let mantissa = std::str::from_utf8(mantissa).ok()?;
    let spelled = format!("{prefix}{mantissa}{mark}{exponent}");
    let StatusAnd { value, .. } =
        X87DoubleExtended::from_str_r(&spelled, Round::NearestTiesToEven).ok()?;
    let nothing = mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    // `strtold` reports ERANGE for these two, and Redis takes that for no number.
    (value.is_finite() && (nothing || !value.is_zero())).then_some(value)
}

/// An exponent of any length, clamped to where it no longer matters.
fn read_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits
        .iter()
        .fold(0, |sum: i32, digit| (sum * 10 + i32::from(digit - b'0')).min(EXPONENT_MAX));
    Some(if negative { -magnitude } else { magnitude })
}

/// Appends `significand * 2^shift`.
fn push_shifted(text: &mut String, significand: u64, shift: u32) {
    let mut pieces = Vec::new();
    let mut rest = significand;
    while rest > 0 {
        pieces.push(rest % PIECE);
        rest /= PIECE;
    }
    let mut left = shift;
    while left > 0 {
        let step = left.min(PIECE_SHIFT);
        left -= step;
        let mut carry = 0;
        for piece in &mut pieces {
            let shifted = (*piece << step) + carry;
            (*piece, carry) = (shifted % PIECE, shifted / PIECE);
        }
        if carry > 0 {
            pieces.push(carry);
        }
    }
    let _ = write!(text, "{}", pieces.pop().unwrap_or(0));
    for piece in pieces.iter().rev() {
        let _ = write!(text, "{piece:09}");
    }
}

/// Appends `scaled / 2^shift / FRACTION_SCALE`, rounded to the nearest even last digit.
fn push_scaled(text: &mut String, scaled: u128, shift: u32) {
    // `scaled` is below 2^121, so a longer shift leaves less than half of the last digit.
    let rounded = if shift > 122 {
        0
    } else {
        let (kept, lost) = (scaled >> shift, scaled & ((1 << shift) - 1));
        let half = 1u128 << (shift - 1);
        kept + u128::from(lost > half || lost == half && kept & 1 == 1)
    };
    let (whole, fraction) = (rounded / FRACTION_SCALE, rounded % FRACTION_SCALE);
    let _ = write!(text, "{whole}");
    if fraction > 0 {
        let _ = write!(text, ".{fraction:0FRACTION_DIGITS$}");
        text.truncate(text.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(spelled: &str) -> Option<String> {
        Extended::parse(spelled.as_bytes()).map(Extended::to_text)
    }

    fn sum(a: &str, b: &str) -> String {
        let [a, b] = [a, b].map(|spelled| Extended::parse(spelled.as_bytes()).unwrap());
        (a + b).to_text()
    }

    #[test]
    fn what_is_no_number_for_strtold_is_none_here() {
        for spelled in [
            "",
            " 1",
            "1 ",
            "+",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "0x",
            "0x.",
            "0x1p",
            "1.2.3",
            "--1",
            "nan",
            "NaN(1)",
            "-nan",
            "infi",
            "1,5",
            "1e5000",
            "-1e5000",
            "1e-5000",
            "0x1p16384",
            "1\0",
            "1_0",
            "0b1",
            "१",
        ] {
            assert_eq!(text(spelled), None, "{spelled:?}");
        }
        assert_eq!(text(&"1".repeat(TEXT_BYTES_LIMIT)), None);
        assert_eq!(text(&"0".repeat(TEXT_BYTES_LIMIT - 1)), Some("0".into()));
    }

    #[test]
    fn numbers_are_read_in_every_notation_of_strtold() {
        for (spelled, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("+1.50", "1.5"),
            ("5.", "5"),
            (".5", "0.5"),
            ("1E2", "100"),
            ("1e-2", "0.01"),
            ("0x10", "16"),
            ("0X1.8P1", "3"),
            ("0x.8", "0.5"),
            ("0e999999999999999999999", "0"),
            ("00012", "12"),
            ("1e-4940", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("18446744073709551617", "18446744073709551616"),
            ("0.1", "0.1"),
            // Halfway between two last digits: the even one.
            ("0x1p-18", "0.00000381469726562"),
            ("0x3p-18", "0.00001144409179688"),
            ("1e-18", "0"),
            ("-1e-18", "0"),
            ("6e-18", "0.00000000000000001"),
        ] {
            assert_eq!(text(spelled).as_deref(), Some(expected), "{spelled:?}");
        }
    }

    #[test]
    fn sums_have_the_digits_of_80_bits() {
        assert_eq!(sum("0.1", "0.2"), "0.3");
        assert_eq!(sum("3", "1.1"), "4.1");
        assert_eq!(sum("10.5", "-10.5"), "0");
        assert_eq!(sum("9223372036854775807", "0.5"), "9223372036854775807.5");
        assert_eq!(sum("9223372036854775807", "9223372036854775807"), "18446744073709551614");
    }

    #[test]
    fn the_largest_number_has_4933_digits() {
        let text = Extended::largest().to_text();
        assert_eq!((text.len(), &text[..20]), (4933, "11897314953572317650"));
        assert!(!(Extended::largest() + Extended::largest()).is_finite());
        assert!(Extended::parse(b"-Infinity").is_some_and(|number| !number.is_finite()));
    }

    #[test]
    fn integers_are_exact() {
        for number in [0, 1, -1, i64::MAX, i64::MIN] {
            assert_eq!(Extended::from(number).to_text(), number.to_string());
        }
    }
}
