//! A row as COMMAND INFO tells it: ten values (Redis documentation, "COMMAND").

use crate::command::spec::{KeyFlags, KeyRange, KeySpec};
use crate::command::table::{Command, table};
use crate::resp::reply::Writer;

pub(super) fn describe(reply: &mut Writer, command: &Command) {
    let spec = command.spec;
    reply.array(10);
    reply.bulk(command.full_name.as_bytes());
    reply.int(i64::from(spec.arity));
    names(reply, spec.flags.names());
    for number in plain_range(spec.keys) {
        reply.int(number);
    }
    names(reply, spec.acl.names());
    reply.set(spec.tips.len());
    for tip in spec.tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(spec.keys.len());
    for keys in spec.keys {
        describe_keys(reply, keys);
    }
    match command.subcommands.len() {
        // Redis answers an empty set here, but the subcommands as an array.
        0 => reply.set(0),
        subcommands => reply.array(subcommands),
    }
    for id in &command.subcommands {
        describe(reply, table().command(*id));
    }
}

fn names(reply: &mut Writer, names: impl Iterator<Item = &'static str>) {
    let names: Vec<_> = names.collect();
    reply.set(names.len());
    names.into_iter().for_each(|name| reply.simple(name));
}

/// The flags of a key, as a set of names.
pub(super) fn key_flags(reply: &mut Writer, flags: KeyFlags) {
    names(reply, flags.names());
}

/// First key, last key and step, for clients that know no specifications: of all ranges that follow
/// each other without a gap (`populateCommandLegacyRangeSpec` of Redis's `server.c`).
fn plain_range(specs: &[KeySpec]) -> [i64; 3] {
    if let [KeySpec { range: KeyRange::Words { first, last, step }, .. }] = specs {
        return [i64::from(*first), absolute(*first, *last), i64::from(*step)];
    }
    let mut range: Option<(i64, i64)> = None;
    for spec in specs {
        let KeyRange::Words { first, last, step: 1 } = spec.range else { continue };
        let start = i64::from(first);
        let end = absolute(first, last);
        range = match range {
            None => Some((start, end)),
            Some((earliest, latest)) if latest == start - 1 => Some((earliest, end)),
            Some(apart) => Some(apart),
        };
    }
    range.map_or([0, 0, 0], |(first, last)| [first, last, 1])
}

/// A last key counted from the start of the request, or from its end when negative.
fn absolute(first: u16, last: i16) -> i64 {
    if last < 0 { i64::from(last) } else { i64::from(first) + i64::from(last) }
}

fn describe_keys(reply: &mut Writer, spec: &KeySpec) {
    reply.map(3 + usize::from(!spec.notes.is_empty()));
    if !spec.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(spec.notes.as_bytes());
    }
    reply.bulk(b"flags");
    key_flags(reply, spec.flags);
    let (start, kind, numbers) = match spec.range {
        KeyRange::Words { first, last, step } => (
            first,
            "range",
            [("lastkey", i64::from(last)), ("keystep", i64::from(step)), ("limit", 0)],
        ),
        KeyRange::Counted { count, step } => {
            (count, "keynum", [("keynumidx", 0), ("firstkey", 1), ("keystep", i64::from(step))])
        }
        KeyRange::Nested { .. } => {
            for step in [b"begin_search", &b"find_keys"[..]] {
                reply.bulk(step);
                search(reply, "unknown", &[]);
            }
            return;
        }
    };
    reply.bulk(b"begin_search");
    search(reply, "index", &[("index", i64::from(start))]);
    reply.bulk(b"find_keys");
    search(reply, kind, &numbers);
}

fn search(reply: &mut Writer, kind: &str, numbers: &[(&str, i64)]) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(numbers.len());
    for (name, number) in numbers {
        reply.bulk(name.as_bytes());
        reply.int(*number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn range(first: u16, last: i16, step: u16) -> KeySpec {
        KeySpec::words(first, last, step, KeyFlags::RO)
    }

    #[test]
    fn old_clients_see_the_ranges_that_follow_each_other() {
        assert_eq!(plain_range(&[]), [0, 0, 0]);
        assert_eq!(plain_range(&[range(1, 0, 1)]), [1, 1, 1]);
        assert_eq!(plain_range(&[range(1, -1, 2)]), [1, -1, 2]);
        assert_eq!(plain_range(&[range(1, 0, 1), range(2, 0, 1)]), [1, 2, 1]);
        assert_eq!(plain_range(&[range(1, 0, 1), range(4, 0, 1)]), [1, 1, 1]);
        let counted = KeySpec::counted(2, 1, KeyFlags::RO);
        assert_eq!(plain_range(&[range(1, 0, 1), counted]), [1, 1, 1]);
        assert_eq!(plain_range(&[counted]), [0, 0, 0]);
    }
}
