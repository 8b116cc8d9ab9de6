//! LCS: the longest common subsequence of two strings, which Redis calls their longest common
//! substring.
//!
//! It fills a table of one cell per pair of prefixes, as Redis does, so that among several longest
//! ones the same is found. `proto-max-bulk-len` limits the table.

use crate::command::args::Args;
use crate::command::context::{Context, Keys};
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::string::BASE;
use crate::keyspace::Key;
use crate::resp::reply::Writer;

/// LCS
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "lcs",
    arity: -3,
    keys: &[KeySpec::words(1, 1, 1, KeyFlags::RO.and(KeyFlags::ACCESS))],
    flags: Flags::READONLY,
    acl: Acl::READ.and(Acl::STRING).and(Acl::SLOW),
    summary: "Finds the longest common substring.",
    since: "7.0.0",
    complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
    syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
    run: Run::Plain(lcs),
    ..BASE
}];

const NOT_STRINGS: CommandError =
    CommandError::fixed("ERR The specified keys must contain string values");
const LEN_AND_IDX: CommandError =
    CommandError::fixed("ERR If you want both the length and indexes, please just use IDX.");
const TOO_LONG: CommandError = CommandError::fixed("ERR String too long for LCS");
const TABLE_TOO_LARGE: CommandError = CommandError::fixed(
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
);
const NO_MEMORY: CommandError =
    CommandError::fixed("ERR Insufficient memory, failed allocating transient memory for LCS");

/// The options of LCS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LcsOptions {
    /// `LEN`: only how long it is.
    length: bool,
    /// `IDX`: where it is.
    runs: bool,
    /// `WITHMATCHLEN`: how long each run is.
    run_lengths: bool,
    /// `MINMATCHLEN`: leave shorter runs out.
    run_length_min: i64,
}

impl LcsOptions {
    fn take(args: &mut Args<'_>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while args.left() > 0 {
            if args.take_keyword("LEN") {
                options.length = true;
            } else if args.take_keyword("IDX") {
                options.runs = true;
            } else if args.take_keyword("WITHMATCHLEN") {
                options.run_lengths = true;
            } else if args.take_keyword("MINMATCHLEN") && args.left() > 0 {
                options.run_length_min = args.int()?;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        if options.runs && options.length { Err(LEN_AND_IDX) } else { Ok(options) }
    }
}

fn lcs(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key_a, key_b) = (args.key()?, args.key()?);
    let (a, b) = (text(&mut cx.keys, key_a)?, text(&mut cx.keys, key_b)?);
    let options = LcsOptions::take(&mut args)?;
    let lengths = Lengths::new(&a, &b, cx.node.settings().proto_max_bulk_len)?;
    if options.runs {
        write_runs(cx.reply, &lengths, options);
    } else if options.length {
        cx.reply.count(lengths.longest());
    } else {
        cx.reply.bulk(&lengths.subsequence());
    }
    Ok(())
}

fn text(keys: &mut Keys<'_>, key: Key<'_>) -> Result<Vec<u8>, CommandError> {
    let value = keys.string(key).map_err(|_| NOT_STRINGS)?;
    Ok(value.map(|value| value.to_vec()).unwrap_or_default())
}

fn write_runs(reply: &mut Writer, lengths: &Lengths<'_>, options: LcsOptions) {
    let mut runs = lengths.runs();
    runs.retain(|run| i64::try_from(run.len).unwrap_or(i64::MAX) >= options.run_length_min);
    reply.map(2);
    reply.bulk(b"matches");
    reply.array(runs.len());
    for run in runs {
        reply.array(2 + usize::from(options.run_lengths));
        for first in [run.in_a, run.in_b] {
            reply.array(2);
            reply.count(first);
            reply.count(first + run.len - 1);
        }
        if options.run_lengths {
            reply.count(run.len);
        }
    }
    reply.bulk(b"len");
    reply.count(lengths.longest());
}

/// Bytes that stand next to each other in both strings and belong to the subsequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CommonRun {
    in_a: usize,
    in_b: usize,
    len: usize,
}

/// How long the longest common subsequence of each pair of prefixes is.
struct Lengths<'s> {
    a: &'s [u8],
    b: &'s [u8],
    /// Rows of `b.len() + 1` cells for the prefixes of `a`, the empty one first.
    cells: Vec<u32>,
}

impl<'s> Lengths<'s> {
    fn new(a: &'s [u8], b: &'s [u8], table_bytes_max: usize) -> Result<Self, CommandError> {
        let longest = u32::MAX as usize - 1;
        if a.len() >= longest || b.len() >= longest {
            return Err(TOO_LONG);
        }
        let count = (a.len() + 1).checked_mul(b.len() + 1).ok_or(NO_MEMORY)?;
        let bytes = count.checked_mul(size_of::<u32>()).ok_or(NO_MEMORY)?;
        if bytes > table_bytes_max {
            return Err(TABLE_TOO_LARGE);
        }
        let mut cells = Vec::new();
        cells.try_reserve_exact(count).map_err(|_| NO_MEMORY)?;
        cells.resize(count, 0);
        let width = b.len() + 1;
        let mut rows = cells.chunks_exact_mut(width);
        let mut above = rows.next().expect("the empty prefix has a row");
        for (byte_a, row) in a.iter().zip(rows) {
            for (j, byte_b) in b.iter().enumerate() {
                row[j + 1] = if byte_a == byte_b { above[j] + 1 } else { above[j + 1].max(row[j]) };
            }
            above = row;
        }
        Ok(Self { a, b, cells })
    }

