//! Whole values written: SET with its options, and the older commands that SET's options replace.
//!
//! Not here: what a value is compared with (`compare`), when it ends (`lifetime`), many keys
//! (`string_multi`).

use crate::command::args::Args;
use crate::command::compare::Comparison;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lifetime::{Beside, Lifetime, write_until};
use crate::command::spec::{Deprecation, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::string::{BASE, FAST_WRITE, READ_AND_UPDATE, SLOW_WRITE, write_value};
use crate::keyspace::Key;
use crate::keyspace::edit::Expiry;
use crate::keyspace::event;
use crate::keyspace::value::NewValue;

/// SET SETNX SETEX PSETEX GETSET
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "set",
        arity: -3,
        keys: &[KeySpec {
            notes: "RW and ACCESS due to the optional `GET` argument",
            ..KeySpec::one(1, READ_AND_UPDATE.and(KeyFlags::VARIABLE_FLAGS))
        }],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Sets the string value of a key, ignoring its type. \
                  The key is created if it doesn't exist.",
        complexity: "O(1), and O(N) for `IFDEQ` and `IFDNE` where N is the length of the old value",
        syntax: "key value [NX | XX | IFEQ ifeq-value{since 8.4.0} | \
                 IFNE ifne-value{since 8.4.0} | IFDEQ ifdeq-digest{since 8.4.0} | \
                 IFDNE ifdne-digest{since 8.4.0}]{condition since 2.6.12} \
                 [GET{since 6.2.0} | FENCE] [EX seconds{since 2.6.12} | \
                 PX milliseconds{since 2.6.12} | EXAT unix-time-seconds{since 6.2.0} | \
                 PXAT unix-time-milliseconds{since 6.2.0} | KEEPTTL{since 6.0.0}]{expiration} \
                 [LEASE id]",
        history: &[
            ("2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."),
            ("6.0.0", "Added the `KEEPTTL` option."),
            ("6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."),
            ("7.0.0", "Allowed the `NX` and `GET` options to be used together."),
            ("8.4.0", "Added 'IFEQ', 'IFNE', 'IFDEQ', 'IFDNE' options."),
        ],
        run: Run::Plain(set),
        ..BASE
    },
    Spec {
        name: "setnx",
        arity: 3,
        keys: &[KeySpec::one(1, KeyFlags::OW.and(KeyFlags::INSERT))],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Set the string value of a key only when the key doesn't exist.",
        syntax: "key value",
        deprecated: Some(Deprecation {
            since: "2.6.12",
            replaced_by: "`SET` with the `NX` argument",
        }),
        run: Run::Plain(setnx),
        ..BASE
    },
    Spec {
        name: "setex",
        arity: 4,
        keys: &[KeySpec::one(1, KeyFlags::OW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Sets the string value and expiration time of a key. \
                  Creates the key if it doesn't exist.",
        since: "2.0.0",
        syntax: "key seconds value",
        deprecated: Some(Deprecation {
            since: "2.6.12",
            replaced_by: "`SET` with the `EX` argument",
        }),
        run: Run::Plain(setex),
        ..BASE
    },
    Spec {
        name: "psetex",
        arity: 4,
        keys: &[KeySpec::one(1, KeyFlags::OW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Sets both string value and expiration time in milliseconds of a key. \
                  The key is created if it doesn't exist.",
        since: "2.6.0",
        syntax: "key milliseconds value",
        deprecated: Some(Deprecation {
            since: "2.6.12",
            replaced_by: "`SET` with the `PX` argument",
        }),
        run: Run::Plain(psetex),
        ..BASE
    },
    Spec {
        name: "getset",
        arity: 3,
        keys: &[KeySpec::one(1, READ_AND_UPDATE)],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Returns the previous string value of a key after setting it to a new value.",
        syntax: "key value",
        deprecated: Some(Deprecation {
            since: "6.2.0",
            replaced_by: "`SET` with the `!GET` argument",
        }),
        run: Run::Plain(getset),
        ..BASE
    },
];

/// Under which condition SET writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Condition<'r> {
    #[default]
    Always,
    /// `NX`
    Missing,
    /// `XX`
    Present,
    /// `IFEQ`, `IFNE`, `IFDEQ`, `IFDNE`
    Compared(Comparison<'r>),
}

/// What SET answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answer {
    /// `OK`, or null where the condition did not hold.
    #[default]
    Done,
    /// `GET`: the old value, whatever became of the new one.
    OldValue,
    /// `FENCE`: the slot's next fencing token, or null where the condition did not hold.
    Token,
}

/// The options of SET.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SetOptions<'r> {
    condition: Condition<'r>,
    answer: Answer,
    lifetime: Lifetime<'r>,
    /// What the value hangs on.
    lease: Option<&'r [u8]>,
}

impl<'r> SetOptions<'r> {
    /// Takes all arguments that are left. As in Redis, NX, XX, GET and times may be repeated;
    /// conditions exclude each other, and so do GET and FENCE, because there is one reply.
    fn take(args: &mut Args<'r>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while let Some(word) = args.take_option() {
            if !options.take_flag(word)?
                && !options.take_comparison(word, args)?
                && !options.lifetime.take(word, args, Beside::Keep)?
                && !options.take_lease(word, args)?
            {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(options)
    }

    fn take_flag(&mut self, word: &[u8]) -> Result<bool, CommandError> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let fits = if is("NX") {
            self.replace_condition(Condition::Missing)
        } else if is("XX") {
            self.replace_condition(Condition::Present)
        } else if is("GET") {
            std::mem::replace(&mut self.answer, Answer::OldValue) != Answer::Token
        } else if is("FENCE") {
            std::mem::replace(&mut self.answer, Answer::Token) == Answer::Done
        } else {
            return Ok(false);
        };
        if fits { Ok(true) } else { Err(CommandError::SYNTAX) }
    }

    fn take_lease(&mut self, word: &[u8], args: &mut Args<'r>) -> Result<bool, CommandError> {
        let is_it = word.eq_ignore_ascii_case(b"LEASE");
        if is_it && self.lease.replace(args.take()?).is_some() {
            return Err(CommandError::SYNTAX);
        }
        Ok(is_it)
    }

    fn take_comparison(&mut self, word: &[u8], args: &mut Args<'r>) -> Result<bool, CommandError> {
        let Some(comparison) = Comparison::take(word, args)? else { return Ok(false) };
        if self.condition != Condition::Always {
            return Err(CommandError::SYNTAX);
        }
        self.condition = Condition::Compared(comparison);
        Ok(true)
    }

    /// Whether the new condition may stand beside what was said before.
    fn replace_condition(&mut self, condition: Condition<'r>) -> bool {
        let before = std::mem::replace(&mut self.condition, condition);
        before == Condition::Always || before == condition
    }
}

fn set(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.key()?, args.take()?);
    if args.left() > 0 {
        return set_with(cx, key, value, SetOptions::take(&mut args)?);
    }
    cx.keys.edit(key)?.set(NewValue::Text(value), Expiry::Never, &event::SET);
    cx.reply.ok();
    Ok(())
}

