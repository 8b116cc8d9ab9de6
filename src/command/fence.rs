//! Fencing by key: FENCE.NEXT, FENCE.CHECK, FENCE.SEEN and FENCE.EXEC.
//!
//! Not here: what makes a token stale (`coord/fence.rs`), locks, which hand tokens out with their
//! grants, and which command may stand inside FENCE.EXEC (`nested`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::nested::{NESTED_KEYS, Nested};
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::coord::fence::{Check, Fence};
use crate::coord::token::FenceToken;
use crate::keyspace::Key;

const BASE: Spec = Spec { group: Group::Coordination, since: "0.1.0", ..Spec::BASE };

/// What FENCE.CHECK does with the key of a fence.
const PASSES: KeyFlags = KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE);

/// FENCE.NEXT FENCE.CHECK FENCE.SEEN FENCE.EXEC
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "fence.next",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Returns a fencing token that is above all that the slot of the key has handed \
                  out.",
        syntax: "key",
        run: Run::Plain(next),
        ..BASE
    },
    Spec {
        name: "fence.check",
        arity: 3,
        keys: &[KeySpec::one(1, PASSES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Accepts a fencing token and remembers it, unless a higher one has been seen.",
        syntax: "key token",
        run: Run::Plain(check),
        ..BASE
    },
    Spec {
        name: "fence.seen",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS))],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::FAST).and(Acl::LOCK),
        summary: "Returns the highest fencing token that has been seen.",
        syntax: "key",
        run: Run::Plain(seen),
        ..BASE
    },
    Spec {
        name: "fence.exec",
        arity: -4,
        keys: &[KeySpec::one(1, PASSES), KeySpec::nested(3, NESTED_KEYS)],
        flags: Flags::WRITE.and(Flags::MOVABLEKEYS),
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Runs a command if a fencing token is accepted, as one atomic step.",
        complexity: "That of the command.",
        syntax: "key token command [arg ...]",
        run: Run::Plain(exec),
        ..BASE
    },
];

const NOT_A_TOKEN: CommandError =
    CommandError::fixed("ERR a fencing token is an integer from 1 to 9007199254740991");

fn next(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let slot = args.key()?.slot;
    let token = cx.keys.shards.shard(slot).issue_token(slot).ok_or(CommandError::NO_TOKEN)?;
    cx.reply.int(token.get() as i64);
    Ok(())
}

fn check(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, token) = (args.key()?, take_token(&mut args)?);
    pass(cx, key, token)?;
    cx.reply.int(token.get() as i64);
    Ok(())
}

fn seen(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let edit = cx.keys.edit_any(args.key()?);
    match edit.machine::<Fence>()?.and_then(Fence::seen) {
        Some(token) => cx.reply.int(token.get() as i64),
        None => cx.reply.null(),
    }
    Ok(())
}

fn exec(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, token) = (args.key()?, take_token(&mut args)?);
    let nested = Nested::take(&args, cx.command, key)?;
    pass(cx, key, token)?;
    nested.run(cx)
}

/// The next argument as a token.
fn take_token(args: &mut Args<'_>) -> Result<FenceToken, CommandError> {
    u64::try_from(args.int()?).ok().and_then(FenceToken::new).ok_or(NOT_A_TOKEN)
}

/// Shows a token to the fence at `key`, which remembers it.
///
/// # Errors
/// It is stale, or the key holds something else. Nothing has changed.
fn pass(cx: &mut Context<'_>, key: Key<'_>, token: FenceToken) -> Result<(), CommandError> {
    let mut edit = cx.keys.edit_any(key);
    let before = edit.machine::<Fence>()?.copied().unwrap_or_default();
    let mut after = before;
    match after.check(token) {
        Check::Accepted if after == before => Ok(()),
        Check::Accepted => Ok(edit.coordinate(|fence: &mut Fence, _| *fence = after)?),
        Check::Stale { seen, got } => {
            let (seen, got) = (seen.get(), got.get());
            edit.note_stale_token();
            Err(CommandError::new(format!("STALETOKEN seen {seen}, got {got}")))
        }
    }
}
