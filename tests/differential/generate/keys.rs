//! Requests about keys of any type, databases and expiry.

use super::{Dice, Rule, request, words};
use crate::sequence::Argv;

pub(super) const RULES: &[Rule] = &[
    (6, |dice| request("SET", [dice.key(), dice.value()])),
    (4, |dice| many(dice, "DEL")),
    (2, |dice| many(dice, "UNLINK")),
    (4, |dice| many(dice, "EXISTS")),
    (2, |dice| many(dice, "TOUCH")),
    (2, |dice| request("TYPE", [dice.key()])),
    (5, |dice| expire(dice, "EXPIRE", Dice::seconds)),
    (5, |dice| expire(dice, "PEXPIRE", Dice::milliseconds)),
    (4, |dice| expire(dice, "EXPIREAT", Dice::unix_seconds)),
    (4, |dice| expire(dice, "PEXPIREAT", Dice::unix_milliseconds)),
    (3, |dice| request("TTL", [dice.key()])),
    (4, |dice| request("PTTL", [dice.key()])),
    (3, |dice| request("EXPIRETIME", [dice.key()])),
    (3, |dice| request("PEXPIRETIME", [dice.key()])),
    (3, |dice| request("PERSIST", [dice.key()])),
    (2, |dice| request("KEYS", [dice.pattern()])),
    (3, scan),
    (2, |_| words(["RANDOMKEY"])),
    (4, |dice| request("RENAME", [dice.key(), dice.key()])),
    (3, |dice| request("RENAMENX", [dice.key(), dice.key()])),
    (6, copy),
    (4, |dice| request("MOVE", [dice.key(), dice.database()])),
    (5, object),
    (3, |dice| request("SELECT", [dice.database()])),
    (2, |dice| request("SWAPDB", [dice.database(), dice.database()])),
    (2, |_| words(["DBSIZE"])),
    (1, |dice| flush(dice, "FLUSHDB")),
    (1, |dice| flush(dice, "FLUSHALL")),
];

fn many(dice: &mut Dice, name: &str) -> Argv {
    let mut argv = words([name]);
    argv.extend(dice.keys(4));
    argv
}

fn expire(dice: &mut Dice, name: &str, time: fn(&mut Dice) -> Vec<u8>) -> Argv {
    let mut argv = request(name, [dice.key(), time(dice)]);
    let conditions = ["NX", "XX", "GT", "LT"].map(|word| dice.maybe(5, word)).to_vec();
    argv.extend(dice.options(conditions));
    argv
}

fn scan(dice: &mut Dice) -> Argv {
    let cursor = if dice.one_in(8) {
        dice.pick(&["-1", "abc", "", "1.5", "18446744073709551616", "99999999999999999999"]).into()
    } else {
        b"0".to_vec()
    };
    let mut argv = request("SCAN", [cursor]);
    let matching = if dice.one_in(3) { request("MATCH", [dice.pattern()]) } else { Vec::new() };
    let count = if dice.one_in(3) {
        let count = dice.pick(&["1", "2", "10", "1000", "0", "-1", "abc", "9223372036854775807"]);
        words(["COUNT", count])
    } else {
        Vec::new()
    };
    let kind = if dice.one_in(4) {
        let kind = dice.pick(&["string", "STRING", "hash", "list", "stream"]);
        words(["TYPE", kind])
    } else {
        Vec::new()
    };
    argv.extend(dice.options(vec![matching, count, kind]));
    argv
}

fn copy(dice: &mut Dice) -> Argv {
    let mut argv = request("COPY", [dice.key(), dice.key()]);
    let database = if dice.one_in(2) { request("DB", [dice.database()]) } else { Vec::new() };
    let replace = dice.maybe(3, "REPLACE");
    argv.extend(dice.options(vec![database, replace]));
    argv
}

fn object(dice: &mut Dice) -> Argv {
    let sub =
        dice.pick(&["ENCODING", "ENCODING", "REFCOUNT", "FREQ", "IDLETIME", "encoding", "foo", ""]);
    let mut argv = words(["OBJECT", sub]);
    argv.push(dice.key());
    argv
}

fn flush(dice: &mut Dice, name: &str) -> Argv {
    let mut argv = words([name]);
    argv.extend(match dice.rng.u32(..5) {
        0 => words(["ASYNC"]),
        1 => words(["sync"]),
        2 => words(["foo"]),
        _ => Vec::new(),
    });
    argv
}
