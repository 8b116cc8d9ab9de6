//! Hashes, changed: HSET, HMSET, HSETNX, HDEL.
//!
//! Not here: reading (`hash_read`), numbers in fields (`hash_counter`), picking and walking
//! (`hash_pick`).

use crate::base::events::EventClass;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Deprecation, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::keyspace::collection::Changed;
use crate::keyspace::event::Event;
use crate::types::hash::Hash;

/// What all rows of hashes have in common.
pub(super) const BASE: Spec = Spec { group: Group::Hash, since: "2.0.0", ..Spec::BASE };
/// Categories of a command that writes hashes.
pub(super) const FAST_WRITE: Acl = Acl::WRITE.and(Acl::HASH).and(Acl::FAST);

const SET: Spec = Spec {
    arity: -4,
    keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::UPDATE))],
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    acl: FAST_WRITE,
    syntax: "key field value [field value ...]",
    ..BASE
};

/// HSET HMSET HSETNX HDEL
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "hset",
        summary: "Creates or modifies the value of a field in a hash.",
        complexity: "O(1) for each field/value pair added, so O(N) to add N field/value pairs \
                     when the command is called with multiple field/value pairs.",
        history: &[("4.0.0", "Accepts multiple `field` and `value` arguments.")],
        run: Run::Plain(hset),
        ..SET
    },
    Spec {
        name: "hmset",
        summary: "Sets the values of multiple fields.",
        complexity: "O(N) where N is the number of fields being set.",
        deprecated: Some(Deprecation {
            since: "4.0.0",
            replaced_by: "`HSET` with multiple field-value pairs",
        }),
        run: Run::Plain(hmset),
        ..SET
    },
    Spec {
        name: "hsetnx",
        arity: 4,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::INSERT))],
        summary: "Sets the value of a field in a hash only when the field doesn't exist.",
        syntax: "key field value",
        run: Run::Plain(hsetnx),
        ..SET
    },
    Spec {
        name: "hdel",
        arity: -3,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::DELETE))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Deletes one or more fields and their values from a hash. \
                  Deletes the hash if no fields remain.",
        complexity: "O(N) where N is the number of fields to be removed.",
        syntax: "key field [field ...]",
        history: &[("2.4.0", "Accepts multiple `field` arguments.")],
        run: Run::Plain(hdel),
        ..BASE
    },
];

pub(super) const HSET: Event = Event::new(EventClass::Hash, "hset");
pub(super) const HDEL: Event = Event::new(EventClass::Hash, "hdel");

fn hset(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let created = set_pairs(cx, args)?;
    cx.reply.count(created);
    Ok(())
}

fn hmset(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    set_pairs(cx, args)?;
    cx.reply.ok();
    Ok(())
}

/// Sets all pairs; how many fields are new.
fn set_pairs(cx: &mut Context<'_>, mut args: Args<'_>) -> Result<usize, CommandError> {
    let key = args.key()?;
    if !args.left().is_multiple_of(2) {
        return Err(CommandError::arity(&cx.command.full_name));
    }
    let limits = cx.node.hash_limits();
    let mut edit = cx.keys.edit(key)?;
    Ok(edit.change(&HSET, |hash: &mut Hash| {
        let mut created = 0;
        while let (Some(field), Some(value)) = (args.take_option(), args.take_option()) {
            created += usize::from(hash.set(field, value, &limits));
        }
        created
    })?)
}

fn hsetnx(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field, value) = (args.key()?, args.take()?, args.take()?);
    let limits = cx.node.hash_limits();
    let mut edit = cx.keys.edit(key)?;
    let created = edit.change_if(&HSET, |hash: &mut Hash| {
        let missing = !hash.contains(field);
        if missing {
            hash.set(field, value, &limits);
        }
        (missing, Changed::when(missing))
    })?;
    cx.reply.int(i64::from(created));
    Ok(())
}

fn hdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let mut edit = cx.keys.edit(args.key()?)?;
    let removed = edit.change_if(&HDEL, |hash: &mut Hash| {
        let mut removed = 0;
        while let Some(field) = args.take_option() {
            removed += usize::from(hash.remove(field));
        }
        (removed, Changed::when(removed > 0))
    })?;
    cx.reply.count(removed);
    Ok(())
}
