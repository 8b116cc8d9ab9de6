//! The syntax of redis.conf: lines, comments, words, quotes.
//!
//! Not here: what a line means (`load.rs`). The same rules split inline commands in Redis.

/// One line with something on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    /// Without the white space around it.
    pub text: &'a str,
}

/// The lines of a file that are neither blank nor comments.
pub(super) fn lines(content: &str) -> impl Iterator<Item = Line<'_>> {
    let numbered = content.split('\n').enumerate();
    numbered
        .map(|(index, line)| Line { number: index + 1, text: trimmed(line) })
        .filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
}

/// A line without the white space that Redis takes off its ends.
pub(super) fn trimmed(line: &str) -> &str {
    line.trim_matches([' ', '\t', '\r', '\n'])
}

/// The words of a line, `None` if a quote is not closed or something is stuck to a closing one.
///
/// Words are bytes because `"\xff"` is allowed. In double quotes `\n \r \t \b \a \xHH` are escapes
/// and any other escaped character stands for itself; in single quotes only `\'` is an escape.
pub(super) fn words(line: &str) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line.as_bytes();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Some(words);
        }
        let mut word = Vec::new();
        rest = one_word(rest, &mut word)?;
        words.push(word);
    }
}

/// Reads one word into `word` and returns what follows it.
fn one_word<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return Some(rest),
            [byte, ..] if byte.is_ascii_whitespace() || *byte == 0 => return Some(&rest[1..]),
            [b'"', after @ ..] => return ends_word(double_quoted(after, word)?),
            [b'\'', after @ ..] => return ends_word(single_quoted(after, word)?),
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

/// A closing quote ends the word: white space or nothing may follow it.
fn ends_word(rest: &[u8]) -> Option<&[u8]> {
    rest.first().is_none_or(u8::is_ascii_whitespace).then_some(rest)
}

fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                word.push(hex(*high) << 4 | hex(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.to_ascii_uppercase() - b'A' + 10,
    }
}

/// `bytes` in double quotes, so that [`words`] reads them back.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            7 => out.push_str("\\a"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Option<Vec<String>> {
        let text = |word: Vec<u8>| String::from_utf8_lossy(&word).into_owned();
        words(line).map(|words| words.into_iter().map(text).collect())
    }

    #[test]
    fn words_are_separated_by_white_space_and_joined_by_quotes() {
        assert_eq!(split("save 900  1").unwrap(), ["save", "900", "1"]);
        assert_eq!(split(r#"logfile """#).unwrap(), ["logfile", ""]);
        assert_eq!(split(r#"a "b c" 'd "e' f"g h""#).unwrap(), ["a", "b c", "d \"e", "fg h"]);
        assert_eq!(split(r#""\x41\n\t\"\q" 'it\'s \n'"#).unwrap(), ["A\n\t\"q", "it's \\n"]);
        assert_eq!(words(r#""\xff\x4""#).unwrap(), [b"\xffx4".to_vec()]);
    }

    #[test]
    fn an_open_quote_or_text_behind_a_closing_one_is_an_error() {
        for line in [r#"port "0"#, "port '0", r#"port "0"x"#, "port '0'x", r#"port "\""#] {
            assert_eq!(words(line), None, "{line}");
        }
    }

    #[test]
    fn blank_lines_and_comments_are_skipped_but_counted() {
        let content = "\n# port 1\n  \r\n \tport 2 # not a comment\r\n";
        let found: Vec<Line<'_>> = lines(content).collect();
        assert_eq!(found, [Line { number: 4, text: "port 2 # not a comment" }]);
    }

    #[test]
    fn any_bytes_survive_quoting() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(words(&quoted(&all)).unwrap(), [all]);
    }
}
