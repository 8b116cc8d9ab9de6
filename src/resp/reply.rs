//! Replies into bytes, written in place: the caller says what a value is, the writer knows how
//! RESP2 and RESP3 spell it.
//!
//! Not here: what a command answers, and who gets the bytes.

use crate::base::number::push_i64;

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2, until the client says `HELLO 3`.
    #[default]
    Resp2,
    /// RESP3.
    Resp3,
    /// How a reply is spelled that is kept, to be written later for whichever version is asked for
    /// (`recorded`). No connection speaks it.
    Recorded,
}

impl Protocol {
    /// Its number, as HELLO and CLIENT LIST give it.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 | Self::Recorded => 3,
        }
    }
}

/// Appends replies to a buffer.
#[derive(Debug, Default)]
pub struct Writer {
    /// What has been written and not yet sent.
    pub out: Vec<u8>,
    /// How to spell what comes next.
    pub protocol: Protocol,
}

impl Writer {
    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(kind);
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }

    fn length(&mut self, kind: u8, length: usize) {
        // Nearly every length has one or two digits.
        if length < 10 {
            self.out.extend_from_slice(&[kind, b'0' + length as u8, b'\r', b'\n']);
            return;
        }
        self.out.push(kind);
        push_i64(&mut self.out, length as i64);
        self.out.extend_from_slice(b"\r\n");
    }

    /// `+text`.
    #[inline]
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    /// `-text`; line ends inside become spaces, as an error is one line.
    pub fn error(&mut self, text: &[u8]) {
        let start = self.out.len();
        self.line(b'-', text);
        let end = self.out.len() - 2;
        for byte in &mut self.out[start..end] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
    }

    /// `:number`.
    #[inline]
    pub fn int(&mut self, number: i64) {
        if let digit @ 0..=9 = number {
            self.out.extend_from_slice(&[b':', b'0' + digit as u8, b'\r', b'\n']);
            return;
        }
        self.out.reserve(crate::base::number::DECIMAL_MAX + 3);
        self.out.push(b':');
        push_i64(&mut self.out, number);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A count that fits an integer reply.
    #[inline]
    pub fn count(&mut self, count: usize) {
        self.int(count as i64);
    }

    /// `$length`, the bytes.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 16);
        self.length(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A bulk string that spells an integer.
    #[inline]
    pub fn bulk_int(&mut self, number: i64) {
        let mut space = [0; crate::base::number::DECIMAL_MAX];
        self.bulk(crate::base::number::format_i64(number, &mut space));
    }

    /// A bulk string, or null.
    pub fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bulk(bytes),
            None => self.null(),
        }
    }

    /// The absence of a value.
    #[inline]
    pub fn null(&mut self) {
        self.out.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 | Protocol::Recorded => b"_\r\n",
        });
    }

    /// The absence of an array.
    pub fn null_array(&mut self) {
        self.out.extend_from_slice(match self.protocol {
            Protocol::Resp2 | Protocol::Recorded => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The head of an array; `length` values follow.
    pub fn array(&mut self, length: usize) {
        self.length(b'*', length);
    }

    /// The head of a map; `pairs` keys and values follow.
    pub fn map(&mut self, pairs: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length(b'*', pairs * 2),
            Protocol::Resp3 | Protocol::Recorded => self.length(b'%', pairs),
        }
    }

    /// The head of a set; `length` values follow.
    pub fn set(&mut self, length: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length(b'*', length),
            Protocol::Resp3 | Protocol::Recorded => self.length(b'~', length),
        }
    }

    /// The head of a push message; `length` values follow.
    pub fn push(&mut self, length: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length(b'*', length),
            Protocol::Resp3 | Protocol::Recorded => self.length(b'>', length),
        }
    }

    /// A whole push message that was spelled for RESP3: the first byte is all that differs.
    pub fn spelled_push(&mut self, spelled: &[u8]) {
        let start = self.out.len();
        self.out.extend_from_slice(spelled);
        match self.protocol {
            Protocol::Resp2 => self.out[start] = b'*',
            Protocol::Resp3 | Protocol::Recorded => {}
        }
    }

    /// A truth value: `1` or `0` in RESP2.
    pub fn bool(&mut self, value: bool) {
        match self.protocol {
            Protocol::Resp2 => self.int(i64::from(value)),
            Protocol::Resp3 | Protocol::Recorded => {
                self.line(b'#', if value { b"t" } else { b"f" })
            }
        }
    }

    /// A floating-point number, with the shortest digits that read back as the same number.
    pub fn double(&mut self, value: f64) {
        let text = if value.is_nan() {
            "nan".to_owned()
        } else if value.is_infinite() {
            if value > 0.0 { "inf".to_owned() } else { "-inf".to_owned() }
        } else {
            format!("{value}")
        };
        self.decimal(&text);
    }

    /// A floating-point number that has been spelled already, because it is no `f64`.
    pub fn decimal(&mut self, text: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 | Protocol::Recorded => self.line(b',', text.as_bytes()),
        }
    }

    /// Text for people, in a format of three letters (`txt`, `mkd`).
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 | Protocol::Recorded => {
                self.length(b'=', text.len() + format.len() + 1);
                self.out.extend_from_slice(format.as_bytes());
                self.out.push(b':');
                self.out.extend_from_slice(text);
                self.out.extend_from_slice(b"\r\n");
            }
        }
    }

    /// An integer of any size, given by its digits.
    pub fn big_number(&mut self, digits: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits.as_bytes()),
            Protocol::Resp3 | Protocol::Recorded => self.line(b'(', digits.as_bytes()),
        }
    }

    /// The head of attributes for the next value; `pairs` keys and values follow. RESP3 only.
    pub fn attribute(&mut self, pairs: usize) {
        self.length(b'|', pairs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_protocol::resp3::decode::complete::decode;
    use redis_protocol::resp3::types::{FrameKind, OwnedFrame, Resp3Frame};

    fn both(write: impl Fn(&mut Writer)) -> (String, String) {
        let spell = |protocol| {
            let mut writer = Writer { protocol, ..Writer::default() };
            write(&mut writer);
            String::from_utf8(writer.out).unwrap()
        };
        (spell(Protocol::Resp2), spell(Protocol::Resp3))
    }

    #[test]
    fn each_version_has_its_spelling() {
        let same = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(both(|writer| writer.int(-5)), same(":-5\r\n"));
        assert_eq!(both(|writer| writer.bulk(b"ab")), same("$2\r\nab\r\n"));
        assert_eq!(both(|writer| writer.error(b"ERR a\r\nb")), same("-ERR a  b\r\n"));
        assert_eq!(both(Writer::null), ("$-1\r\n".into(), "_\r\n".into()));
        assert_eq!(both(Writer::null_array), ("*-1\r\n".into(), "_\r\n".into()));
        assert_eq!(both(|writer| writer.map(2)), ("*4\r\n".into(), "%2\r\n".into()));
        assert_eq!(both(|writer| writer.bool(true)), (":1\r\n".into(), "#t\r\n".into()));
        assert_eq!(both(|writer| writer.double(1.5)), ("$3\r\n1.5\r\n".into(), ",1.5\r\n".into()));
        let (_, verbatim) = both(|writer| writer.verbatim("txt", b"ab"));
        assert_eq!(verbatim, "=6\r\ntxt:ab\r\n");
    }

    #[test]
    fn the_oracle_reads_what_is_written() {
        let mut writer = Writer { protocol: Protocol::Resp3, ..Writer::default() };
        writer.array(6);
        writer.simple("fine");
        writer.null();
        writer.map(1);
        writer.bulk(b"key");
        writer.set(1);
        writer.double(0.1);
        writer.big_number("123456789012345678901234567890");
        writer.bool(false);
        writer.verbatim("txt", b"text");
        let (frame, used) = decode(&writer.out).unwrap().unwrap();
        assert_eq!(used, writer.out.len());
        let OwnedFrame::Array { data, .. } = frame else { panic!("not an array: {frame:?}") };
        let kinds: Vec<FrameKind> = data.iter().map(OwnedFrame::kind).collect();
        use FrameKind::{BigNumber, Boolean, Map, Null, SimpleString, VerbatimString};
        assert_eq!(kinds, [SimpleString, Null, Map, BigNumber, Boolean, VerbatimString]);
    }
}
