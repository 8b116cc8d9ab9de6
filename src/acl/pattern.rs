//! A pattern of keys, and what may be done with the keys that it matches.

use crate::acl::error::RuleError;
use crate::base::glob::{self, Case};

/// What is done with a key, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAccess {
    /// Its value, or a part of it, is returned or copied.
    pub read: bool,
    /// It is changed.
    pub write: bool,
}

impl KeyAccess {
    /// Everything.
    pub const FULL: Self = Self { read: true, write: true };

    const fn covers(self, wanted: Self) -> bool {
        (self.read || !wanted.read) && (self.write || !wanted.write)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPattern {
    pub(super) glob: Box<[u8]>,
    pub(super) access: KeyAccess,
}

impl KeyPattern {
    /// `~glob`, `%R~glob`, `%W~glob`, `%RW~glob`.
    pub(super) fn parse(rule: &[u8]) -> Result<Self, RuleError> {
        let (access, glob) = match rule {
            [b'~', glob @ ..] => (KeyAccess::FULL, glob),
            [b'%', rest @ ..] => {
                let end = rest.iter().position(|&byte| byte == b'~').ok_or(RuleError::Syntax)?;
                (letters(&rest[..end])?, &rest[end + 1..])
            }
            _ => return Err(RuleError::Syntax),
        };
        if has_space(glob) {
            return Err(RuleError::Syntax);
        }
        Ok(Self { glob: glob.into(), access })
    }

    pub(super) fn allows(&self, key: &[u8], wanted: KeyAccess) -> bool {
        self.access.covers(wanted) && glob::matches(&self.glob, key, Case::Sensitive)
    }

    /// As a rule.
    pub(super) fn describe(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match (self.access.read, self.access.write) {
            (true, true) => b"~",
            (true, false) => b"%R~",
            (false, true) => b"%W~",
            (false, false) => b"%~",
        });
        out.extend_from_slice(&self.glob);
    }
}

/// `R`, `W` or both, each once.
fn letters(letters: &[u8]) -> Result<KeyAccess, RuleError> {
    let mut access = KeyAccess { read: false, write: false };
    for letter in letters {
        let flag = match letter.to_ascii_uppercase() {
            b'R' => &mut access.read,
            b'W' => &mut access.write,
            _ => return Err(RuleError::Syntax),
        };
        if std::mem::replace(flag, true) {
            return Err(RuleError::Syntax);
        }
    }
    if letters.is_empty() { Err(RuleError::Syntax) } else { Ok(access) }
}

/// Rules are separated by white space wherever they are written down, so none may hold any.
pub(super) fn has_space(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte == 0 || byte.is_ascii_whitespace() || byte == 0x0b)
}
