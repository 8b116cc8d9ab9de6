//! The command line, read as redis-server reads its own: `[file] [--directive value ...] [-]`.
//!
//! Not here: what the directives mean (`load.rs`).

use std::ffi::OsStr;
use std::path::PathBuf;

use super::error::ConfigError;
use super::file;

/// The text of `--help`.
pub const USAGE: &str = "\
Usage: latchd [/path/to/latchd.conf] [options] [-]
       latchd - (read the configuration from standard input)
       latchd -v or --version
       latchd -h or --help
       latchd [/path/to/latchd.conf] [options] --check-config
       latchd --explain-script /path/to/script.lua

Every directive of the configuration file is an option: --name value.
An option on the command line wins over the file.

Examples:
       latchd (run with the defaults: 127.0.0.1, port 6379)
       latchd conf/latchd.conf
       latchd --port 7777 --threads 2
       latchd conf/latchd.conf --loglevel verbose
       echo 'maxmemory 128mb' | latchd -
       latchd conf/latchd.conf --check-config (read everything, start nothing)
       latchd --explain-script release.lua (what EVAL makes of it)
";

/// The text of `--version`, one line.
#[must_use]
pub fn version() -> String {
    format!("latchd {}", env!("CARGO_PKG_VERSION"))
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Run,
    Help,
    Version,
    CheckConfig,
    ExplainScript,
}

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CommandLine {
    pub mode: Mode,
    pub file: Option<PathBuf>,
    pub stdin: bool,
    pub options: Vec<CommandOption>,
}

/// One `--directive value ...`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CommandOption {
    /// The directive and its values.
    pub words: Vec<Vec<u8>>,
    /// The same as one line, as errors show it.
    pub line: String,
}

impl CommandOption {
    /// An option from its first argument, which may hold values as well: `"--port 7000"`.
    fn new(text: &str) -> Result<Self, ConfigError> {
        let words = file::words(text);
        let words =
            words.ok_or_else(|| ConfigError::general("Unbalanced quotes in an argument"))?;
        Ok(Self { words, line: text.into() })
    }

    fn push(&mut self, value: &str) {
        let quoted = file::quoted(value.as_bytes());
        self.line = if self.line.is_empty() { quoted } else { format!("{} {quoted}", self.line) };
        self.words.push(value.into());
    }

    /// `--save` may stand alone and means no save points then.
    fn is_bare_save(&self) -> bool {
        self.words.len() == 1 && self.words[0].eq_ignore_ascii_case(b"save")
    }
}

impl CommandLine {
    /// Takes the arguments after the program's name apart.
    pub(super) fn parse<S: AsRef<OsStr>>(args: &[S]) -> Result<Self, ConfigError> {
        let args: Vec<&str> =
            args.iter()
                .map(|arg| arg.as_ref().to_str())
                .collect::<Option<_>>()
                .ok_or_else(|| ConfigError::general("An argument is not valid UTF-8"))?;
        let mut line = Self::default();
        let mut rest = args.as_slice();
        match rest {
            ["--explain-script", path] => {
                return Ok(Self {
                    mode: Mode::ExplainScript,
                    file: Some(PathBuf::from(path)),
                    ..line
                });
            }
            ["--explain-script", ..] => {
                return Err(ConfigError::general(
                    "--explain-script takes one file, and no options",
                ));
            }
            ["-h", ..] => return Ok(Self { mode: Mode::Help, ..line }),
            ["-v", ..] => return Ok(Self { mode: Mode::Version, ..line }),
            [path, after @ ..] if !path.starts_with('-') => {
                line.file = Some(PathBuf::from(path));
                rest = after;
            }
            _ => {}
        }
        line.options(rest, rest.len() == args.len())?;
        Ok(line)
    }

