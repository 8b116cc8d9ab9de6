//! Several locks for one owner, all or nothing: nothing is held while the request waits, so that no
//! order among locks is needed.
//!
//! A request that waits is parked in the queue of every lock under one number and is woken to look
//! for itself (`coord/lock.rs`). Not here: the options of LOCK.ACQUIRE.

use crate::base::number::parse_i64;
use crate::command::args::Args;
use crate::command::context::{Context, Effect, Wait};
use crate::command::error::CommandError;
use crate::command::lock::lost::listen;
use crate::command::lock::park::{Want, park};
use crate::command::spec::Outcome;
use crate::command::terms::Terms;
use crate::command::wait::{Limit, Parked, WaitedForSeveral};
use crate::coord::ask::Ask;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission, Offer, Standing};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;
use crate::keyspace::lock_figures::LockEvent;
use std::collections::BTreeMap;

/// What becomes of a request for several locks.
pub(super) enum Taken {
    /// Its owner has them all; the tokens in the order of the locks.
    All(Vec<FenceToken>),
    /// None, and its time is up.
    None,
    /// None so far: it waits.
    Waits,
}

/// Takes all of `wants`, each of which names another lock, or waits for them as long as the request
/// may.
pub(super) fn take_all(
    cx: &mut Context<'_>,
    wants: &[Want<'_>],
    terms: &Terms<'_>,
) -> Result<Taken, CommandError> {
    let parked = match cx.waited_for_several() {
        WaitedForSeveral::Not => {
            let limit = cx.limit(terms.wait_ms);
            return begin(cx, wants, (terms.lease, limit));
        }
        WaitedForSeveral::Still => return Ok(Taken::Waits),
        WaitedForSeveral::Look(parked) => parked,
    };
    let outcome = look(cx, wants, parked);
    if !matches!(outcome, Ok(Look::Busy)) {
        cx.leave(parked.waiter);
    }
    match outcome? {
        Look::Taken(tokens) => {
            owned(cx, wants, terms.lease);
            Ok(Taken::All(tokens))
        }
        Look::Busy => Ok(Taken::Waits),
        Look::InVain => {
            cx.keys.edit_any(wants[0].key).note_lock(LockEvent::TimedOut);
            Ok(Taken::None)
        }
        Look::Lost => begin(cx, wants, (terms.lease, parked.limit)),
    }
}

/// What a request finds that looks for itself.
enum Look {
    Taken(Vec<FenceToken>),
    /// One of the locks cannot be had yet, and watches.
    Busy,
    InVain,
    /// The keys are gone or its lease is, and with them its place in the queues.
    Lost,
}

fn look(cx: &mut Context<'_>, wants: &[Want<'_>], parked: Parked) -> Result<Look, CommandError> {
    let Parked { waiter, limit, watched } = parked;
    // The lock that watched offers itself and rests since then. The others come in turn, behind it
    // first, so that a request for many locks that are released one by one does not begin anew at
    // each of them.
    let mut in_turn = (watched..wants.len()).chain(0..watched);
    let busy = loop {
        let Some(at) = in_turn.next() else { break None };
        let edit = cx.keys.edit_any(wants[at].key);
        match edit.machine::<Lock>()?.map_or(Standing::Absent, |lock| lock.standing(waiter)) {
            Standing::Absent => return Ok(Look::Lost),
            Standing::Waits => break Some(at),
            Standing::Next => {}
        }
    };
    match (busy, limit) {
        (None, _) => grant_all(cx, wants, waiter).map(Look::Taken),
        (Some(_), Limit::Not) => Ok(Look::InVain),
        (Some(watched), Limit::Until(until)) => {
            let mut edit = cx.keys.edit_any(wants[watched].key);
            edit.coordinate(|lock: &mut Lock, _| lock.watch(waiter))?;
            cx.effect = Some(Effect::Wait(Wait { waiter, until, watched }));
            Ok(Look::Busy)
        }
    }
}

fn grant_all(
    cx: &mut Context<'_>,
    wants: &[Want<'_>],
    waiter: WaiterId,
) -> Result<Vec<FenceToken>, CommandError> {
    let now = cx.keys.now.mono;
    has_tokens_for(cx, wants)?;
    let grant = |want: &Want<'_>| {
        let mut edit = cx.keys.edit_any(want.key);
        match edit.coordinate(|lock: &mut Lock, tokens| lock.grant(waiter, now, tokens))? {
            Offer::Granted(granted) => {
                let waited_us = edit.reading().since(granted.since);
                edit.note_lock(LockEvent::Granted { waited_us });
                Ok(granted.token)
            }
            Offer::NotNext | Offer::NoToken => unreachable!("it was next, and tokens are there"),
        }
    };
    wants.iter().map(grant).collect()
}

