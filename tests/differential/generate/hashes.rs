//! Requests of the hash family.

use super::{Dice, Rule, request, words};
use crate::sequence::Argv;

pub(super) const RULES: &[Rule] = &[
    (12, |dice| pairs(dice, "HSET")),
    (4, |dice| pairs(dice, "HMSET")),
    (4, |dice| request("HSETNX", [dice.key(), field(dice), value(dice)])),
    (5, |dice| request("HGET", [dice.key(), field(dice)])),
    (4, |dice| fields(dice, "HMGET")),
    (5, |dice| request("HGETALL", [dice.key()])),
    (3, |dice| request("HKEYS", [dice.key()])),
    (3, |dice| request("HVALS", [dice.key()])),
    (3, |dice| request("HLEN", [dice.key()])),
    (3, |dice| request("HEXISTS", [dice.key(), field(dice)])),
    (3, |dice| request("HSTRLEN", [dice.key(), field(dice)])),
    (6, |dice| fields(dice, "HDEL")),
    (6, |dice| request("HINCRBY", [dice.key(), field(dice), dice.integer()])),
    (4, |dice| request("HINCRBYFLOAT", [dice.key(), field(dice), dice.float()])),
    (4, hrandfield),
    (3, hscan),
    (4, |dice| request("OBJECT", [b"ENCODING".to_vec(), dice.key()])),
    (2, |dice| request("TYPE", [dice.key()])),
    (2, |dice| request("DEL", [dice.key()])),
    (2, |dice| request("COPY", [dice.key(), dice.key()])),
    (2, |dice| request("RENAME", [dice.key(), dice.key()])),
    (1, limits),
];

/// Few, so that they meet; one too long for a packed hash.
fn field(dice: &mut Dice) -> Vec<u8> {
    match dice.rng.u32(..12) {
        0 => vec![b'f'; 65],
        1 => dice.value(),
        _ => dice.pick(&["a", "b", "c", "d", "count", ""]).into(),
    }
}

/// Numbers more often than not, so that they can be added to.
fn value(dice: &mut Dice) -> Vec<u8> {
    match dice.rng.u32(..5) {
        0 => dice.value(),
        1 => dice.float(),
        _ => dice.integer(),
    }
}

fn pairs(dice: &mut Dice, name: &str) -> Argv {
    let mut argv = request(name, [dice.key()]);
    for _ in 0..dice.rng.usize(1..4) {
        argv.extend([field(dice), value(dice)]);
    }
    if dice.one_in(20) {
        argv.push(field(dice));
    }
    argv
}

fn fields(dice: &mut Dice, name: &str) -> Argv {
    let mut argv = request(name, [dice.key()]);
    for _ in 0..dice.rng.usize(1..5) {
        argv.push(field(dice));
    }
    argv
}

fn hrandfield(dice: &mut Dice) -> Argv {
    let mut argv = request("HRANDFIELD", [dice.key()]);
    if dice.one_in(3) {
        return argv;
    }
    let count = dice.pick(&[
        "0",
        "1",
        "3",
        "1000",
        "-1",
        "-7",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808",
    ]);
    argv.extend(words([count]));
    argv.extend(dice.maybe(3, "WITHVALUES"));
    argv
}

/// Always all there is: cursors mean nothing to another server.
fn hscan(dice: &mut Dice) -> Argv {
    let cursor = if dice.one_in(8) { dice.pick(&["abc", "1.5", "x"]) } else { "0" };
    let mut argv = request("HSCAN", [dice.key()]);
    argv.extend(words([cursor, "COUNT", "1000"]));
    if dice.one_in(3) {
        argv.extend(request("MATCH", [dice.pattern()]));
    }
    if dice.one_in(10) {
        argv.extend(words([dice.pick(&["TYPE", "COUNT", "foo"])]));
    }
    argv
}

fn limits(dice: &mut Dice) -> Argv {
    let name = dice.pick(&[
        "hash-max-listpack-entries",
        "hash-max-listpack-value",
        "hash-max-ziplist-entries",
        "hash-max-ziplist-value",
    ]);
    words(["CONFIG", "SET", name, dice.pick(&["2", "4", "64", "512", "0", "-1"])])
}
