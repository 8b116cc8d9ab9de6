//! When keys end: setting, reading and removing their time to live.
//!
//! Durations and instants become boot-time instants here, once; a wall clock that is set later
//! moves no end. Not here: ending keys (`keyspace/shard.rs`), and the expiry options of SET and
//! GETEX.

use crate::base::number::DECIMAL_MAX;
use crate::base::time::{Now, Wall};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::keyspace::edit::{Edit, Expiry};

const BASE: Spec = Spec { group: Group::Generic, ..Spec::BASE };

/// What all rows that set an end have in common.
const SETS: Spec = Spec {
    arity: -3,
    keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::UPDATE))],
    flags: Flags::WRITE.and(Flags::FAST),
    acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::FAST),
    history: &[("7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`.")],
    ..BASE
};

/// What all rows that read an end have in common.
const READS: Spec = Spec {
    arity: 2,
    keys: &[KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS))],
    flags: Flags::READONLY.and(Flags::FAST),
    acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::FAST),
    syntax: "key",
    ..BASE
};

/// EXPIRE EXPIREAT EXPIRETIME PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PTTL TTL
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "expire",
        summary: "Sets the expiration time of a key in seconds.",
        syntax: "key seconds [NX | XX | GT | LT]{condition since 7.0.0} [IFEQ value]",
        run: Run::Plain(|cx, args| expire(cx, args, "expire", (Unit::Seconds, From::Now))),
        ..SETS
    },
    Spec {
        name: "pexpire",
        summary: "Sets the expiration time of a key in milliseconds.",
        since: "2.6.0",
        syntax: "key milliseconds [NX | XX | GT | LT]{condition since 7.0.0} [IFEQ value]",
        run: Run::Plain(|cx, args| expire(cx, args, "pexpire", (Unit::Millis, From::Now))),
        ..SETS
    },
    Spec {
        name: "expireat",
        summary: "Sets the expiration time of a key to a Unix timestamp.",
        since: "1.2.0",
        syntax: "key unix-time-seconds [NX | XX | GT | LT]{condition since 7.0.0}",
        run: Run::Plain(|cx, args| expire(cx, args, "expireat", (Unit::Seconds, From::Epoch))),
        ..SETS
    },
    Spec {
        name: "pexpireat",
        summary: "Sets the expiration time of a key to a Unix milliseconds timestamp.",
        since: "2.6.0",
        syntax: "key unix-time-milliseconds [NX | XX | GT | LT]{condition since 7.0.0}",
        run: Run::Plain(|cx, args| expire(cx, args, "pexpireat", (Unit::Millis, From::Epoch))),
        ..SETS
    },
    Spec {
        name: "ttl",
        summary: "Returns the expiration time in seconds of a key.",
        tips: &["nondeterministic_output"],
        history: &[("2.8.0", "Added the -2 reply.")],
        run: Run::Plain(|cx, args| time_left(cx, args, (Unit::Seconds, From::Now))),
        ..READS
    },
    Spec {
        name: "pttl",
        summary: "Returns the expiration time in milliseconds of a key.",
        since: "2.6.0",
        tips: &["nondeterministic_output"],
        history: &[("2.8.0", "Added the -2 reply.")],
        run: Run::Plain(|cx, args| time_left(cx, args, (Unit::Millis, From::Now))),
        ..READS
    },
    Spec {
        name: "expiretime",
        summary: "Returns the expiration time of a key as a Unix timestamp.",
        since: "7.0.0",
        run: Run::Plain(|cx, args| time_left(cx, args, (Unit::Seconds, From::Epoch))),
        ..READS
    },
    Spec {
        name: "pexpiretime",
        summary: "Returns the expiration time of a key as a Unix milliseconds timestamp.",
        since: "7.0.0",
        run: Run::Plain(|cx, args| time_left(cx, args, (Unit::Millis, From::Epoch))),
        ..READS
    },
    Spec {
        name: "persist",
        arity: 2,
        summary: "Removes the expiration time of a key.",
        since: "2.2.0",
        syntax: "key",
        history: &[],
        run: Run::Plain(persist),
        ..SETS
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Millis,
}

/// What a number of seconds or milliseconds is counted from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Now,
    Epoch,
}

/// NX, XX, GT, LT and IFEQ, any number of them as long as they do not exclude each other.
#[derive(Default)]
struct Conditions<'r> {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    value: Option<&'r [u8]>,
}

