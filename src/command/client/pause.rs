//! CLIENT PAUSE and UNPAUSE. Holding the others back is the sessions' work (`server/session.rs`).

use crate::base::number::parse_i64;
use crate::clients::PauseScope;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;

pub(super) fn pause(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.left() > 2 {
        return Err(CommandError::subcommand_syntax(args.argv()));
    }
    let timeout = args.take()?;
    let scope = if args.left() == 0 || args.take_keyword("all") {
        PauseScope::All
    } else if args.take_keyword("write") {
        PauseScope::Writes
    } else {
        let text = "ERR CLIENT PAUSE mode must be WRITE or ALL";
        return Err(CommandError::fixed(text));
    };
    let timeout_ms = parse_i64(timeout)
        .ok_or_else(|| CommandError::fixed("ERR timeout is not an integer or out of range"))?;
    let Ok(timeout_ms) = u64::try_from(timeout_ms) else {
        return Err(CommandError::fixed("ERR timeout is negative"));
    };
    let now = cx.keys.now;
    if now.wall.0.checked_add_unsigned(timeout_ms).is_none() {
        return Err(CommandError::fixed("ERR timeout is out of range"));
    }
    cx.node.clients.pause.start(scope, now.mono.plus(timeout_ms), now.mono);
    cx.reply.ok();
    Ok(())
}

pub(super) fn unpause(cx: &mut Context<'_>, _args: Args<'_>) -> Outcome {
    cx.node.clients.pause.end();
    cx.node.clients.wake_all();
    cx.reply.ok();
    Ok(())
}
