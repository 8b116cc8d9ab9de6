//! A reply that was kept, written again for whichever version of the protocol is asked for.
//!
//! It is kept as a [`Writer`] spells it under [`Protocol::Recorded`](crate::resp::reply::Protocol):
//! as RESP3, which says more, but the absence of an array stays apart from that of a value. Not
//! here: attributes, which a command only writes for a connection that speaks RESP3.

use crate::base::number::parse_i64;
use crate::resp::reply::Writer;

/// Writes a recorded reply as `writer`'s protocol spells it.
///
/// # Panics
/// If no `Writer` has recorded it.
pub fn replay(mut recorded: &[u8], writer: &mut Writer) {
    while let Some((&kind, rest)) = recorded.split_first() {
        let (line, rest) = line(rest);
        recorded = rest;
        match kind {
            b'+' => writer.simple(text(line)),
            b'-' => writer.error(line),
            b':' => writer.int(number(line)),
            b',' => writer.decimal(text(line)),
            b'(' => writer.big_number(text(line)),
            b'#' => writer.bool(line == b"t"),
            b'_' => writer.null(),
            b'$' => writer.bulk(take(&mut recorded, length(line))),
            b'=' => {
                let bytes = take(&mut recorded, length(line));
                let (format, text_of_it) = bytes.split_at(FORMAT_BYTES);
                writer.verbatim(text(format), &text_of_it[1..]);
            }
            b'*' if line == b"-1" => writer.null_array(),
            b'*' => writer.array(length(line)),
            b'%' => writer.map(length(line)),
            b'~' => writer.set(length(line)),
            b'>' => writer.push(length(line)),
            _ => unreachable!("a reply that was recorded is made of these"),
        }
    }
}

/// The name of a verbatim string's format; a colon stands behind it.
const FORMAT_BYTES: usize = 3;

const WELL_FORMED: &str = "a reply that was recorded is well-formed";

/// Up to the end of the line, and what stands behind it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n").expect(WELL_FORMED);
    (&bytes[..end], &bytes[end + 2..])
}

/// As many bytes, which stand before the end of a line.
fn take<'r>(recorded: &mut &'r [u8], length: usize) -> &'r [u8] {
    let (bytes, rest) = recorded.split_at(length);
    *recorded = rest.strip_prefix(b"\r\n").expect(WELL_FORMED);
    bytes
}

fn text(line: &[u8]) -> &str {
    std::str::from_utf8(line).expect(WELL_FORMED)
}

fn number(line: &[u8]) -> i64 {
    parse_i64(line).expect(WELL_FORMED)
}

fn length(line: &[u8]) -> usize {
    usize::try_from(number(line)).expect(WELL_FORMED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::reply::Protocol;
    use proptest::prelude::*;

    /// What a command may write.
    #[derive(Clone, Debug)]
    enum Value {
        Simple(String),
        Error(Vec<u8>),
        Int(i64),
        Bulk(Vec<u8>),
        BulkInt(i64),
        Null,
        NullArray,
        Bool(bool),
        Double(f64),
        BigNumber(u64),
        Verbatim(Vec<u8>),
        Array(Vec<Self>),
        Set(Vec<Self>),
        Push(Vec<Self>),
        Map(Vec<(Self, Self)>),
    }

    impl Value {
        fn write(&self, writer: &mut Writer) {
            match self {
                Self::Simple(text) => writer.simple(text),
                Self::Error(text) => writer.error(text),
                Self::Int(number) => writer.int(*number),
                Self::Bulk(bytes) => writer.bulk(bytes),
                Self::BulkInt(number) => writer.bulk_int(*number),
                Self::Null => writer.null(),
                Self::NullArray => writer.null_array(),
                Self::Bool(value) => writer.bool(*value),
                Self::Double(value) => writer.double(*value),
                Self::BigNumber(number) => writer.big_number(&format!("{number}000000000000")),
                Self::Verbatim(text) => writer.verbatim("txt", text),
                Self::Array(items) => Self::write_all(items, writer, Writer::array),
                Self::Set(items) => Self::write_all(items, writer, Writer::set),
                Self::Push(items) => Self::write_all(items, writer, Writer::push),
                Self::Map(pairs) => {
                    writer.map(pairs.len());
                    for (key, value) in pairs {
                        key.write(writer);
                        value.write(writer);
                    }
                }
            }
        }

        fn write_all(items: &[Self], writer: &mut Writer, head: impl Fn(&mut Writer, usize)) {
            head(writer, items.len());
            items.iter().for_each(|item| item.write(writer));
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let bytes = || prop::collection::vec(prop::sample::select(&b"a\r\n$"[..]), 0..20);
        let leaf = prop_oneof![
            "[a-z ]{0,9}".prop_map(Value::Simple),
            bytes().prop_map(Value::Error),
            any::<i64>().prop_map(Value::Int),
            bytes().prop_map(Value::Bulk),
            any::<i64>().prop_map(Value::BulkInt),
            Just(Value::Null),
            Just(Value::NullArray),
            any::<bool>().prop_map(Value::Bool),
            any::<f64>().prop_map(Value::Double),
            any::<u64>().prop_map(Value::BigNumber),
            bytes().prop_map(Value::Verbatim),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let some = || prop::collection::vec(inner.clone(), 0..4);
            let pairs = prop::collection::vec((inner.clone(), inner.clone()), 0..3);
            prop_oneof![
                some().prop_map(Value::Array),
                some().prop_map(Value::Set),
                some().prop_map(Value::Push),
                pairs.prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_reply_that_was_kept_is_the_reply(value in values()) {
            let written = |protocol| {
                let mut writer = Writer { protocol, ..Writer::default() };
                value.write(&mut writer);
                writer.out
            };
            let recorded = written(Protocol::Recorded);
            for protocol in [Protocol::Resp2, Protocol::Resp3, Protocol::Recorded] {
                let mut writer = Writer { protocol, ..Writer::default() };
                replay(&recorded, &mut writer);
                prop_assert_eq!(writer.out, written(protocol));
            }
        }
    }
}
