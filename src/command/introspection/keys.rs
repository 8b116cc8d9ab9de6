//! COMMAND GETKEYS and GETKEYSANDFLAGS: where the keys of a request are.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::introspection::describe::key_flags;
use crate::command::spec::{Flags, KeyFlags, Outcome};
use crate::command::table::{Command, Lookup, key_words, table};
use crate::resp::request::Argv;

pub(super) fn get_keys(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let (_, request, keys) = keys_of(args)?;
    cx.reply.array(keys.len());
    for (position, _) in keys {
        cx.reply.bulk(request.get(position).unwrap_or_default());
    }
    Ok(())
}

pub(super) fn get_keys_and_flags(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let (command, request, keys) = keys_of(args)?;
    cx.reply.array(keys.len());
    for (position, flags) in keys {
        cx.reply.array(2);
        cx.reply.bulk(request.get(position).unwrap_or_default());
        key_flags(cx.reply, flags_in(command, request, flags));
    }
    Ok(())
}

type Keys = Vec<(usize, KeyFlags)>;

/// The request behind COMMAND GETKEYS, what it asks for, and its keys.
fn keys_of(args: Args<'_>) -> Result<(&'static Command, Argv<'_>, Keys), CommandError> {
    let request = args.argv().from(2);
    let command = match table().lookup(request) {
        Lookup::Found(command) => command,
        Lookup::Absent(_) | Lookup::Unknown | Lookup::UnknownSubcommand => {
            return Err(CommandError::fixed("ERR Invalid command specified"));
        }
    };
    if command.spec.keys.is_empty() {
        return Err(CommandError::fixed("ERR The command has no key arguments"));
    }
    if !command.spec.accepts(request.len()) {
        let text = "ERR Invalid number of arguments specified for command";
        return Err(CommandError::fixed(text));
    }
    let mut keys = Vec::new();
    for spec in command.spec.keys {
        match key_words(spec.range, request) {
            Ok(words) => keys.extend(words.map(|position| (position, spec.flags))),
            Err(_) if command.spec.flags.has(Flags::NO_MANDATORY_KEYS) => {}
            Err(_) => {
                return Err(CommandError::fixed("ERR Invalid arguments specified for command"));
            }
        }
    }
    Ok((command, request, keys))
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
