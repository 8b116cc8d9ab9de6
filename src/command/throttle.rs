//! CL.THROTTLE: a rate limit, with the arguments and replies of redis-cell.
//!
//! Not here: who is let through (`coord/throttle.rs`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::coord::throttle::{Nanos, Quota, Refused, Throttle};

/// CL.THROTTLE
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "cl.throttle",
    arity: -5,
    keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    acl: Acl::WRITE.and(Acl::FAST).and(Acl::LOCK),
    group: Group::Coordination,
    summary: "Counts a request against a rate limit, as redis-cell. Returns whether it is limited, \
              the limit, how many are left, the seconds until a retry makes sense, and those \
              until nothing is used up.",
    since: "0.1.0",
    syntax: "key max-burst{integer} count{integer} period-seconds{integer} [quantity{integer}]",
    run: Run::Plain(throttle),
    ..Spec::BASE
}];

impl From<Refused> for CommandError {
    fn from(refused: Refused) -> Self {
        Self::fixed(match refused {
            Refused::ZeroRate => {
                "ERR a rate is at least 1 in a period, and at most 1000000000 in a second"
            }
            Refused::OutOfRange => "ERR a number of the rate limit is negative or too large",
        })
    }
}

fn throttle(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let (max_burst, count, period_s) = (args.int()?, args.int()?, args.int()?);
    let quantity = if args.left() > 0 { args.int()? } else { 1 };
    args.end()?;
    let quota = Quota::new(max_burst, count, period_s)?;
    // The same clock as `now`, read more finely: a limit may count thousands in a millisecond.
    let now = Nanos(cx.node.clock.nanos());
    let mut edit = cx.keys.edit_any(key);
    let before = edit.machine::<Throttle>()?.copied().unwrap_or_default();
    let mut after = before;
    let verdict = after.request(&quota, quantity, now)?;
    if after != before {
        edit.coordinate(|throttle: &mut Throttle, _| *throttle = after)?;
    }
    cx.reply.array(5);
    verdict.reply().into_iter().for_each(|number| cx.reply.int(number));
    Ok(())
}
