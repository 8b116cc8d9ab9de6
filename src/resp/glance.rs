//! A look at the start of a request, without parsing it, for the key that it will probably use.
//!
//! Only for fetching that key ahead: a wrong answer costs a little time and nothing else.

/// The second word of a request that is an array with a short name, if all of the word is there.
#[must_use]
#[inline]
pub fn second_word(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"*")?;
    let (_, rest) = line_number(rest)?;
    let (name_bytes, rest) = line_number(rest.strip_prefix(b"$")?)?;
    let rest = rest.get(name_bytes..)?.strip_prefix(b"\r\n$")?;
    let (word_bytes, rest) = line_number(rest)?;
    rest.get(..word_bytes)
}

/// A number of at most three digits and its line end, and what follows.
#[inline]
fn line_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate().take(4) {
        match byte {
            b'0'..=b'9' => number = number * 10 + usize::from(byte - b'0'),
            b'\r' if at > 0 => return Some((number, bytes.get(at + 2..)?)),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::second_word;

    #[test]
    fn it_finds_the_key_of_a_common_request() {
        assert_eq!(second_word(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), Some(&b"k"[..]));
        assert_eq!(second_word(b"*3\r\n$3\r\nSET\r\n$2\r\nkk\r\n$1"), Some(&b"kk"[..]));
        assert_eq!(second_word(b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n"), Some(&b""[..]));
    }

    #[test]
    fn it_gives_up_on_everything_else_and_at_every_cut() {
        let whole = b"*2\r\n$3\r\nGET\r\n$12\r\nabcdefghijkl";
        for end in 0..whole.len() {
            assert_eq!(second_word(&whole[..end]), None);
        }
        for other in [&b"PING\r\n"[..], b"*1\r\n$4\r\nPING\r\n", b"*-1\r\n", b"*2\r\n$x\r\n", b""] {
            assert_eq!(second_word(other), None);
        }
        assert_eq!(second_word(b"*2\r\n$99999999999999999999\r\nGET\r\n$1\r\nk\r\n"), None);
    }
}
