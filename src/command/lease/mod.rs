//! Leases: LEASE.GRANT, KEEPALIVE, REVOKE, INFO and LIST (docs/COORDINATION.md).
//!
//! Not here: when a lease ends (`coord/lease.rs`), and how what hangs on it ends with it
//! (`keyspace/leases.rs`).

mod hang;

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::coordination::{BASE, CHANGES, LOOKS};
use crate::command::duration::take_ms;
use crate::command::error::CommandError;
use crate::command::scan;
use crate::command::spec::{Acl, Flags, KeySpec, Outcome, Reach, Run, Spec};
use crate::coord::lease::{Ask, ConnId, Grant, KeepAlive};
use crate::coord::token::FenceToken;
use crate::keyspace::edit::Edit;
use crate::keyspace::leases::{Attachment, Lease};
use std::collections::BTreeSet;

/// LEASE.GRANT LEASE.KEEPALIVE LEASE.REVOKE LEASE.INFO LEASE.LIST
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "lease.grant",
        arity: -4,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Grants a lease, on which keys and grants may hang that end with it. \
                  Returns its token.",
        syntax: "id PX milliseconds [META note] [CONN]",
        run: Run::Plain(grant),
        ..BASE
    },
    Spec {
        name: "lease.keepalive",
        arity: -2,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Puts the end of a lease off. Returns for how many milliseconds it is there.",
        syntax: "id [TOKEN token]",
        run: Run::Plain(keep_alive),
        ..BASE
    },
    Spec {
        name: "lease.revoke",
        arity: -2,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE,
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Ends a lease and what hangs on it. Returns how many keys and grants that were.",
        complexity: "O(N) with N being the number of keys and grants that hang on the lease.",
        syntax: "id [TOKEN token]",
        run: Run::Plain(revoke),
        ..BASE
    },
    Spec {
        name: "lease.info",
        arity: 2,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY,
        acl: Acl::READ.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Tells how long a lease lasts, its note, and which keys hang on it.",
        complexity: "O(N) with N being the number of keys and grants that hang on the lease.",
        syntax: "id",
        run: Run::Plain(info),
        ..BASE
    },
    Spec {
        name: "lease.list",
        arity: -2,
        reach: Reach::EachShard,
        flags: Flags::READONLY,
        acl: Acl::READ.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Iterates over the leases of the database.",
        complexity: "O(1) for every call. O(N) for a complete iteration, with N being the number \
                     of keys in the database.",
        syntax: "cursor [MATCH pattern] [COUNT count]",
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        run: Run::Plain(list),
        ..BASE
    },
];

const GONE: CommandError =
    CommandError::fixed("LEASEGONE there is no such lease, or it is another one by now");

fn grant(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let id = args.key()?;
    let (mut ttl_ms, mut meta, mut conn) = (None, None, None);
    let client = ConnId(cx.caller.client.id.0);
    while args.left() > 0 {
        let repeated = if args.take_keyword("px") {
            ttl_ms.replace(take_ms(&mut args)?).is_some()
        } else if args.take_keyword("meta") {
            meta.replace(args.take()?).is_some()
        } else if args.take_keyword("conn") {
            conn.replace(client).is_some()
        } else {
            true
        };
        if repeated {
            return Err(CommandError::SYNTAX);
        }
    }
    let ask = Ask { ttl_ms: ttl_ms.ok_or(CommandError::SYNTAX)?, meta, conn };
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(id);
    match edit.coordinate(|lease: &mut Lease, tokens| lease.grant(ask, now, tokens))? {
        Grant::Granted(token) | Grant::Renewed(token) => cx.reply.int(token.get() as i64),
        Grant::NoToken => return Err(CommandError::NO_TOKEN),
    }
    if conn.is_some() {
        cx.caller.kept.add(id.slot);
    }
    Ok(())
}

/// The option `TOKEN token` at the end of a request.
fn take_claim(args: &mut Args<'_>) -> Result<Option<FenceToken>, CommandError> {
    if !args.take_keyword("token") {
        args.end()?;
        return Ok(None);
    }
    let token = args.int()?;
    args.end()?;
    // What cannot be a token is no lease's.
    let token = u64::try_from(token).ok().and_then(FenceToken::new);
    token.map(Some).ok_or(GONE)
}

/// The request of somebody whose lease is not there, or another one by now.
fn refused(edit: &mut Edit<'_, '_>, token: Option<FenceToken>) -> CommandError {
    if token.is_some() {
        edit.note_stale_token();
    }
    GONE
}

fn keep_alive(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let id = args.key()?;
    let token = take_claim(&mut args)?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(id);
    if edit.machine::<Lease>()?.is_none() {
        return Err(refused(&mut edit, token));
    }
    match edit.coordinate(|lease: &mut Lease, _| lease.keep_alive(token, now))? {
        KeepAlive::Remaining(ms) => cx.reply.int(ms as i64),
        KeepAlive::Gone => return Err(refused(&mut edit, token)),
    }
    Ok(())
}

fn revoke(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let id = args.key()?;
    let token = take_claim(&mut args)?;
    let mut edit = cx.keys.edit_any(id);
    let ended = edit.revoke(token)?.ok_or_else(|| refused(&mut edit, token))?;
    cx.reply.count(ended);
    Ok(())
}

fn info(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let now = cx.keys.now.mono;
    let edit = cx.keys.edit_any(args.key()?);
    let Some(live) = edit.machine::<Lease>()?.and_then(|lease| lease.live(now)) else {
        cx.reply.null();
        return Ok(());
    };
    let reply = &mut *cx.reply;
    reply.map(5);
    reply.bulk(b"token");
    reply.int(live.token.get() as i64);
    reply.bulk(b"ttl_ms");
    reply.int(live.ttl_ms as i64);
    reply.bulk(b"remaining_ms");
    reply.int(live.remaining_ms(now) as i64);
    reply.bulk(b"meta");
    reply.bulk(&live.meta);
    reply.bulk(b"keys");
    let keys: BTreeSet<&[u8]> = live.attached.iter().filter_map(Attachment::key).collect();
    reply.array(keys.len());
    keys.into_iter().for_each(|key| reply.bulk(key));
    Ok(())
}

fn list(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    scan::scan_type(cx, args, "lease")
}
