//! Replies as a tree, RESP2 and RESP3: where one ends in a stream of bytes, and what is in it.
//!
//! Not here: requests (`client::encode`), and any judgement about a reply.

use std::str;

/// One reply. Keeps what the bytes say, so that `encode` gives back the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A line with its type byte: `+OK`, `-ERR no`, `:1`, `,1.5`, `#t`, `(123`, `_`.
    Line(u8, Vec<u8>),
    /// Bytes with a length: `$` bulk, `=` verbatim, `!` error.
    Blob(u8, Vec<u8>),
    /// `$-1` or `*-1`, the nils of RESP2.
    Nil(u8),
    /// `*` array, `~` set, `>` push.
    List(u8, Vec<Frame>),
    /// `%` map.
    Map(Vec<(Frame, Frame)>),
    /// `|` attribute and the reply that it belongs to.
    Attributed(Vec<(Frame, Frame)>, Box<Frame>),
}

/// The bytes are not a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedReply(pub Vec<u8>);

/// Where the first reply in `bytes` ends; `None` if it is not complete.
///
/// # Errors
/// If the bytes cannot be the beginning of a reply.
pub fn frame_end(bytes: &[u8]) -> Result<Option<usize>, MalformedReply> {
    // Frames still to come; a container replaces itself by its children.
    let (mut at, mut missing) = (0, 1usize);
    while missing > 0 {
        let Some(head) = Head::read(&bytes[at..])? else { return Ok(None) };
        at += head.length;
        missing = missing - 1 + head.children();
        if let Some(size) = head.blob_size() {
            at += size + 2;
            if bytes.len() < at {
                return Ok(None);
            }
        }
    }
    Ok(Some(at))
}

impl Frame {
    /// The first reply in `bytes` and what follows it; `None` if it is not complete.
    ///
    /// # Errors
    /// If the bytes cannot be the beginning of a reply.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, &[u8])>, MalformedReply> {
        match frame_end(bytes)? {
            Some(_) => Ok(Some(take(bytes)?)),
            None => Ok(None),
        }
    }

    /// All replies in `bytes`, and what is left over behind the last complete one.
    pub fn parse_all(mut bytes: &[u8]) -> (Vec<Self>, &[u8]) {
        let mut frames = Vec::new();
        while let Ok(Some((frame, rest))) = Self::parse(bytes) {
            frames.push(frame);
            bytes = rest;
        }
        (frames, bytes)
    }

    /// The bytes of this reply.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }

    /// The integer of a `:` reply.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Line(b':', digits) => str::from_utf8(digits).ok()?.parse().ok(),
            Self::Line(..)
            | Self::Blob(..)
            | Self::Nil(_)
            | Self::List(..)
            | Self::Map(_)
            | Self::Attributed(..) => None,
        }
    }

    /// The bytes of a bulk or verbatim reply, without its format prefix, or of a line.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Blob(b'=', bytes) => Some(bytes.get(4..).unwrap_or_default()),
            Self::Blob(_, bytes) | Self::Line(_, bytes) => Some(bytes),
            Self::Nil(_) | Self::List(..) | Self::Map(_) | Self::Attributed(..) => None,
        }
    }

    /// The elements of an array, set or push.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(_, items) => Some(items),
            Self::Line(..)
            | Self::Blob(..)
            | Self::Nil(_)
            | Self::Map(_)
            | Self::Attributed(..) => None,
        }
    }

    /// Whether this is a nil of either protocol.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil(_) | Self::Line(b'_', _))
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Line(kind, text) => put_line(out, *kind, text),
            Self::Blob(kind, bytes) => {
                put_line(out, *kind, bytes.len().to_string().as_bytes());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Nil(kind) => put_line(out, *kind, b"-1"),
            Self::List(kind, items) => {
                put_line(out, *kind, items.len().to_string().as_bytes());
                items.iter().for_each(|item| item.encode_into(out));
            }
            Self::Map(pairs) => put_pairs(out, b'%', pairs),
            Self::Attributed(pairs, reply) => {
                put_pairs(out, b'|', pairs);
                reply.encode_into(out);
            }
        }
    }
}

fn put_line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

fn put_pairs(out: &mut Vec<u8>, kind: u8, pairs: &[(Frame, Frame)]) {
    put_line(out, kind, pairs.len().to_string().as_bytes());
    for (key, value) in pairs {
        key.encode_into(out);
        value.encode_into(out);
    }
}

/// The first line of a frame.
struct Head<'a> {
    kind: u8,
    text: &'a [u8],
    /// The size or count, for those that have one; `None` for -1.
    count: Option<usize>,
    /// Bytes up to and including the line end.
    length: usize,
}

impl<'a> Head<'a> {
    fn read(bytes: &'a [u8]) -> Result<Option<Self>, MalformedReply> {
        let malformed = || MalformedReply(bytes[..bytes.len().min(64)].to_vec());
        let Some(&kind) = bytes.first() else { return Ok(None) };
        if !b"+-:,#(_$=!*~>%|".contains(&kind) {
            return Err(malformed());
        }
        let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(None);
        };
        let text = &bytes[1..end];
        let count = match (kind, text) {
            (b'+' | b'-' | b':' | b',' | b'#' | b'(' | b'_', _) | (b'$' | b'*', b"-1") => None,
            (_, digits) => Some(
                str::from_utf8(digits).ok().and_then(|d| d.parse().ok()).ok_or_else(malformed)?,
            ),
        };
        Ok(Some(Self { kind, text, count, length: end + 2 }))
    }

    /// How many frames follow that belong to this one.
    fn children(&self) -> usize {
        let count = self.count.unwrap_or(0);
        match self.kind {
            b'*' | b'~' | b'>' => count,
            b'%' => 2 * count,
            b'|' => 2 * count + 1,
            _ => 0,
        }
    }

    fn blob_size(&self) -> Option<usize> {
        matches!(self.kind, b'$' | b'=' | b'!').then_some(self.count).flatten()
    }
}

/// Takes one frame off `bytes`, which is known to hold a complete one.
fn take(bytes: &[u8]) -> Result<(Frame, &[u8]), MalformedReply> {
    let head = Head::read(bytes)?.expect("frame_end saw the whole frame");
    let mut rest = &bytes[head.length..];
    let mut take_one = || -> Result<Frame, MalformedReply> {
        let (frame, after) = take(rest)?;
        rest = after;
        Ok(frame)
    };
    let frame = match (head.kind, head.count) {
        (b'$' | b'=' | b'!', Some(size)) => {
            let (blob, after) = rest.split_at(size);
            rest = &after[2..];
            Frame::Blob(head.kind, blob.to_vec())
        }
        (b'$' | b'*', None) => Frame::Nil(head.kind),
        (b'*' | b'~' | b'>', Some(count)) => {
            Frame::List(head.kind, (0..count).map(|_| take_one()).collect::<Result<_, _>>()?)
        }
        (b'%' | b'|', Some(count)) => {
            let mut pairs = Vec::new();
            for _ in 0..count {
                pairs.push((take_one()?, take_one()?));
            }
            if head.kind == b'%' {
                Frame::Map(pairs)
            } else {
                Frame::Attributed(pairs, Box::new(take_one()?))
            }
        }
        (kind, _) => Frame::Line(kind, head.text.to_vec()),
    };
    Ok((frame, rest))
}
