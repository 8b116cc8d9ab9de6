//! From arguments and files to a `Config`: what each line means, `include`, and the warnings.
//!
//! Not here: opening files; they come through [`Files`]. The last value of a directive wins, and
//! the command line comes after the file and standard input.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::base::glob::{Case, matches};

use super::command_line::{CommandLine, Mode};
use super::current::{Config, Origin, Slot, default_slots};
use super::directive::{Directive, Effect};
use super::error::{ConfigError, Warning};
use super::file;
use super::kind::Kind;
use super::nearest::nearest;
use super::table;
use super::value::Value;

/// How deep files may include files. A file that includes itself ends here.
const INCLUDE_DEPTH_MAX: usize = 16;

/// Lines of Redis that are no directives and that this server refuses, because ignoring them would
/// weaken or change what the file promises.
const REFUSED: [(&str, &str); 4] = [
    ("user", "this version has no ACL users, only 'requirepass'"),
    ("rename-command", "commands cannot be renamed or removed"),
    ("loadmodule", "there are no modules"),
    ("sentinel", "this server is no Sentinel"),
];

/// Lines that Redis itself accepts and ignores.
const OBSOLETE: [&str; 3] =
    ["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

/// Where configuration text comes from. The runtime has the real one.
pub trait Files {
    /// The content of the file at `path`.
    ///
    /// # Errors
    /// Whatever opening or reading it gave.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The names in the directory at `path`, in any order: for wildcards in `include`.
    ///
    /// # Errors
    /// Whatever listing it gave.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Everything that standard input has.
    ///
    /// # Errors
    /// Whatever reading it gave.
    fn stdin(&self) -> io::Result<String>;
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run the server.
    Run(Config),
    /// Print [`super::USAGE`].
    Help,
    /// Print [`super::version`].
    Version,
    /// The configuration is fine: say so and exit.
    CheckConfig(Config),
    /// Print what the script in this file is recognised as.
    ExplainScript(PathBuf),
}

impl Config {
    /// Reads the command line (without the program's name) and all that it names.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load<S: AsRef<OsStr>>(
        args: &[S],
        files: &dyn Files,
    ) -> Result<(Invocation, Vec<Warning>), ConfigError> {
        let line = CommandLine::parse(args)?;
        match line.mode {
            Mode::Help => return Ok((Invocation::Help, Vec::new())),
            Mode::Version => return Ok((Invocation::Version, Vec::new())),
            Mode::ExplainScript => {
                let file = line.file.unwrap_or_default();
                return Ok((Invocation::ExplainScript(file), Vec::new()));
            }
            Mode::Run | Mode::CheckConfig => {}
        }
        let mut loader = Loader::new(files);
        if let Some(path) = &line.file {
            let content = files.read(path).map_err(|error| unreadable(path, &error))?;
            loader.text(&content, &Place::File { path, depth: 0 })?;
        }
        if line.stdin {
            let content = files.stdin();
            let content = content.map_err(|error| unreadable(Path::new("-"), &error))?;
            loader.text(&content, &Place::Stdin)?;
        }
        for option in &line.options {
            let at = At { origin: Origin::CommandLine, line: &option.line, depth: 0 };
            loader.statement(&option.words, &at)?;
        }
        let config = Config::new(loader.slots, line.file);
        let invocation = match line.mode {
            Mode::CheckConfig => Invocation::CheckConfig(config),
            Mode::Run | Mode::Help | Mode::Version | Mode::ExplainScript => Invocation::Run(config),
        };
        Ok((invocation, loader.warnings))
    }
}

/// A text that lines are read from.
enum Place<'a> {
    File { path: &'a Path, depth: usize },
    Stdin,
}

impl Place<'_> {
    fn at<'a>(&self, line: file::Line<'a>) -> At<'a> {
        match self {
            Place::File { path, depth } => At {
                origin: Origin::File { path: path.to_path_buf(), line: line.number },
                line: line.text,
                depth: *depth,
            },
            Place::Stdin => {
                At { origin: Origin::Stdin { line: line.number }, line: line.text, depth: 0 }
            }
        }
    }
}

