//! Integers as Redis reads and writes them: decimal, no sign but `-`, no leading zeros, no spaces.

/// Longest decimal form of an `i64` or a `u64`, in bytes.
pub const DECIMAL_MAX: usize = 20;

/// The integer that `text` is the one canonical decimal form of, or `None` (as Redis's `string2ll`:
/// `"007"`, `"+1"`, `"-0"`, `" 1"` and anything beyond 64 bits are not integers).
#[must_use]
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    match digits {
        [b'0'] => return (!negative).then_some(0),
        [b'1'..=b'9', ..] if digits.len() < DECIMAL_MAX => {}
        _ => return None,
    }
    let mut magnitude = 0u64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // At most 19 digits, so this cannot pass 2^64.
        magnitude = magnitude * 10 + u64::from(digit);
    }
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// The decimal form of `value`, written into `space`; returns the part that was used.
#[inline]
pub fn format_i64(value: i64, space: &mut [u8; DECIMAL_MAX]) -> &[u8] {
    let mut at = space.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        space[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        space[at] = b'-';
    }
    &space[at..]
}

/// Appends the decimal form of `value` to `out`. The digits are written where they stay: a copy of
/// so few bytes, of a length that only the run shows, would cost more than they do.
#[inline]
pub fn push_i64(out: &mut Vec<u8>, value: i64) {
    let start = out.len();
    let length = usize::from(value < 0) + digits(value.unsigned_abs());
    out.extend_from_slice(&[b'-'; DECIMAL_MAX]);
    out.truncate(start + length);
    let mut rest = value.unsigned_abs();
    for byte in out[start..].iter_mut().rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
}

/// How many digits a number has.
#[inline]
const fn digits(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_an_integer() {
        for text in
            ["", "-", "+1", "-0", "00", "01", " 1", "1 ", "1.0", "0x1", "9223372036854775808"]
        {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse_i64(b"99999999999999999999"), None);
        assert_eq!(parse_i64(b"-9223372036854775809"), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for value in [0, 1, -1, 9, 10, -10, 1_234_567, i64::MAX, i64::MIN, i64::MAX - 1] {
            let mut space = [0; DECIMAL_MAX];
            let text = format_i64(value, &mut space).to_vec();
            assert_eq!(text, value.to_string().as_bytes());
            assert_eq!(parse_i64(&text), Some(value));
        }
    }
}
