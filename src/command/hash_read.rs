//! Hashes, read: one field, some of them, all of them.
//!
//! Not here: fields picked by chance, and walks in steps (`hash_pick`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::hash::BASE;
use crate::command::spec::{Acl, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::types::hash::Hash;
use crate::types::structure::Structure;

const READ: Spec = Spec {
    arity: 3,
    keys: &[KeySpec::one(1, KeyFlags::RO)],
    flags: Flags::READONLY.and(Flags::FAST),
    acl: Acl::READ.and(Acl::HASH).and(Acl::FAST),
    syntax: "key field",
    ..BASE
};
/// A key whose value is returned.
pub(super) const ACCESSED: KeySpec = KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS));
const READ_ALL: Spec = Spec {
    arity: 2,
    keys: &[ACCESSED],
    flags: Flags::READONLY,
    acl: Acl::READ.and(Acl::HASH).and(Acl::SLOW),
    complexity: "O(N) where N is the size of the hash.",
    syntax: "key",
    tips: &["nondeterministic_output_order"],
    ..BASE
};

/// HGET HMGET HEXISTS HSTRLEN HLEN HGETALL HKEYS HVALS
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "hget",
        keys: &[ACCESSED],
        summary: "Returns the value of a field in a hash.",
        run: Run::Plain(hget),
        ..READ
    },
    Spec {
        name: "hmget",
        arity: -3,
        keys: &[ACCESSED],
        summary: "Returns the values of all fields in a hash.",
        complexity: "O(N) where N is the number of fields being requested.",
        syntax: "key field [field ...]",
        run: Run::Plain(hmget),
        ..READ
    },
    Spec {
        name: "hexists",
        summary: "Determines whether a field exists in a hash.",
        run: Run::Plain(hexists),
        ..READ
    },
    Spec {
        name: "hstrlen",
        summary: "Returns the length of the value of a field.",
        since: "3.2.0",
        run: Run::Plain(hstrlen),
        ..READ
    },
    Spec {
        name: "hlen",
        arity: 2,
        summary: "Returns the number of fields in a hash.",
        syntax: "key",
        run: Run::Plain(hlen),
        ..READ
    },
    Spec {
        name: "hgetall",
        summary: "Returns all fields and values in a hash.",
        run: Run::Plain(hgetall),
        ..READ_ALL
    },
    Spec {
        name: "hkeys",
        summary: "Returns all fields in a hash.",
        run: Run::Plain(hkeys),
        ..READ_ALL
    },
    Spec {
        name: "hvals",
        summary: "Returns all values in a hash.",
        run: Run::Plain(hvals),
        ..READ_ALL
    },
];

fn hget(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.key()?, args.take()?);
    let hash = cx.keys.collection::<Hash>(key)?;
    cx.reply.bulk_or_null(hash.and_then(|hash| hash.get(field)));
    Ok(())
}

fn hmget(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let hash = cx.keys.collection::<Hash>(args.key()?)?;
    cx.reply.array(args.left());
    while let Some(field) = args.take_option() {
        cx.reply.bulk_or_null(hash.and_then(|hash| hash.get(field)));
    }
    Ok(())
}

fn hexists(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.key()?, args.take()?);
    let hash = cx.keys.collection::<Hash>(key)?;
    cx.reply.int(i64::from(hash.is_some_and(|hash| hash.contains(field))));
    Ok(())
}

fn hstrlen(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.key()?, args.take()?);
    let hash = cx.keys.collection::<Hash>(key)?;
    cx.reply.count(hash.and_then(|hash| hash.get(field)).map_or(0, <[u8]>::len));
    Ok(())
}

fn hlen(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let hash = cx.keys.collection::<Hash>(args.key()?)?;
    cx.reply.count(hash.map_or(0, Structure::len));
    Ok(())
}

fn hgetall(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let hash = cx.keys.collection::<Hash>(args.key()?)?;
    cx.reply.map(hash.map_or(0, Structure::len));
    for (field, value) in hash.into_iter().flat_map(Hash::iter) {
        cx.reply.bulk(field);
        cx.reply.bulk(value);
    }
    Ok(())
}

fn hkeys(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    write_all(cx, args, |(field, _)| field)
}

fn hvals(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    write_all(cx, args, |(_, value)| value)
}

fn write_all(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    part: impl for<'h> Fn((&'h [u8], &'h [u8])) -> &'h [u8],
) -> Result<(), CommandError> {
    let hash = cx.keys.collection::<Hash>(args.key()?)?;
    cx.reply.array(hash.map_or(0, Structure::len));
    hash.into_iter().flat_map(Hash::iter).for_each(|pair| cx.reply.bulk(part(pair)));
    Ok(())
}
