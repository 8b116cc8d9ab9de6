//! The known directive that a mistyped one is nearest to.

use super::table;

/// The nearest name within a few typing errors, `None` if nothing is near enough to be meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let names = table::directives().flat_map(|row| [Some(row.name), row.alias]).flatten();
    let known = names.chain(["include"]);
    let (distance, best) = known.map(|known| (distance(&name, known), known)).min()?;
    // One error in three letters is a typing error, more is another word.
    (distance <= (name.len() / 3).clamp(1, 4)).then_some(best)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `from` into `to`.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for row in 1..=from.len() {
        let mut current = vec![row; to.len() + 1];
        for column in 1..=to.len() {
            let replaced = usize::from(from[row - 1] != to[column - 1]);
            let mut best =
                (last[column] + 1).min(current[column - 1] + 1).min(last[column - 1] + replaced);
            let swapped = row > 1
                && column > 1
                && from[row - 1] == to[column - 2]
                && from[row - 2] == to[column - 1];
            if swapped {
                best = best.min(before_last[column - 2] + 1);
            }
            current[column] = best;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_finds_its_directive() {
        for (typed, meant) in [
            ("prot", "port"),
            ("threds", "threads"),
            ("max-memory", "maxmemory"),
            ("REQUIREPAS", "requirepass"),
            ("log-level", "loglevel"),
            ("includes", "include"),
            ("client-output-buffer-limits", "client-output-buffer-limit"),
        ] {
            assert_eq!(nearest(typed), Some(meant), "{typed}");
        }
    }

    #[test]
    fn another_word_finds_nothing() {
        for typed in ["", "x", "frobnicate", "kubernetes-namespace"] {
            assert_eq!(nearest(typed), None, "{typed}");
        }
    }
}
