//! Elections: ELECT.CAMPAIGN, LEADER, PROCLAIM, RESIGN and OBSERVE (docs/COORDINATION.md).
//!
//! Not here: who is elected, and who is next (`coord/election.rs`).

mod campaign;
mod observe;

use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::coordination::{BASE, CHANGES, LOOKS};
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeySpec, Outcome, Run, Spec};
use crate::coord::election::{ByLeader, Election, Leader};
use crate::coord::grant::Owner;
use crate::resp::reply::Writer;

/// ELECT.CAMPAIGN ELECT.LEADER ELECT.PROCLAIM ELECT.RESIGN ELECT.OBSERVE
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "elect.campaign",
        arity: -5,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::BLOCKING),
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
        summary: "Makes a candidate the leader, or lets it wait for that. Returns its term.",
        complexity: "O(log(N)) with N being the number of waiting candidates, and O(M) with M \
                     being the number of waiting observers.",
        syntax: "key candidate <PX milliseconds | LEASE id> [WAIT milliseconds] [VALUE value]",
        run: Run::Plain(campaign::campaign),
        ..BASE
    },
    Spec {
        name: "elect.leader",
        arity: 2,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::FAST).and(Acl::LOCK),
        summary: "Tells who leads, in which term, for how long, and what the leader proclaims.",
        syntax: "key",
        run: Run::Plain(leader),
        ..BASE
    },
    Spec {
        name: "elect.proclaim",
        arity: 4,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Replaces the value of the leader. Returns its term.",
        syntax: "key candidate value",
        run: Run::Plain(proclaim),
        ..BASE
    },
    Spec {
        name: "elect.resign",
        arity: 3,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Ends the leader's term; the candidate that has waited longest leads next.",
        complexity: "O(log(N)) with N being the number of waiting candidates, and O(M) with M \
                     being the number of waiting observers.",
        syntax: "key candidate",
        run: Run::Plain(resign),
        ..BASE
    },
    Spec {
        name: "elect.observe",
        arity: -2,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY.and(Flags::BLOCKING),
        acl: Acl::READ.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
        summary: "Tells who leads in another term than the one that is known, or waits for it.",
        complexity: "O(log(N)) with N being the number of waiting observers.",
        syntax: "key [SINCE term] [WAIT milliseconds]",
        run: Run::Plain(observe::observe),
        ..BASE
    },
];

const NOT_OWNER: CommandError =
    CommandError::fixed("NOTOWNER this candidate does not lead the election");

fn write_leader(reply: &mut Writer, leader: &Leader, now: Mono) {
    reply.map(4);
    reply.bulk(b"candidate");
    reply.bulk(leader.candidate.name());
    reply.bulk(b"term");
    reply.int(leader.term.get() as i64);
    reply.bulk(b"value");
    reply.bulk(&leader.value);
    reply.bulk(b"ttl_ms");
    // -1 as for a key without an end: the lease says when.
    reply.int(leader.lasts.deadline().map_or(-1, |end| end.since(now) as i64));
}

fn leader(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let now = cx.keys.now.mono;
    let edit = cx.keys.edit_any(args.key()?);
    match edit.machine::<Election>()?.and_then(|election| election.leader(now)) {
        Some(leader) => write_leader(cx.reply, leader, now),
        None => cx.reply.null(),
    }
    Ok(())
}

fn proclaim(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, candidate, value) = (args.key()?, Owner::new(args.take()?), args.take()?);
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Election>()?.is_none() {
        return Err(NOT_OWNER);
    }
    match edit.coordinate(|it: &mut Election, _| it.proclaim(&candidate, value, now))? {
        ByLeader::Done(term) => cx.reply.int(term.get() as i64),
        ByLeader::NotOwner => return Err(NOT_OWNER),
    }
    Ok(())
}

fn resign(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, candidate) = (args.key()?, Owner::new(args.take()?));
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Election>()?.is_none() {
        return Err(NOT_OWNER);
    }
    match edit.coordinate(|it: &mut Election, _| it.resign(&candidate, now))? {
        ByLeader::Done(_) => cx.reply.ok(),
        ByLeader::NotOwner => return Err(NOT_OWNER),
    }
    Ok(())
}
