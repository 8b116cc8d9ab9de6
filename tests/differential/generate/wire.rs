//! Bytes instead of requests: inline commands, many requests in one write, and frames that are
//! wrong.
//!
//! Only commands whose replies are exact go in here, as nothing tells the judge which reply belongs
//! to which.

use super::{Dice, request, words};
use crate::sequence::Argv;
use crate::support::{encode, escape};

/// A line as somebody types it into a terminal; it always gets one reply.
pub(super) fn inline_request(dice: &mut Dice) -> Vec<u8> {
    let argv = exact(dice);
    let mut line = String::new();
    for word in &argv {
        let blanks = dice.pick(&[" ", " ", "  ", "\t"]);
        if !line.is_empty() {
            line.push_str(blanks);
        }
        line.push_str(&escape(word).replace("$rep:", "_"));
    }
    line.push_str(dice.pick(&["\r\n", "\n", " \r\n", "\r\n"]));
    line.into_bytes()
}

/// What a client may send in the life of a connection.
pub(super) fn conversation(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..dice.rng.usize(..12) {
        if dice.one_in(5) {
            bytes.extend(inline_request(dice));
        } else {
            bytes.extend(encode(&exact(dice)));
        }
        if dice.one_in(10) {
            bytes.extend(
                dice.pick(&["\r\n", "*0\r\n", "*-1\r\n", "\n", "   \r\n", "*-10\r\n"]).bytes(),
            );
        }
    }
    if dice.one_in(2) {
        bytes.extend(dice.pick(BROKEN));
    }
    if dice.one_in(4) && !bytes.is_empty() {
        bytes.truncate(dice.rng.usize(..bytes.len()));
    }
    if dice.one_in(6) && !bytes.is_empty() {
        let at = dice.rng.usize(..bytes.len());
        // Not a digit: a larger count would only make the server wait for more, a smaller one too.
        bytes[at] = *dice.pick(&[&b'*', &b'$', &b'\r', &b'\n', &0, &0xff, &b'"', &b'-', &b' ']);
    }
    bytes
}

const BROKEN: &[&[u8]] = &[
    b"*abc\r\n",
    b"*1048577\r\n",
    b"*2147483648\r\n",
    b"*99999999999999999999\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$-5\r\n",
    b"*1\r\n$abc\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n:1\r\n",
    b"*1\r\nPING\r\n",
    b"*\r\n",
    b"* 1\r\n$4\r\nPING\r\n",
    b"*+1\r\n$4\r\nPING\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    b"*1\n$4\nPING\n",
    b"GET \"a\r\n",
    b"GET 'a\r\n",
    b"GET \"a\"b\r\n",
    b"GET 'a'b\r\n",
    b"\"GET\" a\r\n",
    b"$4\r\nPING\r\n",
    b"+OK\r\n",
    b"\0\0\0\r\n",
    b"PING\0\r\n",
    b"\xff\xfe\r\n",
    b"POST / HTTP/1.1\r\n\r\n",
    b"Host: here\r\n",
];

/// A request whose reply does not depend on time, chance or the version.
fn exact(dice: &mut Dice) -> Argv {
    match dice.rng.u32(..9) {
        0 => request("SET", [dice.key(), dice.value()]),
        1 => request("GET", [dice.key()]),
        2 => request("INCR", [dice.key()]),
        3 => request("APPEND", [dice.key(), dice.value()]),
        4 => request("EXISTS", [dice.key()]),
        5 => request("ECHO", [dice.value()]),
        6 => request("DEL", [dice.key()]),
        7 => words(["PING"]),
        _ => words(["NOSUCH", "word"]),
    }
}
