//! A set of permissions: commands, keys and channels. A user has one, and may have more of them.
//!
//! Invariant: `rules` behind `-@all` or `+@all`, as `by_default` says, lead to `allowed` and
//! `first_words` again.

use crate::acl::catalogue::Catalogue;
use crate::acl::error::{Denied, RuleError};
use crate::acl::pattern::{KeyAccess, KeyPattern, has_space};
use crate::base::glob::{self, Case};
use std::collections::BTreeMap;

/// What a request needs.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'w> {
    /// Number of the command; `None` if anybody may call it.
    pub command: Option<u16>,
    /// The word behind the name.
    pub first_word: Option<&'w [u8]>,
    /// Keys and what is done with them.
    pub keys: &'w [(&'w [u8], KeyAccess)],
    /// Channels.
    pub channels: &'w [&'w [u8]],
    /// Whether the channels are patterns: then a user needs these very patterns.
    pub are_patterns: bool,
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Whether commands that no rule speaks of are allowed.
    by_default: bool,
    /// Allowed commands, a bit each.
    allowed: Vec<u64>,
    /// Commands that are allowed with one of these words behind their name.
    first_words: BTreeMap<u16, Vec<Box<[u8]>>>,
    /// Rules about commands that still matter, in their order: allowed or not, and what.
    rules: Vec<(bool, Vec<u8>)>,
    all_keys: bool,
    keys: Vec<KeyPattern>,
    all_channels: bool,
    channels: Vec<Box<[u8]>>,
}

impl Selector {
    /// One that allows nothing but, if `all_channels`, every channel.
    #[must_use]
    pub const fn new(all_channels: bool) -> Self {
        Self {
            by_default: false,
            allowed: Vec::new(),
            first_words: BTreeMap::new(),
            rules: Vec::new(),
            all_keys: false,
            keys: Vec::new(),
            all_channels,
            channels: Vec::new(),
        }
    }

    /// Applies one rule.
    ///
    /// # Errors
    /// It is none, or does not fit; nothing has changed.
    pub fn apply(&mut self, rule: &[u8], catalogue: &Catalogue) -> Result<(), RuleError> {
        match &*rule.to_ascii_lowercase() {
            b"allkeys" | b"~*" => (self.all_keys, self.keys) = (true, Vec::new()),
            b"resetkeys" => (self.all_keys, self.keys) = (false, Vec::new()),
            b"allchannels" | b"&*" => (self.all_channels, self.channels) = (true, Vec::new()),
            b"resetchannels" => (self.all_channels, self.channels) = (false, Vec::new()),
            b"allcommands" | b"+@all" => self.start_from(true, catalogue),
            b"nocommands" | b"-@all" => self.start_from(false, catalogue),
            lower => match rule {
                [b'~' | b'%', ..] => self.add_keys(rule)?,
                [b'&', pattern @ ..] => self.add_channels(pattern)?,
                [sign @ (b'+' | b'-'), b'@', name @ ..] => {
                    let bit = catalogue.category(name).ok_or(RuleError::Unknown)?;
                    for id in 0..catalogue.commands.len() as u16 {
                        if catalogue.entry(id).categories & bit != 0 {
                            self.set(id, *sign == b'+', catalogue);
                        }
                    }
                    self.note(*sign == b'+', &lower[1..]);
                }
                [b'+', name @ ..] => self.allow(name, catalogue)?,
                [b'-', name @ ..] => {
                    let id = catalogue.command(name).ok_or(RuleError::Unknown)?;
                    self.set(id, false, catalogue);
                    self.note(false, &lower[1..]);
                }
                _ => return Err(RuleError::Syntax),
            },
        }
        Ok(())
    }

