//! LOLWUT: a picture, different after every start, and the version.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};
use std::fmt::Write as _;

/// LOLWUT
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "lolwut",
    arity: -1,
    flags: Flags::READONLY.and(Flags::FAST),
    acl: Acl::READ.and(Acl::FAST),
    summary: "Displays computer art and the Redis version",
    since: "5.0.0",
    complexity: "",
    syntax: "[VERSION version]",
    run: Run::Plain(lolwut),
    ..Spec::BASE
}];

const ROWS_OF_PALES: usize = 5;
const PALES: usize = 40;

/// `VERSION` chooses among the pictures of Redis's releases; there is one picture here, so it only
/// has to be a number. Other words are ignored, as in Redis.
fn lolwut(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.left() >= 2 && args.take_keyword("version") {
        args.int()?;
    }
    let picture = fence(cx.node.identity.run_id.as_bytes());
    cx.reply.verbatim("txt", picture.as_bytes());
    Ok(())
}

/// A picket fence whose pales are the bits of `seed`, with one gate in it.
fn fence(seed: &[u8]) -> String {
    let height = |at: usize| {
        let digit = seed.get(at % seed.len().max(1)).copied().unwrap_or_default();
        usize::from(digit % 3)
    };
    let gate = seed.iter().map(|&byte| usize::from(byte)).sum::<usize>() % (PALES - 6) + 3;
    let mut picture = String::from("\n");
    for row in 0..ROWS_OF_PALES {
        for at in 0..PALES {
            let rail = row == 2 || row + 1 == ROWS_OF_PALES;
            picture.push_str(match (at.abs_diff(gate), row.cmp(&height(at))) {
                (0, _) if row == 3 => "o ",
                (0 | 1, _) => "  ",
                (2, _) => "| ",
                (_, std::cmp::Ordering::Less) => "  ",
                (_, std::cmp::Ordering::Equal) => "^ ",
                (_, std::cmp::Ordering::Greater) if rail => "|-",
                (_, std::cmp::Ordering::Greater) => "| ",
            });
        }
        let end = picture.trim_end_matches(' ').len();
        picture.truncate(end);
        picture.push('\n');
    }
    let version = env!("CARGO_PKG_VERSION");
    write!(picture, "\nlatchd ver. {version}\n").expect("a String takes everything");
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_last_line_and_the_seed_decides_the_picture() {
        let (one, two) = (fence(b"0123456789abcdef"), fence(b"fedcba9876543211"));
        assert_ne!(one, two);
        assert!(one.ends_with(concat!("\nlatchd ver. ", env!("CARGO_PKG_VERSION"), "\n")));
        assert!(one.lines().all(|line| line.len() <= 2 * PALES));
    }
}
