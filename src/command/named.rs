//! The command that a request names, and the errors about words that name none
//! (`commandCheckExistence` of Redis's `server.c`).

use crate::command::error::CommandError;
use crate::command::table::{Command, Lookup, table};
use crate::resp::request::Argv;

/// How much of a request is repeated in an error.
const QUOTED_BYTES_MAX: usize = 128;

/// The command that a request names, with its subcommand.
///
/// # Errors
/// There is none of this name, or only Redis has it.
pub fn named(argv: Argv<'_>) -> Result<&'static Command, CommandError> {
    match table().lookup(argv) {
        Lookup::Found(command) => Ok(command),
        Lookup::Absent(name) => Err(CommandError::absent(name)),
        Lookup::Unknown => Err(unknown(argv)),
        Lookup::UnknownSubcommand => Err(unknown_subcommand(argv)),
    }
}

/// As C's `%.*s`: at most `most` bytes, up to the first NUL.
fn quoted(word: &[u8], most: usize) -> &[u8] {
    let end = word.iter().position(|&byte| byte == 0).unwrap_or(word.len());
    &word[..end.min(most)]
}

/// No command has this name.
fn unknown(argv: Argv<'_>) -> CommandError {
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(quoted(argv.get(0).unwrap_or_default(), QUOTED_BYTES_MAX));
    text.extend_from_slice(b"', with args beginning with: ");
    let start = text.len();
    for word in argv.from(1).iter() {
        let written = text.len() - start;
        if written >= QUOTED_BYTES_MAX {
            break;
        }
        text.push(b'\'');
        text.extend_from_slice(quoted(word, QUOTED_BYTES_MAX - written));
        text.extend_from_slice(b"' ");
    }
    CommandError::new(text)
}

/// The container has no such subcommand.
fn unknown_subcommand(argv: Argv<'_>) -> CommandError {
    let mut text = b"ERR unknown subcommand '".to_vec();
    text.extend_from_slice(quoted(argv.get(1).unwrap_or_default(), QUOTED_BYTES_MAX));
    text.extend_from_slice(b"'. Try ");
    text.extend_from_slice(&argv.get(0).unwrap_or_default().to_ascii_uppercase());
    text.extend_from_slice(b" HELP.");
    CommandError::new(text)
}
