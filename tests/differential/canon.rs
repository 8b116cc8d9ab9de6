//! Forms in which replies can be compared that are not the same bytes: sorted, or without what
//! differs anyway.
//!
//! Not here: which command gets which form, and why (`judge.rs`).

use crate::support::Frame;
use std::mem::{Discriminant, discriminant};

/// What kind of reply it is: the variant and the byte it begins with.
pub fn kind(frame: &Frame) -> (Discriminant<Frame>, u8) {
    (discriminant(frame), first_byte(frame))
}

fn first_byte(frame: &Frame) -> u8 {
    match frame {
        Frame::Line(byte, _) | Frame::Blob(byte, _) | Frame::Nil(byte) | Frame::List(byte, _) => {
            *byte
        }
        Frame::Map(_) => b'%',
        Frame::Attributed(..) => b'|',
    }
}

fn line(text: impl Into<Vec<u8>>) -> Frame {
    Frame::Line(b'+', text.into())
}

fn text(frame: &Frame) -> String {
    String::from_utf8_lossy(frame.as_bytes().unwrap_or_default()).into_owned()
}

/// A reply of the same kind that says only `what`.
fn only(frame: &Frame, what: impl Into<Vec<u8>>) -> Frame {
    Frame::List(first_byte(frame), vec![line(what)])
}