    /// The options. `from_start` says that no file came before, so that `-` may come first.
    fn options(&mut self, args: &[&str], from_start: bool) -> Result<(), ConfigError> {
        // Right after an option's name anything is its value, even if it looks like an option.
        let mut value_due = false;
        for (index, arg) in args.iter().enumerate() {
            let is_last = index + 1 == args.len();
            if *arg == "-" && (is_last || index == 0 && from_start) {
                self.stdin = true;
                continue;
            }
            let is_name = !value_due && arg.starts_with("--");
            match *arg {
                "--help" if is_name => self.mode = Mode::Help,
                "--version" if is_name => self.mode = Mode::Version,
                "--check-config" if is_name => self.mode = Mode::CheckConfig,
                name if is_name => {
                    let mut option = CommandOption::new(&name[2..])?;
                    let next_is_name =
                        args.get(index + 1).is_none_or(|next| next.starts_with("--"));
                    let complete = option.is_bare_save() && next_is_name;
                    if complete {
                        option.push("");
                    }
                    value_due = option.words.len() == 1 && !complete;
                    self.options.push(option);
                }
                value => {
                    value_due = false;
                    if self.options.is_empty() {
                        self.options.push(CommandOption::default());
                    }
                    if let Some(option) = self.options.last_mut() {
                        option.push(value);
                    }
                }
            }
            if matches!(self.mode, Mode::Help | Mode::Version) {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(args: &[&str]) -> Vec<String> {
        let line = CommandLine::parse(args).unwrap();
        line.options.into_iter().map(|option| option.line).collect()
    }

    #[test]
    fn a_file_comes_first_and_options_follow() {
        let line = CommandLine::parse(&["a.conf", "--port", "7000", "--save", "60", "1"]).unwrap();
        assert_eq!(line.file, Some("a.conf".into()));
        let lines: Vec<&str> = line.options.iter().map(|option| option.line.as_str()).collect();
        assert_eq!(lines, ["port \"7000\"", "save \"60\" \"1\""]);
    }

    #[test]
    fn a_name_and_its_value_may_be_one_argument() {
        let line = CommandLine::parse(&["--port 7000", "--timeout 5"]).unwrap();
        assert_eq!(line.options[0].words, [b"port".to_vec(), b"7000".to_vec()]);
        assert_eq!(line.options[1].words, [b"timeout".to_vec(), b"5".to_vec()]);
    }

    #[test]
    fn save_alone_means_no_save_points() {
        assert_eq!(lines(&["--save"]), ["save \"\""]);
        assert_eq!(lines(&["--save", "--port", "1"]), ["save \"\"", "port \"1\""]);
    }

    #[test]
    fn what_follows_a_name_is_its_value_even_with_dashes() {
        assert_eq!(lines(&["--requirepass", "--version"]), ["requirepass \"--version\""]);
        assert_eq!(lines(&["--slowlog-log-slower-than", "-1"]), ["slowlog-log-slower-than \"-1\""]);
    }

    #[test]
    fn a_dash_reads_standard_input_at_either_end() {
        for args in [&["-"][..], &["-", "--port", "1"], &["a.conf", "-"], &["--port", "1", "-"]] {
            assert!(CommandLine::parse(args).unwrap().stdin, "{args:?}");
        }
        assert!(!CommandLine::parse(&["a.conf", "--bind", "-", "x"]).unwrap().stdin);
    }

    #[test]
    fn a_script_is_explained_alone() {
        assert_eq!(CommandLine::parse(&["--explain-script", "a"]).unwrap().file, Some("a".into()));
        assert!(CommandLine::parse(&["--explain-script"]).is_err());
        assert!(CommandLine::parse(&["--explain-script", "a", "--port", "1"]).is_err());
    }

    #[test]
    fn help_version_and_check_are_found_among_options() {
        for (args, mode) in [
            (&["-h"][..], Mode::Help),
            (&["--help"], Mode::Help),
            (&["-v"], Mode::Version),
            (&["a.conf", "--version"], Mode::Version),
            (&["--check-config", "--port", "1"], Mode::CheckConfig),
            (&["--explain-script", "a.lua"], Mode::ExplainScript),
            (&["a.conf", "--port", "1", "--check-config"], Mode::CheckConfig),
            (&[], Mode::Run),
        ] {
            assert_eq!(CommandLine::parse(args).unwrap().mode, mode, "{args:?}");
        }
    }
}
