//! Latches: LATCH.INIT, DOWN and WAIT.
//!
//! Not here: what a latch is (`coord/latch.rs`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::coordination::{BASE, CHANGES, LOOKS};
use crate::command::count::take_steps;
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, KeySpec, Outcome, Run, Spec};
use crate::command::wait::{Limit, Waited};
use crate::coord::grant::Owner;
use crate::coord::latch::{Down, Init, Latch, Wait};
use crate::keyspace::Key;
use crate::keyspace::waiters::Found;
use std::num::NonZeroU64;

/// LATCH.INIT LATCH.DOWN LATCH.WAIT
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "latch.init",
        arity: -3,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
        summary: "Makes a latch that a number of steps open. A repeat with the same number changes \
                  nothing but its end.",
        complexity: "O(1)",
        syntax: "key steps [PX milliseconds]",
        run: Run::Plain(init),
        ..BASE
    },
    Spec {
        name: "latch.down",
        arity: -2,
        keys: &[KeySpec::one(1, CHANGES)],
        flags: Flags::WRITE,
        acl: Acl::WRITE.and(Acl::SLOW).and(Acl::LOCK),
        summary: "Counts a latch down. Returns how many steps are left; at 0 it is open.",
        complexity: "O(1), and O(N) for the last step with N being the number of waiting requests.",
        syntax: "key [steps]",
        run: Run::Plain(down),
        ..BASE
    },
    Spec {
        name: "latch.wait",
        arity: 3,
        keys: &[KeySpec::one(1, LOOKS)],
        flags: Flags::READONLY.and(Flags::BLOCKING),
        acl: Acl::READ.and(Acl::SLOW).and(Acl::BLOCKING).and(Acl::LOCK),
        summary: "Waits until a latch is open. Returns 0, or how many steps are left when the time \
                  is up.",
        complexity: "O(log(N)) with N being the number of waiting requests.",
        syntax: "key milliseconds",
        run: Run::Plain(wait),
        ..BASE
    },
];

const NO_LATCH: CommandError = CommandError::fixed(
    "ERR there is no such latch: it was never made, its time is over, or it was deleted",
);

fn init(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, steps) = (args.key()?, take_steps(&mut args)?);
    let ms = if args.take_keyword("px") { Some(take_ms(&mut args)?) } else { None };
    args.end()?;
    let now = cx.keys.now.mono;
    match cx.keys.edit_any(key).coordinate(|latch: &mut Latch, _| latch.init(steps, ms, now))? {
        Init::Made | Init::Same => cx.reply.ok(),
        Init::Differs(initial) => {
            let text = format!("ERR the latch is there already, with {initial} steps");
            return Err(CommandError::new(text));
        }
    }
    Ok(())
}

fn down(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let steps = if args.left() > 0 { take_steps(&mut args)? } else { NonZeroU64::MIN };
    args.end()?;
    let now = cx.keys.now.mono;
    let mut edit = cx.keys.edit_any(key);
    if edit.machine::<Latch>()?.is_none() {
        return Err(NO_LATCH);
    }
    match edit.coordinate(|latch: &mut Latch, _| latch.down(steps, now))? {
        Down::Left(left) => cx.reply.int(left.get() as i64),
        Down::Open(waiters) => {
            waiters.into_iter().for_each(|waiter| edit.find(waiter, Found::Open));
            cx.reply.int(0);
        }
        Down::Absent => return Err(NO_LATCH),
    }
    Ok(())
}

fn wait(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let wait_ms = take_ms_or_none(&mut args)?;
    let limit = match cx.waited(key) {
        Waited::Not => cx.limit(Some(wait_ms)),
        Waited::Still => return Ok(()),
        Waited::Again(limit) => limit,
        Waited::InVain => Limit::Not,
        // It was open once, whatever has become of it.
        Waited::For(Found::Open, _) => {
            cx.reply.int(0);
            return Ok(());
        }
        Waited::For(..) => return Err(NO_LATCH),
    };
    look_or_wait(cx, key, limit)
}

fn look_or_wait(cx: &mut Context<'_>, key: Key<'_>, limit: Limit) -> Outcome {
    let now = cx.keys.now.mono;
    let latch = cx.keys.edit_any(key);
    let left = latch.machine::<Latch>()?.and_then(|latch| latch.left(now)).ok_or(NO_LATCH)?;
    match limit {
        Limit::Until(until) if left > 0 => {
            // Nobody owns anything by waiting here.
            let waiter = cx.park(key, Owner::new(b""), until)?;
            let mut edit = cx.keys.edit_any(key);
            let parked = edit.coordinate(|latch: &mut Latch, _| latch.wait(Some(waiter), now))?;
            assert_eq!(parked, Wait::Waiting, "it is there, and closed");
        }
        Limit::Until(_) | Limit::Not => cx.reply.int(left as i64),
    }
    Ok(())
}