/// The pairs of a map, or of a list in which names and values alternate.
fn pairs(frame: &Frame) -> Vec<(Frame, Frame)> {
    if let Frame::Map(pairs) = frame {
        return pairs.clone();
    }
    let items = frame.as_list().unwrap_or_default();
    items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

fn from_pairs(frame: &Frame, pairs: Vec<(Frame, Frame)>) -> Frame {
    let items = pairs.into_iter().map(|(name, value)| Frame::List(b'*', vec![name, value]));
    Frame::List(first_byte(frame), items.collect())
}

/// The kind of the reply, whatever is in it.
pub fn kind_only(frame: Frame) -> Frame {
    only(&frame, "")
}

/// Nothing of it.
pub fn nothing(_: Frame) -> Frame {
    Frame::List(b'*', Vec::new())
}

/// The elements in the order of their bytes.
pub fn sorted(frame: Frame) -> Frame {
    let Frame::List(byte, mut items) = frame else { return frame };
    items.sort_by_key(Frame::encode);
    Frame::List(byte, items)
}

/// Messages one after the other, where those that belong together are sorted: the same message by
/// several patterns, and several names that are left at once. Their counts stay where they are.
pub fn in_any_order(mut frames: Vec<Frame>) -> Vec<Frame> {
    let together = |left: &Frame, right: &Frame| match (&words(left)[..], &words(right)[..]) {
        ([b"pmessage", _, channel, text], [b"pmessage", _, to, told]) => {
            channel == to && text == told
        }
        ([kind, ..], [other, ..]) => kind.ends_with(b"unsubscribe") && kind == other,
        _ => false,
    };
    for group in frames.chunk_by_mut(together) {
        let mut names: Vec<Frame> = group.iter().filter_map(name).cloned().collect();
        names.sort_by_key(Frame::encode);
        for (frame, name) in group.iter_mut().zip(names) {
            if let Frame::List(_, items) = frame {
                items[1] = name;
            }
        }
    }
    frames
}

/// The words of a message.
fn words(frame: &Frame) -> Vec<&[u8]> {
    frame.as_list().unwrap_or_default().iter().filter_map(Frame::as_bytes).collect()
}

/// The name or pattern that a message is about.
fn name(frame: &Frame) -> Option<&Frame> {
    frame.as_list()?.get(1)
}

/// The reply of HSCAN with its pairs sorted.
pub fn scanned_pairs(frame: Frame) -> Frame {
    let Frame::List(byte, items) = frame else { return frame };
    Frame::List(byte, items.into_iter().map(sorted_pairs).collect())
}

/// COMMAND INFO with its sets sorted, and without hints and subcommands. Without names it is about
/// all commands there are, which are not the same.
pub fn command_entries(frame: Frame) -> Frame {
    const COMMANDS_MAX: usize = 200;
    const HINTS: usize = 7;
    const SUBCOMMANDS: usize = 9;
    let Frame::List(byte, mut entries) = frame else { return frame };
    if entries.len() > COMMANDS_MAX {
        return kind_only(Frame::List(byte, entries));
    }
    for entry in &mut entries {
        if let Frame::List(_, parts) = entry
            && parts.len() > SUBCOMMANDS
        {
            parts[HINTS] = kind_only(parts[HINTS].clone());
            parts[SUBCOMMANDS] = kind_only(parts[SUBCOMMANDS].clone());
        }
    }
    sorted_words(Frame::List(byte, entries))
}

/// Every list within sorted if it holds only lines.
fn sorted_words(frame: Frame) -> Frame {
    if let Frame::Map(pairs) = frame {
        let sorted = pairs.into_iter().map(|(name, value)| (name, sorted_words(value)));
        return Frame::Map(sorted.collect());
    }
    let Frame::List(byte, items) = frame else { return frame };
    let words = items.iter().all(|item| matches!(item, Frame::Line(b'+', _)));
    let items = Frame::List(byte, items.into_iter().map(sorted_words).collect());
    if words { sorted(items) } else { items }
}

/// Pairs, flat or in a map, in the order of their names. A pattern that matches almost everything
/// shows which settings exist, and those are not the same.
pub fn sorted_pairs(frame: Frame) -> Frame {
    const PAIRS_MAX: usize = 30;
    let mut pairs = pairs(&frame);
    if pairs.len() > PAIRS_MAX {
        return kind_only(frame);
    }
    pairs.sort_by_key(|(name, _)| name.encode());
    from_pairs(&frame, pairs)
}

/// Of each line of CLIENT LIST, which has `name=value` words, the words that a client decides.
pub fn client_fields(frame: Frame) -> Frame {
    const KEPT: [&str; 11] =
        ["name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user", "redir", "resp"];
    let is_kept = |word: &&str| word.split_once('=').is_some_and(|(name, _)| KEPT.contains(&name));
    let text = text(&frame);
    // latchd finds out at EXEC whether a watched key has changed, so it has no flag for it.
    let flags = |word: &str| word.replace("flags=d", "flags=N").replace("flags=xd", "flags=x");
    let mut lines: Vec<String> = text
        .split('\n')
        .map(|line| line.split(' ').filter(is_kept).map(flags).collect::<Vec<_>>().join(" "))
        .collect();
    lines.sort();
    only(&frame, lines.join("\n"))
}

/// HELLO without the version and the connection's id.
pub fn hello_fields(frame: Frame) -> Frame {
    let mut pairs = pairs(&frame);
    for (name, value) in &mut pairs {
        if matches!(name.as_bytes(), Some(b"version" | b"id")) {
            *value = kind_only(value.clone());
        }
    }
    from_pairs(&frame, pairs)
}

/// Of `INFO keyspace` the numbers of keys, of every other section its heading.
pub fn keyspace_lines(frame: Frame) -> Frame {
    let text = text(&frame);
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with('#') || line.starts_with("db"))
        .map(|line| line.split(",avg_ttl=").next().unwrap_or_default())
        .collect();
    only(&frame, kept.join("\n"))
}

/// `refcount` and `encoding` of DEBUG OBJECT.
pub fn object_fields(frame: Frame) -> Frame {
    let text = text(&frame);
    let is_kept = |word: &&str| word.starts_with("refcount:") || word.starts_with("encoding:");
    only(&frame, text.split(' ').filter(is_kept).collect::<Vec<_>>().join(" "))
}

/// The first line and the last two of a HELP, which are the same for every command.
pub fn help_frame(frame: Frame) -> Frame {
    let Frame::List(byte, mut items) = frame else { return frame };
    if items.len() > 3 {
        items.drain(1..items.len() - 2);
    }
    Frame::List(byte, items)
}