    fn add_keys(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::AllKeys);
        }
        let new = KeyPattern::parse(rule)?;
        match self.keys.iter_mut().find(|known| known.glob == new.glob) {
            Some(known) => {
                known.access.read |= new.access.read;
                known.access.write |= new.access.write;
            }
            None => self.keys.push(new),
        }
        Ok(())
    }

    fn add_channels(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::AllChannels);
        }
        if has_space(pattern) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| **known == *pattern) {
            self.channels.push(pattern.into());
        }
        Ok(())
    }

    fn start_from(&mut self, by_default: bool, catalogue: &Catalogue) {
        self.by_default = by_default;
        let words = catalogue.commands.len().div_ceil(64);
        self.allowed = vec![if by_default { u64::MAX } else { 0 }; words];
        self.rules.clear();
        self.first_words.clear();
    }

    /// `+command`, `+container|subcommand`, `+command|first word`.
    fn allow(&mut self, name: &[u8], catalogue: &Catalogue) -> Result<(), RuleError> {
        let bar = name.iter().position(|&byte| byte == b'|').unwrap_or(name.len());
        let id = catalogue.command(&name[..bar]).ok_or(RuleError::Unknown)?;
        let Some(word) = name.get(bar + 1..) else {
            self.set(id, true, catalogue);
            self.note(true, name);
            return Ok(());
        };
        if word.is_empty() {
            return Err(RuleError::Syntax);
        }
        if catalogue.entry(id).subcommands.is_empty() {
            if word.contains(&b'|') {
                return Err(RuleError::Unknown);
            }
            let words = self.first_words.entry(id).or_default();
            if !words.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                words.push(word.into());
            }
        } else {
            // `config|get|x` goes too far, if there is `config|get`.
            if let Some(second) = word.iter().position(|&byte| byte == b'|')
                && catalogue.command(&name[..bar + 1 + second]).is_some()
            {
                return Err(RuleError::WordOfSubcommand);
            }
            let id = catalogue.command(name).ok_or(RuleError::Unknown)?;
            self.set(id, true, catalogue);
        }
        self.note(true, name);
        Ok(())
    }

    /// A command and its subcommands; what was said about first words of them is void.
    fn set(&mut self, id: u16, allowed: bool, catalogue: &Catalogue) {
        let subcommands = &catalogue.entry(id).subcommands;
        for id in std::iter::once(id).chain(subcommands.iter().copied()) {
            let (word, bit) = (usize::from(id) / 64, 1 << (id % 64));
            if self.allowed.len() <= word {
                self.allowed.resize(catalogue.commands.len().div_ceil(64), 0);
            }
            if allowed {
                self.allowed[word] |= bit;
            } else {
                self.allowed[word] &= !bit;
            }
            self.first_words.remove(&id);
        }
    }

    /// Writes a rule down behind the others. Earlier ones about the same name, or about its
    /// subcommands, do not matter any more.
    fn note(&mut self, allowed: bool, name: &[u8]) {
        let name = name.to_ascii_lowercase();
        let is_below = |rest: &[u8]| rest.first().is_none_or(|&byte| byte == b'|');
        self.rules.retain(|(_, old)| !old.strip_prefix(&*name).is_some_and(is_below));
        self.rules.push((allowed, name));
    }

    /// Whether a request may run.
    ///
    /// # Errors
    /// What is missing first.
    pub fn permits(&self, wish: &Wish<'_>) -> Result<(), Denied> {
        if wish.command.is_some_and(|id| !self.permits_command(id, wish.first_word)) {
            return Err(Denied::Command);
        }
        let mut keys = wish.keys.iter();
        if let Some(position) = keys.position(|(key, access)| !self.permits_key(key, *access)) {
            return Err(Denied::Key(position));
        }
        let mut channels = wish.channels.iter();
        match channels.position(|channel| !self.permits_channel(channel, wish.are_patterns)) {
            Some(position) => Err(Denied::Channel(position)),
            None => Ok(()),
        }
    }

    fn permits_command(&self, id: u16, first_word: Option<&[u8]>) -> bool {
        let bits = self.allowed.get(usize::from(id) / 64).copied().unwrap_or_default();
        let is_it = |word: &[u8]| {
            let words = self.first_words.get(&id).into_iter().flatten();
            words.into_iter().any(|known| known.eq_ignore_ascii_case(word))
        };
        bits & 1 << (id % 64) != 0 || first_word.is_some_and(is_it)
    }

    /// Whether this may be done with a key.
    #[must_use]
    pub fn permits_key(&self, key: &[u8], access: KeyAccess) -> bool {
        self.all_keys || self.keys.iter().any(|pattern| pattern.allows(key, access))
    }

    /// Whether a channel, or all channels of a pattern, may be used.
    #[must_use]
    pub fn permits_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        let matches = |known: &[u8]| {
            if is_pattern {
                known == channel
            } else {
                glob::matches(known, channel, Case::Sensitive)
            }
        };
        self.all_channels || self.channels.iter().any(|known| matches(known))
    }

    /// Its rules for keys, as ACL GETUSER shows them.
    #[must_use]
    pub fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let one = |pattern: &KeyPattern| {
            let mut out = Vec::new();
            pattern.describe(&mut out);
            out
        };
        self.keys.iter().map(one).collect::<Vec<_>>().join(&b' ')
    }

    /// Its rules for channels, as ACL GETUSER shows them.
    #[must_use]
    pub fn describe_channels(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        self.channels.iter().map(|it| [b"&", &**it].concat()).collect::<Vec<_>>().join(&b' ')
    }

    /// Its rules for commands, as ACL GETUSER shows them.
    #[must_use]
    pub fn describe_commands(&self) -> Vec<u8> {
        let mut out = if self.by_default { b"+@all".to_vec() } else { b"-@all".to_vec() };
        for (allowed, name) in &self.rules {
            out.extend_from_slice(if *allowed { b" +" } else { b" -" });
            out.extend_from_slice(name);
        }
        out
    }

    /// All rules, as ACL LIST shows them.
    #[must_use]
    pub fn describe(&self) -> Vec<u8> {
        let mut parts = vec![self.describe_keys()];
        if !self.all_channels {
            parts.push(b"resetchannels".to_vec());
        }
        parts.push(self.describe_channels());
        parts.push(self.describe_commands());
        parts.retain(|part| !part.is_empty());
        parts.join(&b' ')
    }
}
