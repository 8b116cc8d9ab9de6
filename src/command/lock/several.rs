//! Several locks for one owner, all or nothing: nothing is held while the request waits, so that no
//! order among locks is needed.
//!
//! A request that waits is parked in the queue of every lock under one number and is woken to look
//! for itself (`coord/lock.rs`). Not here: the options of LOCK.ACQUIRE.

use crate::base::number::parse_i64;
use crate::command::args::Args;
use crate::command::context::{Context, Effect, Wait};
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::command::lock::park::{Want, park};
use crate::command::spec::Outcome;
use crate::command::wait::{Limit, WaitedForSeveral};
use crate::coord::ask::Ask;
use crate::coord::grant::{Lasting, Owner, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission, Offer, Standing};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;
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
    wait_ms: Option<u64>,
) -> Result<Taken, CommandError> {
    let (waiter, limit) = match cx.waited_for_several() {
        WaitedForSeveral::Not => {
            let limit = cx.limit(wait_ms);
            return begin(cx, wants, limit);
        }
        WaitedForSeveral::Still => return Ok(Taken::Waits),
        WaitedForSeveral::Look(waiter, limit) => (waiter, limit),
    };
    let outcome = look(cx, wants, (waiter, limit));
    if !matches!(outcome, Ok(Look::Busy)) {
        cx.leave(waiter);
    }
    match outcome? {
        Look::Taken(tokens) => Ok(Taken::All(tokens)),
        Look::Busy => Ok(Taken::Waits),
        Look::InVain => {
            cx.keys.shards.shard(wants[0].key.slot).locks.figures.timed_out += 1;
            Ok(Taken::None)
        }
        Look::Lost => begin(cx, wants, limit),
    }
}

/// What a request finds that looks for itself.
enum Look {
    Taken(Vec<FenceToken>),
    /// One of the locks cannot be had yet, and watches.
    Busy,
    InVain,
    /// The keys are gone, and with them its place in their queues.
    Lost,
}

fn look(
    cx: &mut Context<'_>,
    wants: &[Want<'_>],
    (waiter, limit): (WaiterId, Limit),
) -> Result<Look, CommandError> {
    let mut busy = None;
    for want in wants {
        let edit = cx.keys.edit_any(want.key);
        match edit.machine::<Lock>()?.map_or(Standing::Absent, |lock| lock.standing(waiter)) {
            Standing::Absent => return Ok(Look::Lost),
            Standing::Waits => busy = busy.or(Some(want.key)),
            Standing::Next => {}
        }
    }
    match (busy, limit) {
        (None, _) => grant_all(cx, wants, waiter).map(Look::Taken),
        (Some(_), Limit::Not) => Ok(Look::InVain),
        (Some(key), Limit::Until(until)) => {
            // The lock that offered itself rests since then.
            cx.keys.edit_any(key).coordinate(|lock: &mut Lock, _| lock.watch(waiter))?;
            cx.effect = Some(Effect::Wait(Wait { waiter, until }));
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
                edit.locks().figures.granted(granted.since, now);
                Ok(granted.token)
            }
            Offer::NotNext | Offer::NoToken => unreachable!("it was next, and tokens are there"),
        }
    };
    wants.iter().map(grant).collect()
}

/// Takes all locks if all are free, or parks the request.
fn begin(cx: &mut Context<'_>, wants: &[Want<'_>], limit: Limit) -> Result<Taken, CommandError> {
    let (now, is_first) = (cx.keys.now.mono, !cx.has_waited());
    let mut busy = None;
    for (at, Want { key, ask }) in wants.iter().enumerate() {
        let mut edit = cx.keys.edit_any(*key);
        let lock = edit.machine::<Lock>()?;
        if lock.is_some_and(|it| it.admits(ask.owner.name(), ask.mode, now) == Admission::Busy) {
            edit.locks().figures.contended += u64::from(is_first);
            busy = busy.or(Some(at));
        }
    }
    match (busy, limit) {
        (None, _) => acquire_all(cx, wants).map(Taken::All),
        (Some(_), Limit::Not) => Ok(Taken::None),
        (Some(watched), Limit::Until(until)) => {
            park(cx, wants, watched, until)?;
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
                edit.locks().figures.acquired += 1;
                Ok(token)
            }
            Acquire::AlreadyYours(token) => Ok(token),
            Acquire::Busy(_) | Acquire::NoToken => unreachable!("it was admitted"),
        }
    };
    wants.iter().map(acquire).collect()
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
    let (lasting, wait_ms) = take_options(&mut options)?;
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
    match take_all(cx, &wants, wait_ms)? {
        Taken::All(tokens) => {
            cx.reply.array(keys.len());
            keys.iter().for_each(|key| cx.reply.int(tokens[places[key.bytes]].get() as i64));
        }
        Taken::None => cx.reply.null(),
        Taken::Waits => {}
    }
    Ok(())
}

/// `PX milliseconds [WAIT milliseconds]`, in any order.
fn take_options(options: &mut Args<'_>) -> Result<(Lasting, Option<u64>), CommandError> {
    let (mut lasting, mut wait_ms) = (None, None);
    while options.left() > 0 {
        let repeated = if options.take_keyword("px") {
            lasting.replace(Lasting::Ms(take_ms(options)?)).is_some()
        } else if options.take_keyword("wait") {
            wait_ms.replace(take_ms_or_none(options)?).is_some()
        } else {
            true
        };
        if repeated {
            return Err(CommandError::SYNTAX);
        }
    }
    Ok((lasting.ok_or(CommandError::SYNTAX)?, wait_ms))
}
