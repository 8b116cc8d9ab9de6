//! The client's reading of replies (`tests/support/frame.rs`), held against bytes.

use crate::support::{Frame, frame_end};

const REPLIES: [&[u8]; 12] = [
    b"+OK\r\n",
    b"-ERR no\r\n",
    b":-12\r\n",
    b"$0\r\n\r\n",
    b"$4\r\n\r\n\r\n\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*3\r\n:1\r\n*1\r\n$1\r\na\r\n_\r\n",
    b"%1\r\n+k\r\n~2\r\n#t\r\n,1.5\r\n",
    b"|1\r\n+a\r\n:1\r\n*0\r\n",
    b">2\r\n+message\r\n=5\r\ntxt:x\r\n",
    b"*1\r\n|1\r\n+a\r\n:1\r\n(123\r\n",
];

#[test]
fn a_reply_is_read_to_its_end_and_written_back_as_it_was() {
    for reply in REPLIES {
        let followed = [reply, b"+next\r\n"].concat();
        let (frame, rest) = Frame::parse(&followed).unwrap().unwrap();
        assert_eq!(frame.encode(), reply);
        assert_eq!(rest, b"+next\r\n");
    }
}

#[test]
fn a_part_of_a_reply_is_not_a_reply() {
    for reply in REPLIES {
        for length in 0..reply.len() {
            assert_eq!(frame_end(&reply[..length]), Ok(None), "{reply:?} up to {length}");
        }
    }
}

#[test]
fn what_is_not_a_reply_is_said_to_be_none() {
    for bytes in [&b"PONG\r\n"[..], b"$x\r\n", b"*-2\r\n", b"$\r\n", b"*1\r\nx"] {
        assert!(frame_end(bytes).is_err(), "{bytes:?}");
    }
}