/// Takes all locks if all are free, or parks the request.
fn begin(
    cx: &mut Context<'_>,
    wants: &[Want<'_>],
    (lease, limit): (Option<&[u8]>, Limit),
) -> Result<Taken, CommandError> {
    if lease.is_some() {
        wants.iter().try_for_each(|want| cx.live_lease(want.key, lease).map(drop))?;
    }
    let (now, is_first) = (cx.keys.now.mono, !cx.has_waited());
    let mut busy = None;
    for (at, Want { key, ask }) in wants.iter().enumerate() {
        let mut edit = cx.keys.edit_any(*key);
        let lock = edit.machine::<Lock>()?;
        if lock.is_some_and(|it| it.admits(ask.owner.name(), ask.mode, now) == Admission::Busy) {
            if is_first {
                edit.note_lock(LockEvent::Contended);
            }
            busy = busy.or(Some(at));
        }
    }
    match (busy, limit) {
        (None, _) => {
            let tokens = acquire_all(cx, wants)?;
            owned(cx, wants, lease);
            Ok(Taken::All(tokens))
        }
        (Some(_), Limit::Not) => Ok(Taken::None),
        (Some(watched), Limit::Until(until)) => {
            let waiter = park(cx, wants, watched, until)?;
            if let Some(lease) = lease {
                cx.keys.edit_any(wants[watched].key).hang_waiter(waiter, lease);
            }
            Ok(Taken::Waits)
        }
    }
}

fn acquire_all(cx: &mut Context<'_>, wants: &[Want<'_>]) -> Result<Vec<FenceToken>, CommandError> {
    let now = cx.keys.now.mono;
    has_tokens_for(cx, wants)?;
    let acquire = |Want { key, ask }: &Want<'_>| {
        let (mut edit, ask) = (cx.keys.edit_any(*key), ask.clone());
        match edit.coordinate(|lock: &mut Lock, tokens| lock.acquire(ask, now, tokens))? {
            Acquire::Granted(token) => {
                edit.note_lock(LockEvent::Acquired);
                Ok(token)
            }
            Acquire::AlreadyYours(token) => Ok(token),
            Acquire::Busy(_) | Acquire::NoToken => unreachable!("it was admitted"),
        }
    };
    wants.iter().map(acquire).collect()
}

/// The owner has all of them: they hang on its lease, but for those that it holds for the sake of
/// others, and the caller hears what it loses of them.
fn owned(cx: &mut Context<'_>, wants: &[Want<'_>], lease: Option<&[u8]>) {
    for Want { key, ask } in wants {
        if let Some(lease) = lease.filter(|_| !ask.below) {
            cx.keys.edit_any(*key).hang_grant(&ask.owner, lease);
        }
        listen(cx, *key, &ask.owner);
    }
}

/// All or nothing: there must be a token for each lock before the first is taken.
fn has_tokens_for(cx: &mut Context<'_>, wants: &[Want<'_>]) -> Result<(), CommandError> {
    let count = wants.len() as u64;
    let all = wants
        .iter()
        .all(|Want { key, .. }| cx.keys.shards.shard(key.slot).has_tokens(key.slot, count));
    if all { Ok(()) } else { Err(CommandError::NO_TOKEN) }
}

/// More keys than this are not locked at once.
const LOCKS_MAX: usize = 1024;

const BAD_COUNT: CommandError =
    CommandError::fixed("ERR the number of keys is an integer from 1 to 1024");

/// LOCK.ACQUIREM
pub(super) fn acquire_several(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let count = parse_i64(args.take()?).and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| (1..=LOCKS_MAX).contains(count)).ok_or(BAD_COUNT)?;
    if count >= args.left() {
        return Err(CommandError::SYNTAX);
    }
    let mut options = args.from(count);
    let owner = Owner::new(options.take()?);
    let mut terms = Terms::default();
    while options.left() > 0 {
        if !terms.take(&mut options)? {
            return Err(CommandError::SYNTAX);
        }
    }
    let lasting = terms.lasting()?;
    let keys = (0..count).map(|_| args.key()).collect::<Result<Vec<_>, _>>()?;
    let mut wants: Vec<Want<'_>> = Vec::with_capacity(count);
    // A key that is named twice is one lock.
    let mut places = BTreeMap::new();
    for key in &keys {
        places.entry(key.bytes).or_insert_with(|| {
            let (owner, mode) = (owner.clone(), Mode::Exclusive);
            let ask = Ask { owner, mode, lasting, delay_ms: 0, reentrant: false, below: false };
            wants.push(Want { key: *key, ask });
            wants.len() - 1
        });
    }
    match take_all(cx, &wants, &terms)? {
        Taken::All(tokens) => {
            cx.reply.array(keys.len());
            keys.iter().for_each(|key| cx.reply.int(tokens[places[key.bytes]].get() as i64));
        }
        Taken::None => cx.reply.null(),
        Taken::Waits => {}
    }
    Ok(())
}
