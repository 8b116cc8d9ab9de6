//! Locks with fencing tokens: LOCK.ACQUIRE, ACQUIREM, RELEASE, EXTEND, BREAK, INFO, LIST and STATS
//! (docs/COORDINATION.md).
//!
//! Not here: who gets a lock and who is next (`coord/lock.rs`).

mod acquire;
mod info;
mod list;
pub(super) mod lost;
mod park;
mod path;
mod several;
mod stats;

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::coordination::{self, CHANGES, LOOKS};
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeySpec, Outcome, Reach, Run, Spec};
use crate::coord::ask::Ended;
use crate::coord::grant::Lasting;
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Extend, Release};
use crate::keyspace::edit::Edit;
use crate::keyspace::lock_figures::LockEvent;

const BASE: Spec = Spec {
    complexity: "O(log(N)) with N being the number of holders and of waiting requests.",
    ..coordination::BASE
};

/// LOCK.ACQUIRE LOCK.ACQUIREM LOCK.RELEASE LOCK.EXTEND LOCK.BREAK LOCK.INFO LOCK.LIST LOCK.STATS
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "lock.acquire",
        arity: -5,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::BLOCKING),
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
        summary: "Acquires a lock for an owner, or waits for it. Returns the fencing token.",
        syntax: "key owner <PX milliseconds | LEASE id> [MODE <X | S | IS | IX | SIX>] \
                 [WAIT milliseconds] [REENTRANT] [DELAY milliseconds] [PARENTS]",
        run: Run::Plain(acquire::acquire),
        ..BASE
    },
    Spec {
        name: "lock.acquirem",
        arity: -6,
        keys: &[KeySpec::counted(1, 1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::BLOCKING).and(Flags::MOVABLEKEYS),
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
        summary: "Acquires several locks for an owner, all or none, or waits for all of them. \
                  Returns the fencing tokens.",
        complexity: "O(K*log(N)) with K being the number of keys and N the number of holders and \
                     of waiting requests of each.",
        syntax: "numkeys key [key ...] owner <PX milliseconds | LEASE id> [WAIT milliseconds]",
        run: Run::Plain(several::acquire_several),
        ..BASE
    },
    Spec {
        name: "lock.release",
        arity: -3,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Releases a lock of an owner. Returns how many holds are left.",
        syntax: "key owner [TOKEN token]",
        run: Run::Plain(release),
        ..BASE
    },
    Spec {
        name: "lock.extend",
        arity: -5,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Gives a lock that an owner holds a new end. Returns the fencing token.",
        syntax: "key owner PX milliseconds [TOKEN token]",
        run: Run::Plain(extend),
        ..BASE
    },
    Spec {
        name: "lock.break",
        arity: -2,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE,
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::DANGEROUS).and(Acl::LOCK),
        summary: "Takes a lock from all who hold it. Returns how many did.",
        syntax: "key [DELAY milliseconds]",
        run: Run::Plain(break_open),
        ..BASE
    },
    Spec {
        name: "lock.info",
        arity: 2,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY,
        acl: Acl::READ.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Tells who holds a lock, since when, and who waits for it.",
        complexity: "O(N) with N being the number of holders and of waiting requests.",
        syntax: "key",
        run: Run::Plain(info::info),
        ..BASE
    },
    Spec {
        name: "lock.list",
        arity: -2,
        reach: Reach::EachShard,
        flags: Flags::READONLY,
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::SLOW).and(Acl::LOCK),
        summary: "Iterates over the names of the locks that somebody holds.",
        complexity: "O(1) for every call. O(N) for a complete iteration, with N being the number \
                     of keys in the database.",
        syntax: "cursor [MATCH pattern] [COUNT count] [OWNER owner]",
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        run: Run::Plain(list::list),
        ..BASE
    },
    Spec {
        name: "lock.stats",
        arity: -1,
        keys: &[KeySpec::one(1, LOOKS)],
        reach: Reach::EachShard,
        flags: Flags::READONLY.and(Flags::NO_MANDATORY_KEYS),
        acl: Acl::READ.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Returns counts and durations of all locks since the last CONFIG RESETSTAT, or of \
                  one of them, as long as it is among those that were used last.",
        complexity: "O(1) for one lock; otherwise O(N) with N being the number of parts of the \
                     keyspace.",
        syntax: "[key]",
        tips: &["nondeterministic_output"],
        run: Run::Plain(stats::stats),
        ..BASE
    },
];

const NOT_OWNER: CommandError =
    CommandError::fixed("NOTOWNER the lock is not held by this owner with this token");

/// The option `TOKEN token` at the end of a request.
fn take_claim(args: &mut Args<'_>) -> Result<Option<u64>, CommandError> {
    let claim = if args.take_keyword("token") {
        // A token that cannot be one is nobody's.
        Some(u64::try_from(args.int()?).unwrap_or(0))
    } else {
        None
    };
    args.end()?;
    Ok(claim)
}

/// The request of somebody who does not hold the lock, or not with the token that it shows.
fn refused(edit: &mut Edit<'_, '_>, claim: Option<u64>) -> CommandError {
    if claim.is_some() {
        edit.note_lock(LockEvent::StaleToken);
    }
    NOT_OWNER
}

fn release(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, owner) = (args.key()?, args.take()?);
    let claim = take_claim(&mut args)?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Lock>()?.is_none() {
        return Err(refused(&mut edit, claim));
    }
    match edit.coordinate(|lock: &mut Lock, _| lock.release(owner, claim, now))? {
        Release::HoldsLeft(holds) => cx.reply.int(holds as i64),
        Release::Released(Ended { since, cause, .. }) => {
            let held_us = edit.reading().since(since);
            edit.note_lock(LockEvent::Ended { cause, held_us });
            cx.reply.int(0);
        }
        Release::NotOwner => return Err(refused(&mut edit, claim)),
    }
    Ok(())
}

fn extend(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, owner) = (args.key()?, args.take()?);
    if !args.take_keyword("px") {
        return Err(CommandError::SYNTAX);
    }
    let lasting = Lasting::Ms(take_ms(&mut args)?);
    let claim = take_claim(&mut args)?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Lock>()?.is_none() {
        return Err(refused(&mut edit, claim));
    }
    match edit.coordinate(|lock: &mut Lock, _| lock.extend(owner, lasting, claim, now))? {
        Extend::Extended(token) => cx.reply.int(token.get() as i64),
        Extend::NotOwner => return Err(refused(&mut edit, claim)),
    }
    Ok(())
}

fn break_open(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let delay_ms = if args.take_keyword("delay") { take_ms_or_none(&mut args)? } else { 0 };
    args.end()?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    let broken = if edit.machine::<Lock>()?.is_none() && delay_ms == 0 {
        0
    } else {
        edit.coordinate(|lock: &mut Lock, _| {
            let broken = lock.break_open(delay_ms, now);
            let count = broken.len();
            lock.report(broken);
            count
        })?
    };
    cx.reply.count(broken);
    Ok(())
}
