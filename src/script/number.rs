//! Numbers as Lua 5.1 reads them from strings and as Redis hands them to commands.

/// The number that `text` spells, as `tonumber` finds it: with white space around it, in decimal
/// with an exponent, or in hexadecimal.
#[must_use]
pub fn parse(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let whole = !hex.is_empty() && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        return whole.then(|| sign * hex.chars().filter_map(|it| it.to_digit(16)).fold(0.0, push));
    }
    let signed_twice = digits.starts_with(['-', '+']);
    digits.parse::<f64>().ok().filter(|_| !signed_twice).map(|number| sign * number)
}

fn push(number: f64, digit: u32) -> f64 {
    number * 16.0 + f64::from(digit)
}

/// Significant digits of C's `%.17g`, with which a number becomes an argument of a command.
const DIGITS: usize = 17;

/// The text of `number` as an argument of a command.
///
/// # Panics
/// Never: a finite number has an exponent.
#[must_use]
pub fn format(number: f64) -> String {
    if !number.is_finite() {
        let sign = if number.is_sign_negative() { "-" } else { "" };
        return format!("{sign}{}", if number.is_nan() { "nan" } else { "inf" });
    }
    let scientific = format!("{number:.precision$e}", precision = DIGITS - 1);
    let (digits, exponent) = scientific.split_once('e').expect("Rust writes an exponent");
    let exponent: i32 = exponent.parse().expect("and it is an integer");
    if exponent < -4 || exponent >= DIGITS as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_zeros(digits), exponent.abs());
    }
    let decimals = (DIGITS as i32 - 1 - exponent).unsigned_abs() as usize;
    without_zeros(&format!("{number:.decimals$}")).to_owned()
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_tonumber_reads_them() {
        for (text, number) in [
            ("10", 10.0),
            (" 10\n", 10.0),
            ("-1.5", -1.5),
            ("+2", 2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("0x10", 16.0),
            ("-0xfF", -255.0),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(number), "{text:?}");
        }
        for text in ["", " ", "ten", "1e", "0x", "0xg", "1 2", "--1", "+-1", "1,5", "1_000"] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_written_with_seventeen_digits() {
        for (number, text) in [
            (0.0, "0"),
            (5000.0, "5000"),
            (-3.0, "-3"),
            (10.5, "10.5"),
            (0.1, "0.10000000000000001"),
            (1e16, "10000000000000000"),
            (123_456_789_012_345_678.0, "1.2345678901234568e+17"),
            (1e300, "1.0000000000000001e+300"),
            (0.00001, "1.0000000000000001e-05"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format(number), text);
        }
    }
}
