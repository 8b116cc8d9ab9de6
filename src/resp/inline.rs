//! Inline requests: words with the quoting rules of Redis's `sdssplitargs`.
//!
//! `"..."` knows `\xHH`, `\n`, `\r`, `\t`, `\b`, `\a`; `'...'` knows only `\'`. A closing quote
//! must end its word.

use crate::resp::request::Span;

/// Quotes that are not closed, or not followed by a space.
#[derive(Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Appends the words of `line` to `words` and says in `spans` where each one lies.
///
/// # Errors
/// The quotes do not match; what was appended so far is meaningless.
pub fn split(line: &[u8], words: &mut Vec<u8>, spans: &mut Vec<Span>) -> Result<(), Unbalanced> {
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start_redis();
        if rest.is_empty() {
            return Ok(());
        }
        let start = words.len();
        rest = word(rest, words)?;
        spans.push(Span { start, len: words.len() - start });
    }
}

trait TrimStart {
    fn trim_ascii_start_redis(&self) -> &Self;
}

/// C's `isspace`, which also counts the vertical tab.
const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

impl TrimStart for [u8] {
    fn trim_ascii_start_redis(&self) -> &Self {
        let start = self.iter().position(|&byte| !is_space(byte)).unwrap_or(self.len());
        &self[start..]
    }
}

/// Reads one word; what follows it.
fn word<'l>(mut rest: &'l [u8], out: &mut Vec<u8>) -> Result<&'l [u8], Unbalanced> {
    loop {
        match rest {
            [] => return Ok(rest),
            [b'"', after @ ..] => return double_quoted(after, out),
            [b'\'', after @ ..] => return single_quoted(after, out),
            [b' ' | b'\n' | b'\r' | b'\t' | 0, ..] => return Ok(rest),
            // Other white space separates words only where it stands before one.
            [byte, after @ ..] => {
                out.push(*byte);
                rest = after;
            }
        }
    }
}

fn double_quoted<'l>(mut rest: &'l [u8], out: &mut Vec<u8>) -> Result<&'l [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] => return Err(Unbalanced),
            [b'"', after @ ..] => return closed(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                out.push(hex(*high) << 4 | hex(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                out.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                out.push(*byte);
                after
            }
        };
    }
}

fn single_quoted<'l>(mut rest: &'l [u8], out: &mut Vec<u8>) -> Result<&'l [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] => return Err(Unbalanced),
            [b'\'', after @ ..] => return closed(after),
            [b'\\', b'\'', after @ ..] => {
                out.push(b'\'');
                after
            }
            [byte, after @ ..] => {
                out.push(*byte);
                after
            }
        };
    }
}

const fn closed(rest: &[u8]) -> Result<&[u8], Unbalanced> {
    match rest {
        [byte, ..] if !is_space(*byte) => Err(Unbalanced),
        _ => Ok(rest),
    }
}

const fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<Vec<String>, Unbalanced> {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        split(line.as_bytes(), &mut bytes, &mut spans)?;
        let word =
            |span: &Span| bytes[span.start..span.start + span.len].escape_ascii().to_string();
        Ok(spans.iter().map(word).collect())
    }

    #[test]
    fn words_and_quotes_are_read_as_redis_reads_them() {
        for (line, expected) in [
            ("", vec![]),
            ("  set  k   v ", vec!["set", "k", "v"]),
            ("a\"b c\" 'd e'", vec!["ab c", "d e"]),
            (r#""\x41\n\q" '\n\''"#, vec!["A\\nq", "\\\\n\\'"]),
            ("\"\" ''", vec!["", ""]),
            ("\x0b\x0ca\x0bb\x0c c", vec!["a\\x0bb\\x0c", "c"]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn a_quote_must_end_its_word() {
        for line in ["\"a", "'a", "\"a\"b", "'a'b", "\"a\\\""] {
            assert_eq!(words(line), Err(Unbalanced), "{line}");
        }
    }
}