    fn of_prefixes(&self, a_len: usize, b_len: usize) -> u32 {
        self.cells[a_len * (self.b.len() + 1) + b_len]
    }

    fn longest(&self) -> usize {
        self.of_prefixes(self.a.len(), self.b.len()) as usize
    }

    /// Positions in `a` and `b` of the subsequence's bytes, from its end to its start.
    fn matches(&self) -> impl Iterator<Item = (usize, usize)> {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        std::iter::from_fn(move || {
            while i > 0 && j > 0 {
                if self.a[i - 1] == self.b[j - 1] {
                    (i, j) = (i - 1, j - 1);
                    return Some((i, j));
                }
                if self.of_prefixes(i - 1, j) > self.of_prefixes(i, j - 1) {
                    i -= 1
                } else {
                    j -= 1
                }
            }
            None
        })
    }

    fn subsequence(&self) -> Vec<u8> {
        let mut text: Vec<u8> = self.matches().map(|(in_a, _)| self.a[in_a]).collect();
        text.reverse();
        text
    }

    /// The subsequence in pieces, the last one first.
    fn runs(&self) -> Vec<CommonRun> {
        let mut runs: Vec<CommonRun> = Vec::new();
        for (in_a, in_b) in self.matches() {
            match runs.last_mut() {
                Some(run) if run.in_a == in_a + 1 && run.in_b == in_b + 1 => {
                    *run = CommonRun { in_a, in_b, len: run.len + 1 };
                }
                Some(_) | None => runs.push(CommonRun { in_a, in_b, len: 1 }),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::testing::with_args;
    use proptest::prelude::*;

    fn lengths<'s>(a: &'s str, b: &'s str) -> Lengths<'s> {
        Lengths::new(a.as_bytes(), b.as_bytes(), usize::MAX).ok().unwrap()
    }

    #[test]
    fn the_example_of_the_documentation() {
        let table = lengths("ohmytext", "mynewtext");
        assert_eq!((table.longest(), &table.subsequence()[..]), (6, &b"mytext"[..]));
        let text = CommonRun { in_a: 4, in_b: 5, len: 4 };
        let my = CommonRun { in_a: 2, in_b: 0, len: 2 };
        assert_eq!(table.runs(), [text, my]);
    }

    #[test]
    fn nothing_is_common_with_the_empty_string() {
        assert_eq!((lengths("", "abc").longest(), lengths("abc", "").runs()), (0, vec![]));
    }

    #[test]
    fn the_table_has_a_limit() {
        let bytes = 4 * 4 * size_of::<u32>();
        assert!(Lengths::new(b"abc", b"abc", bytes).is_ok());
        assert_eq!(Lengths::new(b"abc", b"abc", bytes - 1).err(), Some(TABLE_TOO_LARGE));
    }

    #[test]
    fn options_may_be_repeated_but_not_all_be_combined() {
        with_args("idx IDX withmatchlen minmatchlen 2 MINMATCHLEN -1", |mut args| {
            let expected =
                LcsOptions { length: false, runs: true, run_lengths: true, run_length_min: -1 };
            assert_eq!(LcsOptions::take(&mut args), Ok(expected));
        });
        for (line, error) in [
            ("LEN IDX", LEN_AND_IDX),
            ("LEN IDX x", CommandError::SYNTAX),
            ("MINMATCHLEN", CommandError::SYNTAX),
            ("MINMATCHLEN x", CommandError::NOT_AN_INTEGER),
        ] {
            with_args(line, |mut args| {
                assert_eq!(LcsOptions::take(&mut args), Err(error), "{line}");
            });
        }
    }

    /// The definition, in exponential time.
    fn longest(a: &[u8], b: &[u8]) -> usize {
        match (a, b) {
            ([], _) | (_, []) => 0,
            ([x, rest_a @ ..], [y, rest_b @ ..]) if x == y => 1 + longest(rest_a, rest_b),
            ([_, rest_a @ ..], [_, rest_b @ ..]) => longest(rest_a, b).max(longest(a, rest_b)),
        }
    }

    proptest! {
        #[test]
        fn it_is_common_and_the_longest(a in "[abc]{0,9}", b in "[abc]{0,9}") {
            let table = lengths(&a, &b);
            let found = table.subsequence();
            prop_assert_eq!(found.len(), table.longest());
            prop_assert_eq!(found.len(), longest(a.as_bytes(), b.as_bytes()));
            for run in table.runs() {
                let [in_a, in_b] = [(&a, run.in_a), (&b, run.in_b)]
                    .map(|(text, first)| &text[first..first + run.len]);
                prop_assert_eq!(in_a, in_b);
            }
            let total: usize = table.runs().iter().map(|run| run.len).sum();
            prop_assert_eq!(total, found.len());
        }
    }
}
