//! Keys of any type: whether they are there, what they are, and removing them.
//!
//! Not here: when keys end (`expire`), walking over all of them (`scan`), giving them other names
//! (`rename`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::keyspace::shard::Use;

const BASE: Spec = Spec { group: Group::Generic, ..Spec::BASE };
const SUM_OVER_SHARDS: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];

/// DEL EXISTS TOUCH TYPE UNLINK
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "del",
        arity: -2,
        keys: &[KeySpec::words(1, -1, 1, KeyFlags::RM.and(KeyFlags::DELETE))],
        flags: Flags::WRITE,
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::SLOW),
        summary: "Deletes one or more keys.",
        complexity: "O(N) where N is the number of keys that will be removed. When a key to \
                     remove holds a value other than a string, the individual complexity for \
                     this key is O(M) where M is the number of elements in the list, set, sorted \
                     set or hash. Removing a single key that holds a string value is O(1).",
        syntax: "key [key ...]",
        tips: SUM_OVER_SHARDS,
        run: Run::Plain(del),
        ..BASE
    },
    Spec {
        name: "unlink",
        arity: -2,
        keys: &[KeySpec::words(1, -1, 1, KeyFlags::RM.and(KeyFlags::DELETE))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::FAST),
        summary: "Asynchronously deletes one or more keys.",
        since: "4.0.0",
        complexity: "O(1) for each key removed regardless of its size. Then the command does \
                     O(N) work in a different thread in order to reclaim memory, where N is the \
                     number of allocations the deleted objects where composed of.",
        syntax: "key [key ...]",
        tips: SUM_OVER_SHARDS,
        run: Run::Plain(unlink),
        ..BASE
    },
    Spec {
        name: "exists",
        arity: -2,
        keys: &[KeySpec::words(1, -1, 1, KeyFlags::RO)],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::FAST),
        summary: "Determines whether one or more keys exist.",
        complexity: "O(N) where N is the number of keys to check.",
        syntax: "key [key ...]",
        tips: SUM_OVER_SHARDS,
        history: &[("3.0.3", "Accepts multiple `key` arguments.")],
        run: Run::Plain(exists),
        ..BASE
    },
    Spec {
        name: "type",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RO)],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::FAST),
        summary: "Determines the type of value stored at a key.",
        syntax: "key",
        run: Run::Plain(type_of),
        ..BASE
    },
    Spec {
        name: "touch",
        arity: -2,
        keys: &[KeySpec::words(1, -1, 1, KeyFlags::RO)],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::READ).and(Acl::FAST),
        summary: "Returns the number of existing keys out of those specified after updating the \
                  time they were last accessed.",
        since: "3.2.1",
        complexity: "O(N) where N is the number of keys that will be touched.",
        syntax: "key [key ...]",
        tips: SUM_OVER_SHARDS,
        run: Run::Plain(touch),
        ..BASE
    },
];

fn del(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    remove(cx, args)
}

/// A string is one or two heap blocks, so freeing it elsewhere would cost more than freeing it.
fn unlink(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    remove(cx, args)?;
    let garbage = cx.keys.shards.take_garbage();
    if garbage.is_much() {
        cx.node.platform.free_elsewhere(garbage);
    }
    Ok(())
}

fn remove(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let mut removed = 0;
    while args.left() > 0 {
        let key = args.key()?;
        removed += usize::from(cx.keys.edit_any(key).remove());
    }
    cx.reply.count(removed);
    Ok(())
}

fn exists(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let mut found = 0;
    while args.left() > 0 {
        let key = args.key()?;
        found += usize::from(cx.keys.peek(key).is_some());
    }
    cx.reply.count(found);
    Ok(())
}

fn type_of(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let entry = cx.keys.peek(args.key()?);
    cx.reply.simple(entry.map_or("none", |entry| entry.value().type_name()));
    Ok(())
}

fn touch(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    // It counts as a use even for a client with NO-TOUCH: this is what the command is for.
    cx.keys.usage = Use::Touch;
    let mut touched = 0;
    while args.left() > 0 {
        let key = args.key()?;
        touched += usize::from(cx.keys.read(key).is_some());
    }
    cx.reply.count(touched);
    Ok(())
}
