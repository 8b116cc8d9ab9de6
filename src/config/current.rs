//! The configuration in force: the value of every directive, where it is from, and the `Settings`.
//!
//! `CONFIG GET` and `SET` are here. Not here: putting a change into effect (`runtime`), files.
//! Invariant: `settings` is what `slots` say.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::glob::{Case, matches};

use super::choice::ProtectedAction;
use super::directive::{Changes, Directive, Effect};
use super::error::SetError;
use super::settings::Settings;
use super::table;
use super::value::Value;

/// Every directive's value in force. Cheap to read through [`Config::settings`].
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) slots: Vec<Slot>,
    pub(super) file: Option<PathBuf>,
    settings: Arc<Settings>,
}

/// One directive's value; its place in the vector is its row's place in the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    pub value: Value,
    pub origin: Origin,
}

/// Where a value was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    #[default]
    Default,
    /// In a configuration file.
    File {
        /// As it was given on the command line or in `include`.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// In the configuration read from standard input.
    Stdin {
        /// Counted from 1.
        line: usize,
    },
    /// On the command line.
    CommandLine,
    /// By `CONFIG SET`.
    ConfigSet,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line } => write!(out, "{}:{line}", path.display()),
            Self::Stdin { line } => write!(out, "standard input:{line}"),
            Self::CommandLine => out.write_str("command line"),
            Self::ConfigSet => out.write_str("CONFIG SET"),
        }
    }
}

/// Where a client is: `local` in `enable-protected-configs` asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// On the loopback interface or the Unix socket.
    Local,
    /// Anywhere else.
    Remote,
}

/// What a `CONFIG SET` changed. The caller puts it into effect, or gives it to [`Config::revert`].
#[must_use]
#[derive(Clone, Debug)]
pub struct Applied {
    changes: Vec<(usize, &'static Directive, Slot)>,
}

impl Applied {
    /// The directives whose value is another one than before.
    pub fn changed(&self) -> impl Iterator<Item = &'static Directive> {
        self.changes.iter().map(|(_, row, _)| *row)
    }

    /// Whether the directive of this name has another value than before.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.changed().any(|row| row.name == name)
    }

    /// The changed directives that do nothing here, with the reason, for the log.
    pub fn without_effect(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.changed().filter_map(|row| match row.effect {
            Effect::Inert(reason) => Some((row.name, reason)),
            Effect::Effective | Effect::Refused(_) => None,
        })
    }
}

impl Default for Config {
    /// Every directive at its default.
    fn default() -> Self {
        Self::new(default_slots(), None)
    }
}

/// Every directive at its default, in the order of the table.
pub(super) fn default_slots() -> Vec<Slot> {
    let slot = |row: &Directive| Slot { value: row.default_value(), origin: Origin::Default };
    table::directives().map(slot).collect()
}

impl Config {
    pub(super) fn new(slots: Vec<Slot>, file: Option<PathBuf>) -> Self {
        let settings = Arc::new(Settings::from_slots(&slots));
        Self { slots, file, settings }
    }

