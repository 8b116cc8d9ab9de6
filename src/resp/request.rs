//! Requests out of bytes: arrays of bulk strings and inline commands, borrowed from the read
//! buffer.
//!
//! Incremental: after `Incomplete` it goes on where it stopped, so a request split at any byte
//! costs no second look. Not here: what the words mean, and how long a connection's buffer may
//! grow. Invariant: every span lies inside the bytes already seen.

use crate::base::number::parse_i64;
use crate::resp::inline;

/// Longest inline request, and longest length line, in bytes (Redis's `PROTO_INLINE_MAX_SIZE`).
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Most arguments of one request.
pub const ARGUMENTS_MAX: i64 = 1024 * 1024;
/// What a connection that has not said AUTH may send (Redis 7: limits for unauthenticated clients).
const UNAUTHENTICATED_ARGUMENTS_MAX: i64 = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX: i64 = 16 * 1024;
/// How much room is prepared for an announced bulk string before much of it has arrived.
const RESERVE_BYTES_MIN: usize = 64 * 1024;

/// Where an argument lies, relative to the start of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Length in bytes.
    pub len: usize,
}

/// The words of a request: name first.
#[derive(Clone, Copy, Debug)]
pub struct Argv<'r> {
    bytes: &'r [u8],
    spans: &'r [Span],
}

impl<'r> Argv<'r> {
    /// Words that lie in `bytes` at `spans`.
    #[must_use]
    pub const fn new(bytes: &'r [u8], spans: &'r [Span]) -> Self {
        Self { bytes, spans }
    }

    /// Number of words.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no word.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Word number `index`, 0 being the command's name.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'r [u8]> {
        let span = self.spans.get(index)?;
        self.bytes.get(span.start..span.start + span.len)
    }

    /// All words.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'r [u8]> + Clone + use<'r> {
        let bytes = self.bytes;
        self.spans.iter().map(move |span| &bytes[span.start..span.start + span.len])
    }

    /// Everything from word number `first` on.
    #[must_use]
    pub fn from(&self, first: usize) -> Self {
        Self { bytes: self.bytes, spans: self.spans.get(first..).unwrap_or_default() }
    }
}

/// Bounds that the settings and the connection's state put on a request.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `proto-max-bulk-len`.
    pub bulk_bytes_max: i64,
    /// Whether the client has said who it is, if it has to.
    pub authenticated: bool,
}

/// A request that has been read; [`Parser::argv`] gives its words.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    first_span: usize,
    spans: usize,
    inline: bool,
}

impl Found {
    /// Whether it was an inline request: its words are kept by the parser only until the next one.
    #[must_use]
    pub const fn is_inline(self) -> bool {
        self.inline
    }
}

/// What the bytes were.
#[derive(Debug)]
pub enum Parsed {
    /// A request, and how many bytes it took.
    Request(Found, usize),
    /// Bytes that ask for nothing (an empty line, an empty array).
    Nothing(usize),
    /// More bytes are needed, at least this many.
    Incomplete(usize),
}

/// A request that cannot be understood: answered, and the connection is closed.
/// The texts are those of Redis's `networking.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say what they are")]
pub enum ProtocolError {
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    #[error("Protocol error: too big mbulk count string")]
    CountTooLong,
    #[error("Protocol error: invalid multibulk length")]
    InvalidCount,
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedCount,
    #[error("Protocol error: too big bulk count string")]
    LengthTooLong,
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    NotABulk(u8),
    #[error("Protocol error: invalid bulk length")]
    InvalidLength,
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedLength,
}

impl ProtocolError {
    /// The error's text as bytes: the byte that was there instead of a `$` stands as it came.
    #[must_use]
    pub fn text(self) -> Vec<u8> {
        match self {
            Self::NotABulk(byte) => {
                [b"Protocol error: expected '$', got '", &[byte][..], b"'"].concat()
            }
            Self::InlineTooBig
            | Self::UnbalancedQuotes
            | Self::CountTooLong
            | Self::InvalidCount
            | Self::UnauthenticatedCount
            | Self::LengthTooLong
            | Self::InvalidLength
            | Self::UnauthenticatedLength => self.to_string().into_bytes(),
        }
    }
}

