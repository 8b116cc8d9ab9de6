//! Requests about the connection and the server, and transactions: only what answers the same every
//! time.

use super::{Dice, Rule, request, words};
use crate::sequence::Argv;

pub(super) const RULES: &[Rule] = &[
    (3, |dice| ping(dice, "PING")),
    (2, |dice| request("ECHO", [dice.value()])),
    (3, |dice| request("SELECT", [dice.database()])),
    (3, hello),
    (2, auth),
    (1, |_| words(["RESET"])),
    (1, |_| words(["QUIT"])),
    (6, client),
    (4, config_get),
    (3, config_set),
    (6, command),
    (2, debug),
    (1, |_| words(["TIME"])),
    (1, |_| words(["ROLE"])),
    (2, memory),
    (2, unknown),
    (2, unknown_subcommand),
    (2, help),
];

pub(super) const TRANSACTION_RULES: &[Rule] = &[
    (6, |_| words(["MULTI"])),
    (6, |_| words(["EXEC"])),
    (1, |_| words(["DISCARD"])),
    (4, watch),
    (1, |_| words(["UNWATCH"])),
    (2, |dice| request("SET", [dice.key(), dice.value()])),
];

fn ping(dice: &mut Dice, name: &str) -> Argv {
    let mut argv = words([name]);
    if dice.one_in(2) {
        argv.push(dice.value());
    }
    argv
}

fn watch(dice: &mut Dice) -> Argv {
    let mut argv = words(["WATCH"]);
    argv.extend(dice.keys(3));
    argv
}

fn hello(dice: &mut Dice) -> Argv {
    let mut argv = words(["HELLO"]);
    argv.extend(match dice.rng.u32(..8) {
        0 => Vec::new(),
        1..=3 => words(["2"]),
        4..=6 => words(["3"]),
        _ => words([dice.pick(&["1", "4", "abc", "-1", "", "3.0", "99999999999999999999"])]),
    });
    if argv.len() > 1 {
        let auth = match dice.rng.u32(..6) {
            0 => words(["AUTH", "default", "x"]),
            1 => words(["AUTH", "nobody", "x"]),
            _ => Vec::new(),
        };
        // No SETNAME: Redis 7.0 takes the name before it knows whether the rest is right, 7.4
        // afterwards (`cases/connection.txt`).
        argv.extend(dice.options(vec![auth]));
    }
    argv
}

fn auth(dice: &mut Dice) -> Argv {
    match dice.rng.u32(..4) {
        0 => words(["AUTH", "secret"]),
        1 => words(["AUTH", "default", "anything"]),
        2 => words(["AUTH", "nobody", "anything"]),
        _ => words(["AUTH", "a", "b", "c"]),
    }
}

fn client_name(dice: &mut Dice) -> Vec<u8> {
    dice.pick(&["", "worker-1", "two words", "new\nline", "tilde~", "\u{e9}"]).into()
}

fn client(dice: &mut Dice) -> Argv {
    match dice.rng.u32(..14) {
        0..=2 => request("CLIENT", [b"SETNAME".to_vec(), client_name(dice)]),
        3..=5 => words(["CLIENT", "GETNAME"]),
        6 => words(["CLIENT", "ID"]),
        7 => words(["CLIENT", "INFO"]),
        // Not "on": RESET of 7.0 leaves it on, that of 7.2 does not.
        8 => words(["CLIENT", "NO-EVICT", dice.pick(&["OFF", "maybe"])]),
        9 => words(["CLIENT", "GETREDIR"]),
        10 => words(["CLIENT", "UNBLOCK", dice.pick(&["0", "-1", "abc", "123456789"])]),
        11 => words(["CLIENT", "KILL", dice.pick(&["1.2.3.4:5", "", "ID"])]),
        12 => words(["CLIENT", "KILL", "ID", dice.pick(&["0", "-1", "abc", "123456789"])]),
        _ => words(["CLIENT", "REPLY", dice.pick(&["ON", "foo"])]),
    }
}

