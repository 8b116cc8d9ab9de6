//! The replies of `<CONTAINER> HELP`, laid out as Redis lays them out (`addReplyHelp` of its
//! `networking.c`).

use crate::command::context::Context;
use crate::command::spec::Outcome;

/// Replies with `lines` between Redis's first line and its last two.
pub(super) fn help(cx: &mut Context<'_>, lines: &[&str]) -> Outcome {
    let container = cx.command.full_name.split('|').next().unwrap_or_default();
    let name = container.to_ascii_uppercase();
    cx.reply.array(lines.len() + 3);
    let title = format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    cx.reply.simple(&title);
    for line in lines {
        cx.reply.simple(line);
    }
    cx.reply.simple("HELP");
    cx.reply.simple("    Prints this help.");
    Ok(())
}