fn set_with(cx: &mut Context<'_>, key: Key<'_>, value: &[u8], options: SetOptions<'_>) -> Outcome {
    let expiry = options.lifetime.expiry(Expiry::Never, cx.command, cx.keys.now)?;
    let lease = cx.live_lease(key, options.lease)?;
    if options.answer == Answer::OldValue {
        write_value(cx.reply, cx.keys.string(key)?);
    }
    let now = cx.keys.now.mono;
    let usage = cx.keys.usage;
    let mut edit = cx.keys.edit_any(key);
    let written = match options.condition {
        // Whatever the key holds.
        Condition::Missing => !edit.exists(),
        // What coordinates is not written over, every other type is.
        Condition::Always | Condition::Present if edit.coordinates() => {
            return Err(CommandError::WRONG_TYPE);
        }
        Condition::Always => true,
        Condition::Present => edit.exists(),
        Condition::Compared(comparison) => comparison.holds(edit.text()?),
    };
    if !written {
        edit.used(usage);
    }
    let token = if written && options.answer == Answer::Token {
        let token =
            cx.keys.shards.shard(key.slot).issue_token(key.slot).ok_or(CommandError::NO_TOKEN)?;
        Some(token.get() as i64)
    } else {
        None
    };
    if written {
        write_until(cx.keys.edit(key)?, NewValue::Text(value), expiry, now, &event::SET);
        if let Some(lease) = lease {
            cx.keys.edit(key)?.hang_text(lease);
        }
    }
    match (options.answer, written) {
        (Answer::OldValue, _) => {}
        (Answer::Done | Answer::Token, false) => cx.reply.null(),
        (Answer::Done, true) => cx.reply.ok(),
        (Answer::Token, true) => cx.reply.int(token.unwrap_or_default()),
    }
    Ok(())
}

