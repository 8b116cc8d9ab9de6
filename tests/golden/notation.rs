//! How requests and replies are written in a transcript: exactly, and to be read.
//!
//! Not here: what they mean. Replies are decoded independently of `src/resp`, which writes them.

/// Replies longer than this are written over several lines.
const LINE_CHARS_MAX: usize = 88;

/// One reply, as its bytes say.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// Everything that is written on one line: `+OK`, `:1`, `(nil)`, `-ERR ...`.
    Plain(String),
    /// A bulk or verbatim string; the latter with its format.
    Text(String, Vec<u8>),
    /// An array, set or push message, with what stands before its `[`.
    List(&'static str, Vec<Reply>),
    /// A map, or attributes, with what stands before its `{`.
    Map(&'static str, Vec<(Reply, Reply)>),
}

/// Reads the reply at the start of `bytes` and moves past it; `None` if it is not complete or no
/// reply.
pub(crate) fn decode(bytes: &mut &[u8]) -> Option<Reply> {
    let (kind, rest) = bytes.split_first()?;
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = (&rest[..end], &rest[end + 2..]);
    *bytes = rest;
    let text = escaped(line);
    let length = || text.parse::<usize>().ok();
    Some(match (kind, &*text) {
        (b'+' | b'-' | b':' | b',', _) => Reply::Plain(format!("{}{text}", char::from(*kind))),
        (b'_', "") => Reply::Plain("(null)".to_owned()),
        (b'$', "-1") => Reply::Plain("(nil)".to_owned()),
        (b'*', "-1") => Reply::Plain("(nil array)".to_owned()),
        (b'#', "t") => Reply::Plain("(true)".to_owned()),
        (b'#', "f") => Reply::Plain("(false)".to_owned()),
        (b'(', _) => Reply::Plain(format!("(big {text})")),
        (b'$', _) => Reply::Text(String::new(), decode_text(bytes, length()?)?),
        (b'=', _) => {
            let all = decode_text(bytes, length()?)?;
            let format = all.get(..3).filter(|_| all.get(3) == Some(&b':'))?;
            Reply::Text(escaped(format), all[4..].to_vec())
        }
        (b'*', _) => Reply::List("", decode_list(bytes, length()?)?),
        (b'~', _) => Reply::List("set", decode_list(bytes, length()?)?),
        (b'>', _) => Reply::List("push", decode_list(bytes, length()?)?),
        (b'%', _) => Reply::Map("", decode_pairs(bytes, length()?)?),
        (b'|', _) => Reply::Map("attributes", decode_pairs(bytes, length()?)?),
        _ => return None,
    })
}

fn decode_text(bytes: &mut &[u8], length: usize) -> Option<Vec<u8>> {
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest.strip_prefix(b"\r\n")?;
    Some(text.to_vec())
}

fn decode_list(bytes: &mut &[u8], length: usize) -> Option<Vec<Reply>> {
    (0..length).map(|_| decode(bytes)).collect()
}

fn decode_pairs(bytes: &mut &[u8], length: usize) -> Option<Vec<(Reply, Reply)>> {
    (0..length).map(|_| Some((decode(bytes)?, decode(bytes)?))).collect()
}

/// Bytes with everything escaped that is not printable ASCII.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// As `escaped`, for the inside of quotes.
fn quotable(bytes: &[u8]) -> String {
    escaped(bytes).replace('"', "\\\"")
}

impl Reply {
    /// The reply on one line.
    fn line(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Text(format, bytes) => format!("{format}\"{}\"", quotable(bytes)),
            Self::List(kind, items) => {
                let items: Vec<String> = items.iter().map(Self::line).collect();
                format!("{kind}[{}]", items.join(", "))
            }
            Self::Map(kind, pairs) => {
                let pair =
                    |(key, value): &(Self, Self)| format!("{}: {}", key.line(), value.line());
                let pairs: Vec<String> = pairs.iter().map(pair).collect();
                format!("{kind}{{{}}}", pairs.join(", "))
            }
        }
    }

    /// The reply on as many lines as it takes.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = self.line();
        if line.len() <= LINE_CHARS_MAX {
            return vec![line];
        }
        let (open, inside, close) = match self {
            Self::Text(format, bytes) if bytes.contains(&b'\n') => {
                let parts = bytes.split_inclusive(|&byte| byte == b'\n').map(quotable);
                (format!("{format}\""), parts.collect(), "\"")
            }
            Self::Plain(_) | Self::Text(..) => return vec![line],
            Self::List(kind, items) => {
                (format!("{kind}["), items.iter().flat_map(Self::lines).collect(), "]")
            }
            Self::Map(kind, pairs) => {
                let pair = |(key, value): &(Self, Self)| {
                    let mut lines = value.lines();
                    lines[0] = format!("{}: {}", key.line(), lines[0]);
                    lines
                };
                (format!("{kind}{{"), pairs.iter().flat_map(pair).collect::<Vec<_>>(), "}")
            }
        };
        let inside = inside.into_iter().map(|line| format!("  {line}"));
        std::iter::once(open).chain(inside).chain([close.to_owned()]).collect()
    }

    /// What the reply is, without what is in it.
    pub(crate) fn shape(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Text(format, bytes) => format!("({format}text of {} bytes)", bytes.len()),
            Self::List(kind, items) => format!("({kind}list of {})", items.len()),
            Self::Map(kind, pairs) => format!("({kind}map of {})", pairs.len()),
        }
    }
}

