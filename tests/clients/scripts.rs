//! The catalogue of lock scripts against the texts of the installed packages, and what the scripts
//! do against what Redis does with them.
//!
//! The texts belong to their projects: they are taken from the packages and kept nowhere.

use crate::program::{in_repository, installed, limited, output};
use crate::support::{Client, Server, escape_line};
use latchd::script::Sha;
use latchd::script::catalogue::{Row, by_normal_form, by_sha, rows};
use latchd::script::operation::Operation;
use std::collections::BTreeSet;

/// Libraries of the catalogue that are not among the packages that `./check` installs. Their texts
/// were read in their sources.
const NOT_INSTALLED: [&str; 7] = [
    "RedLock.net 2.3.2",
    "Redisson 4.7.0",
    "Spring Integration 7.2",
    "bsm/redislock 0.10",
    "bsm/redislock 0.9.4",
    "go-redsync 4.17",
    "redlock-rb 2.0.6",
];

/// A script of an installed package.
struct Script {
    library: String,
    name: String,
    text: Vec<u8>,
}

fn scripts() -> Vec<Script> {
    let mut python = limited(installed("venv/bin/python"));
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    python.arg(in_repository("tests/clients/python/script_texts.py"));
    let mut node = limited("node");
    node.env("NODE_PATH", installed("node/node_modules"));
    node.arg(in_repository("tests/clients/node/script_texts.js"));
    let lines = output(python.arg(installed("crates/vendor")), "") + &output(&mut node, "");
    lines.lines().map(script).collect()
}

fn script(line: &str) -> Script {
    let [library, name, hex] = line.split('\t').collect::<Vec<_>>()[..] else {
        panic!("three columns: {line}");
    };
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits");
    let text = (0..hex.len()).step_by(2).map(byte).collect();
    Script { library: library.to_owned(), name: name.to_owned(), text }
}

fn row(script: &Script) -> &'static Row {
    let (_, row, known) = by_sha(Sha::of(&script.text))
        .unwrap_or_else(|| panic!("{} of {} is not known", script.name, script.library));
    assert_eq!((known.library, known.name), (&*script.library, &*script.name));
    row
}

/// The same with other white space, comments and command names.
fn copy(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).expect("scripts are ASCII");
    let text = text.replace("redis.call", "server --[[ ]] .\r\n call").replace("\"get\"", "'GET'");
    format!("-- copied\n{text}\n-- until here").into_bytes()
}

#[test]
fn every_script_of_an_installed_package_is_recognised_and_so_is_a_copy() {
    for script in scripts() {
        let row = row(&script);
        for text in [&script.text, &copy(&script.text)] {
            let found = by_normal_form(text).map(|found| (found.class, found.operation));
            let expected = Some((row.class, row.operation));
            assert_eq!(found, expected, "{} of {}", script.name, script.library);
        }
    }
}

#[test]
fn the_catalogue_lists_nothing_else_but_libraries_that_are_not_installed() {
    let scripts = scripts();
    let there: BTreeSet<Sha> = scripts.iter().map(|script| Sha::of(&script.text)).collect();
    let known = rows().iter().flat_map(|row| row.scripts);
    let missing = known.filter(|known| !there.contains(&known.sha)).map(|known| known.library);
    assert_eq!(missing.collect::<BTreeSet<_>>(), BTreeSet::from(NOT_INSTALLED));
}

/// latchd and Redis, side by side.
struct Pair {
    latchd: Client,
    redis: Client,
}

impl Pair {
    /// Sends a request to both; the replies must be the same.
    fn ask(&mut self, what: &str, request: &[&[u8]]) {
        let (latchd, redis) = (self.latchd.call(request), self.redis.call(request));
        let (latchd, redis) = (comparable(&latchd), comparable(&redis));
        assert_eq!(latchd, redis, "{what}: {}", escape_line(&request[2..]));
    }
}

/// Without what Redis adds to the errors of scripts, which is where they happened, and without the
/// milliseconds that have passed.
fn comparable(reply: &[u8]) -> String {
    let reply = String::from_utf8_lossy(reply).into_owned();
    let number = reply.strip_prefix(':').and_then(|number| number.trim_end().parse::<u32>().ok());
    if number.is_some_and(|ms| (400_000..=500_000).contains(&ms)) {
        return "nearly 500 seconds".to_owned();
    }
    if reply.starts_with("-ERR user_script:") {
        return "an error of Lua".to_owned();
    }
    match reply.split_once(" script: ") {
        Some((error, _)) if reply.starts_with('-') => format!("{error}\r\n"),
        _ => reply,
    }
}

const STATES: [&[&[u8]]; 5] = [
    &[b"DEL", b"k"],
    &[b"SET", b"k", b"me", b"EX", b"500"],
    &[b"SET", b"k", b"me"],
    &[b"SET", b"k", b"you", b"EX", b"500"],
    &[b"MSET", b"k", b"7", b"l", b"me"],
];

const KEYS: [&[&[u8]]; 4] = [&[], &[b"k"], &[b"k", b"l"], &[b"k", b"100000", b"me"]];

const ARGUMENTS: [&[&[u8]]; 12] = [
    &[b"me", b"100000", b"0"],
    &[b"me", b"100000", b"500000"],
    &[b"me", b"100000", b"yes"],
    &[b"0", b"me", b"100000"],
    &[b"you", b"soon"],
    &[b"me", b"soon", b"0"],
    &[b"me", b"-1", b"0"],
    &[b"me", b"0"],
    &[b"me", b"0x186A0", b"0"],
    &[b"me"],
    &[b"9"],
    &[],
];

#[test]
fn the_scripts_do_what_redis_does() {
    let (latchd, redis) = (Server::latchd(&[]), Server::redis(&[]));
    let connections = [
        Pair { latchd: Client::connect(latchd.addr()), redis: Client::connect(redis.addr()) },
        Pair {
            latchd: Client::connect_resp3(latchd.addr()),
            redis: Client::connect_resp3(redis.addr()),
        },
    ];
    for mut pair in connections {
        for script in scripts() {
            if !matches!(row(&script).operation, Operation::Lacking(_)) {
                play(&mut pair, &script);
            }
        }
    }
}

fn play(pair: &mut Pair, script: &Script) {
    let what = format!("{} of {}", script.name, script.library);
    for command in ["EVAL", "EVAL_RO"] {
        for state in STATES {
            for (keys, arguments) in KEYS.iter().flat_map(|k| ARGUMENTS.map(|a| (*k, a))) {
                let count = keys.len().to_string();
                let head: [&[u8]; 3] = [command.as_bytes(), &script.text, count.as_bytes()];
                pair.ask(&what, &[b"FLUSHALL", b"SYNC"]);
                pair.ask(&what, state);
                pair.ask(&what, &[&head[..], keys, arguments].concat());
                pair.ask(&what, &[b"MGET", b"k", b"l"]);
                pair.ask(&what, &[b"TTL", b"k"]);
            }
        }
    }
}
