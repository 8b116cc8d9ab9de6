//! The server as a whole: TIME, ROLE, SHUTDOWN.
//!
//! Not here: stopping (`runtime`), and the commands with a file of their own (CONFIG, INFO, ...).

use crate::command::args::Args;
use crate::command::context::{Context, Effect, Haste};
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};

/// ROLE SHUTDOWN TIME
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "role",
        arity: 1,
        flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST),
        acl: Acl::ADMIN.and(Acl::FAST).and(Acl::DANGEROUS),
        summary: "Returns the replication role.",
        since: "2.8.12",
        run: Run::Plain(role),
        ..Spec::BASE
    },
    Spec {
        name: "shutdown",
        arity: -1,
        flags: Flags::ADMIN
            .and(Flags::NOSCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::NO_MULTI)
            .and(Flags::ALLOW_BUSY),
        acl: Acl::ADMIN.and(Acl::SLOW).and(Acl::DANGEROUS),
        summary: "Synchronously saves the database(s) to disk and shuts down the Redis server.",
        complexity: "O(N) when saving, where N is the total number of keys in all databases when \
                     saving data, otherwise O(1)",
        syntax: "[NOSAVE | SAVE]{save-selector} [NOW]{since 7.0.0} [FORCE]{since 7.0.0} \
                 [ABORT]{since 7.0.0}",
        history: &[("7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers.")],
        run: Run::Plain(shutdown),
        ..Spec::BASE
    },
    Spec {
        name: "time",
        arity: 1,
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        acl: Acl::FAST,
        summary: "Returns the server time.",
        since: "2.6.0",
        tips: &["nondeterministic_output"],
        run: Run::Plain(time),
        ..Spec::BASE
    },
];

fn time(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let unix_us = cx.node.clock.wall_us();
    cx.reply.array(2);
    cx.reply.bulk_int(unix_us.div_euclid(1_000_000));
    cx.reply.bulk_int(unix_us.rem_euclid(1_000_000));
    Ok(())
}

/// A primary without replicas, at offset 0 of a stream that nobody reads.
fn role(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.array(3);
    cx.reply.bulk(b"master");
    cx.reply.int(0);
    cx.reply.array(0);
    Ok(())
}

#[derive(Default)]
struct Shutdown {
    save: bool,
    no_save: bool,
    now: bool,
    force: bool,
    abort: bool,
}

impl Shutdown {
    fn parse(mut args: Args<'_>) -> Result<Self, CommandError> {
        let mut wanted = Self::default();
        while args.left() > 0 {
            let option = [
                ("nosave", &mut wanted.no_save),
                ("save", &mut wanted.save),
                ("now", &mut wanted.now),
                ("force", &mut wanted.force),
                ("abort", &mut wanted.abort),
            ];
            let found = option.into_iter().find(|(name, _)| args.take_keyword(name));
            *found.ok_or(CommandError::SYNTAX)?.1 = true;
        }
        let others = wanted.save || wanted.no_save || wanted.now || wanted.force;
        if wanted.abort && others || wanted.save && wanted.no_save {
            return Err(CommandError::SYNTAX);
        }
        Ok(wanted)
    }
}

/// No reply if it succeeds: the connection closes. There is no delay for replicas, so there never
/// is a shutdown in progress that could be aborted.
fn shutdown(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let wanted = Shutdown::parse(args)?;
    if wanted.abort {
        return Err(CommandError::fixed("ERR No shutdown in progress."));
    }
    if wanted.save {
        tracing::warn!("SHUTDOWN SAVE: data is kept in memory only and cannot be saved");
        if !wanted.force {
            return Err(CommandError::fixed("ERR Errors trying to SHUTDOWN. Check logs."));
        }
    }
    let haste = if wanted.now { Haste::Now } else { Haste::AfterReplies };
    cx.effect = Some(Effect::Shutdown(haste));
    Ok(())
}