impl<'r> Conditions<'r> {
    /// IFEQ is ours, and only for ends that are counted from now: it renews a lock that is still
    /// one's own.
    fn parse(mut args: Args<'r>, from: From) -> Result<Self, CommandError> {
        let mut given = Self::default();
        while let Some(option) = args.take_option() {
            if option.eq_ignore_ascii_case(b"NX") {
                given.nx = true;
            } else if option.eq_ignore_ascii_case(b"XX") {
                given.xx = true;
            } else if option.eq_ignore_ascii_case(b"GT") {
                given.gt = true;
            } else if option.eq_ignore_ascii_case(b"LT") {
                given.lt = true;
            } else if from == From::Now && option.eq_ignore_ascii_case(b"IFEQ") {
                if given.value.replace(args.take()?).is_some() {
                    return Err(CommandError::SYNTAX);
                }
            } else {
                let mut text = b"ERR Unsupported option ".to_vec();
                text.extend(option.iter().take_while(|&&byte| byte != 0));
                return Err(CommandError::new(text));
            }
        }
        if given.nx && (given.xx || given.gt || given.lt) {
            return Err(CommandError::fixed(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if given.gt && given.lt {
            return Err(CommandError::fixed(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(given)
    }

    /// Whether an existing key may get the end `at`. A key without an end counts as one that lives
    /// for ever.
    fn hold(&self, edit: &Edit<'_, '_>, at: Wall, now: Now) -> bool {
        let current = edit.deadline().map(|deadline| now.wall_at(deadline));
        let same_value = |wanted: &[u8]| {
            let mut space = [0; DECIMAL_MAX];
            edit.text().is_ok_and(|text| text.is_some_and(|text| text.bytes(&mut space) == wanted))
        };
        let refused = self.nx && current.is_some()
            || self.xx && current.is_none()
            || self.gt && current.is_none_or(|current| at <= current)
            || self.lt && current.is_some_and(|current| at >= current);
        !refused && self.value.is_none_or(same_value)
    }
}

/// The Unix time at which a key given `amount` ends; one in the past is fine, one beyond 64 bits is
/// not.
fn end(amount: i64, (unit, from): (Unit, From), now: Now) -> Option<Wall> {
    let ms = if unit == Unit::Seconds { amount.checked_mul(1_000)? } else { amount };
    let base_ms = if from == From::Now { now.wall.0 } else { 0 };
    ms.checked_add(base_ms).map(Wall)
}

fn expire(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    name: &'static str,
    scale: (Unit, From),
) -> Outcome {
    let key = args.key()?;
    let amount = args.take()?;
    let conditions = Conditions::parse(args, scale.1)?;
    let amount = crate::base::number::parse_i64(amount).ok_or(CommandError::NOT_AN_INTEGER)?;
    let (now, usage) = (cx.keys.now, cx.keys.usage);
    let at = end(amount, scale, now).ok_or_else(|| CommandError::invalid_expire(name))?;
    let mut edit = cx.keys.edit(key)?;
    edit.used(usage);
    if !edit.exists() || !conditions.hold(&edit, at, now) {
        cx.reply.int(0);
        return Ok(());
    }
    if at <= now.wall {
        edit.remove();
    } else {
        edit.set_expiry(Expiry::At(now.mono_at(at)));
    }
    cx.reply.int(1);
    Ok(())
}

fn time_left(cx: &mut Context<'_>, mut args: Args<'_>, (unit, from): (Unit, From)) -> Outcome {
    let now = cx.keys.now;
    let Some(entry) = cx.keys.peek(args.key()?) else {
        cx.reply.int(-2);
        return Ok(());
    };
    let Some(timer) = entry.timer() else {
        cx.reply.int(-1);
        return Ok(());
    };
    let ms = match from {
        From::Now => timer.deadline.since(now.mono) as i64,
        From::Epoch => now.wall_at(timer.deadline).0,
    };
    cx.reply.int(match unit {
        Unit::Seconds => ((i128::from(ms) + 500) / 1_000) as i64,
        Unit::Millis => ms,
    });
    Ok(())
}

fn persist(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let usage = cx.keys.usage;
    let key = args.key()?;
    let mut edit = cx.keys.edit(key)?;
    edit.used(usage);
    let changed = edit.set_expiry(Expiry::Never);
    cx.reply.int(i64::from(changed));
    Ok(())
}