/// One line and its place.
struct At<'a> {
    origin: Origin,
    line: &'a str,
    depth: usize,
}

impl At<'_> {
    fn error(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::of_line(&self.origin, self.line, problem)
    }
}

struct Loader<'a> {
    files: &'a dyn Files,
    slots: Vec<Slot>,
    warnings: Vec<Warning>,
}

impl<'a> Loader<'a> {
    fn new(files: &'a dyn Files) -> Self {
        Self { files, slots: default_slots(), warnings: Vec::new() }
    }

    fn text(&mut self, content: &str, place: &Place<'_>) -> Result<(), ConfigError> {
        for line in file::lines(content) {
            let at = place.at(line);
            let words = file::words(line.text)
                .ok_or_else(|| at.error("Unbalanced quotes in configuration line"))?;
            self.statement(&words, &at)?;
        }
        Ok(())
    }

    fn statement(&mut self, words: &[Vec<u8>], at: &At<'_>) -> Result<(), ConfigError> {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let Some((name, values)) = words.split_first() else { return Ok(()) };
        if let Some((index, row)) = table::find(name) {
            return self.directive(index, row, values, at);
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if let ("include", [path]) = (name.as_str(), values) {
            return self.include(&String::from_utf8_lossy(path), at);
        }
        if let Some((name, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            let advice = format!("Remove the '{name}' line to start without it.");
            return Err(at.error(format!("'{name}': {reason}")).advise(advice));
        }
        if OBSOLETE.contains(&name.as_str()) {
            self.warn(at, &name, "it has been obsolete in Redis as well");
            return Ok(());
        }
        let error = at.error("Bad directive or wrong number of arguments");
        Err(match nearest(&name) {
            Some(known) => error.advise(format!("Did you mean '{known}'?")),
            None => error,
        })
    }

    fn directive(
        &mut self,
        index: usize,
        row: &'static Directive,
        values: &[&[u8]],
        at: &At<'_>,
    ) -> Result<(), ConfigError> {
        let slot = &mut self.slots[index];
        // As in Redis, the words of a list may stand in one pair of quotes.
        let values = match values {
            [list] => row.kind.split(list),
            _ => values.to_vec(),
        };
        let value = row.parse(&values, Some(&slot.value)).map_err(|problem| {
            let error = at.error(problem);
            match row.effect {
                Effect::Refused(_) => {
                    error.advise(format!("Remove the '{}' line to start without it.", row.name))
                }
                Effect::Effective | Effect::Inert(_) => error.advise(default_line(row)),
            }
        })?;
        // The first `save` replaces the default, the next ones add to it, an empty one starts over.
        slot.value = match (value, &slot.value) {
            (Value::SavePoints(more), Value::SavePoints(points))
                if !more.is_empty() && slot.origin != Origin::Default =>
            {
                Value::SavePoints(points.iter().copied().chain(more).collect())
            }
            (value, _) => value,
        };
        let first = std::mem::replace(&mut slot.origin, at.origin.clone()) == Origin::Default;
        if let (Effect::Inert(reason), true) = (row.effect, first) {
            self.warn(at, row.name, reason);
        }
        Ok(())
    }

    fn warn(&mut self, at: &At<'_>, name: &str, reason: &'static str) {
        self.warnings.push(Warning { at: at.origin.clone(), name: name.to_owned(), reason });
    }

    /// Reads a file, or all files that a pattern matches, in the place of the line.
    fn include(&mut self, pattern: &str, at: &At<'_>) -> Result<(), ConfigError> {
        if at.depth == INCLUDE_DEPTH_MAX {
            return Err(at.error(format!("more than {INCLUDE_DEPTH_MAX} files include each other")));
        }
        let pattern = self.directory().join(pattern);
        for path in self.matching(&pattern) {
            let content = self.files.read(&path);
            let content = content.map_err(|error| at.error(cannot_open(&path, &error)))?;
            self.text(&content, &Place::File { path: &path, depth: at.depth + 1 })?;
        }
        Ok(())
    }

    /// Where relative paths start: `dir`, once it was set. Redis changes into it at that line.
    fn directory(&self) -> PathBuf {
        let slot = table::find(b"dir").map(|(index, _)| &self.slots[index]);
        match slot {
            Some(Slot { value: Value::Text(dir), origin }) if *origin != Origin::Default => {
                PathBuf::from(dir)
            }
            Some(_) | None => PathBuf::new(),
        }
    }

    /// The paths that a pattern stands for, in order. Without wildcards that is the path itself, so
    /// that a missing file is an error; with wildcards nothing may match.
    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let is_wild =
            |part: &OsStr| part.as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte));
        let mut paths = vec![PathBuf::new()];
        for part in pattern.components() {
            let Component::Normal(name) = part else {
                paths.iter_mut().for_each(|path| path.push(part));
                continue;
            };
            if !is_wild(name) {
                paths.iter_mut().for_each(|path| path.push(name));
                continue;
            }
            let mut deeper = Vec::new();
            for path in &paths {
                let directory = if path.as_os_str().is_empty() { Path::new(".") } else { path };
                // A pattern matches nothing where there is no directory.
                let mut names = self.files.list(directory).unwrap_or_default();
                names.sort_unstable();
                let hidden_too = name.as_encoded_bytes().starts_with(b".");
                names.retain(|found| {
                    (hidden_too || !found.starts_with('.'))
                        && matches(name.as_encoded_bytes(), found.as_bytes(), Case::Sensitive)
                });
                deeper.extend(names.into_iter().map(|name| path.join(name)));
            }
            paths = deeper;
        }
        paths
    }
}

