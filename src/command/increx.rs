//! INCREX: a counter with bounds and an end, in one step (Redis 8.8; Valkey 9.2 has the same
//! options and more precise errors, which are used here).
//!
//! Not here: the plain counters (`counter`).

use crate::base::extended::Extended;
use crate::base::number::parse_i64;
use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::counter::{INCRBY, INCRBYFLOAT, NOT_FINITE, float, integer};
use crate::command::error::CommandError;
use crate::command::lifetime::{Beside, Lifetime, write_until};
use crate::command::spec::{Flags, KeySpec, Outcome, Run, Spec};
use crate::command::string::{BASE, FAST_WRITE, READ_AND_UPDATE};
use crate::keyspace::Key;
use crate::keyspace::edit::{Edit, Expiry};
use crate::keyspace::event;
use crate::keyspace::value::{NewValue, Text};
use crate::resp::reply::Writer;

/// INCREX
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "increx",
    arity: -2,
    keys: &[KeySpec::one(1, READ_AND_UPDATE)],
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    acl: FAST_WRITE,
    summary: "Increments the numeric value of a key by a number and sets its expiration time. \
              Uses 0 as initial value if the key doesn't exist.",
    since: "8.8.0",
    syntax: "key [BYFLOAT increment{double} | BYINT increment] [LBOUND lowerbound] \
             [UBOUND upperbound] [SATURATE] [EX seconds | PX milliseconds | \
             EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]{expiration} [ENX]",
    run: Run::Plain(increx),
    ..BASE
}];

const NO_EXPIRATION: CommandError = CommandError::fixed("ERR ENX flag requires an expiration");
const EMPTY_BOUNDS: CommandError = CommandError::fixed("ERR LBOUND can't be greater than UBOUND");

/// By how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step<'r> {
    #[default]
    One,
    Int(&'r [u8]),
    Float(&'r [u8]),
}

/// The options of INCREX. Unlike those of SET, none may be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct IncrexOptions<'r> {
    step: Step<'r>,
    lower: Option<&'r [u8]>,
    upper: Option<&'r [u8]>,
    saturate: bool,
    lifetime: Lifetime<'r>,
    /// `ENX`: only a key without an end gets one.
    only_endless: bool,
}

impl<'r> IncrexOptions<'r> {
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while let Some(word) = args.take_option() {
            let before = options;
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            let repeated = if is("BYINT") {
                options.step = Step::Int(args.take()?);
                before.step != Step::One
            } else if is("BYFLOAT") {
                options.step = Step::Float(args.take()?);
                before.step != Step::One
            } else if is("LBOUND") {
                options.lower.replace(args.take()?).is_some()
            } else if is("UBOUND") {
                options.upper.replace(args.take()?).is_some()
            } else if is("SATURATE") {
                std::mem::replace(&mut options.saturate, true)
            } else if is("ENX") {
                std::mem::replace(&mut options.only_endless, true)
            } else {
                !options.lifetime.take(word, args, Beside::Persist)?
                    || before.lifetime != Lifetime::Unsaid
            };
            if repeated {
                return Err(CommandError::SYNTAX);
            }
        }
        match (options.only_endless, options.lifetime) {
            (true, Lifetime::Unsaid) => Err(NO_EXPIRATION),
            (true, Lifetime::Persist | Lifetime::Keep) => Err(CommandError::SYNTAX),
            (true, Lifetime::Ends(..)) | (false, _) => Ok(options),
        }
    }
}

/// What INCREX counts in.
trait Quantity: Copy + PartialOrd {
    const ZERO: Self;
    fn least() -> Self;
    fn most() -> Self;
    /// Reads the argument called `name`.
    fn parse(text: &[u8], name: &str) -> Result<Self, CommandError>;
    fn stored(value: Option<Text<'_>>) -> Result<Self, CommandError>;
    /// The sum, `None` if there is no such number.
    fn plus(self, step: Self) -> Option<Self>;
    /// How much was added to `old` to get here.
    fn since(self, old: Self) -> Result<Self, CommandError>;
    fn store(self, edit: Edit<'_, '_>, expiry: Expiry, now: Mono);
    fn reply(self, reply: &mut Writer);
}

impl Quantity for i64 {
    const ZERO: Self = 0;

