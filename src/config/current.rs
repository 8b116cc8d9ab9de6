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
            if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
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
            let value = row.parse(&row.kind.split(value), Some(&slots[*index].value));
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
        if let Some((index, _)) = table::find(b"dir") {
            self.slots[index].value = Value::Text(absolute.to_string_lossy().into_owned());
        }
        self.settings = Arc::new(Settings::from_slots(&self.slots));
    }

    /// Makes the configuration file's path absolute, before the working directory changes.
    pub fn resolve_file(&mut self, absolute: PathBuf) {
        self.file = Some(absolute);
    }

    /// The rows of all pairs, if this caller may set them now and none is named twice.
    fn settable(
        &self,
        pairs: &[(&[u8], &[u8])],
        caller: Caller,
    ) -> Result<Vec<(usize, &'static Directive)>, SetError> {
        let mut rows: Vec<(usize, &'static Directive)> = Vec::with_capacity(pairs.len());
        for (at, (name, _)) in pairs.iter().enumerate() {
            let Some((index, row)) = table::find(name) else {
                return Err(SetError::Unknown { name: name.to_vec() });
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
                return Err(SetError::failed(String::from_utf8_lossy(name), reason));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn set(config: &mut Config, pairs: &[(&str, &str)]) -> Result<Applied, String> {
        let pairs: Vec<(&[u8], &[u8])> =
            pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        config.set(&pairs, Caller::Remote).map_err(|error| error.to_string())
    }

    fn get(config: &Config, patterns: &[&str]) -> Vec<(String, String)> {
        let patterns: Vec<&[u8]> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
        let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
        config.get(&patterns).into_iter().map(|(name, value)| (name, text(value))).collect()
    }

    fn shown(given: &str, name: &str) -> String {
        let mut config = Config::default();
        let _applied = set(&mut config, &[(name, given)]).unwrap();
        get(&config, &[name]).remove(0).1
    }

    /// The reply of redis-server 7.0.15 to `CONFIG SET name value`, without the part that repeats.
    const WRONG: &[(&str, &str, &str)] = &[
        ("port", "70000", "argument must be between 0 and 65535 inclusive"),
        ("port", "abc", "argument couldn't be parsed into an integer"),
        ("port", "", "argument couldn't be parsed into an integer"),
        ("port", " 1", "argument couldn't be parsed into an integer"),
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("maxclients", "-1", "argument must be between 1 and 4294967295 inclusive"),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        (
            "list-max-listpack-size",
            "-2147483649",
            "argument must be between -2147483648 and 2147483647 inclusive",
        ),
        (
            "slowlog-log-slower-than",
            "-2",
            "argument must be between -1 and 9223372036854775807 inclusive",
        ),
        ("slowlog-max-len", "9223372036854775808", "argument couldn't be parsed into an integer"),
        ("appendfsync", "foo", "argument(s) must be one of the following: everysec, always, no"),
        (
            "loglevel",
            "LOUD",
            "argument(s) must be one of the following: debug, verbose, notice, warning",
        ),
        (
            "maxmemory-policy",
            "x",
            "argument(s) must be one of the following: volatile-lru, volatile-lfu, \
             volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, \
             noeviction",
        ),
        (
            "oom-score-adj",
            "foo",
            "argument(s) must be one of the following: no, yes, relative, absolute",
        ),
        (
            "shutdown-on-sigterm",
            "foo",
            "argument(s) must be one of the following: default, save, nosave, now, force",
        ),
        (
            "shutdown-on-sigterm",
            "",
            "argument(s) must be one of the following: default, save, nosave, now, force",
        ),
        (
            "shutdown-on-sigterm",
            "save nosave",
            "shutdown options SAVE and NOSAVE can't be used simultaneously",
        ),
        ("protected-mode", "maybe", "argument must be 'yes' or 'no'"),
        ("maxmemory", "abc", "argument must be a memory value"),
        ("maxmemory", "-1", "argument must be a memory value"),
        ("maxmemory", "1 mb", "argument must be a memory value"),
        ("maxmemory-clients", "-5%", "argument must be a memory or percent value"),
        ("maxmemory-clients", "101%", "percentage argument must be less or equal to 100"),
        (
            "proto-max-bulk-len",
            "10",
            "argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        ("repl-backlog-size", "0", "argument must be between 1 and 9223372036854775807 inclusive"),
        ("save", "abc", "Invalid save parameters"),
        ("save", "900 1 300", "Invalid save parameters"),
        ("save", "0 1", "Invalid save parameters"),
        ("save", "900 -1", "Invalid save parameters"),
        ("save", "900  1", "Invalid save parameters"),
        ("save", " ", "Invalid save parameters"),
        (
            "client-output-buffer-limit",
            "normal 1 2",
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal 0 0 0 ",
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "master 1 2 3",
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal 1 2 -3",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        ("notify-keyspace-events", "foo", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        (
            "latency-tracking-info-percentiles",
            "a",
            "Invalid latency-tracking-info-percentiles parameters",
        ),
        (
            "latency-tracking-info-percentiles",
            "101",
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
        ),
        ("oom-score-adj-values", "1 2", "wrong number of arguments"),
        (
            "oom-score-adj-values",
            "1 2 5000",
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
        ),
        ("bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "Too many bind addresses specified."),
        (
            "cluster-announce-hostname",
            "a_b",
            "Hostnames may only contain alphanumeric characters, hyphens or dots",
        ),
        (
            "proc-title-template",
            "{foo}",
            "template format is invalid or contains unknown variables",
        ),
        ("daemonize", "yes", "can't set immutable config"),
        ("DAEMONIZE", "yes", "can't set immutable config"),
        ("databases", "4", "can't set immutable config"),
        ("enable-debug-command", "yes", "can't set immutable config"),
        ("slaveof", "no one", "can't set immutable config"),
        ("dir", "/tmp", "can't set protected config"),
        ("dbfilename", "x", "can't set protected config"),
    ];

    #[test]
    fn wrong_values_get_redis_answers() {
        for (name, value, reason) in WRONG {
            let mut config = Config::default();
            let answer = set(&mut config, &[(name, value)]).map(|_| ());
            let start = "ERR CONFIG SET failed (possibly related to argument";
            assert_eq!(answer, Err(format!("{start} '{name}') - {reason}")), "{name} {value}");
            assert_eq!(config.slots, default_slots());
        }
    }

    #[test]
    fn the_name_in_an_error_is_the_tables_or_the_clients_as_in_redis() {
        let failed = |pairs: &[(&str, &str)]| set(&mut Config::default(), pairs).unwrap_err();
        let unknown = "ERR Unknown option or number of arguments for CONFIG SET - ";
        assert_eq!(failed(&[("nosuch", "1")]), format!("{unknown}'nosuch'"));
        assert_eq!(
            failed(&[("timeout", "5"), ("No*", "3"), ("port", "x")]),
            format!("{unknown}'No*'")
        );
        assert!(failed(&[("PORT", "99999")]).contains("argument 'port')"));
        assert!(failed(&[("SLAVE-PRIORITY", "x")]).contains("argument 'slave-priority')"));
        assert!(
            failed(&[("timeout", "1"), ("TIMEOUT", "2")])
                .ends_with("argument 'TIMEOUT') - duplicate parameter")
        );
    }

    #[test]
    fn all_pairs_are_set_or_none() {
        let mut config = Config::default();
        assert!(set(&mut config, &[("timeout", "5"), ("port", "x")]).is_err());
        assert_eq!(config.settings().timeout_s, 0);
        let applied =
            set(&mut config, &[("timeout", "5"), ("port", "6379"), ("hz", "11")]).unwrap();
        let changed: Vec<&str> = applied.changed().map(|row| row.name).collect();
        assert_eq!(changed, ["timeout", "hz"]);
        assert!(applied.has("timeout") && !applied.has("port"));
        assert_eq!(applied.without_effect().map(|(name, _)| name).collect::<Vec<_>>(), ["hz"]);
        assert_eq!(config.settings().timeout_s, 5);
        config.revert(applied);
        assert_eq!((config.settings().timeout_s, config.slots), (0, default_slots()));
    }

    #[test]
    fn an_alias_and_its_directive_are_two_parameters_and_one_value() {
        let mut config = Config::default();
        let pairs = [("slave-priority", "5"), ("replica-priority", "6")];
        assert_eq!(set(&mut config, &pairs).unwrap().changed().count(), 1);
        assert_eq!(get(&config, &["slave-priority"]), [("slave-priority".into(), "6".into())]);
    }

    #[test]
    fn values_are_shown_as_redis_shows_them() {
        for (name, given, answer) in [
            ("loglevel", "VERBOSE", "verbose"),
            ("protected-mode", "NO", "no"),
            ("maxmemory", "100mb", "104857600"),
            ("maxmemory", "18446744073709551615", "18446744073709551615"),
            ("maxmemory-clients", "5%", "5%"),
            ("maxmemory-clients", "0%", "0"),
            ("hz", "0", "1"),
            ("hz", "600", "500"),
            ("save", "900 1 300 10", "900 1 300 10"),
            ("save", "", ""),
            ("bind", "", ""),
            ("oom-score-adj", "relative", "yes"),
            ("shutdown-on-sigterm", "force nosave", "nosave force"),
            ("notify-keyspace-events", "KEA", "AKE"),
            ("latency-tracking-info-percentiles", "", ""),
            (
                "client-output-buffer-limit",
                "replica 1mb 1kb 3",
                "normal 0 0 0 slave 1048576 1024 3 pubsub 33554432 8388608 60",
            ),
        ] {
            assert_eq!(shown(given, name), answer, "{name} {given}");
        }
    }

    #[test]
    fn get_takes_names_as_written_and_patterns_in_any_case() {
        let config = Config::default();
        let names = |patterns: &[&str]| -> Vec<String> {
            get(&config, patterns).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&["PORT", "port", "p?RT", "nosuch"]), ["PORT"]);
        assert_eq!(
            names(&["[ab]ppend*"]),
            ["appendonly", "appendfilename", "appenddirname", "appendfsync"]
        );
        assert_eq!(
            names(&["hash-max-*-entries"]),
            ["hash-max-listpack-entries", "hash-max-ziplist-entries"]
        );
        assert_eq!(names(&["watchdog*"]), Vec::<String>::new());
        assert_eq!(names(&["watchdog-period"]), ["watchdog-period"]);
    }

    #[test]
    fn protected_directives_open_to_everybody_or_to_local_clients() {
        for (allowed, remote, local) in
            [("no", false, false), ("local", false, true), ("yes", true, true)]
        {
            let (index, row) = table::find(b"enable-protected-configs").unwrap();
            let mut slots = default_slots();
            slots[index].value = row.parse(&[allowed.as_bytes()], None).unwrap();
            let config = Config::new(slots, None);
            let pair: [(&[u8], &[u8]); 1] = [(b"dir", b"/tmp")];
            assert_eq!(config.clone().set(&pair, Caller::Remote).is_ok(), remote, "{allowed}");
            assert_eq!(config.clone().set(&pair, Caller::Local).is_ok(), local, "{allowed}");
        }
    }

    #[test]
    fn refused_directives_take_their_default_only() {
        let mut config = Config::default();
        assert!(set(&mut config, &[("tls-port", "0")]).is_ok());
        assert!(set(&mut config, &[("tls-port", "1")]).unwrap_err().ends_with("has no TLS"));
    }

    #[test]
    fn a_password_is_shown_to_get_and_to_nobody_else() {
        let mut config = Config::default();
        let _applied = set(&mut config, &[("requirepass", "hunter2")]).unwrap();
        assert_eq!(get(&config, &["requirepass"])[0].1, "hunter2");
        assert!(!format!("{config:?} {:?}", config.settings()).contains("hunter2"));
        assert_eq!(config.settings().requirepass.as_ref().unwrap().expose(), b"hunter2");
    }

    #[test]
    fn dir_becomes_absolute() {
        let mut config = Config::default();
        config.resolve_dir(Path::new("/srv"));
        assert_eq!(get(&config, &["dir"])[0].1, "/srv");
        assert_eq!(config.settings().dir, Path::new("/srv"));
        assert_eq!(config.rewrite(None), "");
    }
}
