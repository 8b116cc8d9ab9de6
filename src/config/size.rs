//! Memory sizes as redis.conf writes them: `100`, `1k` (1000), `1kb` (1024), `64mb`, `1gb`.

const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("k", 1000),
    ("kb", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1 << 30),
];

/// The number of bytes that `text` stands for, `None` if it is no memory size.
///
/// As in Redis a unit without digits is 0 and a number beyond 64 bits is the largest one. Redis
/// lets the product with the unit wrap around; here it stays at the largest number too. The text
/// ends at a zero byte, as one of C does.
pub(super) fn parse(text: &[u8]) -> Option<u64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(unit))?;
    let number = number
        .iter()
        .fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some(number.saturating_mul(*factor))
}

/// The shortest form that is exact, with the units of `CONFIG REWRITE`: `64mb`, `1gb`, `1000`.
pub(super) fn format(bytes: u64) -> String {
    for (unit, factor) in [("gb", 1u64 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] {
        if bytes != 0 && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_ten_without_and_of_two_with_a_b() {
        for (text, bytes) in [
            ("0", 0),
            ("100B", 100),
            ("1k", 1000),
            ("1kB", 1024),
            ("2m", 2_000_000),
            ("2MB", 2 << 20),
            ("3g", 3_000_000_000),
            ("3gb", 3 << 30),
            ("", 0),
            ("kb", 0),
            ("\0", 0),
            ("1k\0b", 1000),
            ("18446744073709551615", u64::MAX),
            ("99999999999999999999", u64::MAX),
            ("17179869184gb", u64::MAX),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(bytes), "{text}");
        }
    }

    #[test]
    fn signs_spaces_fractions_and_other_units_are_refused() {
        for text in ["-1", "+1", " 1", "1 mb", "1.5gb", "1kib", "1t", "abc"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_written_form_is_read_back() {
        for bytes in [0, 1, 1000, 1024, 1536, 64 << 20, 1 << 30, (1 << 30) + 1, u64::MAX] {
            assert_eq!(parse(format(bytes).as_bytes()), Some(bytes));
        }
        assert_eq!(format(64 << 20), "64mb");
    }
}
