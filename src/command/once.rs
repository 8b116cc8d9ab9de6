//! ONCE.EXEC: a command under an idempotency key, so that it may be sent again when its reply was
//! lost.
//!
//! Not here: what is remembered, and for how long (`coord/once.rs`), and which command may stand
//! there (`nested`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::duration::take_ms;
use crate::command::error::CommandError;
use crate::command::nested::{NESTED_KEYS, Nested};
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::coord::once::{Begin, Fingerprint, Once, Reply};
use crate::resp::recorded::replay;
use crate::resp::reply::Protocol;

/// ONCE.EXEC
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "once.exec",
    arity: -5,
    keys: &[
        KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE)),
        KeySpec::nested(4, NESTED_KEYS),
    ],
    flags: Flags::WRITE.and(Flags::MOVABLEKEYS),
    acl: Acl::WRITE.and(Acl::SLOW).and(Acl::LOCK),
    group: Group::Coordination,
    summary: "Runs a command and keeps its reply. A repeat within the time gets the same reply and \
              changes nothing.",
    since: "0.1.0",
    complexity: "That of the command, and O(N) with N being the size of the command and its reply.",
    syntax: "key PX milliseconds command [arg ...]",
    run: Run::Plain(exec),
    ..Spec::BASE
}];

const MISMATCH: CommandError =
    CommandError::fixed("ONCEMISMATCH another command has run under this key");

fn exec(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    if !args.take_keyword("px") {
        return Err(CommandError::SYNTAX);
    }
    let ms = take_ms(&mut args)?;
    let nested = Nested::take(&args, cx.command, key)?;
    let mut words = nested.words();
    let command = Fingerprint::of(words.next().unwrap_or_default(), words);
    let now = cx.keys.now.mono;
    let edit = cx.keys.edit_any(key);
    match edit.machine::<Once>()?.map_or(Begin::Run, |once| once.begin(&command, now)) {
        Begin::Run => {}
        Begin::Replay(reply) => {
            replay(reply, cx.reply);
            return Ok(());
        }
        Begin::Mismatch => return Err(MISMATCH),
    }
    let reply = record(cx, nested)?;
    replay(&reply, cx.reply);
    if reply.first() != Some(&b'-') {
        let mut edit = cx.keys.edit_any(key);
        edit.coordinate(|once: &mut Once, _| once.keep(command, Reply::Done(reply), ms, now))?;
    }
    Ok(())
}

/// Runs the command and takes its reply, as one that can be replayed.
fn record(cx: &mut Context<'_>, nested: Nested<'_>) -> Result<Box<[u8]>, CommandError> {
    let (start, protocol) = (cx.reply.out.len(), cx.reply.protocol);
    cx.reply.protocol = Protocol::Recorded;
    let outcome = nested.run(cx);
    cx.reply.protocol = protocol;
    outcome?;
    Ok(cx.reply.out.split_off(start).into())
}