/// Settings whose default is Redis's and that no test machine changes.
const SETTINGS: [&str; 8] = [
    "maxmemory",
    "maxmemory-policy",
    "maxmemory-samples",
    "databases",
    "timeout",
    "slowlog-max-len",
    "proto-max-bulk-len",
    "latency-monitor-threshold",
];

fn config_get(dice: &mut Dice) -> Argv {
    let mut argv = words(["CONFIG", "GET"]);
    for _ in 0..dice.rng.usize(1..4) {
        let setting = dice.pick(&SETTINGS);
        argv.push(if dice.one_in(4) {
            dice.other_case(setting.as_bytes())
        } else {
            setting.into()
        });
    }
    if dice.one_in(4) {
        argv.push(dice.pick(&["nothing", "slowlog-max-*", "maxmemory-s*", ""]).into());
    }
    argv
}

fn config_set(dice: &mut Dice) -> Argv {
    let mut argv = words(["CONFIG", "SET"]);
    for _ in 0..dice.rng.usize(1..3) {
        let name = dice.pick(&[
            "maxmemory-samples",
            "slowlog-max-len",
            "timeout",
            "databases",
            "nothing",
            "latency-monitor-threshold",
        ]);
        let value =
            dice.pick(&["5", "100000", "0", "-1", "abc", "", "99999999999999999999", "1mb"]);
        argv.extend(words([name, value]));
    }
    argv
}

/// COMMAND GETKEYS and its like, over requests of the other families.
fn command(dice: &mut Dice) -> Argv {
    if dice.one_in(6) {
        return words(["COMMAND", "INFO", dice.pick(&["nothing", "", "get|set"])]);
    }
    let families = [super::strings::RULES, super::keys::RULES, TRANSACTION_RULES];
    let family = dice.rng.usize(..families.len());
    let about = dice.request(families[family]);
    let mut argv = words(["COMMAND", dice.pick(&["GETKEYS", "getkeys", "GETKEYSANDFLAGS"])]);
    argv.extend(about);
    // Before 7.2 it wants two words at least.
    if argv.len() < 4 {
        argv.push(dice.value());
    }
    argv
}

fn debug(dice: &mut Dice) -> Argv {
    match dice.rng.u32(..5) {
        0 => words(["DEBUG", "SLEEP", "0"]),
        1 => words(["DEBUG", "SET-ACTIVE-EXPIRE", "1"]),
        2 => words(["DEBUG", "ERROR", dice.pick(&["ERR mine", "", "NOCODE"])]),
        3 => words(["DEBUG", "PROTOCOL", dice.pick(PROTOCOL_KINDS)]),
        _ => words(["DEBUG", "LOG", "from a test"]),
    }
}

const PROTOCOL_KINDS: &[&str] = &[
    "string", "integer", "double", "null", "array", "set", "map", "attrib", "verbatim", "true",
    "false", "bignum", "nothing",
];

fn memory(dice: &mut Dice) -> Argv {
    let mut argv = words(["MEMORY", dice.pick(&["USAGE", "usage"])]);
    argv.push(dice.key());
    if dice.one_in(3) {
        argv.extend(words(["SAMPLES", dice.pick(&["0", "5", "-1", "abc"])]));
    }
    argv
}

fn unknown(dice: &mut Dice) -> Argv {
    let mut argv = words([dice.pick(&["NOTHING", "", "GETT", "new\nline", "x\u{0}y", "SETEXX"])]);
    for _ in 0..dice.rng.usize(..5) {
        argv.push(dice.value());
    }
    argv
}

fn unknown_subcommand(dice: &mut Dice) -> Argv {
    let name =
        dice.pick(&["CLIENT", "COMMAND", "CONFIG", "OBJECT", "MEMORY", "SLOWLOG", "LATENCY"]);
    let sub = dice.pick(&["NOTHING", "", "foo\r\nbar", "GETT"]);
    let mut argv = words([name, sub]);
    if dice.one_in(2) {
        argv.push(dice.odd_word());
    }
    argv
}

fn help(dice: &mut Dice) -> Argv {
    let name =
        dice.pick(&["CLIENT", "COMMAND", "CONFIG", "OBJECT", "MEMORY", "SLOWLOG", "LATENCY"]);
    words([name, dice.pick(&["HELP", "help"])])
}
