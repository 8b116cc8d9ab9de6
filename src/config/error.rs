//! What is wrong with a configuration, and what is worth a warning. No text here shows a password.

use std::fmt;

use super::current::Origin;
use super::kind::Kind;
use super::nearest::nearest;
use super::table;

/// Why the server does not start. `Display` has the form of redis-server's message and adds what
/// to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(super) at: Option<Origin>,
    pub(super) line: Option<String>,
    pub(super) problem: String,
    pub(super) advice: Option<String>,
}

impl ConfigError {
    /// A problem with `line` at `at`. The line is shown without what may be a password.
    pub(super) fn of_line(at: &Origin, line: &str, problem: impl Into<String>) -> Self {
        Self {
            at: Some(at.clone()),
            line: Some(without_secrets(line)),
            problem: problem.into(),
            advice: None,
        }
    }

    /// A problem with the arguments as a whole.
    pub(super) fn general(problem: impl Into<String>) -> Self {
        Self { at: None, line: None, problem: problem.into(), advice: None }
    }

    pub(super) fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION");
        write!(out, "*** FATAL CONFIG FILE ERROR (latchd {version}) ***")?;
        match &self.at {
            Some(Origin::File { path, line }) => {
                let path = path.display();
                write!(out, "\nReading the configuration file {path}, at line {line}")?;
            }
            Some(Origin::Stdin { line }) => {
                write!(out, "\nReading the configuration from standard input, at line {line}")?;
            }
            Some(Origin::CommandLine) => write!(out, "\nReading the command line")?,
            Some(Origin::Default | Origin::ConfigSet) | None => {}
        }
        if let Some(line) = &self.line {
            write!(out, "\n>>> '{line}'")?;
        }
        write!(out, "\n{}", self.problem)?;
        match &self.advice {
            Some(advice) => write!(out, "\n{advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The line without its values if it sets, or seems to be meant to set, a password.
fn without_secrets(line: &str) -> String {
    let name = line.split_ascii_whitespace().next().unwrap_or_default();
    let bare = name.trim_matches(['"', '\'']).to_ascii_lowercase();
    let is_secret =
        |name: &str| table::find(name.as_bytes()).is_some_and(|(_, row)| row.kind == Kind::Secret);
    let looks_secret = ["pass", "auth", "secret", "user", "token"];
    let known = table::find(bare.as_bytes()).is_some();
    let hidden = is_secret(&bare)
        || !known
            && (looks_secret.iter().any(|part| bare.contains(part))
                || nearest(&bare).is_some_and(is_secret));
    if hidden && name.len() < line.len() { format!("{name} (redacted)") } else { line.into() }
}

/// One line for the log: a directive that was given and has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub(super) at: Origin,
    pub(super) name: String,
    pub(super) reason: &'static str,
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: '{}' has no effect: {}", self.at, self.name, self.reason)
    }
}

/// Why `CONFIG SET` changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// There is no such directive.
    Unknown {
        /// The name as the client wrote it, whatever bytes they are.
        name: Vec<u8>,
    },
    /// A directive cannot have the value, or not now.
    Failed {
        /// The name as Redis repeats it.
        name: String,
        /// Redis's words for why.
        reason: String,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&String::from_utf8_lossy(&self.wire()))
    }
}

impl std::error::Error for SetError {}

impl SetError {
    /// `name` could not be set because of `reason`: also for what goes wrong when the server puts a
    /// change into effect, such as a port in use.
    pub fn failed(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Failed { name: name.into(), reason: reason.into() }
    }

    /// What clients see, byte for byte as Redis 7.0 words it.
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        let mut text = match self {
            Self::Unknown { name } => {
                // As C prints it, up to the first NUL.
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                let before = &b"ERR Unknown option or number of arguments for CONFIG SET - '"[..];
                [before, name, b"'"].concat()
            }
            Self::Failed { name, reason } => {
                format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}")
                    .into_bytes()
            }
        };
        // An error is one line, whatever a client put into the name.
        text.iter_mut().filter(|byte| matches!(byte, b'\r' | b'\n')).for_each(|byte| *byte = b' ');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_password_is_shown_without_it() {
        for line in [
            "requirepass hunter2 x",
            "REQUIREPASS \"hunter2",
            "requirepas hunter2",
            "\"requirepass\" hunter2",
            "my-password hunter2",
            "user alice on >hunter2 ~*",
            "masterauth hunter2 hunter2",
            "tls-key-file-pass hunter2 x",
        ] {
            let error = ConfigError::of_line(&Origin::CommandLine, line, "wrong");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{line}");
        }
        assert_eq!(without_secrets("prot 7000"), "prot 7000");
    }

    #[test]
    fn an_error_is_one_line() {
        let error = SetError::Unknown { name: b"a\r\nb".to_vec() };
        let text = "ERR Unknown option or number of arguments for CONFIG SET - 'a  b'";
        assert_eq!(error.wire(), text.as_bytes());
    }
}