    fn least() -> Self {
        Self::MIN
    }

    fn most() -> Self {
        Self::MAX
    }

    fn parse(text: &[u8], name: &str) -> Result<Self, CommandError> {
        let refused = || format!("ERR {name} is not an integer or out of range");
        parse_i64(text).ok_or_else(|| CommandError::new(refused()))
    }

    fn stored(value: Option<Text<'_>>) -> Result<Self, CommandError> {
        integer(value)
    }

    fn plus(self, step: Self) -> Option<Self> {
        self.checked_add(step)
    }

    fn since(self, old: Self) -> Result<Self, CommandError> {
        const REFUSED: CommandError = CommandError::fixed("ERR applied increment would overflow");
        self.checked_sub(old).ok_or(REFUSED)
    }

    fn store(self, edit: Edit<'_, '_>, expiry: Expiry, now: Mono) {
        write_until(edit, NewValue::Int(self), expiry, now, &INCRBY);
    }

    fn reply(self, reply: &mut Writer) {
        reply.int(self);
    }
}

impl Quantity for Extended {
    const ZERO: Self = Self::ZERO;

    fn least() -> Self {
        Self::smallest()
    }

    fn most() -> Self {
        Self::largest()
    }

    fn parse(text: &[u8], name: &str) -> Result<Self, CommandError> {
        let refused = || format!("ERR {name} is not a valid float");
        Self::parse(text).ok_or_else(|| CommandError::new(refused()))
    }

    fn stored(value: Option<Text<'_>>) -> Result<Self, CommandError> {
        float(value).and_then(|old| if old.is_finite() { Ok(old) } else { Err(NOT_FINITE) })
    }

    fn plus(self, step: Self) -> Option<Self> {
        Some(self + step).filter(|sum| sum.is_finite())
    }

    fn since(self, old: Self) -> Result<Self, CommandError> {
        const REFUSED: CommandError =
            CommandError::fixed("ERR applied increment would be Infinity");
        Some(self - old).filter(|applied| applied.is_finite()).ok_or(REFUSED)
    }

    fn store(self, edit: Edit<'_, '_>, expiry: Expiry, now: Mono) {
        let text = self.to_text();
        write_until(edit, NewValue::Verbatim(text.as_bytes()), expiry, now, &INCRBYFLOAT);
    }

    fn reply(self, reply: &mut Writer) {
        reply.decimal(&self.to_text());
    }
}

/// Where a counter may go.
#[derive(Clone, Copy, Debug)]
struct Bounds<Q> {
    lower: Q,
    upper: Q,
    saturate: bool,
}

impl<Q: Quantity> Bounds<Q> {
    fn parse(options: &IncrexOptions<'_>) -> Result<Self, CommandError> {
        let lower = options.lower.map_or(Ok(Q::least()), |text| Q::parse(text, "LBOUND"))?;
        let upper = options.upper.map_or(Ok(Q::most()), |text| Q::parse(text, "UBOUND"))?;
        if lower > upper {
            return Err(EMPTY_BOUNDS);
        }
        Ok(Self { lower, upper, saturate: options.saturate })
    }

