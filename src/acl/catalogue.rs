//! Which commands and categories rules can name.
//!
//! Not here: where they come from. Whoever has a table of commands makes one of these from it.

/// A command or subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In lower case; of a subcommand with its container, `config|get`.
    pub name: String,
    /// The categories that it is in, as bits.
    pub categories: u32,
    /// Its container, if it is a subcommand.
    pub container: Option<u16>,
    /// Its subcommands.
    pub subcommands: Vec<u16>,
}

/// Commands by number, and categories by bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// All commands and subcommands.
    pub commands: Vec<Entry>,
    /// All categories, without `@`.
    pub categories: Vec<(&'static str, u32)>,
}

impl Catalogue {
    /// The number of the command with this full name, in any case.
    #[must_use]
    pub fn command(&self, name: &[u8]) -> Option<u16> {
        let is_it = |entry: &Entry| entry.name.as_bytes().eq_ignore_ascii_case(name);
        self.commands.iter().position(is_it).map(|position| position as u16)
    }

    /// The bit of the category with this name, in any case.
    #[must_use]
    pub fn category(&self, name: &[u8]) -> Option<u32> {
        let is_it = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
        self.categories.iter().find(|(known, _)| is_it(known)).map(|(_, bit)| *bit)
    }

    /// What stands under this number.
    pub(super) fn entry(&self, id: u16) -> &Entry {
        &self.commands[usize::from(id)]
    }
}
