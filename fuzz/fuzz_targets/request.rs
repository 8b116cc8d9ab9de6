//! The request parser on arbitrary bytes: the same requests, or the same error, whole and in
//! pieces.
//!
//! The first bytes say who sends and where the rest is cut.
#![no_main]

use latchd::resp::request::{Bounds, LINE_BYTES_MAX, Parsed, Parser, ProtocolError};
use libfuzzer_sys::fuzz_target;

const CUTS: usize = 4;

/// Requests with their words, and how many bytes they took; or what was wrong.
type Read = (Vec<Vec<Vec<u8>>>, Result<usize, ProtocolError>);

/// Everything in `bytes`, which arrive in pieces that end at `ends`.
fn read(bytes: &[u8], ends: &[usize], bounds: Bounds) -> Read {
    let (mut parser, mut requests, mut start) = (Parser::default(), Vec::new(), 0);
    for &end in ends {
        while start < end {
            match parser.parse(&bytes[start..end], bounds) {
                Ok(Parsed::Request(found, used)) => {
                    let argv = parser.argv(found, &bytes[start..]);
                    requests.push(argv.iter().map(<[u8]>::to_vec).collect());
                    parser.forget();
                    assert!(used > 0 && start + used <= end, "a request is in what has arrived");
                    start += used;
                }
                Ok(Parsed::Nothing(used)) => start += used,
                Ok(Parsed::Incomplete(wanted)) => {
                    assert!(wanted > 0, "an unfinished request needs more bytes");
                    break;
                }
                Err(error) => return (requests, Err(error)),
            }
        }
    }
    (requests, Ok(start))
}

fuzz_target!(|input: &[u8]| {
    let Some((&[sender, ref cuts @ ..], bytes)) = input.split_first_chunk::<{ 1 + CUTS }>() else {
        return;
    };
    // A line that is too long is noticed sooner in one piece than in many, as in Redis.
    if bytes.len() > LINE_BYTES_MAX {
        return;
    }
    let bounds = Bounds { bulk_bytes_max: 1 << (sender >> 3), authenticated: sender & 1 == 1 };
    let whole = read(bytes, &[bytes.len()], bounds);
    let mut ends: Vec<usize> =
        cuts.iter().map(|&cut| usize::from(cut) * (bytes.len() + 1) / 256).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    assert_eq!(read(bytes, &ends, bounds), whole, "in pieces that end at {ends:?}");
    let every: Vec<usize> = (1..=bytes.len()).collect();
    assert_eq!(read(bytes, &every, bounds), whole, "byte by byte");
});
