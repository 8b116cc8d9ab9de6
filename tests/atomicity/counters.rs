//! Counters that everybody increments: nothing is lost, no value is given out twice.

use std::thread;

use crate::crowd::{WORKERS, frame, hammer, rounds};
use crate::support::{Client, Server, encode};

const CONNECTIONS: usize = 64;

#[test]
fn increments_from_64_connections_are_all_counted() {
    let server = Server::latchd(&[]);
    let each = rounds();
    let batch = encode(&["INCR", "n"]).repeat(each);
    let told: Vec<Vec<i64>> = thread::scope(|scope| {
        let one = || {
            let mut client = Client::connect(server.addr());
            assert!(client.send_raw(&batch));
            let reply = |_| frame(&client.reply().expect("a reply")).as_int().expect("an integer");
            (0..each).map(reply).collect()
        };
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(one)).collect();
        clients.into_iter().map(|client| client.join().expect("a client ends")).collect()
    });
    for values in &told {
        assert!(values.is_sorted_by(|earlier, later| earlier < later), "a client sees it grow");
    }
    let mut values = told.concat();
    values.sort_unstable();
    let total = i64::try_from(CONNECTIONS * each).expect("a small number");
    assert!(values.into_iter().eq(1..=total), "each value was given out once");
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("INCRBY n 0"), format!(":{total}\r\n"));
}

#[test]
fn mixed_increments_of_one_counter_add_up() {
    let server = Server::latchd(&[]);
    let each = rounds();
    hammer(
        &server,
        |number, client| {
            for _ in 0..each {
                let request = match number % 4 {
                    0 => "INCR n",
                    1 => "DECRBY n 2",
                    2 => "INCRBYFLOAT n 3",
                    _ => "INCRBY n -2",
                };
                frame(client.ask(request).as_bytes());
            }
        },
        |client| {
            frame(client.ask("GET n").as_bytes());
        },
    );
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("INCRBY n 0"), ":0\r\n", "1 - 2 + 3 - 2 in each four of {WORKERS}");
}

#[test]
fn only_one_client_wins_a_free_key() {
    let server = Server::latchd(&[]);
    let each = rounds();
    hammer(
        &server,
        |number, client| {
            for round in 0..each {
                let won = client.ask(&format!("SET lock:{round} {number} NX")) == "+OK\r\n";
                if won {
                    frame(client.ask("INCR winners").as_bytes());
                }
            }
        },
        |client| {
            frame(client.ask("EXISTS lock:0 lock:1").as_bytes());
        },
    );
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("INCRBY winners 0"), format!(":{each}\r\n"));
}

#[test]
fn appends_are_whole() {
    let server = Server::latchd(&[]);
    let each = rounds();
    hammer(
        &server,
        |number, client| {
            let word = number.to_string().repeat(5);
            for _ in 0..each {
                frame(client.ask(&format!("APPEND text {word}")).as_bytes());
            }
        },
        |client| {
            let length = frame(client.ask("STRLEN text").as_bytes()).as_int();
            assert_eq!(length.map(|length| length % 5), Some(0), "half a word was seen");
        },
    );
    let text = frame(&Client::connect(server.addr()).call(&["GET", "text"]));
    let text = text.as_bytes().expect("a string");
    assert_eq!(text.len(), WORKERS * each * 5);
    assert!(text.chunks(5).all(|word| word.iter().all(|&byte| byte == word[0])));
}