/// The bytes that a text with the escapes `\r \n \t \" \\ \xHH` stands for.
pub(crate) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'\\' { escape(&mut rest)? } else { byte });
    }
    Some(bytes)
}

/// The byte that stands behind a backslash.
fn escape(rest: &mut std::str::Bytes<'_>) -> Option<u8> {
    Some(match rest.next()? {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'x' => {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            (high * 16 + low) as u8
        }
        other => other,
    })
}

/// The words of a request, separated by spaces; a word in double quotes may have spaces and
/// escapes.
pub(crate) fn words(line: &str) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let end = closing_quote(quoted)?;
            (unescaped(&quoted[..end])?, &quoted[end + 1..])
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            (rest.as_bytes()[..end].to_vec(), &rest[end..])
        };
        if !after.is_empty() && !after.starts_with(' ') {
            return None;
        }
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// A request as clients send it: an array of bulk strings.
pub(crate) fn request(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[test]
fn every_kind_of_reply_has_its_own_notation() {
    for (bytes, notation) in [
        ("+OK\r\n", "+OK"),
        ("$2\r\nOK\r\n", "\"OK\""),
        ("$-1\r\n", "(nil)"),
        ("*-1\r\n", "(nil array)"),
        ("_\r\n", "(null)"),
        (":-1\r\n", ":-1"),
        (",0.5\r\n", ",0.5"),
        ("#t\r\n", "(true)"),
        ("$5\r\n\"\r\n\\\x7f\r\n", "\"\\\"\\r\\n\\\\\\x7f\""),
        ("=6\r\ntxt:ab\r\n", "txt\"ab\""),
        ("*2\r\n:1\r\n*1\r\n$0\r\n\r\n", "[:1, [\"\"]]"),
        ("*0\r\n", "[]"),
        ("%1\r\n+a\r\n~1\r\n:1\r\n", "{+a: set[:1]}"),
        (">1\r\n:1\r\n", "push[:1]"),
    ] {
        let mut rest = bytes.as_bytes();
        assert_eq!(decode(&mut rest).unwrap().line(), notation);
        assert!(rest.is_empty());
    }
    assert_eq!(decode(&mut b"*2\r\n:1\r\n".as_slice()), None);
    assert_eq!(decode(&mut b"OK\r\n".as_slice()), None);
}

#[test]
fn words_may_be_quoted() {
    let word = |text: &str| text.as_bytes().to_vec();
    assert_eq!(
        words(r#"SET k "a \"b\"\x00" "" "#),
        Some(vec![word("SET"), word("k"), word("a \"b\"\0"), word("")])
    );
    assert_eq!(words("GET \"k"), None);
    assert_eq!(words("GET \"k\"x"), None);
}
