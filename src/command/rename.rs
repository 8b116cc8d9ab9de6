//! Moving and copying a key: to another name, to another database.

use crate::base::events::EventClass;
use crate::base::time::Mono;
use crate::command::args::Args;
use crate::command::context::{Context, Keys};
use crate::command::database::{database, database_number};
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::keyspace::Key;
use crate::keyspace::collection::Collection;
use crate::keyspace::edit::Expiry;
use crate::keyspace::event::{self, Event};
use crate::keyspace::value::{NewValue, Text, Value};

const BASE: Spec = Spec { group: Group::Generic, ..Spec::BASE };
const TAKEN_AWAY: KeySpec =
    KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE));

/// COPY MOVE RENAME RENAMENX
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "rename",
        arity: 3,
        keys: &[TAKEN_AWAY, KeySpec::one(2, KeyFlags::OW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE,
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::SLOW),
        summary: "Renames a key and overwrites the destination.",
        syntax: "key newkey",
        run: Run::Plain(rename),
        ..BASE
    },
    Spec {
        name: "renamenx",
        arity: 3,
        keys: &[TAKEN_AWAY, KeySpec::one(2, KeyFlags::OW.and(KeyFlags::INSERT))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::FAST),
        summary: "Renames a key only when the target key name doesn't exist.",
        syntax: "key newkey",
        history: &[(
            "3.2.0",
            "The command no longer returns an error when source and destination names are the \
             same.",
        )],
        run: Run::Plain(renamenx),
        ..BASE
    },
    Spec {
        name: "copy",
        arity: -3,
        keys: &[
            KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS)),
            KeySpec::one(2, KeyFlags::OW.and(KeyFlags::UPDATE)),
        ],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::SLOW),
        summary: "Copies the value of a key to a new key.",
        since: "6.2.0",
        complexity: "O(N) worst case for collections, where N is the number of nested items. \
                     O(1) for string values.",
        syntax: "source destination [DB destination-db] [REPLACE]",
        run: Run::Plain(copy),
        ..BASE
    },
    Spec {
        name: "move",
        arity: 3,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: Acl::KEYSPACE.and(Acl::WRITE).and(Acl::FAST),
        summary: "Moves a key to another database.",
        syntax: "key db",
        run: Run::Plain(move_key),
        ..BASE
    },
];

const RENAME_FROM: Event = Event::new(EventClass::Generic, "rename_from");
const RENAME_TO: Event = Event::new(EventClass::Generic, "rename_to");
const MOVE_FROM: Event = Event::new(EventClass::Generic, "move_from");
const MOVE_TO: Event = Event::new(EventClass::Generic, "move_to");
const COPY_TO: Event = Event::new(EventClass::Generic, "copy_to");
const SAME: CommandError = CommandError::fixed("ERR source and destination objects are the same");

fn rename(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (from, to) = (args.key()?, args.key()?);
    let usage = cx.keys.usage;
    let mut edit = cx.keys.edit(from)?;
    edit.used(usage);
    if !edit.exists() {
        return Err(CommandError::NO_SUCH_KEY);
    }
    if from != to {
        move_entry(&mut cx.keys, from, to)?;
    }
    cx.reply.ok();
    Ok(())
}

fn renamenx(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (from, to) = (args.key()?, args.key()?);
    let usage = cx.keys.usage;
    let mut edit = cx.keys.edit(from)?;
    edit.used(usage);
    if !edit.exists() {
        return Err(CommandError::NO_SUCH_KEY);
    }
    // A key is in its own way, so the same name twice moves nothing either.
    let free = !cx.keys.edit(to)?.exists();
    if free {
        move_entry(&mut cx.keys, from, to)?;
    }
    cx.reply.int(i64::from(free));
    Ok(())
}

fn move_entry(keys: &mut Keys<'_>, from: Key<'_>, to: Key<'_>) -> Outcome {
    // What cannot be replaced is found out before anything is taken.
    // What is replaced goes before that, so that the key is new, as in Redis.
    keys.edit(to)?.note(&event::NEW);
    if let Some(taken) = keys.edit(from)?.take(&RENAME_FROM) {
        keys.edit(to)?.put(taken, &RENAME_TO);
    }
    Ok(())
}

fn move_key(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    let to = database(cx, database_number(args.take()?)?)?;
    if to == cx.keys.db {
        return Err(SAME);
    }
    let usage = cx.keys.usage;
    let mut edit = cx.keys.edit(key)?;
    edit.used(usage);
    let moves = edit.exists() && !cx.keys.edit_in(to, key)?.exists();
    if moves {
        cx.keys.edit_in(to, key)?.note(&event::NEW);
    }
    if moves && let Some(taken) = cx.keys.edit(key)?.take(&MOVE_FROM) {
        cx.keys.edit_in(to, key)?.put(taken, &MOVE_TO);
    }
    cx.reply.int(i64::from(moves));
    Ok(())
}

fn copy(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (from, to) = (args.key()?, args.key()?);
    let (mut db, mut replace) = (cx.keys.db, false);
    while let Some(option) = args.take_option() {
        if option.eq_ignore_ascii_case(b"REPLACE") {
            replace = true;
        } else if option.eq_ignore_ascii_case(b"DB") {
            db = database(cx, database_number(args.take()?)?)?;
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    if db == cx.keys.db && from == to {
        return Err(SAME);
    }
    let Some(copied) = Copied::of(&mut cx.keys, from)? else {
        cx.reply.int(0);
        return Ok(());
    };
    let mut edit = cx.keys.edit_in(db, to)?;
    if edit.exists() && !replace {
        cx.reply.int(0);
        return Ok(());
    }
    if edit.exists() {
        // What is replaced goes before that.
        edit.note(&event::NEW);
    }
    let expiry = copied.deadline.map_or(Expiry::Never, Expiry::At);
    match copied.value {
        Owned::Int(number) => edit.set(NewValue::Int(number), expiry, &COPY_TO),
        Owned::Short(bytes) => edit.set(NewValue::Verbatim(&bytes), expiry, &COPY_TO),
        Owned::Long(bytes) => edit.set(NewValue::Heap(bytes), expiry, &COPY_TO),
        Owned::Collection(collection) => {
            edit.set(NewValue::Collection(collection), expiry, &COPY_TO);
        }
    }
    edit.mark_new();
    cx.reply.int(1);
    Ok(())
}

/// A value with its end, by itself: source and target of a copy may lie in the same shard.
struct Copied {
    value: Owned,
    deadline: Option<Mono>,
}

enum Owned {
    Int(i64),
    /// It goes into the entry's block again, as in the original.
    Short(Vec<u8>),
    Long(Vec<u8>),
    Collection(Box<Collection>),
}

impl Copied {
    fn of(keys: &mut Keys<'_>, key: Key<'_>) -> Result<Option<Self>, CommandError> {
        let Some(entry) = keys.read(key) else { return Ok(None) };
        let value = match entry.value() {
            Value::Text(Text::Int(number)) => Owned::Int(number),
            Value::Text(Text::Inline(bytes)) => Owned::Short(bytes.to_vec()),
            Value::Text(Text::Heap(bytes)) => Owned::Long(bytes.to_vec()),
            Value::Collection(collection) => Owned::Collection(Box::new(collection.clone())),
            Value::Primitive(_) => return Err(CommandError::WRONG_TYPE),
        };
        Ok(Some(Self { value, deadline: entry.timer().map(|timer| timer.deadline) }))
    }
}
