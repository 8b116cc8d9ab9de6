//! CLIENT REPLY, NO-EVICT, NO-TOUCH, UNBLOCK and GETREDIR: switches of the caller's connection.

use crate::clients::{ClientId, Unblock};
use crate::command::args::Args;
use crate::command::context::{Context, Replies};
use crate::command::error::CommandError;
use crate::command::spec::Outcome;

pub(super) fn reply(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let caller = &mut *cx.caller;
    if args.take_keyword("on") {
        caller.replies = Replies::On;
        cx.reply.ok();
    } else if args.take_keyword("off") {
        caller.replies = Replies::Off;
    } else if args.take_keyword("skip") {
        // Where nothing is sent, there is nothing to skip.
        if caller.replies != Replies::Off {
            caller.replies = Replies::SkipNext;
        }
    } else {
        return Err(CommandError::SYNTAX);
    }
    Ok(())
}

fn on_or_off(args: &mut Args<'_>) -> Result<bool, CommandError> {
    if args.take_keyword("on") {
        Ok(true)
    } else if args.take_keyword("off") {
        Ok(false)
    } else {
        Err(CommandError::SYNTAX)
    }
}

pub(super) fn no_evict(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.caller.no_evict = on_or_off(&mut args)?;
    cx.reply.ok();
    Ok(())
}

pub(super) fn no_touch(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.caller.no_touch = on_or_off(&mut args)?;
    cx.reply.ok();
    Ok(())
}

/// Clients that wait for the end of a pause cannot be unblocked, in Redis neither.
pub(super) fn unblock(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    if args.left() > 2 {
        return Err(CommandError::subcommand_syntax(args.argv()));
    }
    // Redis looks at the reason first.
    let mut reason = args.clone();
    reason.take()?;
    let how = if reason.left() == 0 || reason.take_keyword("timeout") {
        Unblock::TimedOut
    } else if reason.take_keyword("error") {
        Unblock::Error
    } else {
        let text = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
        return Err(CommandError::fixed(text));
    };
    let id = u64::try_from(args.int()?).ok().map(ClientId);
    let client = id.and_then(|id| cx.node.clients.get(id));
    let waiting = client.filter(|client| client.figures().waits);
    cx.reply.int(i64::from(waiting.is_some()));
    if let Some(client) = waiting {
        client.unblock(how);
    }
    Ok(())
}

/// -1 says that tracking is off, as it always is.
pub(super) fn getredir(cx: &mut Context<'_>, _args: Args<'_>) -> Outcome {
    cx.reply.int(-1);
    Ok(())
}
