//! The scripts that are known, found by their SHA-1 or by that of their normal form.
//!
//! Only hashes are kept, never another project's text. Not here: the rows themselves (`rows`).

use crate::script::Sha;
use crate::script::normal::normal_form;
use crate::script::operation::Operation;
use crate::script::rows::ROWS;
use std::sync::LazyLock;

/// Scripts that do the same.
#[derive(Debug)]
pub struct Row {
    /// The kind of lock script, as `docs/COMPATIBILITY.md` lists them: `A1`, `B3`, ...
    pub class: &'static str,
    /// What they do.
    pub operation: Operation,
    /// The SHA-1s of their normal forms.
    pub forms: &'static [Sha],
    /// Who sends them.
    pub scripts: &'static [Known],
}

/// A script as a library sends it.
#[derive(Debug)]
pub struct Known {
    /// The SHA-1 of its text.
    pub sha: Sha,
    /// The library and its version.
    pub library: &'static str,
    /// What the library calls it.
    pub name: &'static str,
}

/// A known script's number; numbers are below [`COUNT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub u16);

/// How many scripts are known.
pub const COUNT: usize = {
    let (mut count, mut row) = (0, 0);
    while row < ROWS.len() {
        count += ROWS[row].scripts.len();
        row += 1;
    }
    count
};

struct Index {
    scripts: Vec<(Sha, Number, &'static Row, &'static Known)>,
    forms: Vec<(Sha, &'static Row)>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let all = ROWS.iter().flat_map(|row| row.scripts.iter().map(move |known| (row, known)));
    let numbered = all.zip(0..);
    let mut scripts: Vec<_> =
        numbered.map(|((row, known), number)| (known.sha, Number(number), row, known)).collect();
    scripts.sort_unstable_by_key(|(sha, ..)| *sha);
    let forms = ROWS.iter().flat_map(|row| row.forms.iter().map(move |form| (*form, row)));
    let mut forms: Vec<_> = forms.collect();
    forms.sort_unstable_by_key(|(form, _)| *form);
    Index { scripts, forms }
});

/// All rows.
#[must_use]
pub const fn rows() -> &'static [Row] {
    ROWS
}

/// The script with this SHA-1: its number, what it does, and who sends it.
#[must_use]
#[inline]
pub fn by_sha(sha: Sha) -> Option<(Number, &'static Row, &'static Known)> {
    let scripts = &INDEX.scripts;
    let at = scripts.binary_search_by_key(&sha, |(sha, ..)| *sha).ok()?;
    let (_, number, row, known) = scripts[at];
    Some((number, row, known))
}

/// What a script with this text does, if its normal form is known.
#[must_use]
pub fn by_normal_form(text: &[u8]) -> Option<&'static Row> {
    let form = Sha::of(normal_form(text)?.as_bytes());
    let at = INDEX.forms.binary_search_by_key(&form, |(form, _)| *form).ok()?;
    Some(INDEX.forms[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_and_a_normal_form_are_listed_once() {
        let index = &*INDEX;
        assert!(index.scripts.is_sorted_by(|(a, ..), (b, ..)| a < b));
        assert!(index.forms.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(index.scripts.len(), COUNT);
    }

    #[test]
    fn a_row_says_what_it_does_and_who_sends_it() {
        for row in rows() {
            assert!(!row.scripts.is_empty(), "{}", row.class);
            assert!(!row.operation.meaning().is_empty(), "{}", row.class);
            let lacks = matches!(row.operation, Operation::Lacking(_));
            assert!(lacks || !row.forms.is_empty(), "{}: every form is known", row.class);
        }
        for (at, row) in rows().iter().enumerate() {
            let again = rows()[..at]
                .iter()
                .find(|other| other.operation == row.operation && other.class == row.class);
            assert!(again.is_none(), "{}: one row for one operation", row.class);
        }
    }

    #[test]
    fn a_script_in_other_words_is_found_by_its_normal_form() {
        let release = b"local lock = KEYS[1]; local me = ARGV[1] -- ours?
            if (redis.call('GET', lock) == me) then return server.call([[DEL]], lock) end
            return 0";
        assert_eq!(by_normal_form(release).map(|row| row.class), Some("A1"));
        assert!(by_normal_form(&release[1..]).is_none());
        assert!(by_sha(Sha::of(release)).is_none());
    }
}