/// A connection's place in the request that it is sending.
#[derive(Debug, Default)]
pub struct Parser {
    /// Bytes understood so far, from the start of the request.
    at: usize,
    /// Arguments still to come; `None` before the count has been read.
    missing: Option<usize>,
    /// Length of the argument that is being read.
    bulk: Option<usize>,
    /// Of all requests since the last `forget`, and of the one that is being read.
    spans: Vec<Span>,
    /// First span of the request that is being read.
    first_span: usize,
    /// An inline request's words without quotes.
    unquoted: Vec<u8>,
}

/// A length line, if it is there: its digits, and how many bytes it takes.
enum Line<'b> {
    Whole(&'b [u8], usize),
    Missing,
    TooLong,
}

/// Reads up to `\r` as Redis does: it stops looking at a NUL and takes the byte after `\r` on
/// trust.
#[inline]
fn line(bytes: &[u8]) -> Line<'_> {
    match bytes.iter().position(|&byte| byte == b'\r' || byte == 0) {
        Some(end) if bytes[end] == b'\r' && end + 1 < bytes.len() => {
            Line::Whole(&bytes[..end], end + 2)
        }
        Some(end) if bytes[end] == b'\r' => Line::Missing,
        Some(_) | None if bytes.len() > LINE_BYTES_MAX => Line::TooLong,
        Some(_) | None => Line::Missing,
    }
}

