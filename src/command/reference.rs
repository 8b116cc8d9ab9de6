//! The text of `docs/COMMANDS.md`, from the rows.

use crate::command::absent;
use crate::command::docs::usage;
use crate::command::spec::Group;
use crate::command::table::{Command, table};
use std::fmt::Write;

const PREAMBLE: &str = "\
# Commands

Written from the rows of the commands (`src/command/`); `UPDATE_GOLDEN=1 cargo test reference`
writes it anew.

Names are in any case. `[...]` may be left out, `<a | b>` is a choice, `key [key ...]` is one key or
more. A version below 1.0 is one of latchd, every other one of Redis. `COMMAND DOCS` and
`COMMAND INFO` tell programs the same.
";

/// Groups in the order of the file, with their titles.
const GROUPS: &[(Group, &str)] = &[
    (Group::String, "Strings"),
    (Group::Hash, "Hashes"),
    (Group::Generic, "Keys"),
    (Group::Transactions, "Transactions"),
    (Group::Scripting, "Scripts"),
    (Group::Pubsub, "Channels"),
    (Group::Connection, "Connection"),
    (Group::Server, "Server"),
    (Group::Coordination, "Coordination"),
    (Group::Cluster, "Cluster"),
];

/// The whole file.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(PREAMBLE);
    let mut commands: Vec<&Command> = table().commands().iter().collect();
    commands.sort_unstable_by_key(|command| &command.full_name);
    for (group, title) in GROUPS {
        let _ = write!(out, "\n## {title}\n");
        for command in commands.iter().filter(|it| it.spec.group == *group) {
            describe(&mut out, command);
        }
    }
    out.push_str("\n## Absent\n\nCommands of Redis 7.4 that this version does not have. ");
    out.push_str("They answer an error that says so.\n\n");
    let names: Vec<String> = absent::absent().map(printed).collect();
    out.push_str(&wrapped("", &names.join(", ")));
    out
}

/// `client|kill` as people write it.
fn printed(full_name: &str) -> String {
    format!("`{}`", full_name.to_ascii_uppercase().replace('|', " "))
}

fn describe(out: &mut String, command: &Command) {
    let spec = command.spec;
    let name = printed(&command.full_name);
    let name = name.trim_matches('`');
    let _ = write!(out, "\n### {name}\n\n");
    if command.subcommands.is_empty() {
        let words = usage(spec.syntax);
        let _ = write!(out, "```\n{}\n```\n\n", format!("{name} {words}").trim_end());
    }
    out.push_str(&wrapped("", &purpose(command)));
    out.push('\n');
    if !spec.complexity.is_empty() {
        let complexity = format!("Complexity: {}", spec.complexity.trim_end_matches('.'));
        out.push_str(&wrapped("- ", &complexity));
    }
    let categories: Vec<_> = spec.acl.names().collect();
    let _ = writeln!(out, "- Since {}; ACL: {}", spec.since, categories.join(" "));
}

fn purpose(command: &Command) -> String {
    let spec = command.spec;
    let mut text = format!("{}.", spec.summary.trim_end_matches('.'));
    if let Some(deprecated) = spec.deprecated {
        let instead = deprecated.replaced_by.trim_end_matches('.');
        let _ = write!(text, " Deprecated since {}, in favour of {instead}.", deprecated.since);
    }
    if !command.subcommands.is_empty() {
        let names = command.subcommands.iter().map(|id| printed(&table().command(*id).full_name));
        let _ = write!(text, " Subcommands: {}.", names.collect::<Vec<_>>().join(", "));
    }
    text
}

/// A paragraph of lines of at most 100 columns; the first starts with `mark`, the others are
/// indented as far.
fn wrapped(mark: &str, text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = vec![String::from(mark)];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("it starts with one");
        let is_empty = line.len() == mark.len();
        if !is_empty && line.len() + 1 + word.len() > WIDTH {
            lines.push(" ".repeat(mark.len()) + word);
        } else {
            line.push_str(if is_empty { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::FAMILIES;
    use crate::command::spec::Spec;
    use std::path::{Path, PathBuf};

    fn file() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/COMMANDS.md")
    }

    #[test]
    fn the_file_in_docs_is_what_the_rows_say() {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(file(), reference()).unwrap();
        }
        let text = std::fs::read_to_string(file()).unwrap();
        assert!(text == reference(), "docs/COMMANDS.md is not fresh: UPDATE_GOLDEN=1 cargo test");
    }

    #[test]
    fn every_command_is_in_it() {
        let text = reference();
        let all = FAMILIES.iter().copied().flatten();
        let names = |spec: &Spec| spec.name.to_ascii_uppercase();
        for spec in all {
            let name = names(spec);
            assert!(text.contains(&format!("\n### {name}\n")), "{name}");
            for sub in spec.subcommands {
                assert!(text.contains(&format!("\n### {name} {}\n", names(sub))), "{name}");
            }
        }
    }
}
