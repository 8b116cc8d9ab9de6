//! Glob patterns: the matcher against Redis's own algorithm, which tries every star anew.
#![no_main]

use latchd::base::glob::{Case, matches};
use libfuzzer_sys::fuzz_target;

/// Redis's algorithm takes exponential time on many stars; ours must only agree with it.
const STARS_MAX: usize = 3;
const TEXT_BYTES_MAX: usize = 64;

/// Redis's `stringmatchlen` (`util.c`): only the empty pattern matches an empty text.
fn reference(pattern: &[u8], text: &[u8], case: Case) -> bool {
    if text.is_empty() { pattern.is_empty() } else { of_some_text(pattern, text, case) }
}

fn of_some_text(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let Some(&first) = pattern.first() else { return false };
    if first == b'*' {
        let rest = &pattern[1..];
        return rest.iter().all(|&byte| byte == b'*')
            || (0..text.len()).any(|start| of_some_text(rest, &text[start..], case));
    }
    let (matched, rest) = element(pattern, text[0], case);
    let text = &text[1..];
    match (matched, text.is_empty()) {
        (false, _) => false,
        (true, true) => rest.iter().all(|&byte| byte == b'*'),
        (true, false) => of_some_text(rest, text, case),
    }
}

/// Whether the element that the pattern starts with matches `byte`, and the pattern after it.
fn element(pattern: &[u8], byte: u8, case: Case) -> (bool, &[u8]) {
    match pattern {
        [b'?', rest @ ..] => (true, rest),
        [b'[', rest @ ..] => class(rest, byte, case),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (folded(*literal, case) == folded(byte, case), rest)
        }
        [] => (false, pattern),
    }
}

/// The inside of brackets; what is never closed ends with the pattern.
fn class(pattern: &[u8], byte: u8, case: Case) -> (bool, &[u8]) {
    let (negated, mut pattern) = match pattern {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut found = false;
    loop {
        pattern = match pattern {
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                rest
            }
            [b']', rest @ ..] => return (found != negated, rest),
            [] => return (found != negated, pattern),
            [first, b'-', last, rest @ ..] => {
                // `char` is signed, and the ends are put in order before case is folded.
                let (low, high) =
                    ((*first as i8).min(*last as i8), (*first as i8).max(*last as i8));
                let fold = |end: i8| folded(end as u8, case) as i8;
                found |= (fold(low)..=fold(high)).contains(&(folded(byte, case) as i8));
                rest
            }
            [literal, rest @ ..] => {
                found |= folded(*literal, case) == folded(byte, case);
                rest
            }
        }
    }
}

fn folded(byte: u8, case: Case) -> u8 {
    match case {
        Case::Sensitive => byte,
        Case::Ignored => byte.to_ascii_lowercase(),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&split, rest)) = input.split_first() else { return };
    let (pattern, text) = rest.split_at(usize::from(split).min(rest.len()));
    let stars = pattern.iter().filter(|&&byte| byte == b'*').count();
    for case in [Case::Sensitive, Case::Ignored] {
        let matched = matches(pattern, text, case);
        if stars <= STARS_MAX && text.len() <= TEXT_BYTES_MAX {
            assert_eq!(matched, reference(pattern, text, case), "{case:?}");
        }
    }
});