impl Parser {
    /// Reads one request from `bytes`, which must start where the last request ended and, after
    /// `Incomplete`, repeat what it started with.
    ///
    /// # Errors
    /// The request is malformed or too large.
    #[inline]
    pub fn parse(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Parsed, ProtocolError> {
        let missing = match self.missing {
            Some(missing) => missing,
            None if bytes.first() == Some(&b'*') => match self.count(bytes, bounds)? {
                Some(0) => return Ok(Parsed::Nothing(std::mem::take(&mut self.at))),
                Some(count) => count,
                None => return Ok(Parsed::Incomplete(1)),
            },
            None => return self.inline(bytes),
        };
        for left in (1..=missing).rev() {
            if let Some(wanted) = self.argument(bytes, bounds)? {
                self.missing = Some(left);
                return Ok(Parsed::Incomplete(wanted));
            }
        }
        self.missing = None;
        let used = std::mem::take(&mut self.at);
        Ok(Parsed::Request(self.found(false), used))
    }

    /// Marks the end of a request.
    #[inline]
    const fn found(&mut self, inline: bool) -> Found {
        let first_span = self.first_span;
        self.first_span = self.spans.len();
        Found { first_span, spans: self.first_span - first_span, inline }
    }

    /// The words of a request that was found since the last `forget`; `bytes` starts where it does.
    #[must_use]
    #[inline]
    pub fn argv<'r>(&'r self, found: Found, bytes: &'r [u8]) -> Argv<'r> {
        let spans = &self.spans[found.first_span..found.first_span + found.spans];
        Argv::new(if found.inline { &self.unquoted } else { bytes }, spans)
    }

    /// Lets go of the requests found so far; what has been read of the next one is kept.
    #[inline]
    pub fn forget(&mut self) {
        if self.first_span == self.spans.len() {
            self.spans.clear();
        } else {
            self.spans.drain(..self.first_span);
        }
        self.first_span = 0;
    }

    /// Starts again at a request's first byte: requests that were read ahead have not been used.
    pub fn rewind(&mut self) {
        self.spans.clear();
        (self.at, self.missing, self.bulk, self.first_span) = (0, None, None, 0);
    }

    /// Room worth preparing beyond `buffered` bytes of an unfinished request.
    #[must_use]
    pub fn reserve(&self, buffered: usize) -> usize {
        let wanted = self.bulk.map_or(0, |length| self.at + length + 2);
        // An announced length is believed only as far as bytes have arrived.
        wanted.saturating_sub(buffered).min(buffered.max(RESERVE_BYTES_MIN))
    }

    /// Reads the number of arguments; 0 if there is nothing to do, `None` if it is not there yet.
    fn count(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Option<usize>, ProtocolError> {
        let (digits, used) = match line(&bytes[1..]) {
            Line::Whole(digits, used) => (digits, used),
            Line::Missing => return Ok(None),
            Line::TooLong => return Err(ProtocolError::CountTooLong),
        };
        let count = parse_i64(digits).ok_or(ProtocolError::InvalidCount)?;
        if count > ARGUMENTS_MAX {
            return Err(ProtocolError::InvalidCount);
        }
        if count > UNAUTHENTICATED_ARGUMENTS_MAX && !bounds.authenticated {
            return Err(ProtocolError::UnauthenticatedCount);
        }
        self.at = 1 + used;
        Ok(Some(usize::try_from(count).unwrap_or(0)))
    }

    /// Reads one argument; the number of missing bytes if it is not there yet.
    #[inline]
    fn argument(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Option<usize>, ProtocolError> {
        let length = match self.bulk {
            Some(length) => length,
            None => {
                let rest = &bytes[self.at..];
                match self.length(rest, bounds)? {
                    Some(length) => length,
                    None => return Ok(Some(1)),
                }
            }
        };
        let end = self.at + length + 2;
        if bytes.len() < end {
            self.bulk = Some(length);
            return Ok(Some(end - bytes.len()));
        }
        self.spans.push(Span { start: self.at, len: length });
        self.at = end;
        self.bulk = None;
        Ok(None)
    }

    #[inline]
    fn length(&mut self, rest: &[u8], bounds: Bounds) -> Result<Option<usize>, ProtocolError> {
        // Nearly every length has one or two digits.
        if let [b'$', digit @ b'0'..=b'9', b'\r', _, ..] = rest {
            self.at += 4;
            return Ok(Some(usize::from(digit - b'0')));
        }
        if let [b'$', tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', _, ..] = rest {
            self.at += 5;
            return Ok(Some(usize::from(tens - b'0') * 10 + usize::from(ones - b'0')));
        }
        let (digits, used) = match line(rest) {
            Line::Whole(digits, used) => (digits, used),
            Line::Missing => return Ok(None),
            Line::TooLong => return Err(ProtocolError::LengthTooLong),
        };
        let digits = match digits {
            [b'$', digits @ ..] => digits,
            // A line that starts with its own `\r` is empty, and Redis names that byte.
            [] => return Err(ProtocolError::NotABulk(b'\r')),
            [other, ..] => return Err(ProtocolError::NotABulk(*other)),
        };
        let length = parse_i64(digits).ok_or(ProtocolError::InvalidLength)?;
        if !(0..=bounds.bulk_bytes_max).contains(&length) {
            return Err(ProtocolError::InvalidLength);
        }
        if length > UNAUTHENTICATED_BULK_BYTES_MAX && !bounds.authenticated {
            return Err(ProtocolError::UnauthenticatedLength);
        }
        self.at += used;
        Ok(usize::try_from(length).ok())
    }

    fn inline(&mut self, bytes: &[u8]) -> Result<Parsed, ProtocolError> {
        // As in Redis, a NUL hides the line end behind it.
        let Some(end) = bytes.iter().position(|&byte| byte == b'\n' || byte == 0) else {
            return Self::unfinished_line(bytes);
        };
        if bytes[end] == 0 {
            return Self::unfinished_line(bytes);
        }
        let line = &bytes[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.unquoted.clear();
        inline::split(line, &mut self.unquoted, &mut self.spans)
            .map_err(|_| ProtocolError::UnbalancedQuotes)?;
        if self.spans.len() == self.first_span {
            return Ok(Parsed::Nothing(end + 1));
        }
        Ok(Parsed::Request(self.found(true), end + 1))
    }

    const fn unfinished_line(bytes: &[u8]) -> Result<Parsed, ProtocolError> {
        if bytes.len() > LINE_BYTES_MAX {
            return Err(ProtocolError::InlineTooBig);
        }
        Ok(Parsed::Incomplete(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redis_protocol::resp2::encode;
    use redis_protocol::resp2::types::{OwnedFrame, Resp2Frame};

    const BOUNDS: Bounds = Bounds { bulk_bytes_max: 512 * 1024 * 1024, authenticated: true };

    /// Everything in `bytes`, fed in pieces that end at `cuts`.
    fn parse_all(bytes: &[u8], cuts: &[usize]) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let (mut parser, mut requests, mut start) = (Parser::default(), Vec::new(), 0);
        for end in cuts.iter().copied().chain([bytes.len()]) {
            while start < end {
                match parser.parse(&bytes[start..end], BOUNDS)? {
                    Parsed::Request(found, used) => {
                        let argv = parser.argv(found, &bytes[start..]);
                        requests.push(argv.iter().map(<[u8]>::to_vec).collect());
                        parser.forget();
                        start += used;
                    }
                    Parsed::Nothing(used) => start += used,
                    Parsed::Incomplete(_) => break,
                }
            }
        }
        Ok(requests)
    }

    fn encoded(requests: &[Vec<Vec<u8>>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for request in requests {
            let words = request.iter().cloned().map(OwnedFrame::BulkString).collect();
            let frame = OwnedFrame::Array(words);
            let start = bytes.len();
            bytes.resize(start + frame.encode_len(false), 0);
            encode::encode(&mut bytes[start..], &frame, false).unwrap();
        }
        bytes
    }

    fn requests() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
        let word = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            prop::collection::vec(any::<u8>(), 90..130)
        ];
        prop::collection::vec(prop::collection::vec(word, 1..6), 0..5)
    }

    proptest! {
        #[test]
        fn what_the_oracle_encodes_is_read_back_whatever_the_cuts(
            requests in requests(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)
        ) {
            let bytes = encoded(&requests);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            prop_assert_eq!(parse_all(&bytes, &cuts), Ok(requests));
        }

        #[test]
        fn bytes_are_understood_the_same_in_one_piece_and_byte_by_byte(bytes in hostile()) {
            let every: Vec<usize> = (1..bytes.len()).collect();
            prop_assert_eq!(parse_all(&bytes, &[]), parse_all(&bytes, &every));
        }
    }

    /// Bytes that look like requests often enough to get deep into the parser.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"*2\r\n".to_vec()),
            Just(b"$3\r\nabc\r\n".to_vec()),
            Just(b"$-1\r\n".to_vec()),
            Just(b"*-1\r\n".to_vec()),
            Just(b"*0\r\n".to_vec()),
            Just(b"PING \"a b\"\r\n".to_vec()),
            Just(b"'x\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"$12\r\nabcdefghijkl\r\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn malformed_requests_get_redis_texts() {
        for (bytes, text) in [
            ("*1\r\nfoo\r\n", "Protocol error: expected '$', got 'f'"),
            ("*x\r\n", "Protocol error: invalid multibulk length"),
            ("*1048577\r\n", "Protocol error: invalid multibulk length"),
            ("*1\r\n$x\r\n", "Protocol error: invalid bulk length"),
            ("*1\r\n$-1\r\n", "Protocol error: invalid bulk length"),
            ("*1\r\n$536870913\r\n", "Protocol error: invalid bulk length"),
            ("set \"a\r\n", "Protocol error: unbalanced quotes in request"),
        ] {
            assert_eq!(parse_all(bytes.as_bytes(), &[]).unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn lines_have_a_limit_and_one_byte_less_is_fine() {
        let line = |length| vec![b'a'; length];
        assert_eq!(parse_all(&line(LINE_BYTES_MAX), &[]), Ok(vec![]));
        assert_eq!(parse_all(&line(LINE_BYTES_MAX + 1), &[]), Err(ProtocolError::InlineTooBig));
    }

    #[test]
    fn a_client_that_has_not_authenticated_gets_little_room() {
        let bounds = Bounds { authenticated: false, ..BOUNDS };
        let parse = |bytes: &[u8]| Parser::default().parse(bytes, bounds).map(|_| ());
        assert_eq!(parse(b"*10\r\n"), Ok(()));
        assert_eq!(parse(b"*11\r\n"), Err(ProtocolError::UnauthenticatedCount));
        assert_eq!(parse(b"*1\r\n$16384\r\n"), Ok(()));
        assert_eq!(parse(b"*1\r\n$16385\r\n"), Err(ProtocolError::UnauthenticatedLength));
    }
}
