//! Money between accounts in different slots: the total is the same whenever somebody looks.

use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;

use crate::crowd::{frame, hammer, keys, numbers, rounds};
use crate::support::{Client, Server, encode};

const ACCOUNTS: usize = 16;
const EACH: i64 = 1_000;
const TOTAL: i64 = EACH * ACCOUNTS as i64;

/// A server with `ACCOUNTS` accounts of `EACH`, and their names.
fn bank() -> (Server, Vec<String>) {
    let server = Server::latchd(&[]);
    let accounts = keys("account", ACCOUNTS);
    let mut client = Client::connect(server.addr());
    for account in &accounts {
        assert_eq!(client.ask(&format!("SET {account} {EACH}")), "+OK\r\n");
    }
    (server, accounts)
}

/// Two different accounts and an amount.
fn order<'a>(accounts: &'a [String], random: &mut Rng) -> (&'a str, &'a str, i64) {
    let from = random.usize(..ACCOUNTS);
    let to = (from + random.usize(1..ACCOUNTS)) % ACCOUNTS;
    (&accounts[from], &accounts[to], random.i64(1..20))
}

#[track_caller]
fn assert_total(client: &mut Client, accounts: &[String]) {
    let balances = numbers(client, accounts);
    let total: i64 = balances.iter().map(|balance| balance.expect("accounts stay")).sum();
    assert_eq!(total, TOTAL, "{balances:?}");
}

#[test]
fn transactions_keep_the_total() {
    let (server, accounts) = bank();
    let looks = hammer(
        &server,
        |number, client| {
            let mut random = Rng::with_seed(number as u64);
            for _ in 0..rounds() {
                let (from, to, amount) = order(&accounts, &mut random);
                let amount = amount.to_string();
                client.send_raw(&encode(&["MULTI"]));
                client.send_raw(&encode(&["DECRBY", from, &amount]));
                client.send_raw(&encode(&["INCRBY", to, &amount]));
                client.send_raw(&encode(&["EXEC"]));
                for expected in ["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n"] {
                    assert_eq!(client.reply().as_deref(), Ok(expected.as_bytes()));
                }
                let done = frame(&client.reply().expect("EXEC answers"));
                assert_eq!(done.as_list().map(<[_]>::len), Some(2));
            }
        },
        |client| assert_total(client, &accounts),
    );
    assert!(looks > 0, "somebody looked while it was going on");
    assert_total(&mut Client::connect(server.addr()), &accounts);
}

#[test]
fn reading_transactions_see_the_total_as_well() {
    let (server, accounts) = bank();
    hammer(
        &server,
        |number, client| {
            let mut random = Rng::with_seed(number as u64);
            for _ in 0..rounds() {
                let (from, to, amount) = order(&accounts, &mut random);
                for line in [
                    "MULTI",
                    &format!("DECRBY {from} {amount}"),
                    &format!("INCRBY {to} {amount}"),
                    "EXEC",
                ] {
                    frame(client.ask(line).as_bytes());
                }
            }
        },
        |client| {
            assert_eq!(client.ask("MULTI"), "+OK\r\n");
            for account in &accounts {
                assert_eq!(client.ask(&format!("INCRBY {account} 0")), "+QUEUED\r\n");
            }
            let balances = frame(client.ask("EXEC").as_bytes());
            let balances = balances.as_list().expect("EXEC answers with an array");
            let total: i64 = balances.iter().map(|item| item.as_int().expect("an integer")).sum();
            assert_eq!(total, TOTAL);
        },
    );
}

/// Reads both balances, writes both back; a conflict means starting over.
fn transfer_watching(client: &mut Client, from: &str, to: &str, amount: i64) -> usize {
    let pair = [from.to_owned(), to.to_owned()];
    for attempt in 0.. {
        assert_eq!(client.ask(&format!("WATCH {from} {to}")), "+OK\r\n");
        let balances = numbers(client, &pair);
        let (left, right) = (balances[0].expect("it is there"), balances[1].expect("it is there"));
        assert_eq!(client.ask("MULTI"), "+OK\r\n");
        assert_eq!(client.ask(&format!("SET {from} {}", left - amount)), "+QUEUED\r\n");
        assert_eq!(client.ask(&format!("SET {to} {}", right + amount)), "+QUEUED\r\n");
        if !frame(client.ask("EXEC").as_bytes()).is_nil() {
            return attempt;
        }
    }
    unreachable!("the attempts never run out")
}

#[test]
fn watching_and_starting_over_keeps_the_total() {
    let (server, accounts) = bank();
    let conflicts = AtomicUsize::new(0);
    hammer(
        &server,
        |number, client| {
            let mut random = Rng::with_seed(number as u64);
            for _ in 0..rounds() / 4 {
                // Few accounts, so that many want the same.
                let (from, to, amount) = order(&accounts, &mut random);
                let retries = transfer_watching(client, from, to, amount);
                conflicts.fetch_add(retries, Ordering::Relaxed);
            }
        },
        |client| assert_total(client, &accounts),
    );
    assert_total(&mut Client::connect(server.addr()), &accounts);
    assert!(conflicts.into_inner() > 0, "nobody ever met: this tested nothing");
}
