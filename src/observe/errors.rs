//! How often clients were answered with which error code: `INFO errorstats`.
//!
//! Errors are rare enough for a lock, and the lock is one worker's own, so nobody waits for it.
//! The number of distinct codes is bounded as in Redis 7.4: scripts can invent codes without end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use parking_lot::Mutex;

/// Distinct codes until counting by code stops, as Redis's `ERRORSTATS_LIMIT`.
pub const CODES_MAX: usize = 128;

/// A code is looked for in so many bytes of an error's text, as in Redis.
const CODE_BYTES_MAX: usize = 31;

/// What Redis counts an error without a code as.
const DEFAULT_CODE: &[u8] = b"ERR";

/// What is shown once there were too many codes.
const DISABLED_CODE: &[u8] = b"ERRORSTATS_DISABLED";

/// The code of an error reply's text (without its `-`): the first word, `ERR` if there is only one.
#[must_use]
pub fn code_of(text: &[u8]) -> &[u8] {
    let start = &text[..text.len().min(CODE_BYTES_MAX)];
    start.iter().position(|&byte| byte == b' ').map_or(DEFAULT_CODE, |end| &start[..end])
}

/// What became of an error that was counted.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It was added to its code.
    ByCode,
    /// There are too many codes, and this is the moment to log it once.
    TooManyCodes,
    /// Codes are not counted until `CONFIG RESETSTAT`.
    Disabled,
}

/// Error replies of one worker by code.
#[derive(Debug, Default)]
pub struct ErrorCounts(Mutex<Codes>);

#[derive(Debug, Default)]
struct Codes {
    counts: BTreeMap<Box<[u8]>, u64>,
    overflowed: bool,
}

impl ErrorCounts {
    /// Counts an error reply by its text (without the leading `-`).
    pub fn add(&self, text: &[u8]) -> Counted {
        let mut codes = self.0.lock();
        if codes.overflowed {
            return Counted::Disabled;
        }
        let code = code_of(text);
        if let Some(count) = codes.counts.get_mut(code) {
            *count += 1;
            return Counted::ByCode;
        }
        if codes.counts.len() == CODES_MAX {
            *codes = Codes { counts: BTreeMap::new(), overflowed: true };
            return Counted::TooManyCodes;
        }
        codes.counts.insert(code.into(), 1);
        Counted::ByCode
    }

    /// Forgets everything, and counts again if counting had stopped.
    pub fn reset(&self) {
        *self.0.lock() = Codes::default();
    }
}

/// Error replies of all workers by code, in the order of the codes' bytes.
#[derive(Debug, Default)]
pub struct ErrorTotals(Codes);

impl ErrorTotals {
    /// Adds what one worker has counted.
    pub fn add(&mut self, worker: &ErrorCounts) {
        let codes = worker.0.lock();
        for (code, count) in &codes.counts {
            *self.0.counts.entry(code.clone()).or_default() += count;
        }
        self.0.overflowed |= codes.overflowed || self.0.counts.len() > CODES_MAX;
    }

    /// Codes and counts in the order of `INFO errorstats`.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let disabled = self.0.overflowed.then_some((DISABLED_CODE, 1));
        let counts = self.0.counts.iter().filter(|_| !self.0.overflowed);
        disabled.into_iter().chain(counts.map(|(code, &count)| (&**code, count)))
    }

    /// Appends the lines of `INFO errorstats`.
    pub fn print(&self, out: &mut String) {
        for (code, count) in self.iter() {
            out.push_str("errorstat_");
            // The bytes that would break the lines of INFO become `_`, as in Redis.
            out.extend(String::from_utf8_lossy(code).chars().map(|letter| match letter {
                '#' | ':' | '\n' | '\r' => '_',
                other => other,
            }));
            write!(out, ":count={count}\r\n").expect("a String takes everything");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(workers: &[&ErrorCounts]) -> String {
        let mut totals = ErrorTotals::default();
        workers.iter().for_each(|worker| totals.add(worker));
        let mut out = String::new();
        totals.print(&mut out);
        out
    }

    #[test]
    fn the_code_is_the_first_word_of_an_error() {
        for (text, code) in [
            ("WRONGTYPE Operation against a key", "WRONGTYPE"),
            ("ERR syntax error", "ERR"),
            ("nospace", "ERR"),
            (" starts with a space", ""),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", "ERR"),
        ] {
            assert_eq!(code_of(text.as_bytes()), code.as_bytes(), "{text}");
        }
    }

    #[test]
    fn codes_of_all_workers_are_added_and_sorted() {
        let workers = [ErrorCounts::default(), ErrorCounts::default()];
        assert_eq!(workers[0].add(b"WRONGTYPE x"), Counted::ByCode);
        assert_eq!(workers[0].add(b"ERR x"), Counted::ByCode);
        assert_eq!(workers[1].add(b"ERR y"), Counted::ByCode);
        // Bytes as redis-server 7.0.15 prints them.
        let lines = "errorstat_ERR:count=2\r\nerrorstat_WRONGTYPE:count=1\r\n";
        assert_eq!(printed(&[&workers[0], &workers[1]]), lines);
    }

    #[test]
    fn a_code_cannot_break_the_lines_of_info() {
        let worker = ErrorCounts::default();
        assert_eq!(worker.add(b"A#b:c\r\nd e"), Counted::ByCode);
        assert_eq!(printed(&[&worker]), "errorstat_A_b_c__d:count=1\r\n");
    }

    #[test]
    fn too_many_codes_stop_the_count_until_a_reset() {
        let worker = ErrorCounts::default();
        for code in 0..CODES_MAX {
            assert_eq!(worker.add(format!("E{code} x").as_bytes()), Counted::ByCode);
        }
        assert_eq!(worker.add(b"E5 x"), Counted::ByCode);
        assert_eq!(printed(&[&worker]).lines().count(), CODES_MAX);
        assert_eq!(worker.add(b"ONEMORE x"), Counted::TooManyCodes);
        assert_eq!(worker.add(b"ERR x"), Counted::Disabled);
        assert_eq!(printed(&[&worker]), "errorstat_ERRORSTATS_DISABLED:count=1\r\n");
        worker.reset();
        assert_eq!(worker.add(b"ERR x"), Counted::ByCode);
        assert_eq!(printed(&[&worker]), "errorstat_ERR:count=1\r\n");
    }

    #[test]
    fn the_limit_holds_for_all_workers_together() {
        let workers = [ErrorCounts::default(), ErrorCounts::default()];
        for code in 0..=CODES_MAX {
            assert_eq!(workers[code % 2].add(format!("E{code} x").as_bytes()), Counted::ByCode);
        }
        let lines = "errorstat_ERRORSTATS_DISABLED:count=1\r\n";
        assert_eq!(printed(&[&workers[0], &workers[1]]), lines);
    }
}