fn setnx(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.key()?, args.take()?);
    let usage = cx.keys.usage;
    let mut edit = cx.keys.edit_any(key);
    let missing = !edit.exists();
    if missing {
        edit.set(NewValue::Text(value), Expiry::Never, &event::SET);
    } else {
        edit.used(usage);
    }
    cx.reply.int(i64::from(missing));
    Ok(())
}

fn setex(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    set_for(cx, args, Lifetime::seconds)
}

fn psetex(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    set_for(cx, args, Lifetime::millis)
}

fn set_for<'r>(
    cx: &mut Context<'_>,
    mut args: Args<'r>,
    lifetime: fn(&'r [u8]) -> Lifetime<'r>,
) -> Outcome {
    let (key, time, value) = (args.key()?, args.take()?, args.take()?);
    let options = SetOptions { lifetime: lifetime(time), ..SetOptions::default() };
    set_with(cx, key, value, options)
}

fn getset(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.key()?, args.take()?);
    set_with(cx, key, value, SetOptions { answer: Answer::OldValue, ..SetOptions::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::testing::with_args;

    fn accepted(line: &str) -> bool {
        with_args(line, |mut args| SetOptions::take(&mut args).is_ok())
    }

    #[test]
    fn options_come_in_any_order_and_case() {
        with_args("ex 10 get nX", |mut args| {
            let options = SetOptions::take(&mut args).unwrap();
            assert_eq!(options.condition, Condition::Missing);
            assert_eq!(options.answer, Answer::OldValue);
            assert_eq!(options.lifetime, Lifetime::seconds(b"10"));
        });
        with_args("IFEQ KEEPTTL fence KEEPTTL", |mut args| {
            let options = SetOptions::take(&mut args).unwrap();
            assert_eq!(options.condition, Condition::Compared(Comparison::Equal(b"KEEPTTL")));
            assert_eq!((options.answer, options.lifetime), (Answer::Token, Lifetime::Keep));
        });
    }

    #[test]
    fn what_redis_lets_be_repeated_may_be_repeated() {
        for line in ["NX NX", "XX XX", "GET GET", "EX 1 EX 2", "KEEPTTL KEEPTTL", "EX NX"] {
            assert!(accepted(line), "{line}");
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_a_syntax_error() {
        for line in [
            "NX XX",
            "NX IFEQ a",
            "IFEQ a NX",
            "IFEQ a IFEQ a",
            "IFEQ a IFNE b",
            "EX 1 PX 1",
            "EX 1 KEEPTTL",
            "KEEPTTL PXAT 1",
            "GET FENCE",
            "FENCE GET",
            "FENCE FENCE",
            "EX",
            "IFEQ",
            "PERSIST",
            "LEASE",
            "x",
        ] {
            assert!(!accepted(line), "{line}");
        }
    }
}
