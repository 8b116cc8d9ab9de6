//! What a row of the table says about a directive. The rows themselves are in `table/`.

use super::kind::Kind;
use super::value::Value;

/// Directives that belong together, as they do in `conf/latchd.conf`.
#[derive(Debug)]
pub struct Section {
    /// The heading, in capitals in the file.
    pub title: &'static str,
    /// The rows, in the order of the file.
    pub rows: &'static [Directive],
}

/// One directive: its name, what it takes, its default, and what it does here.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// The name in files, in `CONFIG GET` and on the command line.
    pub name: &'static str,
    /// An older name of Redis that still works.
    pub alias: Option<&'static str>,
    /// What values it takes.
    pub kind: Kind,
    /// The default, as it would be written in a file.
    pub default: &'static str,
    /// Who may change it while the server runs.
    pub changes: Changes,
    /// Whether it does anything here.
    pub effect: Effect,
    /// Whether only an exact name finds it in `CONFIG GET`, as Redis does with its debugging aids.
    pub hidden: bool,
    /// A further rule: the value as it is kept, or what is wrong with it.
    pub rule: Option<Rule>,
    /// What it is, in a sentence or two.
    pub doc: &'static str,
}

/// A rule on top of the kind: the value as it is kept, or the reason why it is refused.
type Rule = fn(Value) -> Result<Value, &'static str>;

/// Who may change a directive while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// `CONFIG SET` may.
    Anytime,
    /// `CONFIG SET` may if `enable-protected-configs` lets the client.
    Protected,
    /// Only the configuration file and the command line.
    AtStart,
}

/// Whether a directive does anything here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what it says.
    Effective,
    /// It is accepted and remembered, so that files and test suites written for Redis work, and
    /// changes nothing. The reason completes "no effect: ...".
    Inert(&'static str),
    /// Any value but the default would promise what is not there, so it is an error. The reason is
    /// the error's text.
    Refused(&'static str),
}

/// A row that takes effect and may be changed at any time; the methods below say what differs.
pub(super) const fn row(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Directive {
    Directive {
        name,
        alias: None,
        kind,
        default,
        changes: Changes::Anytime,
        effect: Effect::Effective,
        hidden: false,
        rule: None,
        doc,
    }
}

impl Directive {
    pub(super) const fn alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    pub(super) const fn at_start(self) -> Self {
        Self { changes: Changes::AtStart, ..self }
    }

    pub(super) const fn protected(self) -> Self {
        Self { changes: Changes::Protected, ..self }
    }

    pub(super) const fn inert(self, reason: &'static str) -> Self {
        Self { effect: Effect::Inert(reason), ..self }
    }

    pub(super) const fn refused(self, reason: &'static str) -> Self {
        Self { effect: Effect::Refused(reason), ..self }
    }

    pub(super) const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    pub(super) const fn rule(self, rule: Rule) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// The value that `words` give this directive, by its kind, its rule and whether it is refused.
    /// `before` matters to the kinds that a line changes only in part.
    ///
    /// # Errors
    /// What is wrong, in Redis's words. The text never contains the value.
    pub fn parse(&self, words: &[&[u8]], before: Option<&Value>) -> Result<Value, String> {
        let value = self.kind.parse(words, before)?;
        let value = match self.rule {
            Some(rule) => rule(value)?,
            None => value,
        };
        match self.effect {
            Effect::Refused(reason) if value != self.default_value() => Err(reason.into()),
            Effect::Refused(_) | Effect::Inert(_) | Effect::Effective => Ok(value),
        }
    }

    /// The default as a value.
    ///
    /// # Panics
    /// Never: a test parses the default of every row.
    #[must_use]
    pub fn default_value(&self) -> Value {
        let words: Vec<&[u8]> = if self.kind.takes_words() {
            self.default.split_ascii_whitespace().map(str::as_bytes).collect()
        } else {
            vec![self.default.as_bytes()]
        };
        self.kind.parse(&words, None).expect("the default of every row is a value of its kind")
    }
}