    /// The effective directives as they are now. The caller may keep them: a change makes new ones.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    /// The configuration file as it was given, which `CONFIG REWRITE` rewrites.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The value of a directive and where it is from; `None` if there is no such directive.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<(&Value, &Origin)> {
        let (index, _) = table::find(name.as_bytes())?;
        let slot = &self.slots[index];
        Some((&slot.value, &slot.origin))
    }

    /// Names and values for `CONFIG GET`: each pattern in turn, nothing twice.
    ///
    /// As in Redis, a pattern without `*`, `?` and `[` is a name and is answered as it was written,
    /// aliases are names of their own, and hidden directives are found by name only.
    #[must_use]
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        let mut add = |name: String, slot: &Slot| {
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, slot.value.text()));
            }
        };
        for pattern in patterns {
            if !pattern.iter().any(|byte| b"[*?".contains(byte)) {
                if let Some((index, _)) = table::find(pattern) {
                    add(String::from_utf8_lossy(pattern).into_owned(), &self.slots[index]);
                }
                continue;
            }
            for (row, slot) in table::directives().zip(&self.slots).filter(|(row, _)| !row.hidden) {
                for name in [Some(row.name), row.alias].into_iter().flatten() {
                    if matches(pattern, name.as_bytes(), Case::Ignored) {
                        add(name.to_owned(), slot);
                    }
                }
            }
        }
        found
    }

    /// `CONFIG SET`: sets every pair, or none of them.
    ///
    /// # Errors
    /// Redis's error for the first pair that is wrong; nothing is changed then.
    pub fn set(&mut self, pairs: &[(&[u8], &[u8])], caller: Caller) -> Result<Applied, SetError> {
        let rows = self.settable(pairs, caller)?;
        let mut slots = self.slots.clone();
        for ((index, row), (name, value)) in rows.iter().zip(pairs) {
            let words: Vec<&[u8]> = match row.kind.takes_words() {
                true if value.is_empty() => Vec::new(),
                true => value.split(|byte| *byte == b' ').collect(),
                false => vec![value],
            };
            let value = row.parse(&words, Some(&slots[*index].value));
            let value = value.map_err(|reason| SetError::failed(spelled(row, name), reason))?;
            slots[*index].value = value;
        }
        let mut changes = Vec::new();
        for (index, row) in rows {
            if slots[index].value != self.slots[index].value {
                slots[index].origin = Origin::ConfigSet;
                let before = std::mem::replace(&mut self.slots[index], slots[index].clone());
                changes.push((index, row, before));
            }
        }
        self.settings = Arc::new(Settings::from_slots(&self.slots));
        Ok(Applied { changes })
    }

    /// Takes a change back that could not be put into effect.
    pub fn revert(&mut self, applied: Applied) {
        for (index, _, before) in applied.changes {
            self.slots[index] = before;
        }
        self.settings = Arc::new(Settings::from_slots(&self.slots));
    }

    /// Makes `dir` the absolute path that the working directory has turned out to be, so that
    /// `CONFIG GET dir` and a rewritten file do not depend on where the server was started.
    pub fn resolve_dir(&mut self, absolute: &Path) {
        let (index, _) = table::find(b"dir").expect("dir has a row");
        self.slots[index].value = Value::Text(absolute.to_string_lossy().into_owned());
        self.settings = Arc::new(Settings::from_slots(&self.slots));
    }

    /// The rows of all pairs, if this caller may set them now and none is named twice.
    fn settable(
        &self,
        pairs: &[(&[u8], &[u8])],
        caller: Caller,
    ) -> Result<Vec<(usize, &'static Directive)>, SetError> {
        let written = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let mut rows: Vec<(usize, &'static Directive)> = Vec::with_capacity(pairs.len());
        for (at, (name, _)) in pairs.iter().enumerate() {
            let Some((index, row)) = table::find(name) else {
                return Err(SetError::Unknown { name: written(name) });
            };
            let refusal = match row.changes {
                Changes::AtStart => Some("can't set immutable config"),
                Changes::Protected if !self.may_set_protected(caller) => {
                    Some("can't set protected config")
                }
                // An alias is a parameter of its own, as in Redis.
                Changes::Protected | Changes::Anytime => pairs[..at]
                    .iter()
                    .any(|(earlier, _)| earlier.eq_ignore_ascii_case(name))
                    .then_some("duplicate parameter"),
            };
            if let Some(reason) = refusal {
                return Err(SetError::failed(written(name), reason));
            }
            rows.push((index, row));
        }
        Ok(rows)
    }

    fn may_set_protected(&self, caller: Caller) -> bool {
        match self.settings.enable_protected_configs {
            ProtectedAction::Yes => true,
            ProtectedAction::Local => caller == Caller::Local,
            ProtectedAction::No => false,
        }
    }
}

/// The name or alias of `row` that the client wrote, in the table's spelling.
fn spelled(row: &Directive, written: &[u8]) -> &'static str {
    row.alias.filter(|alias| alias.as_bytes().eq_ignore_ascii_case(written)).unwrap_or(row.name)
}
