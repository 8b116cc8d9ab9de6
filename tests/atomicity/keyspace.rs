//! Commands over many keys at once: seen whole or not at all.

use crate::crowd::{frame, hammer, keys, numbers, rounds};
use crate::support::{Client, Server};

/// Keys in as many slots; enough that a command borrows every shard.
const KEYS: usize = 64;

fn mset(keys: &[String], command: &str, value: &str) -> Vec<String> {
    let pairs = keys.iter().flat_map(|key| [key.clone(), value.to_owned()]);
    std::iter::once(command.to_owned()).chain(pairs).collect()
}

#[track_caller]
fn assert_all_equal(client: &mut Client, keys: &[String]) {
    let values = numbers(client, keys);
    assert!(values.iter().all(|value| *value == values[0]), "torn: {values:?}");
}

#[test]
fn many_keys_are_written_and_read_at_once() {
    let server = Server::latchd(&[]);
    let keys = keys("many", KEYS);
    let reversed: Vec<_> = keys.iter().rev().cloned().collect();
    hammer(
        &server,
        |number, client| {
            // Half of them in the other order: whoever locks as it reads would wait forever.
            let keys = if number % 2 == 0 { &keys } else { &reversed };
            for round in 0..rounds() {
                let value = (number * 1_000_000 + round).to_string();
                assert_eq!(client.call(&mset(keys, "MSET", &value)), b"+OK\r\n");
            }
        },
        |client| {
            assert_all_equal(client, &keys);
            assert_all_equal(client, &reversed);
        },
    );
    assert_all_equal(&mut Client::connect(server.addr()), &keys);
}

#[test]
fn all_keys_are_created_and_removed_at_once() {
    let server = Server::latchd(&[]);
    let keys = keys("some", KEYS);
    let everything: Vec<&str> = keys.iter().map(String::as_str).collect();
    let count = |client: &mut Client| {
        let request = [&["EXISTS"], everything.as_slice()].concat();
        frame(&client.call(&request)).as_int().expect("a number")
    };
    hammer(
        &server,
        |number, client| {
            for round in 0..rounds() {
                let remove = match round % 3 {
                    0 => vec!["FLUSHALL"],
                    1 => vec!["FLUSHDB"],
                    _ => [&["DEL"], everything.as_slice()].concat(),
                };
                match number % 2 {
                    0 => frame(&client.call(&mset(&keys, "MSETNX", "1"))),
                    _ => frame(&client.call(&remove)),
                };
            }
        },
        |client| {
            let there = count(client);
            assert!(there == 0 || there == KEYS as i64, "{there} of {KEYS} keys");
        },
    );
}

#[test]
fn a_key_that_is_renamed_is_always_somewhere() {
    let server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    let names = keys("name", 8);
    assert_eq!(client.ask("SET name:0 1"), "+OK\r\n");
    hammer(
        &server,
        |number, client| {
            for round in 0..rounds() {
                let (from, to) = (round % names.len(), (round + number + 1) % names.len());
                // Mostly it is elsewhere; then this is an error and changes nothing.
                client.ask(&format!("RENAME {} {}", names[from], names[to]));
            }
        },
        |client| {
            let request = format!("EXISTS {}", names.join(" "));
            assert_eq!(client.ask(&request), ":1\r\n");
        },
    );
}

#[test]
fn swapped_databases_are_never_mixed() {
    let server = Server::latchd(&[]);
    let mut client = Client::connect(server.addr());
    let keys = keys("half", KEYS);
    assert_eq!(client.call(&mset(&keys, "MSET", "0")), b"+OK\r\n");
    assert_eq!(client.ask("SELECT 1"), "+OK\r\n");
    assert_eq!(client.call(&mset(&keys, "MSET", "1")), b"+OK\r\n");
    hammer(
        &server,
        |_, client| {
            for _ in 0..rounds() / 4 {
                assert_eq!(client.ask("SWAPDB 0 1"), "+OK\r\n");
            }
        },
        |client| assert_all_equal(client, &keys),
    );
}
