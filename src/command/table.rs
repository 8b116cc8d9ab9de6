//! All rows, found by name, and numbered so that metrics can be kept in arrays.
//!
//! Not here: any command. A family's rows are in its own file; this file only lists the families.

use crate::base::slot::SlotId;
use crate::command::spec::{Flags, KeyFlags, KeyRange, KeySpec, Spec};
use crate::command::{FAMILIES, absent};
use crate::resp::request::Argv;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::iter::StepBy;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

pub use crate::observe::commands::CommandId;

/// A row with its place in the table.
pub struct Command {
    /// Its number.
    pub id: CommandId,
    /// `get`, `config|get`: as errors, metrics and CLIENT LIST name it.
    pub full_name: String,
    /// The row.
    pub spec: &'static Spec,
    /// Numbers of its subcommands.
    pub subcommands: Vec<CommandId>,
    /// The roof it stands under.
    pub container: Option<CommandId>,
}

/// What a request's first words name.
pub enum Lookup {
    /// A command.
    Found(&'static Command),
    /// A command or subcommand of Redis that this version does not have, by its full name.
    Absent(&'static str),
    /// No command.
    Unknown,
    /// A container without that subcommand.
    UnknownSubcommand,
}

/// Longest command name; longer words are not looked up.
const NAME_BYTES_MAX: usize = 24;

/// See the module's documentation.
pub struct Table {
    commands: Vec<Command>,
    /// Numbers of top-level commands by folded name, in an open-addressed table of a power of two.
    cells: Vec<Option<([u64; 3], CommandId)>>,
    subcommands: HashMap<(CommandId, Vec<u8>), CommandId>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

/// The table.
#[must_use]
#[inline]
pub fn table() -> &'static Table {
    &TABLE
}

/// A name in lower case, in three words, so that comparing two is three comparisons.
#[inline]
fn fold(name: &[u8]) -> Option<[u64; 3]> {
    // A NUL at the end would look like the filling of a shorter name.
    if name.len() > NAME_BYTES_MAX || name.last() == Some(&0) {
        return None;
    }
    let (whole, rest) = name.as_chunks::<8>();
    let mut words = [0; 3];
    for (word, chunk) in words.iter_mut().zip(whole) {
        *word = lower_case(u64::from_le_bytes(*chunk));
    }
    if let Some(word) = words.get_mut(whole.len()) {
        // Byte by byte: most names are short, and a copy of unknown length is a call.
        let little_endian = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        *word = lower_case(little_endian);
    }
    Some(words)
}

/// Sets bit 5 of every byte that is `A` to `Z`.
const fn lower_case(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let ascii = word & (ONES * 0x7f);
    let from_a = ascii + ONES * (0x80 - b'A' as u64);
    let after_z = ascii + ONES * (0x80 - b'Z' as u64 - 1);
    let upper = from_a & !after_z & !word & (ONES * 0x80);
    word | upper >> 2
}

const fn cell_of(name: [u64; 3], cells: usize) -> usize {
    let mixed = (name[0] ^ name[1].rotate_left(23) ^ name[2].rotate_left(41))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize & (cells - 1)
}

impl Table {
    fn build() -> Self {
        let mut table =
            Self { commands: Vec::new(), cells: Vec::new(), subcommands: HashMap::new() };
        for spec in FAMILIES.iter().copied().flatten() {
            let container = table.add(spec, None, spec.name.to_owned());
            for sub in spec.subcommands {
                let id = table.add(sub, Some(container), format!("{}|{}", spec.name, sub.name));
                table.commands[usize::from(container.0)].subcommands.push(id);
                table.subcommands.insert((container, sub.name.as_bytes().to_vec()), id);
            }
        }
        table.cells = vec![None; (table.commands.len() * 4).next_power_of_two()];
        for command in table.commands.iter().filter(|command| command.container.is_none()) {
            let name = fold(command.spec.name.as_bytes()).expect("names are short");
            let mut cell = cell_of(name, table.cells.len());
            while table.cells[cell].is_some() {
                cell = (cell + 1) % table.cells.len();
            }
            table.cells[cell] = Some((name, command.id));
        }
        table
    }

    fn add(
        &mut self,
        spec: &'static Spec,
        container: Option<CommandId>,
        full_name: String,
    ) -> CommandId {
        let id = CommandId(self.commands.len() as u16);
        self.commands.push(Command { id, full_name, spec, subcommands: Vec::new(), container });
        id
    }

    /// All commands and subcommands, by number.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The command with this number.
    #[must_use]
    pub fn command(&self, id: CommandId) -> &Command {
        &self.commands[usize::from(id.0)]
    }

    /// The top-level command of this name, in any case.
    #[must_use]
    #[inline]
    pub fn by_name(&self, name: &[u8]) -> Option<&Command> {
        let name = fold(name)?;
        let mut cell = cell_of(name, self.cells.len());
        loop {
            let (found, id) = self.cells[cell]?;
            if found == name {
                return self.commands.get(usize::from(id.0));
            }
            cell = (cell + 1) & (self.cells.len() - 1);
        }
    }

    /// The subcommand of `container` with this name, in any case.
    #[must_use]
    pub fn subcommand(&self, container: CommandId, name: &[u8]) -> Option<&Command> {
        let id = self.subcommands.get(&(container, name.to_ascii_lowercase()))?;
        Some(self.command(*id))
    }

    /// What `argv` asks for.
    #[must_use]
    #[inline]
    pub fn lookup(&'static self, argv: Argv<'_>) -> Lookup {
        let name = argv.get(0).unwrap_or_default();
        let Some(command) = self.by_name(name) else {
            // `client|id` is how subcommands are listed, not how they are called.
            let name = if name.contains(&b'|') { &[] } else { name };
            return absent::known(name).map_or(Lookup::Unknown, Lookup::Absent);
        };
        match argv.get(1) {
            Some(sub) if !command.subcommands.is_empty() => self.lookup_subcommand(command, sub),
            Some(_) | None => Lookup::Found(command),
        }
    }

    fn lookup_subcommand(&'static self, container: &'static Command, name: &[u8]) -> Lookup {
        if let Some(found) = self.subcommand(container.id, name) {
            return Lookup::Found(found);
        }
        let full_name = [container.spec.name.as_bytes(), b"|", name].concat();
        absent::known(&full_name).map_or(Lookup::UnknownSubcommand, Lookup::Absent)
    }

    /// The command of a full name in any case: `get`, `config|get`.
    #[must_use]
    pub fn by_full_name(&self, name: &[u8]) -> Option<&Command> {
        let Some(bar) = name.iter().position(|byte| *byte == b'|') else {
            return self.by_name(name);
        };
        self.subcommand(self.by_name(&name[..bar])?.id, &name[bar + 1..])
    }
}

/// Positions of a request's keys, in the order of the row's specifications; those of the command
/// inside it come last.
///
/// # Errors
/// A count of keys that is no count, more keys than words, or no command inside.
pub fn key_positions(spec: &Spec, argv: Argv<'_>) -> Result<SmallVec<[usize; 8]>, InvalidKeys> {
    let mut positions = own_key_positions(spec, argv)?;
    if let Some(first) = nested_from(spec) {
        let request = argv.from(first);
        let command = found(request).ok_or(InvalidKeys)?;
        let inside = own_key_positions(command.spec, request)?;
        positions.extend(inside.into_iter().map(|position| first + position));
    }
    Ok(positions)
}

fn own_key_positions(spec: &Spec, argv: Argv<'_>) -> Result<SmallVec<[usize; 8]>, InvalidKeys> {
    let mut positions = SmallVec::new();
    for keys in spec.keys.iter().filter(|keys| !keys.flags.has(KeyFlags::NOT_KEY)) {
        positions.extend(key_words(keys.range, argv)?);
    }
    Ok(positions)
}

/// The word at which the command starts that requests of this row have inside.
#[must_use]
pub fn nested_from(spec: &Spec) -> Option<usize> {
    spec.keys.iter().find_map(|keys| match keys.range {
        KeyRange::Nested { first } => Some(usize::from(first)),
        KeyRange::Words { .. } | KeyRange::Counted { .. } => None,
    })
}

fn found(argv: Argv<'_>) -> Option<&'static Command> {
    match table().lookup(argv) {
        Lookup::Found(command) => Some(command),
        Lookup::Absent(_) | Lookup::Unknown | Lookup::UnknownSubcommand => None,
    }
}

/// The flags of a request: those of its row and those of the command inside it.
#[must_use]
pub fn flags(command: &Command, argv: Argv<'_>) -> Flags {
    let nested = nested_from(command.spec).and_then(|first| found(argv.from(first)));
    nested.map_or(command.spec.flags, |nested| command.spec.flags.and(nested.spec.flags))
}

/// Positions of the keys that one specification speaks of; those of a command inside the request
/// are its own affair.
///
/// # Errors
/// A count of keys that is no count, or more keys than words.
pub fn key_words(
    range: KeyRange,
    argv: Argv<'_>,
) -> Result<StepBy<RangeInclusive<usize>>, InvalidKeys> {
    match range {
        KeyRange::Words { first, last, step } => {
            let first = usize::from(first);
            let last = if last >= 0 {
                first + usize::from(last.unsigned_abs())
            } else {
                argv.len().saturating_sub(usize::from(last.unsigned_abs()))
            };
            Ok((first..=last.min(argv.len().saturating_sub(1))).step_by(usize::from(step)))
        }
        KeyRange::Counted { count, step } => {
            let words = argv.get(usize::from(count)).and_then(crate::base::number::parse_i64);
            let keys = words.and_then(|keys| usize::try_from(keys).ok()).ok_or(InvalidKeys)?;
            let (first, step) = (usize::from(count) + 1, usize::from(step));
            let fits = keys > 0 && keys <= argv.len() && first + (keys - 1) * step < argv.len();
            if !fits {
                return Err(InvalidKeys);
            }
            Ok((first..=first + (keys - 1) * step).step_by(step))
        }
        KeyRange::Nested { .. } => Ok(RangeInclusive::new(1, 0).step_by(1)),
    }
}

/// The request names a number of keys that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKeys;

/// Whether requests of this row have one key and no more.
#[must_use]
#[inline]
pub const fn has_one_key(spec: &Spec) -> bool {
    matches!(
        spec.keys,
        [KeySpec { range: KeyRange::Words { last: 0, .. }, flags, .. }]
            if !flags.has(KeyFlags::NOT_KEY)
    )
}

/// The slots of a request's keys. Where the keys cannot be told, there are none: the command's own
/// parsing finds the mistake.
#[inline]
pub fn key_slots(spec: &Spec, argv: Argv<'_>, slots: &mut SmallVec<[SlotId; 8]>) {
    if has_one_key(spec)
        && let [KeySpec { range: KeyRange::Words { first, .. }, .. }] = spec.keys
    {
        slots.extend(argv.get(usize::from(*first)).map(SlotId::of));
        return;
    }
    for position in key_positions(spec, argv).unwrap_or_default() {
        slots.extend(argv.get(position).map(SlotId::of));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_in_any_case() {
        for command in table().commands().iter().filter(|command| command.container.is_none()) {
            let upper = command.spec.name.to_ascii_uppercase();
            assert_eq!(table().by_name(upper.as_bytes()).unwrap().id, command.id);
        }
    }

    #[test]
    fn a_nul_is_part_of_a_name() {
        assert!(table().by_name(b"get").is_some());
        assert!(table().by_name(b"get\0").is_none());
        assert!(table().by_name(b"").is_none());
    }

    #[test]
    fn folding_changes_letters_only() {
        let all: Vec<u8> = (0..=255).collect();
        for chunk in all.chunks(8) {
            let folded = fold(chunk).unwrap()[0].to_le_bytes();
            assert_eq!(folded, *chunk.to_ascii_lowercase());
        }
    }

    #[test]
    fn a_name_is_used_once() {
        let mut names: Vec<&str> = table().commands().iter().map(|c| &*c.full_name).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }
}