/// What to write instead of a wrong value.
fn default_line(row: &Directive) -> String {
    if row.kind == Kind::Secret {
        return format!("'{}' takes one value.", row.name);
    }
    let lines = row.default_value().lines();
    let line = lines.first().map(String::as_str).unwrap_or_default();
    format!("{} The default is: {} {line}", row.doc, row.name)
}

fn cannot_open(path: &Path, error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    format!("Fatal error, can't open config file '{}': {text}", path.display())
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    ConfigError::general(cannot_open(path, error))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Files by path, and standard input under the name `-`.
    struct Disk(BTreeMap<&'static str, &'static str>);

    impl Files for Disk {
        fn read(&self, path: &Path) -> io::Result<String> {
            let content = path.to_str().and_then(|path| self.0.get(path));
            content.map(|content| (*content).to_owned()).ok_or(io::ErrorKind::NotFound.into())
        }

        fn list(&self, path: &Path) -> io::Result<Vec<String>> {
            let inside = self.0.keys().filter_map(|known| {
                let rest = Path::new(known).strip_prefix(path).ok()?;
                Some(rest.components().next()?.as_os_str().to_str()?.to_owned())
            });
            Ok(inside.rev().collect())
        }

        fn stdin(&self) -> io::Result<String> {
            self.read(Path::new("-"))
        }
    }

    type Loaded = Result<(Config, Vec<String>), String>;

    fn load(args: &[&str], disk: &[(&'static str, &'static str)]) -> Loaded {
        match Config::load(args, &Disk(disk.iter().copied().collect())) {
            Ok((Invocation::Run(config) | Invocation::CheckConfig(config), warnings)) => {
                Ok((config, warnings.iter().map(Warning::to_string).collect()))
            }
            Ok((Invocation::Help | Invocation::Version | Invocation::ExplainScript(_), _)) => {
                Err("no configuration".into())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn shown(loaded: &Loaded, name: &str) -> String {
        let (config, _) = loaded.as_ref().unwrap();
        String::from_utf8(config.value(name).unwrap().0.text()).unwrap()
    }

    #[test]
    fn the_command_line_wins_over_standard_input_and_that_over_the_file() {
        let disk = [("a.conf", "port 1\ntimeout 1\ndatabases 1\n"), ("-", "port 2\ntimeout 2\n")];
        let loaded = load(&["a.conf", "--port", "3", "-"], &disk);
        assert_eq!(shown(&loaded, "port"), "3");
        assert_eq!(shown(&loaded, "timeout"), "2");
        assert_eq!(shown(&loaded, "databases"), "1");
        let (config, _) = loaded.unwrap();
        assert_eq!(config.file(), Some(Path::new("a.conf")));
        assert_eq!((config.settings().port, config.settings().databases), (3, 1));
        assert_eq!(config.value("port").unwrap().1, &Origin::CommandLine);
        assert_eq!(config.value("timeout").unwrap().1, &Origin::Stdin { line: 2 });
    }

    #[test]
    fn an_unknown_directive_names_its_file_line_and_nearest_name() {
        let disk = [("conf/x.conf", "port 0\n\nprot 7000\n")];
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            load(&["conf/x.conf"], &disk).unwrap_err(),
            format!(
                "*** FATAL CONFIG FILE ERROR (latchd {version}) ***\n\
                 Reading the configuration file conf/x.conf, at line 3\n\
                 >>> 'prot 7000'\n\
                 Bad directive or wrong number of arguments\n\
                 Did you mean 'port'?"
            )
        );
        assert_eq!(
            load(&["--prot", "7000"], &[]).unwrap_err(),
            format!(
                "*** FATAL CONFIG FILE ERROR (latchd {version}) ***\n\
                 Reading the command line\n\
                 >>> 'prot \"7000\"'\n\
                 Bad directive or wrong number of arguments\n\
                 Did you mean 'port'?"
            )
        );
    }

    #[test]
    fn wrong_values_are_refused_in_redis_words() {
        for (line, problem) in [
            ("port 70000", "argument must be between 0 and 65535 inclusive"),
            ("port abc", "argument couldn't be parsed into an integer"),
            ("port", "wrong number of arguments"),
            ("port 1 2", "wrong number of arguments"),
            ("port \"0", "Unbalanced quotes in configuration line"),
            ("save 60", "Invalid save parameters"),
            ("requirepass a b", "wrong number of arguments"),
            ("include missing.conf", "Fatal error, can't open config file 'missing.conf'"),
            ("module.option 1", "Bad directive or wrong number of arguments"),
        ] {
            let content: &'static str = Box::leak(line.to_owned().into_boxed_str());
            let error = load(&["x.conf"], &[("x.conf", content)]).unwrap_err();
            assert!(error.contains(problem) && error.contains("x.conf, at line 1"), "{error}");
        }
        let missing = load(&["missing.conf"], &[]).unwrap_err();
        assert!(missing.contains("can't open config file 'missing.conf': entity not found"));
        assert!(load(&["a.conf", "b.conf"], &[("a.conf", "")]).unwrap_err().contains("\"b.conf\""));
    }

    #[test]
    fn the_words_of_a_list_may_stand_in_one_pair_of_quotes() {
        for (name, plain, quoted) in [
            ("bind", "bind 127.0.0.1 -::1", "bind \"127.0.0.1 -::1\""),
            ("save", "save 900 1 300 10", "save '900 1 300 10'"),
            (
                "client-output-buffer-limit",
                "client-output-buffer-limit normal 1 2 3",
                "client-output-buffer-limit \"normal 1 2 3\"",
            ),
        ] {
            let [plain, quoted] = [plain, quoted]
                .map(|line| load(&["x.conf"], &[("x.conf", line)]).expect("a good line").0);
            assert_eq!(quoted.value(name).unwrap().0, plain.value(name).unwrap().0);
        }
    }

    #[test]
    fn what_redis_has_and_we_do_not_is_accepted_with_one_warning_or_refused() {
        let disk = [("x.conf", "hz 10\nport 1\nHZ 20\nlua-replicate-commands yes\n")];
        let (_, warnings) = load(&["x.conf", "--io-threads", "4"], &disk).unwrap();
        assert_eq!(
            warnings,
            [
                "x.conf:1: 'hz' has no effect: expiry and timeouts run on timers, not at a fixed \
                 frequency",
                "x.conf:4: 'lua-replicate-commands' has no effect: it has been obsolete in Redis \
                 as well",
                "command line: 'io-threads' has no effect: every thread reads, executes and \
                 writes, see 'threads'",
            ]
        );
        for line in ["user alice on", "tls-port 6380", "cluster-enabled yes", "replicaof h 1"] {
            let option = format!("--{line}");
            let error = load(&[&option], &[]).unwrap_err();
            assert!(error.contains("this version") && error.contains("Remove the"), "{error}");
        }
        let fine = ["--tls-port", "0", "--cluster-enabled", "no", "--replicaof", "no", "one"];
        assert_eq!(load(&fine, &[]).unwrap().1, Vec::<String>::new());
    }

    #[test]
    fn save_lines_add_up_and_an_empty_one_starts_over() {
        let disk = [("x.conf", "save 900 1\nsave 300 10 60 5\n")];
        assert_eq!(shown(&load(&["x.conf"], &disk), "save"), "900 1 300 10 60 5");
        let more = load(&["x.conf", "--save", "7", "7"], &disk);
        assert_eq!(shown(&more, "save"), "900 1 300 10 60 5 7 7");
        assert_eq!(shown(&load(&["x.conf", "--save", ""], &disk), "save"), "");
    }

    #[test]
    fn includes_are_read_in_place_and_wildcards_in_order() {
        let disk = [
            ("main.conf", "timeout 1\ninclude d/*.conf\ninclude none/*.conf\ndatabases 3\n"),
            ("d/1.conf", "timeout 2\ndatabases 2\n"),
            ("d/2.conf", "timeout 3\nprotected-mode no\n"),
            ("d/.hidden.conf", "timeout 9\n"),
            ("d/x.txt", "timeout 9\n"),
        ];
        let loaded = load(&["main.conf"], &disk);
        assert_eq!(shown(&loaded, "timeout"), "3");
        assert_eq!(shown(&loaded, "databases"), "3");
        assert_eq!(shown(&loaded, "protected-mode"), "no");
        let wrong = [("m.conf", "include i.conf"), ("i.conf", "\nprot 1")];
        assert!(load(&["m.conf"], &wrong).unwrap_err().contains("i.conf, at line 2"));
    }

    #[test]
    fn relative_includes_start_at_dir_and_never_end_in_a_circle() {
        let disk = [("m.conf", "dir /etc/l\ninclude i.conf\n"), ("/etc/l/i.conf", "timeout 4")];
        assert_eq!(shown(&load(&["m.conf"], &disk), "timeout"), "4");
        let error = load(&["m.conf"], &[("m.conf", "include m.conf")]).unwrap_err();
        assert!(error.contains("more than 16 files include each other"), "{error}");
    }

    #[test]
    fn help_version_and_check_are_told_apart() {
        let none = Disk(BTreeMap::new());
        assert!(matches!(Config::load(&["--help"], &none), Ok((Invocation::Help, _))));
        assert!(matches!(Config::load(&["-v"], &none), Ok((Invocation::Version, _))));
        let checked = Config::load(&["--port", "1", "--check-config"], &none);
        let Ok((Invocation::CheckConfig(config), _)) = checked else { panic!("not checked") };
        assert_eq!(config.settings().port, 1);
        assert!(Config::load(&["--check-config", "--prot", "1"], &none).is_err());
    }
}
