//! Owners that wait for each other: who closes a cycle is refused at once, and nobody else ever is.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::crowd::{WORKERS, frame, hammer, keys, rounds};
use crate::support::{Client, Server};

/// Far below the minute that every lock here lasts.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Asks for a lock of a minute, without a limit to the wait.
fn acquire(client: &mut Client, key: &str, owner: &str) -> String {
    client.ask(&format!("LOCK.ACQUIRE {key} {owner} PX 60000 WAIT 0"))
}

fn release(client: &mut Client, key: &str, owner: &str) {
    assert_eq!(client.ask(&format!("LOCK.RELEASE {key} {owner}")), ":0\r\n");
}

/// Each owner holds a lock and wants the next one's; whether it was refused.
fn one_of_a_cycle(server: &Server, keys: &[String], own: usize, ready: &Barrier) -> bool {
    let mut client = Client::connect(server.addr());
    let (mine, next) = (&keys[own], &keys[(own + 1) % keys.len()]);
    let owner = format!("owner{own}");
    frame(acquire(&mut client, mine, &owner).as_bytes());
    ready.wait();
    let reply = acquire(&mut client, next, &owner);
    let refused = reply.starts_with("-DEADLOCK ");
    if refused {
        let named = format!("-DEADLOCK owner {owner} waits for ");
        assert!(reply.starts_with(&named), "{reply}");
        assert!(reply.ends_with(&format!(" waits for {owner}\r\n")), "{reply}");
        assert_eq!(reply.matches(" waits for ").count(), keys.len(), "{reply}");
    } else {
        frame(reply.as_bytes());
        release(&mut client, next, &owner);
    }
    release(&mut client, mine, &owner);
    refused
}

#[test]
fn of_2_to_10_owners_in_a_cycle_exactly_one_is_refused_at_once() {
    let server = Server::latchd(&[]);
    for count in 2..=10 {
        for round in 0..10 {
            let keys = keys(&format!("cycle:{count}:{round}"), count);
            let (ready, start) = (Barrier::new(count), Instant::now());
            let refused = thread::scope(|scope| {
                let (server, keys, ready) = (&server, &keys, &ready);
                let one = |own| scope.spawn(move || one_of_a_cycle(server, keys, own, ready));
                let all: Vec<_> = (0..count).map(one).collect();
                let ended = all.into_iter().map(|one| one.join().expect("an owner goes on"));
                ended.filter(|refused| *refused).count()
            });
            assert_eq!(refused, 1, "of {count}");
            assert!(start.elapsed() < AT_ONCE, "nobody waited for a time-out");
        }
    }
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("DBSIZE"), ":0\r\n");
    assert!(client.ask("INFO locks").contains("locks_deadlocks:90\r\n"));
}

#[test]
fn who_takes_locks_in_order_is_never_refused() {
    let server = Server::latchd(&[]);
    let (keys, each) = (keys("ordered", 10), rounds() / 10);
    hammer(
        &server,
        |number, client| {
            let owner = format!("owner{number}");
            for round in 0..each {
                let first = (number * 7 + round * 3) % 9;
                let second = first + 1 + (number + round) % (9 - first);
                frame(acquire(client, &keys[first], &owner).as_bytes());
                frame(acquire(client, &keys[second], &owner).as_bytes());
                release(client, &keys[second], &owner);
                release(client, &keys[first], &owner);
            }
        },
        |client| {
            frame(client.ask("LOCK.INFO ordered:5").as_bytes());
        },
    );
    assert_nothing_is_left(&server, 2 * WORKERS * each);
}

#[test]
fn who_takes_all_or_none_needs_no_order() {
    let server = Server::latchd(&[]);
    let (keys, each) = (keys("unordered", 5), rounds() / 10);
    hammer(
        &server,
        |number, client| {
            let owner = format!("owner{number}");
            for round in 0..each {
                let first = (number + round) % 5;
                let second = (first + 1 + (number * 3 + round) % 4) % 5;
                let wanted = [&keys[first], &keys[second]];
                let words = format!("{} {} {owner} PX 60000 WAIT 0", wanted[0], wanted[1]);
                let tokens = frame(client.ask(&format!("LOCK.ACQUIREM 2 {words}")).as_bytes());
                assert_eq!(tokens.as_list().map(<[_]>::len), Some(2));
                for key in wanted {
                    // Alone with it: what is read is what is written.
                    let count = frame(client.ask(&format!("GET n:{key}")).as_bytes());
                    let count = count.as_bytes().map(|it| String::from_utf8_lossy(it).into_owned());
                    let count: u64 = count.map_or(0, |count| count.parse().expect("a number"));
                    assert_eq!(client.ask(&format!("SET n:{key} {}", count + 1)), "+OK\r\n");
                    release(client, key, &owner);
                }
            }
        },
        |client| {
            frame(client.ask("LOCK.INFO unordered:2").as_bytes());
        },
    );
    let mut client = Client::connect(server.addr());
    let sum: u64 = keys.iter().map(|key| count_of(&mut client, key)).sum();
    assert_eq!(sum, 2 * (WORKERS * each) as u64, "no step was lost");
    client.ask("FLUSHALL");
    assert_nothing_is_left(&server, 2 * WORKERS * each);
}

fn count_of(client: &mut Client, key: &str) -> u64 {
    let count = frame(client.ask(&format!("GET n:{key}")).as_bytes());
    let digits = count.as_bytes().expect("every key was locked");
    String::from_utf8_lossy(digits).parse().expect("a number")
}

fn assert_nothing_is_left(server: &Server, acquired: usize) {
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("DBSIZE"), ":0\r\n");
    let figures = client.ask("INFO locks");
    for figure in [
        "locks_held:0".to_owned(),
        "locks_waiting:0".to_owned(),
        "locks_deadlocks:0".to_owned(),
        format!("locks_acquired:{acquired}"),
        format!("locks_released:{acquired}"),
    ] {
        assert!(figures.contains(&format!("{figure}\r\n")), "{figure} in {figures}");
    }
}
