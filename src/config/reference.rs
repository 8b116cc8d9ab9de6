//! The text of `conf/latchd.conf`: every directive with its default and what it is, from the table.

use super::directive::{Directive, Effect, Section};
use super::kind::Kind;
use super::size;
use super::table::SECTIONS;

const WIDTH: usize = 80;

const PREAMBLE: &str = "\
# The configuration of latchd. Every directive is here with its default.
#
#   latchd conf/latchd.conf
#   latchd conf/latchd.conf --port 7000 --loglevel verbose
#
# The syntax and the names are those of redis.conf: one directive a line, its
# name first; values with spaces in quotes; '#' starts a comment line. The last
# value of a directive wins, and the command line wins over the file.
#
# Memory sizes: 1k is 1000 bytes, 1kb is 1024 bytes; likewise m, mb, g and gb.
#
# Directives of Redis that have no effect here are accepted, with one warning
# line each. They are listed at the end of their section, commented out.
#
# Other files can be read in the place of a line; wildcards are allowed:
# include /etc/latchd/conf.d/*.conf
#
# Look at these first before production: bind, requirepass, maxmemory, dir,
# and also logfile and maxclients.
";

/// The whole file.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(PREAMBLE);
    for section in SECTIONS {
        out.push_str(&section_text(section));
    }
    out
}

fn section_text(section: &Section) -> String {
    let title = format!(" {} ", section.title.to_uppercase());
    let mut out = format!("\n{title:#^WIDTH$}\n");
    let shown = section.rows.iter().filter(|row| !row.hidden);
    let (effective, others): (Vec<_>, Vec<_>) =
        shown.partition(|row| row.effect == Effect::Effective);
    for row in effective.into_iter().chain(others) {
        out.push('\n');
        out.push_str(&comment(&described(row)));
        // A line that would warn or that only says "none" is left to the reader.
        let is_set = row.effect == Effect::Effective && !row.default.is_empty();
        let mark = if is_set { "" } else { "# " };
        for line in default_lines(row) {
            out.push_str(&format!("{mark}{line}\n"));
        }
    }
    out
}

/// The lines that set the default. Quotes only where a word needs them: people read this.
fn default_lines(row: &Directive) -> Vec<String> {
    let is_word = !row.default.is_empty() && !row.default.contains(' ');
    if row.kind == Kind::Text && is_word {
        return vec![format!("{} {}", row.name, row.default)];
    }
    row.default_value().lines().iter().map(|line| format!("{} {line}", row.name)).collect()
}

/// What a row is, what it takes, and what is special about it.
fn described(row: &Directive) -> String {
    let mut text = row.doc.to_owned();
    match row.kind {
        Kind::Choice(names) => text.push_str(&format!(" One of: {}.", names.join(", "))),
        Kind::Choices(names) => text.push_str(&format!(" Some of: {}.", names.join(", "))),
        Kind::Integer { min, max } if max < i64::from(i32::MAX) => {
            text.push_str(&format!(" From {min} to {max}."));
        }
        Kind::Integer { min, .. } if min > 0 => text.push_str(&format!(" At least {min}.")),
        Kind::Memory { min, .. } if min > 1 => {
            text.push_str(&format!(" At least {}.", size::format(min)));
        }
        Kind::Flag
        | Kind::Integer { .. }
        | Kind::Octal { .. }
        | Kind::Memory { .. }
        | Kind::MemoryOrPercent
        | Kind::Text
        | Kind::Secret
        | Kind::Addresses
        | Kind::SavePoints
        | Kind::OutputLimits
        | Kind::OomScores
        | Kind::Events
        | Kind::Percentiles
        | Kind::Primary => {}
    }
    if let Some(alias) = row.alias {
        text.push_str(&format!(" Also called {alias}."));
    }
    match row.effect {
        Effect::Effective => {}
        Effect::Inert(reason) => text.push_str(&format!(" No effect: {reason}.")),
        Effect::Refused(reason) => {
            text.push_str(&format!(" Any other value is an error: {reason}."));
        }
    }
    text
}

/// Comment lines of at most [`WIDTH`] columns.
fn comment(text: &str) -> String {
    let mut out = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out + &line + "\n"
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::load::{Files, Invocation};
    use super::super::table::directives;
    use super::super::{Config, Origin};
    use super::*;

    /// A file with this one content.
    struct Only<'a>(&'a str);

    impl Files for Only<'_> {
        fn read(&self, _path: &Path) -> std::io::Result<String> {
            Ok(self.0.to_owned())
        }

        fn list(&self, _path: &Path) -> std::io::Result<Vec<String>> {
            Ok(Vec::new())
        }

        fn stdin(&self) -> std::io::Result<String> {
            Ok(String::new())
        }
    }

    fn conf() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/latchd.conf")
    }

    /// `UPDATE_GOLDEN=1 cargo test reference` writes the file anew; run it once more to check it.
    #[test]
    fn the_file_in_conf_is_what_the_table_says() {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(conf(), reference()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(conf()).unwrap(), reference());
    }

    #[test]
    fn every_directive_is_in_the_file_with_its_default() {
        let text = std::fs::read_to_string(conf()).unwrap();
        for row in directives().filter(|row| !row.hidden) {
            for line in default_lines(row) {
                let found = text.lines().any(|found| found.trim_start_matches("# ") == line);
                assert!(found, "{line}");
            }
        }
    }

    #[test]
    fn the_file_gives_exactly_the_defaults_and_no_warning() {
        let text = std::fs::read_to_string(conf()).unwrap();
        let (invocation, warnings) = Config::load(&["latchd.conf"], &Only(&text)).unwrap();
        let Invocation::Run(config) = invocation else { panic!("nothing else was asked for") };
        assert_eq!(warnings, []);
        for row in directives() {
            let (value, origin) = config.value(row.name).unwrap();
            assert_eq!(*value, row.default_value(), "{}", row.name);
            let in_file = row.effect == Effect::Effective && !row.default.is_empty();
            assert_eq!(*origin != Origin::Default, in_file, "{}", row.name);
        }
    }

    #[test]
    fn the_commented_lines_are_valid_too() {
        let text = std::fs::read_to_string(conf()).unwrap();
        let defaults: Vec<String> = directives().flat_map(default_lines).collect();
        let uncommented = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if defaults.iter().any(|default| default == rest) => rest.to_owned(),
            Some(_) | None => line.to_owned(),
        };
        let all: Vec<String> = text.lines().map(uncommented).collect();
        let (_, warnings) = Config::load(&["latchd.conf"], &Only(&all.join("\n"))).unwrap();
        let inert =
            directives().filter(|row| matches!(row.effect, Effect::Inert(_)) && !row.hidden);
        assert_eq!(warnings.len(), inert.count());
    }
}
