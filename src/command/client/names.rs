//! CLIENT ID, GETNAME, SETNAME and SETINFO: what a connection is called.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;

/// Whether a text can stand in a line of CLIENT LIST without breaking its format.
fn is_plain(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

/// That a name may be given to a connection.
///
/// # Errors
/// It has characters that would break the lines of CLIENT LIST.
pub(in crate::command) fn check_name(name: &[u8]) -> Outcome {
    if is_plain(name) {
        return Ok(());
    }
    let text = "ERR Client names cannot contain spaces, newlines or special characters.";
    Err(CommandError::fixed(text))
}

/// Names the caller; an empty name takes its name away.
///
/// # Errors
/// As `check_name`.
pub(in crate::command) fn set_name(cx: &mut Context<'_>, name: &[u8]) -> Outcome {
    check_name(name)?;
    cx.caller.client.set_name(name);
    Ok(())
}

pub(super) fn id(cx: &mut Context<'_>, _args: Args<'_>) -> Outcome {
    cx.reply.int(cx.caller.client.id.0 as i64);
    Ok(())
}

pub(super) fn getname(cx: &mut Context<'_>, _args: Args<'_>) -> Outcome {
    let name = cx.caller.client.name();
    cx.reply.bulk_or_null((!name.is_empty()).then_some(&*name));
    Ok(())
}

pub(super) fn setname(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    set_name(cx, args.take()?)?;
    cx.reply.ok();
    Ok(())
}

pub(super) fn setinfo(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (attribute, value) = (args.take()?, args.take()?);
    let client = &cx.caller.client;
    let (is_name, is_version) =
        (attribute.eq_ignore_ascii_case(b"lib-name"), attribute.eq_ignore_ascii_case(b"lib-ver"));
    if !is_name && !is_version {
        return Err(CommandError::quoting("ERR Unrecognized option '", attribute, "'"));
    }
    if !is_plain(value) {
        let why = b" cannot contain spaces, newlines or special characters.";
        return Err(CommandError::new([b"ERR ", attribute, why].concat()));
    }
    if is_name {
        client.set_library_name(value);
    } else {
        client.set_library_version(value);
    }
    cx.reply.ok();
    Ok(())
}