    /// The counter after the step; `None` if it has to stay as it is.
    fn after(&self, old: Q, step: Q) -> Option<Q> {
        match old.plus(step) {
            Some(sum) if self.lower <= sum && sum <= self.upper => Some(sum),
            Some(_) | None if !self.saturate => None,
            Some(sum) => Some(if sum < self.lower { self.lower } else { self.upper }),
            None => Some(if step > Q::ZERO { self.upper } else { self.lower }),
        }
    }
}

fn increx(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let options = IncrexOptions::take(&mut args)?;
    match options.step {
        Step::One => count(cx, key, 1, options),
        Step::Int(text) => count(cx, key, i64::parse(text, "Increment")?, options),
        Step::Float(text) => {
            let step = <Extended as Quantity>::parse(text, "Increment")?;
            count(cx, key, step, options)
        }
    }
}

fn count<Q: Quantity>(
    cx: &mut Context<'_>,
    key: Key<'_>,
    step: Q,
    options: IncrexOptions<'_>,
) -> Outcome {
    let bounds = Bounds::parse(&options)?;
    let now = cx.keys.now;
    let expiry = options.lifetime.expiry(Expiry::Keep, cx.command, now)?;
    let edit = cx.keys.edit(key)?;
    let old = Q::stored(edit.text()?)?;
    let (new, applied) = match bounds.after(old, step) {
        None => (old, Q::ZERO),
        Some(new) => {
            let applied = new.since(old)?;
            let has_end = edit.deadline().is_some();
            let expiry = if options.only_endless && has_end { Expiry::Keep } else { expiry };
            new.store(edit, expiry, now.mono);
            if expiry == Expiry::Never && has_end {
                cx.keys.edit(key)?.note(&event::PERSIST);
            }
            (new, applied)
        }
    };
    cx.reply.array(2);
    new.reply(cx.reply);
    applied.reply(cx.reply);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::testing::with_args;

    fn refused(line: &str) -> Option<CommandError> {
        with_args(line, |mut args| IncrexOptions::take(&mut args).err())
    }

    #[test]
    fn no_option_may_be_repeated_and_steps_exclude_each_other() {
        for line in [
            "BYINT 1 BYINT 2",
            "BYINT 1 BYFLOAT 1",
            "LBOUND 0 LBOUND 1",
            "UBOUND 0 UBOUND 1",
            "SATURATE SATURATE",
            "ENX ENX EX 1",
            "EX 1 EX 2",
            "EX 1 PX 2",
            "PERSIST PERSIST",
            "EX 1 PERSIST",
            "PERSIST ENX",
            "ENX PERSIST",
            "KEEPTTL",
            "UBOUND",
            "SAT",
        ] {
            assert_eq!(refused(line), Some(CommandError::SYNTAX), "{line}");
        }
        assert_eq!(refused("ENX"), Some(NO_EXPIRATION));
        assert_eq!(refused("EX 100 UBOUND 7 byint 5 saturate ENX LBOUND 0"), None);
    }

    #[test]
    fn a_step_out_of_bounds_is_not_made_or_made_in_part() {
        let bounds = Bounds { lower: 0, upper: 10, saturate: false };
        assert_eq!((bounds.after(5, 5), bounds.after(5, -5)), (Some(10), Some(0)));
        assert_eq!((bounds.after(5, 6), bounds.after(5, -6)), (None, None));
        assert_eq!(bounds.after(5, i64::MAX), None);
        let bounds = Bounds { saturate: true, ..bounds };
        assert_eq!((bounds.after(5, 6), bounds.after(5, -6)), (Some(10), Some(0)));
        assert_eq!((bounds.after(5, i64::MAX), bounds.after(-5, i64::MIN)), (Some(10), Some(0)));
        assert_eq!(bounds.after(20, -1), Some(10));
    }

    #[test]
    fn an_end_beyond_the_numbers_is_saturated_too() {
        let bounds = Bounds { lower: i64::MIN, upper: i64::MAX, saturate: true };
        assert_eq!(bounds.after(i64::MAX, 1), Some(i64::MAX));
        assert_eq!(bounds.after(i64::MIN, -1), Some(i64::MIN));
        let (least, most) = (Extended::smallest(), Extended::largest());
        let bounds = Bounds { lower: least, upper: most, saturate: true };
        assert_eq!(bounds.after(most, most), Some(most));
        assert_eq!(bounds.after(least, least), Some(least));
    }
}
