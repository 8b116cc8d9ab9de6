//! COMMAND GETKEYS and GETKEYSANDFLAGS: where the keys of a request are.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::introspection::describe::key_flags;
use crate::command::named::named;
use crate::command::spec::{Flags, KeyFlags, Outcome};
use crate::command::table::{Command, key_words, nested_from};
use crate::resp::request::Argv;

pub(super) fn get_keys(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let (request, keys) = keys_of(args)?;
    cx.reply.array(keys.len());
    for (position, _) in keys {
        cx.reply.bulk(request.get(position).unwrap_or_default());
    }
    Ok(())
}

pub(super) fn get_keys_and_flags(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let (request, keys) = keys_of(args)?;
    cx.reply.array(keys.len());
    for (position, flags) in keys {
        cx.reply.array(2);
        cx.reply.bulk(request.get(position).unwrap_or_default());
        key_flags(cx.reply, flags);
    }
    Ok(())
}

/// Where the keys are, and what is done with them.
type Keys = Vec<(usize, KeyFlags)>;

const INVALID_COUNT: CommandError =
    CommandError::fixed("ERR Invalid number of arguments specified for command");
const INVALID: CommandError = CommandError::fixed("ERR Invalid arguments specified for command");

/// The request behind COMMAND GETKEYS, and its keys.
fn keys_of(args: Args<'_>) -> Result<(Argv<'_>, Keys), CommandError> {
    let request = args.argv().from(2);
    let unknown = |_| CommandError::fixed("ERR Invalid command specified");
    let command = named(request).map_err(unknown)?;
    if !command.spec.has_keys() {
        return Err(CommandError::fixed("ERR The command has no key arguments"));
    }
    let mut keys = own_keys(command, request)?;
    if let Some(first) = nested_from(command.spec) {
        let inside = request.from(first);
        let nested = own_keys(named(inside).map_err(unknown)?, inside)?;
        keys.extend(nested.into_iter().map(|(position, flags)| (first + position, flags)));
    }
    Ok((request, keys))
}

/// The keys of a request, without those of a command inside it.
fn own_keys(command: &Command, request: Argv<'_>) -> Result<Keys, CommandError> {
    if !command.spec.accepts(request.len()) {
        return Err(INVALID_COUNT);
    }
    let mut keys = Vec::new();
    for spec in command.spec.keys.iter().filter(|spec| !spec.flags.has(KeyFlags::NOT_KEY)) {
        match key_words(spec.range, request) {
            Ok(words) => {
                let flags = flags_in(command, request, spec.flags);
                keys.extend(words.map(|position| (position, flags)));
            }
            Err(_) if command.spec.flags.has(Flags::NO_MANDATORY_KEYS) => {}
            Err(_) => return Err(INVALID),
        }
    }
    Ok(keys)
}

/// What a command does with a key where that depends on the request: only `SET ... GET` reads it.
fn flags_in(command: &Command, request: Argv<'_>, flags: KeyFlags) -> KeyFlags {
    if !flags.has(KeyFlags::VARIABLE_FLAGS) || command.spec.name != "set" {
        return flags;
    }
    if request.from(3).iter().any(|word| word.eq_ignore_ascii_case(b"get")) {
        KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE)
    } else {
        KeyFlags::OW.and(KeyFlags::UPDATE)
    }
}
