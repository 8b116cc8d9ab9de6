//! Inline requests: words that are quoted again are read as the same words.
#![no_main]

use latchd::resp::inline::split;
use libfuzzer_sys::fuzz_target;

fn words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    split(line, &mut bytes, &mut spans).ok()?;
    Some(spans.iter().map(|span| bytes[span.start..span.start + span.len].to_vec()).collect())
}

/// A word in which every byte is escaped.
fn quoted(word: &[u8]) -> String {
    let escaped: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{escaped}\"")
}

/// A word in single quotes, in which only the quote is special.
fn single_quoted(word: &[u8]) -> Vec<u8> {
    let mut line = vec![b'\''];
    for &byte in word {
        line.extend_from_slice(if byte == b'\'' { b"\\'" } else { std::slice::from_ref(&byte) });
    }
    line.push(b'\'');
    line
}

fuzz_target!(|line: &[u8]| {
    let Some(words) = self::words(line) else { return };
    let again: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    assert_eq!(self::words(again.join(" ").as_bytes()), Some(words.clone()));
    // A backslash before the closing quote would escape it.
    for word in words.iter().filter(|word| !word.ends_with(b"\\") && !has_escape(word)) {
        assert_eq!(self::words(&single_quoted(word)), Some(vec![word.clone()]));
    }
});

/// Whether the word has `\'`, which single quotes cannot say.
fn has_escape(word: &[u8]) -> bool {
    word.windows(2).any(|pair| pair == b"\\'")
}
