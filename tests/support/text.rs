//! Requests as text: one a line, words as `redis-cli` reads them, so that test files stay readable.
//!
//! `"a\r\n\xff"` has escapes, `'a'` has none but `\'`, and `$rep:45:ab` stands for `ab` forty-five
//! times.

/// The bytes of one word, quoted if they need it; `split_line` reads it back.
pub fn escape(word: &[u8]) -> String {
    let bare = !word.is_empty()
        && !word.starts_with(b"$rep:")
        && word[0] != b'#'
        && word.iter().all(|&byte| byte.is_ascii_graphic() && !b"\"'\\".contains(&byte));
    if bare {
        return String::from_utf8_lossy(word).into_owned();
    }
    if word.len() > 40 && word.iter().all(|&byte| byte == word[0] && byte.is_ascii_alphanumeric()) {
        return format!("$rep:{}:{}", word.len(), char::from(word[0]));
    }
    let mut out = String::from("\"");
    for &byte in word {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            0x20..=0x7e => out.push(char::from(byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push('"');
    out
}

/// A request as one line.
pub fn escape_line<A: AsRef<[u8]>>(args: &[A]) -> String {
    args.iter().map(|arg| escape(arg.as_ref())).collect::<Vec<_>>().join(" ")
}

/// The words of a line.
///
/// # Errors
/// What is wrong with the line: a quote that does not end, or a bad escape.
pub fn split_line(line: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start_matches(' ').as_bytes();
    while let Some(&first) = rest.first() {
        let (word, after) = match first {
            b'"' => double_quoted(&rest[1..])?,
            b'\'' => single_quoted(&rest[1..])?,
            _ => {
                let end = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
                (bare(&rest[..end])?, &rest[end..])
            }
        };
        words.push(word);
        if after.first().is_some_and(|&byte| byte != b' ') {
            return Err(format!("text right behind a closing quote: {line}"));
        }
        let blanks = after.iter().take_while(|&&byte| byte == b' ').count();
        rest = &after[blanks..];
    }
    Ok(words)
}

type Split<'a> = Result<(Vec<u8>, &'a [u8]), String>;

fn bare(word: &[u8]) -> Result<Vec<u8>, String> {
    let Some(repeat) = word.strip_prefix(b"$rep:") else { return Ok(word.to_vec()) };
    let text = String::from_utf8_lossy(repeat).into_owned();
    let (count, unit) = text.split_once(':').ok_or("a repetition is $rep:COUNT:TEXT")?;
    let count: usize = count.parse().map_err(|_| format!("not a count: {count}"))?;
    Ok(unit.as_bytes().repeat(count))
}

fn single_quoted(text: &[u8]) -> Split<'_> {
    let mut word = Vec::new();
    let mut at = 0;
    loop {
        match text[at..] {
            [b'\\', b'\'', ..] => {
                word.push(b'\'');
                at += 2;
            }
            [b'\'', ref rest @ ..] => return Ok((word, rest)),
            [byte, ..] => {
                word.push(byte);
                at += 1;
            }
            [] => return Err("a single quote does not end".into()),
        }
    }
}

fn double_quoted(text: &[u8]) -> Split<'_> {
    let mut word = Vec::new();
    let mut at = 0;
    loop {
        match text[at..] {
            [b'\\', b'x', high, low, ..] => {
                let digits = [high, low];
                let digits = std::str::from_utf8(&digits).map_err(|error| error.to_string())?;
                word.push(u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?);
                at += 4;
            }
            [b'\\', escaped, ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                });
                at += 2;
            }
            [b'"', ref rest @ ..] => return Ok((word, rest)),
            [byte, ..] => {
                word.push(byte);
                at += 1;
            }
            [] => return Err("a double quote does not end".into()),
        }
    }
}
