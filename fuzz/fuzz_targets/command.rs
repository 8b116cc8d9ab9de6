//! Well-formed requests: commands by their rows, words that mean something to them, three clients,
//! and time.
//!
//! The input chooses; whatever it chooses, replies come back and the shards stay consistent.
#![no_main]

use latchd::command::spec::Spec;
use latchd::command::table::{Command, table};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use node::{CLIENTS, Server};
use std::sync::LazyLock;
use world::World;

mod node;
#[allow(dead_code, reason = "shared with the golden transcripts")]
#[path = "../../tests/golden/notation.rs"]
mod notation;
#[allow(dead_code, reason = "shared with the golden transcripts")]
#[path = "../../tests/golden/outside.rs"]
mod outside;
#[allow(dead_code, reason = "shared with the golden transcripts")]
#[path = "../../tests/golden/world.rs"]
mod world;

const STEPS_MAX: usize = 200;
/// Words beyond the number that the row asks for, or missing from it.
const WORDS_MORE_MAX: u32 = 8;

/// Few keys, so that commands meet on them; two share a slot.
const KEYS: [&str; 6] = ["a", "b", "{a}b", "c", "", "a key with \r\n in it"];

/// Values, numbers at the edges, patterns, names of settings.
const WORDS: [&str; 40] = [
    "0",
    "1",
    "2",
    "-1",
    "-0",
    "+1",
    " 1",
    "1.5",
    "-1e5",
    "0.1",
    "inf",
    "nan",
    "100",
    "15",
    "16",
    "1000",
    "99999",
    "1048576",
    "1700000000",
    "1700000000500",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "",
    "text",
    "\u{0}\u{ff}",
    "*",
    "a*",
    "[a-c]?",
    "default",
    "127.0.0.1:50001",
    "maxmemory",
    "timeout",
    "slowlog-log-slower-than",
    "requirepass",
    "ON",
    "OFF",
    "SKIP",
];

/// The sum of all steps still fits a clock of nanoseconds.
const TIMES_MS: [u64; 6] = [1, 10, 999, 1_000, 60_000, 1 << 36];

/// The words in capitals of a row's syntax: its options.
fn options(spec: &'static Spec) -> impl Iterator<Item = &'static str> {
    let is_option =
        |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    spec.syntax.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(is_option)
}

/// Options of all commands: each is tried on every command.
static OPTIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut all: Vec<&str> =
        table().commands().iter().flat_map(|command| options(command.spec)).collect();
    all.sort_unstable();
    all.dedup();
    all
});

/// One argument.
fn word(choice: &mut Unstructured<'_>, command: &Command) -> Result<Vec<u8>> {
    let own: Vec<&str> = options(command.spec).collect();
    Ok(match choice.int_in_range(0..=15)? {
        0..=4 => choice.choose(&KEYS)?.as_bytes().to_vec(),
        5..=8 if !own.is_empty() => choice.choose(&own)?.as_bytes().to_vec(),
        9 => choice.choose(&OPTIONS)?.as_bytes().to_vec(),
        10 => choice.arbitrary::<i64>()?.to_string().into_bytes(),
        11 => choice.arbitrary::<&[u8]>()?.to_vec(),
        _ => choice.choose(&WORDS)?.as_bytes().to_vec(),
    })
}

/// A request with about as many words as its row asks for.
fn request(choice: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let command = choice.choose(table().commands())?;
    let mut words: Vec<Vec<u8>> =
        command.full_name.split('|').map(|name| name.as_bytes().to_vec()).collect();
    let wanted = command.spec.arity.unsigned_abs() as usize;
    let wanted = match choice.int_in_range(0..=9)? {
        0..=5 if command.spec.arity > 0 => wanted,
        _ => (wanted + choice.int_in_range(0..=WORDS_MORE_MAX)? as usize).saturating_sub(1),
    };
    while words.len() < wanted {
        words.push(word(choice, command)?);
    }
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(&word);
        bytes.extend_from_slice(b"\r\n");
    }
    Ok(bytes)
}

/// One step: somebody asks for something, or leaves, or time passes.
fn step(choice: &mut Unstructured<'_>, world: &mut World) -> Result<Server> {
    Ok(match choice.int_in_range(0..=19)? {
        0 => {
            let server = node::advance(world, *choice.choose(&TIMES_MS)?);
            world.assert_invariants();
            server
        }
        1 => {
            // Whoever is not connected cannot leave.
            let _ = world.disconnect(*choice.choose(&CLIENTS)?);
            Server::Runs
        }
        _ => {
            let (client, request) = (*choice.choose(&CLIENTS)?, request(choice)?);
            node::send(world, client, &request)
        }
    })
}

fuzz_target!(|input: &[u8]| {
    let (mut choice, mut world) = (Unstructured::new(input), node::start());
    for _ in 0..STEPS_MAX {
        if choice.is_empty()
            || step(&mut choice, &mut world).is_ok_and(|server| server == Server::Stops)
        {
            break;
        }
    }
    node::end(world);
});
