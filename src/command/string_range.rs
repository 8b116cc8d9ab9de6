//! Parts of strings: APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE.
//!
//! Not here: whole values (`string`, `string_set`).

use crate::base::events::EventClass;
use crate::base::number::DECIMAL_MAX;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::node::Node;
use crate::command::spec::{Acl, Deprecation, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::string::{BASE, FAST_WRITE, SLOW_WRITE};
use crate::keyspace::edit::Expiry;
use crate::keyspace::event::Event;
use crate::keyspace::value::NewValue;
use std::ops::Range;

const GETRANGE: Spec = Spec {
    name: "getrange",
    arity: 4,
    keys: &[KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS))],
    flags: Flags::READONLY,
    acl: Acl::READ.and(Acl::STRING).and(Acl::SLOW),
    summary: "Returns a substring of the string stored at a key.",
    since: "2.4.0",
    complexity: "O(N) where N is the length of the returned string. The complexity is ultimately \
                 determined by the returned length, but because creating a substring from an \
                 existing string is very cheap, it can be considered O(1) for small strings.",
    syntax: "key start end",
    run: Run::Plain(getrange),
    ..BASE
};

/// APPEND STRLEN GETRANGE SUBSTR SETRANGE
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "append",
        arity: 3,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::INSERT))],
        flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Appends a string to the value of a key. \
                  Creates the key if it doesn't exist.",
        since: "2.0.0",
        complexity: "O(1). The amortized time complexity is O(1) assuming the appended value is \
                     small and the already present value is of any size, since the dynamic string \
                     library used by Redis will double the free space available on every \
                     reallocation.",
        syntax: "key value",
        run: Run::Plain(append),
        ..BASE
    },
    Spec {
        name: "strlen",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RO)],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::STRING).and(Acl::FAST),
        summary: "Returns the length of a string value.",
        since: "2.2.0",
        syntax: "key",
        run: Run::Plain(strlen),
        ..BASE
    },
    GETRANGE,
    Spec {
        name: "substr",
        summary: "Returns a substring from a string value.",
        since: "1.0.0",
        deprecated: Some(Deprecation { since: "2.0.0", replaced_by: "`GETRANGE`" }),
        ..GETRANGE
    },
    Spec {
        name: "setrange",
        arity: 4,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::UPDATE))],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Overwrites a part of a string value with another by an offset. \
                  Creates the key if it doesn't exist.",
        since: "2.2.0",
        complexity: "O(1), not counting the time taken to copy the new string in place. Usually, \
                     this string is very small so the amortized complexity is O(1). Otherwise, \
                     complexity is O(M) with M being the length of the value argument.",
        syntax: "key offset value",
        run: Run::Plain(setrange),
        ..BASE
    },
];

const APPEND: Event = Event::new(EventClass::String, "append");
const SETRANGE: Event = Event::new(EventClass::String, "setrange");
/// The smallest `proto-max-bulk-len` that can be configured.
const LIMIT_BYTES_MIN: usize = 1 << 20;
const OFFSET_OUT_OF_RANGE: CommandError = CommandError::fixed("ERR offset is out of range");

fn append(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, more) = (args.key()?, args.take()?);
    let mut edit = cx.keys.edit(key)?;
    let Some(old_len) = edit.text()?.map(|old| old.len()) else {
        edit.set(NewValue::Text(more), Expiry::Never, &APPEND);
        cx.reply.count(more.len());
        return Ok(());
    };
    check_length(cx.node, old_len, more.len())?;
    let len = old_len + more.len();
    let appended = edit.change_bytes(len, &APPEND, |bytes| bytes.extend_from_slice(more));
    appended.map_err(|_| CommandError::NO_MEMORY)?;
    cx.reply.count(len);
    Ok(())
}

fn strlen(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let value = cx.keys.string(args.key()?)?;
    cx.reply.count(value.map_or(0, |value| value.len()));
    Ok(())
}

fn getrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, start, end) = (args.key()?, args.int()?, args.int()?);
    let mut space = [0; DECIMAL_MAX];
    let value = cx.keys.string(key)?;
    let text = value.as_ref().map_or(&b""[..], |value| value.bytes(&mut space));
    cx.reply.bulk(&text[range(start, end, text.len())]);
    Ok(())
}

fn setrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, offset, part) = (args.key()?, args.int()?, args.take()?);
    let offset = usize::try_from(offset).map_err(|_| OFFSET_OUT_OF_RANGE)?;
    let usage = cx.keys.usage;
    let mut edit = cx.keys.edit(key)?;
    let old_len = edit.text()?.map_or(0, |old| old.len());
    if part.is_empty() {
        edit.used(usage);
        cx.reply.count(old_len);
        return Ok(());
    }
    check_length(cx.node, offset, part.len())?;
    let end = offset + part.len();
    let written = edit.change_bytes(end, &SETRANGE, |bytes| {
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(part);
    });
    written.map_err(|_| CommandError::NO_MEMORY)?;
    cx.reply.count(old_len.max(end));
    Ok(())
}

/// Refuses a string of `len + more` bytes if no client could have sent it in one piece.
fn check_length(node: &Node, len: usize, more: usize) -> Result<(), CommandError> {
    let total = len.checked_add(more).ok_or(CommandError::STRING_TOO_LONG)?;
    // The usual small APPEND need not ask for the setting.
    if total <= LIMIT_BYTES_MIN || total <= node.settings().proto_max_bulk_len {
        Ok(())
    } else {
        Err(CommandError::STRING_TOO_LONG)
    }
}

/// The bytes from `start` to `end`, both included and counted from the end if negative.
fn range(start: i64, end: i64, len: usize) -> Range<usize> {
    let from_start = |index: i64| {
        if index < 0 {
            len.saturating_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX))
        } else {
            usize::try_from(index).unwrap_or(usize::MAX)
        }
    };
    // Both before the first byte, but in the wrong order: clamping would make it one byte.
    let backwards = start < 0 && end < 0 && start > end;
    let (first, after) = (from_start(start), from_start(end).saturating_add(1).min(len));
    if backwards || first >= after { 0..0 } else { first..after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_include_both_ends_and_count_back_from_the_end() {
        for (start, end, expected) in [
            (0, 3, 0..4),
            (-3, -1, 2..5),
            (0, -1, 0..5),
            (10, 100, 0..0),
            (-100, -100, 0..1),
            (-100, -101, 0..0),
            (3, 2, 0..0),
            (i64::MIN, i64::MAX, 0..5),
            (i64::MAX, i64::MIN, 0..0),
            (4, 4, 4..5),
            (5, 5, 0..0),
        ] {
            assert_eq!(range(start, end, 5), expected, "{start} {end}");
        }
        assert_eq!(range(0, -1, 0), 0..0);
    }
}
