//! A user: whether it may come in, with which passwords, and its selectors.
//!
//! Invariant: there is always a first selector; it is the one that plain rules change.

use crate::acl::catalogue::Catalogue;
use crate::acl::error::{Denied, RuleError};
use crate::acl::password::Password;
use crate::acl::selector::{Selector, Wish};

/// What was said last about payloads of RESTORE; it shows and does nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sanitize {
    Unsaid,
    Skip,
    Do,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct User {
    enabled: bool,
    any_password: bool,
    sanitize: Sanitize,
    passwords: Vec<Password>,
    root: Selector,
    selectors: Vec<Selector>,
}

impl User {
    /// One that has just been made: it may not come in, and do nothing.
    #[must_use]
    pub const fn new(all_channels: bool) -> Self {
        Self {
            enabled: false,
            any_password: false,
            sanitize: Sanitize::Unsaid,
            passwords: Vec::new(),
            root: Selector::new(all_channels),
            selectors: Vec::new(),
        }
    }

    /// Applies one rule. `all_channels` says whether what is new allows all channels
    /// (`acl-pubsub-default`).
    ///
    /// # Errors
    /// It is none, or does not fit; nothing has changed.
    pub fn apply(
        &mut self,
        rule: &[u8],
        catalogue: &Catalogue,
        all_channels: bool,
    ) -> Result<(), RuleError> {
        match &*rule.to_ascii_lowercase() {
            b"" => {}
            b"on" => self.enabled = true,
            b"off" => self.enabled = false,
            b"nopass" => (self.any_password, self.passwords) = (true, Vec::new()),
            b"resetpass" => (self.any_password, self.passwords) = (false, Vec::new()),
            b"skip-sanitize-payload" => self.sanitize = Sanitize::Skip,
            b"sanitize-payload" => self.sanitize = Sanitize::Do,
            b"clearselectors" => self.selectors.clear(),
            b"reset" => {
                *self = Self { sanitize: Sanitize::Do, ..Self::new(all_channels) };
            }
            _ => match rule {
                [b'>', clear @ ..] => self.add(Password::of(clear)),
                [b'#', digits @ ..] => self.add(Password::parse(digits)?),
                [b'<', clear @ ..] => self.remove(&Password::of(clear))?,
                [b'!', digits @ ..] => self.remove(&Password::parse(digits)?)?,
                [b'(', rules @ .., b')'] => {
                    let mut selector = Selector::new(all_channels);
                    let words = rules.split(u8::is_ascii_whitespace);
                    for rule in words.filter(|word| !word.is_empty()) {
                        selector.apply(rule, catalogue)?;
                    }
                    self.selectors.push(selector);
                }
                _ => self.root.apply(rule, catalogue)?,
            },
        }
        Ok(())
    }

    fn add(&mut self, password: Password) {
        self.any_password = false;
        if !self.passwords.iter().any(|known| known.is(&password)) {
            self.passwords.push(password);
        }
    }

    fn remove(&mut self, password: &Password) -> Result<(), RuleError> {
        let before = self.passwords.len();
        self.passwords.retain(|known| !known.is(password));
        if self.passwords.len() < before { Ok(()) } else { Err(RuleError::NoSuchPassword) }
    }

    /// Whether somebody with this password may come in as this user.
    #[must_use]
    pub fn accepts(&self, password: &[u8]) -> bool {
        let given = Password::of(password);
        // All are looked at, so that the time does not tell which one it was.
        let right = self.passwords.iter().fold(false, |right, known| right | known.is(&given));
        self.enabled && (self.any_password || right)
    }

    /// Whether everybody may come in as this user.
    #[must_use]
    pub const fn needs_no_password(&self) -> bool {
        self.enabled && self.any_password
    }

    /// Whether a request may run: one selector has to allow all of it.
    ///
    /// # Errors
    /// What the selector lacks that allows most.
    pub fn permits(&self, wish: &Wish<'_>) -> Result<(), Denied> {
        let mut furthest = None;
        for selector in self.all_selectors() {
            match selector.permits(wish) {
                Ok(()) => return Ok(()),
                Err(denied) => furthest = furthest.max(Some(denied)),
            }
        }
        furthest.map_or(Ok(()), Err)
    }

    fn all_selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// The selector that plain rules change.
    #[must_use]
    pub const fn root(&self) -> &Selector {
        &self.root
    }

    /// Those in parentheses.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// Its passwords.
    #[must_use]
    pub fn passwords(&self) -> &[Password] {
        &self.passwords
    }

    /// Its flags, as ACL GETUSER shows them.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let on = if self.enabled { "on" } else { "off" };
        let nopass = self.any_password.then_some("nopass");
        let sanitize = match self.sanitize {
            Sanitize::Unsaid => None,
            Sanitize::Skip => Some("skip-sanitize-payload"),
            Sanitize::Do => Some("sanitize-payload"),
        };
        [Some(on), nopass, sanitize].into_iter().flatten()
    }

    /// All of it as rules that make such a user, as ACL LIST shows it behind the name.
    #[must_use]
    pub fn describe(&self) -> Vec<u8> {
        let mut parts: Vec<Vec<u8>> = self.flags().map(|flag| flag.as_bytes().to_vec()).collect();
        parts.extend(self.passwords.iter().map(|it| format!("#{}", it.digits()).into_bytes()));
        parts.push(self.root.describe());
        let selectors = self.selectors.iter();
        parts.extend(selectors.map(|it| [b"(", &*it.describe(), b")"].concat()));
        parts.join(&b' ')
    }
}

/// Of these words the one that begins a selector which does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmatched(pub usize);

/// Joins the words of each selector: `(+get` and `~x)` are one rule.
///
/// # Errors
/// One of them does not end.
pub fn join_selectors<'w>(
    words: impl Iterator<Item = &'w [u8]>,
) -> Result<Vec<Vec<u8>>, Unmatched> {
    let (mut rules, mut open) = (Vec::<Vec<u8>>::new(), None);
    for (position, word) in words.enumerate() {
        let ends = word.last() == Some(&b')');
        match (open, rules.last_mut()) {
            (Some(_), Some(rule)) => {
                rule.push(b' ');
                rule.extend_from_slice(word);
                open = open.filter(|_| !ends);
            }
            (Some(_) | None, _) => {
                rules.push(word.to_vec());
                open = (word.first() == Some(&b'(') && !ends).then_some(position);
            }
        }
    }
    open.map_or(Ok(rules), |position| Err(Unmatched(position)))
}
