//! Semaphores: SEM.ACQUIRE, RELEASE, EXTEND and INFO.
//!
//! Not here: who gets permits and who is next (`coord/semaphore.rs`).

mod acquire;
mod info;

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::coordination::{self, CHANGES, LOOKS};
use crate::command::count::take_count;
use crate::command::duration::take_ms;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeySpec, Outcome, Run, Spec};
use crate::coord::grant::{Lasting, Owner};
use crate::coord::semaphore::{Extend, Release, Semaphore};

const BASE: Spec = Spec {
    complexity: "O(log(N)) with N being the number of holders and of waiting requests.",
    ..coordination::BASE
};

/// SEM.ACQUIRE SEM.RELEASE SEM.EXTEND SEM.INFO
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "sem.acquire",
        arity: -7,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::BLOCKING),
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
        summary: "Acquires permits of a semaphore for an owner, or waits for them. Returns the \
                  fencing token.",
        syntax: "key owner LIMIT limit <PX milliseconds | LEASE id> [COUNT count] \
                 [WAIT milliseconds]",
        run: Run::Plain(acquire::acquire),
        ..BASE
    },
    Spec {
        name: "sem.release",
        arity: -3,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Gives all permits of an owner back, or some. Returns how many are left to it.",
        syntax: "key owner [COUNT count]",
        run: Run::Plain(release),
        ..BASE
    },
    Spec {
        name: "sem.extend",
        arity: 5,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Gives the permits of an owner a new end. Returns the fencing token.",
        syntax: "key owner PX milliseconds",
        run: Run::Plain(extend),
        ..BASE
    },
    Spec {
        name: "sem.info",
        arity: 2,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY,
        acl: Acl::READ.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Tells how many permits a semaphore has, who holds some, and who waits.",
        complexity: "O(N) with N being the number of holders and of waiting owners.",
        syntax: "key",
        run: Run::Plain(info::info),
        ..BASE
    },
];

const NOT_OWNER: CommandError =
    CommandError::fixed("NOTOWNER the owner has no permits of this semaphore");

fn release(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, owner) = (args.key()?, Owner::new(args.take()?));
    let count = if args.take_keyword("count") { Some(take_count(&mut args)?) } else { None };
    args.end()?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Semaphore>()?.is_none() {
        return Err(NOT_OWNER);
    }
    match edit.coordinate(|it: &mut Semaphore, _| it.release(&owner, count, now))? {
        Release::Left(permits) => cx.reply.int(i64::from(permits)),
        Release::NotOwner => return Err(NOT_OWNER),
        Release::MoreThanHeld(permits) => {
            let text = format!("NOTOWNER the owner has fewer permits than that: {permits}");
            return Err(CommandError::new(text));
        }
    }
    Ok(())
}

fn extend(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, owner) = (args.key()?, Owner::new(args.take()?));
    if !args.take_keyword("px") {
        return Err(CommandError::SYNTAX);
    }
    let lasting = Lasting::Ms(take_ms(&mut args)?);
    args.end()?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Semaphore>()?.is_none() {
        return Err(NOT_OWNER);
    }
    match edit.coordinate(|it: &mut Semaphore, _| it.extend(&owner, lasting, now))? {
        Extend::Extended(token) => cx.reply.int(token.get() as i64),
        Extend::NotOwner => return Err(NOT_OWNER),
    }
    Ok(())
}
