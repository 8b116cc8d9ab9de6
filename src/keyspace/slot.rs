//! A hash slot: a small world of its own, with a table of keys per database and a sequence of
//! fencing tokens.

use crate::coord::token::{Epoch, TokenSequence};
use crate::keyspace::table::Table;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Slot {
    /// Table 0: nearly all keys of nearly all users live in one database.
    main: Table,
    /// Tables 1 and up, made when first written to.
    others: Vec<Table>,
    /// The slot's fencing tokens.
    pub tokens: TokenSequence,
}

/// What readers see where no table has been made yet.
static EMPTY: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::default);

impl Slot {
    /// A slot without keys whose tokens start at `epoch`.
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self { tokens: TokenSequence::starting_at(epoch), ..Self::default() }
    }

    /// Table number `table`, for reading.
    #[must_use]
    #[inline]
    pub fn table(&self, table: u8) -> &Table {
        match table.checked_sub(1) {
            None => &self.main,
            Some(index) => self.others.get(usize::from(index)).unwrap_or(&EMPTY),
        }
    }

    /// Table number `table`, for writing.
    #[inline]
    pub fn table_mut(&mut self, table: u8) -> &mut Table {
        let Some(index) = table.checked_sub(1).map(usize::from) else { return &mut self.main };
        if index >= self.others.len() {
            self.others.resize_with(index + 1, Table::default);
        }
        &mut self.others[index]
    }

    /// Table number `table`, and the slot's tokens.
    pub(crate) fn table_and_tokens(&mut self, table: u8) -> (&mut Table, &mut TokenSequence) {
        let Some(index) = table.checked_sub(1).map(usize::from) else {
            return (&mut self.main, &mut self.tokens);
        };
        if index >= self.others.len() {
            self.others.resize_with(index + 1, Table::default);
        }
        (&mut self.others[index], &mut self.tokens)
    }

    /// The tables that have keys or room for them, by number.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (u8, &Table)> {
        let made = (0u8..).zip(std::iter::once(&self.main).chain(&self.others));
        made.filter(|(_, table)| !table.is_empty() || table.bucket_count() > 0)
    }

    /// Takes table number `table` out and leaves an empty one.
    pub(crate) fn take_table(&mut self, table: u8) -> Table {
        match table.checked_sub(1) {
            None => std::mem::take(&mut self.main),
            Some(index) => {
                self.others.get_mut(usize::from(index)).map(std::mem::take).unwrap_or_default()
            }
        }
    }
}
