//! Requests of the string family.

use super::{Dice, Rule, request, words};
use crate::sequence::Argv;

pub(super) const RULES: &[Rule] = &[
    (12, set),
    (8, |dice| request("GET", [dice.key()])),
    (2, |dice| request("GETSET", [dice.key(), dice.value()])),
    (5, getex),
    (3, |dice| request("GETDEL", [dice.key()])),
    (2, |dice| request("SETNX", [dice.key(), dice.value()])),
    (2, |dice| request("SETEX", [dice.key(), dice.seconds(), dice.value()])),
    (2, |dice| request("PSETEX", [dice.key(), dice.milliseconds(), dice.value()])),
    (3, mget),
    (3, |dice| pairs(dice, "MSET")),
    (2, |dice| pairs(dice, "MSETNX")),
    (4, |dice| request("APPEND", [dice.key(), dice.value()])),
    (3, |dice| request("STRLEN", [dice.key()])),
    (4, |dice| request("GETRANGE", [dice.key(), dice.position(), dice.position()])),
    (1, |dice| request("SUBSTR", [dice.key(), dice.position(), dice.position()])),
    (4, setrange),
    (3, |dice| request("INCR", [dice.key()])),
    (2, |dice| request("DECR", [dice.key()])),
    (4, |dice| request("INCRBY", [dice.key(), dice.integer()])),
    (3, |dice| request("DECRBY", [dice.key(), dice.integer()])),
    (6, |dice| request("INCRBYFLOAT", [dice.key(), dice.float()])),
    (4, lcs),
];

fn set(dice: &mut Dice) -> Argv {
    let mut argv = request("SET", [dice.key(), dice.value()]);
    let condition = match dice.rng.u32(..10) {
        0..=1 => words(["NX"]),
        2..=3 => words(["XX"]),
        _ => Vec::new(),
    };
    let expiry = match dice.rng.u32(..10) {
        0..=3 => dice.expiry_option(),
        4 => words(["KEEPTTL"]),
        _ => Vec::new(),
    };
    let more = if dice.one_in(30) { dice.expiry_option() } else { dice.maybe(60, "PERSIST") };
    let get = dice.maybe(4, "GET");
    argv.extend(dice.options(vec![condition, expiry, more, get]));
    argv
}

fn getex(dice: &mut Dice) -> Argv {
    let mut argv = request("GETEX", [dice.key()]);
    let first = match dice.rng.u32(..8) {
        0..=3 => dice.expiry_option(),
        4..=5 => words(["PERSIST"]),
        _ => Vec::new(),
    };
    let second = if dice.one_in(12) { dice.expiry_option() } else { dice.maybe(20, "KEEPTTL") };
    argv.extend(dice.options(vec![first, second]));
    argv
}

fn mget(dice: &mut Dice) -> Argv {
    let mut argv = words(["MGET"]);
    argv.extend(dice.keys(5));
    argv
}

fn pairs(dice: &mut Dice, name: &str) -> Argv {
    let mut argv = words([name]);
    for key in dice.keys(4) {
        argv.push(key);
        argv.push(dice.value());
    }
    argv
}

/// Offsets are small or beyond the limit: one just below it would really make half a gigabyte.
fn setrange(dice: &mut Dice) -> Argv {
    let offset = if dice.one_in(5) {
        dice.pick(&[
            "-1",
            "536870912",
            "536870913",
            "9223372036854775807",
            "-9223372036854775808",
            "abc",
            "1.5",
            "",
            "9223372036854775808",
            "4294967296",
        ])
        .into()
    } else {
        dice.rng.u32(..80).to_string().into_bytes()
    };
    let value = if dice.one_in(4) { Vec::new() } else { dice.value() };
    request("SETRANGE", [dice.key(), offset, value])
}

fn lcs(dice: &mut Dice) -> Argv {
    let mut argv = request("LCS", [dice.key(), dice.key()]);
    let length = dice.maybe(3, "LEN");
    let index = dice.maybe(2, "IDX");
    let with_length = dice.maybe(3, "WITHMATCHLEN");
    let least = if dice.one_in(3) {
        let least = if dice.one_in(5) { dice.integer() } else { dice.position() };
        request("MINMATCHLEN", [least])
    } else {
        Vec::new()
    };
    argv.extend(dice.options(vec![length, index, with_length, least]));
    argv
}
