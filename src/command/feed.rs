//! Change feeds: FEED.REV and FEED.READ.
//!
//! Not here: which changes are recorded, and for how long (`keyspace/feeds.rs`).

use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::context::{Context, Effect, Wait};
use crate::command::coordination::{BASE, LOOKS};
use crate::command::duration::take_ms_or_none;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeySpec, Outcome, Run, Spec};
use crate::command::wait::{Limit, Waited};
use crate::coord::grant::Owner;
use crate::keyspace::Key;
use crate::keyspace::feed::{Page, Revision, Want};
use crate::keyspace::waiters::{Found, Parking};
use crate::resp::reply::Writer;

/// FEED.REV FEED.READ
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "feed.rev",
        arity: 2,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::FAST),
        summary: "Returns the revision of a key's slot, from which on its changes can be read.",
        syntax: "key",
        run: Run::Plain(revision),
        ..BASE
    },
    Spec {
        name: "feed.read",
        arity: -4,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY.and(Flags::BLOCKING),
        acl: Acl::READ.and(Acl::SLOW).and(Acl::BLOCKING),
        summary: "Returns the changes of a key's slot behind a revision, or waits for the next \
                  one.",
        complexity: "O(N) with N being the number of changes behind the revision.",
        syntax: "key [PREFIX prefix] <SINCE revision> [COUNT count] [BLOCK milliseconds]",
        run: Run::Plain(read),
        ..BASE
    },
];

const NOT_A_REVISION: CommandError =
    CommandError::fixed("ERR a revision is an epoch and a number, as 0-12; FEED.REV tells it");
const NOT_A_COUNT: CommandError =
    CommandError::fixed("ERR a number of changes is an integer from 1 on");

/// What a FEED.READ asks for.
struct Request<'r> {
    prefix: &'r [u8],
    since: Revision,
    count: usize,
    block_ms: Option<u64>,
}

impl<'r> Request<'r> {
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let (mut prefix, mut since, mut count, mut block_ms) = (None, None, None, None);
        while args.left() > 0 {
            let repeated = if args.take_keyword("prefix") {
                prefix.replace(args.take()?).is_some()
            } else if args.take_keyword("since") {
                let revision = Revision::parse(args.take()?).ok_or(NOT_A_REVISION)?;
                since.replace(revision).is_some()
            } else if args.take_keyword("count") {
                count.replace(take_count(args)?).is_some()
            } else if args.take_keyword("block") {
                block_ms.replace(take_ms_or_none(args)?).is_some()
            } else {
                true
            };
            if repeated {
                return Err(CommandError::SYNTAX);
            }
        }
        let since = since.ok_or(CommandError::SYNTAX)?;
        let (prefix, count) = (prefix.unwrap_or_default(), count.unwrap_or(usize::MAX));
        Ok(Self { prefix, since, count, block_ms })
    }
}

fn take_count(args: &mut Args<'_>) -> Result<usize, CommandError> {
    usize::try_from(args.int()?).ok().filter(|count| *count > 0).ok_or(NOT_A_COUNT)
}

fn revision(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let slot = args.key()?.slot;
    let now = cx.keys.now.mono;
    let revision = cx.keys.shards.shard(slot).feed_revision(slot, now);
    cx.reply.bulk(revision.to_string().as_bytes());
    Ok(())
}

fn read(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let request = Request::take(&mut args)?;
    let (slot, now) = (key.slot, cx.keys.now.mono);
    let (since, limit) = match cx.waited(key) {
        Waited::Not => (request.since, cx.limit(request.block_ms)),
        Waited::Still => return Ok(()),
        // What came before it, the request does not want.
        Waited::For(Found::Changes { after }, limit) => {
            (Revision { seq: after, ..cx.keys.shards.shard(slot).feed_revision(slot, now) }, limit)
        }
        Waited::For(_, limit) | Waited::Again(limit) => (request.since, limit),
        Waited::InVain => (cx.keys.shards.shard(slot).feed_revision(slot, now), Limit::Not),
    };
    let want = Want { db: cx.keys.db, prefix: request.prefix.into() };
    let shard = cx.keys.shards.shard(slot);
    let page = shard.read_feed(slot, since, (&want, request.count), now).map_err(compacted)?;
    match limit {
        Limit::Until(until) if page.changes.is_empty() => park(cx, key, want, until),
        Limit::Until(_) | Limit::Not => {
            write(cx.reply, since, &page);
            Ok(())
        }
    }
}

/// Lets the request wait for the next change that it wants.
fn park(cx: &mut Context<'_>, key: Key<'_>, want: Want, until: Option<Mono>) -> Outcome {
    cx.has_room_to_wait(key)?;
    let waiter = cx.keys.shards.next_waiter();
    let (owner, notice) = (Owner::new(b""), cx.caller.notice());
    let parking = Parking { owner, notice, several: false };
    cx.keys.shards.shard(key.slot).park_at_feed(key.slot, waiter, parking, want);
    cx.effect = Some(Effect::Wait(Wait { waiter, until, watched: 0 }));
    Ok(())
}

/// `[revision, [[revision, event, key, value], ...]]`; there is not a value with every change.
fn write(reply: &mut Writer, since: Revision, page: &Page<'_>) {
    let at = |seq| Revision { seq, ..since }.to_string();
    reply.array(2);
    reply.bulk(at(page.upto).as_bytes());
    reply.array(page.changes.len());
    for (seq, change) in &page.changes {
        reply.array(3 + usize::from(change.value.is_some()));
        reply.bulk(at(*seq).as_bytes());
        reply.bulk(change.name.as_bytes());
        reply.bulk_or_null(change.key.as_deref());
        if let Some(value) = &change.value {
            reply.bulk(value);
        }
    }
}

fn compacted(oldest: Revision) -> CommandError {
    CommandError::new(format!("ERR COMPACTED oldest {oldest}"))
}
