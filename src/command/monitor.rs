//! MONITOR: the connection is shown every request.
//!
//! Not here: which requests are shown, and how (`server/monitor.rs`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};

/// MONITOR
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "monitor",
    arity: 1,
    flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
    acl: Acl::ADMIN.and(Acl::SLOW).and(Acl::DANGEROUS),
    summary: "Listens for all requests received by the server in real-time.",
    complexity: "",
    run: Run::Plain(monitor),
    ..Spec::BASE
}];

fn monitor(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    if cx.in_transaction {
        let text = "ERR MONITOR isn't allowed for DENY BLOCKING client";
        return Err(CommandError::fixed(text));
    }
    // Whoever asks again gets no answer, as in Redis.
    if !cx.caller.monitors {
        cx.caller.monitors = true;
        cx.node.clients.monitors.add(&cx.caller.client);
        cx.reply.ok();
    }
    Ok(())
}
