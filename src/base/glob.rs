//! Glob patterns as Redis matches them (`KEYS`, `SCAN`, `CONFIG GET`): `*`, `?`, `[a-z]`, `\x`.
//!
//! Not here: brace expansion, path separators, UTF-8. A pattern is bytes, as is what it matches.
//! Only the last `*` is ever retried, so a match costs at most pattern times text comparisons,
//! however many stars a client sends.

/// Whether upper and lower case ASCII letters are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` and `A` differ: keys and channels.
    Sensitive,
    /// `a` and `A` are the same: names of directives and commands.
    Ignored,
}

/// Whether the whole of `text` matches `pattern`.
///
/// Redis's corner is kept: only the empty pattern matches an empty text (`KEYS` and `SCAN` never
/// ask about the pattern `*`, they take every key).
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let (mut at, mut position) = (0, 0);
    // Where to go on if the rest does not match: just after the last star, one byte further.
    let mut retry: Option<(usize, usize)> = None;
    while position < text.len() {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            retry = Some((at, position));
            continue;
        }
        let next =
            (at < pattern.len()).then(|| one(&pattern[at..], text[position], case)).flatten();
        if let Some(width) = next {
            at += width;
            position += 1;
            continue;
        }
        // An earlier star never helps where the last one fails: whatever it could swallow, the
        // last one can swallow as well.
        let Some((after_star, from)) = retry else { return false };
        at = after_star;
        position = from + 1;
        retry = Some((after_star, position));
    }
    if text.is_empty() {
        pattern.is_empty()
    } else {
        pattern[at..].iter().all(|&byte| byte == b'*')
    }
}

/// Matches one byte against the element that `pattern` starts with; the element's width if it does.
fn one(pattern: &[u8], byte: u8, case: Case) -> Option<usize> {
    let (matched, width) = match pattern {
        [b'?', ..] => (true, 1),
        [b'[', ..] => class(pattern, byte, case),
        [b'\\', escaped, ..] => (same(*escaped, byte, case), 2),
        [literal, ..] => (same(*literal, byte, case), 1),
        [] => (false, 0),
    };
    matched.then_some(width)
}

/// A bracket expression: whether `byte` is in it, and its width. One that is never closed ends with
/// the pattern; an escaped byte is compared exactly even where case is ignored, as in Redis.
fn class(pattern: &[u8], byte: u8, case: Case) -> (bool, usize) {
    let mut at = 1;
    let negated = pattern.get(at) == Some(&b'^');
    if negated {
        at += 1;
    }
    let mut found = false;
    loop {
        match &pattern[at..] {
            [] => return (found != negated, at),
            [b'\\', escaped, ..] => {
                found |= *escaped == byte;
                at += 2;
            }
            [b']', ..] => return (found != negated, at + 1),
            [first, b'-', last, ..] => {
                found |= in_range(*first, *last, byte, case);
                at += 3;
            }
            [literal, ..] => {
                found |= same(*literal, byte, case);
                at += 1;
            }
        }
    }
}

/// Redis compares the ends of a range as signed characters, in either order.
fn in_range(first: u8, last: u8, byte: u8, case: Case) -> bool {
    let (low, high) = if first as i8 > last as i8 { (last, first) } else { (first, last) };
    let (low, high, byte) = (folded(low, case), folded(high, case), folded(byte, case));
    (low as i8..=high as i8).contains(&(byte as i8))
}

fn same(left: u8, right: u8, case: Case) -> bool {
    folded(left, case) == folded(right, case)
}

fn folded(byte: u8, case: Case) -> u8 {
    match case {
        Case::Sensitive => byte,
        Case::Ignored => byte.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes(), Case::Sensitive)
    }

    #[test]
    fn stars_question_marks_and_literals_match_as_in_the_redis_manual() {
        for text in ["hello", "hallo", "hxllo"] {
            assert!(keys("h?llo", text) && keys("h*llo", text), "{text}");
        }
        assert!(keys("h*llo", "hllo") && keys("h*llo", "heeeello") && !keys("h?llo", "hllo"));
        assert!(keys("*", "x") && keys("a**", "a") && keys("**a", "bca") && !keys("a", "aa"));
    }

    #[test]
    fn classes_have_ranges_negation_and_escapes() {
        assert!(keys("h[ae]llo", "hallo") && !keys("h[ae]llo", "hillo"));
        assert!(keys("h[^e]llo", "hallo") && !keys("h[^e]llo", "hello"));
        assert!(keys("h[a-c]llo", "hbllo") && keys("h[c-a]llo", "hbllo") && !keys("[a-c]", "d"));
        assert!(keys("[\\]]", "]") && keys("\\*", "*") && !keys("\\*", "a"));
        assert!(keys("[abc", "c") && keys("a[^", "ab") && !keys("a[", "ab"));
    }

    #[test]
    fn an_empty_text_matches_the_empty_pattern_only() {
        assert!(keys("", "") && !keys("*", "") && !keys("?", "") && !keys("", "a"));
    }

    #[test]
    fn ignored_case_covers_literals_and_ranges_but_not_escapes_in_a_class() {
        let names =
            |pattern: &str, text: &str| matches(pattern.as_bytes(), text.as_bytes(), Case::Ignored);
        assert!(names("MAX*", "maxmemory") && names("[A-C]x", "bX") && names("\\P?rt", "port"));
        assert!(!names("[\\A]", "a") && names("[\\A]", "A"));
    }

    #[test]
    fn ten_thousand_stars_cost_no_more_than_pattern_times_text() {
        let pattern = "a*".repeat(10_000) + "b";
        assert!(!keys(&pattern, &"a".repeat(10_000)));
    }
}
