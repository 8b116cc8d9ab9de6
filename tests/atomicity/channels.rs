//! Publishers and subscribers on several cores: every message is heard once, a publisher's in their
//! order, whoever comes and goes; and nobody is left in the registry.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::crowd::{frame, rounds};
use crate::support::{Client, Frame, Server};

const PUBLISHERS: usize = 4;
const SUBSCRIBERS: usize = 8;

/// A message as its subscriber sees it: the publisher, and its how manieth it is.
type Heard = (usize, usize);

/// Some follow the channel, some a pattern, some the shard channel.
fn subscriber(server: &Server, number: usize) -> Client {
    let mut client = Client::connect(server.addr());
    let requests = ["SUBSCRIBE news", "PSUBSCRIBE n?ws", "SSUBSCRIBE news"];
    let told = client.ask(requests[number % requests.len()]);
    assert!(told.ends_with(":1\r\n"), "{told}");
    client
}

/// The next message.
fn hear(client: &mut Client) -> Heard {
    let reply = frame(&client.reply().expect("a message"));
    let words = reply.as_list().expect("a message is an array");
    let text = words.last().and_then(|word| word.as_bytes()).expect("the text comes last");
    let text = String::from_utf8_lossy(text);
    let (publisher, number) = text.split_once(' ').expect("two numbers");
    (publisher.parse().expect("a number"), number.parse().expect("a number"))
}

/// Publishes `each` messages, some of them in transactions and pipelines.
fn publish(server: &Server, publisher: usize, each: usize) {
    let mut client = Client::connect(server.addr());
    let mut number = 0;
    while number < each {
        let batch = (1 + number % 7).min(each - number);
        let in_transaction = number % 3 == 0;
        if in_transaction {
            client.send(&["MULTI"]);
        }
        for number in number..number + batch {
            let text = format!("{publisher} {number}");
            client.send(&["PUBLISH", "news", &text]);
            client.send(&["SPUBLISH", "news", &text]);
        }
        if in_transaction {
            client.send(&["EXEC"]);
        }
        let replies = 2 * batch + if in_transaction { 2 } else { 0 };
        for _ in 0..replies {
            frame(&client.reply().expect("a reply"));
        }
        number += batch;
    }
}

/// Comes, hears some messages in order, and goes, in one way or another, until `done`.
fn come_and_go(server: &Server, number: usize, done: &AtomicBool) -> usize {
    let mut heard = 0;
    for round in 0.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let mut client = Client::connect(server.addr());
        assert!(client.ask("SUBSCRIBE news").ends_with(":1\r\n"));
        let mut last = BTreeMap::new();
        for _ in 0..(number + round) % 5 {
            if done.load(Ordering::Relaxed) {
                break;
            }
            let (publisher, number) = hear(&mut client);
            let before = last.insert(publisher, number);
            assert!(before.is_none_or(|before| number == before + 1), "{before:?}, then {number}");
            heard += 1;
        }
        match round % 3 {
            0 => {
                // Behind the end of the subscription there is nothing more of the channel.
                client.send(&["UNSUBSCRIBE"]);
                client.send(&["PING"]);
                while client.frame().expect("the end comes").starts_with(b"*3\r\n$7\r\n") {}
                assert_eq!(client.frame().as_deref(), Ok(&b"+PONG\r\n"[..]));
            }
            1 => {
                client.send(&["RESET"]);
                while client.frame().expect("the end comes").starts_with(b"*") {}
            }
            _ => {}
        }
    }
    heard
}

#[test]
fn every_message_is_heard_once_and_in_the_order_of_its_publisher() {
    let server = Server::latchd(&["--threads", "2"]);
    let each = rounds();
    let done = AtomicBool::new(false);
    let listeners: Vec<_> = (0..SUBSCRIBERS).map(|number| subscriber(&server, number)).collect();
    thread::scope(|scope| {
        let (server, done) = (&server, &done);
        let listening = listeners.into_iter().map(|mut client| {
            scope.spawn(move || (0..PUBLISHERS * each).map(|_| hear(&mut client)).collect())
        });
        let listening: Vec<thread::ScopedJoinHandle<'_, Vec<Heard>>> = listening.collect();
        let passing: Vec<_> =
            (0..2).map(|number| scope.spawn(move || come_and_go(server, number, done))).collect();
        let publishing: Vec<_> = (0..PUBLISHERS)
            .map(|number| scope.spawn(move || publish(server, number, each)))
            .collect();
        let published: Vec<_> =
            publishing.into_iter().map(thread::ScopedJoinHandle::join).collect();
        let heard: Vec<_> = listening.into_iter().map(thread::ScopedJoinHandle::join).collect();
        // Who waits for one more message gets one that tells nobody else anything.
        done.store(true, Ordering::Relaxed);
        let mut last = Client::connect(server.addr());
        while passing.iter().any(|it| !it.is_finished()) {
            for publisher in 0..PUBLISHERS {
                last.call(&["PUBLISH", "news", &format!("{} 0", PUBLISHERS + publisher)]);
            }
        }
        assert!(published.iter().all(Result::is_ok), "a publisher failed, see above");
        let passed = passing.into_iter().map(|it| it.join().expect("who passed by agrees"));
        assert!(passed.sum::<usize>() > 0, "somebody heard something in passing");
        for messages in heard {
            let messages = messages.expect("a subscriber agrees");
            for publisher in 0..PUBLISHERS {
                let of_one = messages.iter().filter(|(by, _)| *by == publisher);
                assert!(of_one.map(|(_, number)| *number).eq(0..each), "publisher {publisher}");
            }
        }
    });
    assert_nobody_is_left(&server);
}

/// Followers of one channel hear all publishers in one order.
#[test]
fn a_channel_has_one_order_for_all_who_follow_it() {
    let server = Server::latchd(&["--threads", "2"]);
    let each = rounds() / 4;
    let listeners: Vec<Client> = (0..SUBSCRIBERS).map(|_| subscriber(&server, 0)).collect();
    let orders: Vec<Vec<Heard>> = thread::scope(|scope| {
        let server = &server;
        let listening = listeners.into_iter().map(|mut client| {
            scope.spawn(move || (0..PUBLISHERS * each).map(|_| hear(&mut client)).collect())
        });
        let listening: Vec<thread::ScopedJoinHandle<'_, Vec<Heard>>> = listening.collect();
        (0..PUBLISHERS).for_each(|number| {
            scope.spawn(move || publish(server, number, each));
        });
        listening.into_iter().map(|it| it.join().expect("a subscriber agrees")).collect()
    });
    assert!(orders.iter().all(|order| *order == orders[0]), "two followers disagree");
    assert_nobody_is_left(&server);
}

/// Sets `n` to the next number and publishes it, both in one transaction; again if somebody else
/// was quicker.
fn count_up(client: &mut Client) {
    loop {
        assert_eq!(client.ask("WATCH n"), "+OK\r\n");
        let next = number(&frame(&client.call(&["GET", "n"]))) + 1;
        client.send(&["MULTI"]);
        client.send(&["SET", "n", &next.to_string()]);
        client.send(&["PUBLISH", "news", &format!("0 {next}")]);
        (0..3).for_each(|_| drop(client.reply().expect("a reply")));
        if !frame(&client.call(&["EXEC"])).is_nil() {
            return;
        }
    }
}

fn number(reply: &Frame) -> usize {
    let digits = String::from_utf8_lossy(reply.as_bytes().unwrap_or(b"0"));
    digits.parse().expect("only numbers were written")
}

#[test]
fn messages_of_transactions_come_in_the_order_of_their_effects() {
    let server = Server::latchd(&["--threads", "2"]);
    let each = rounds() / 4;
    let mut listener = subscriber(&server, 0);
    thread::scope(|scope| {
        for _ in 0..PUBLISHERS {
            scope.spawn(|| {
                let mut client = Client::connect(server.addr());
                (0..each).for_each(|_| count_up(&mut client));
            });
        }
        let mut reader = Client::connect(server.addr());
        for heard in 1..=PUBLISHERS * each {
            assert_eq!(hear(&mut listener), (0, heard));
            // Whoever has heard of a change finds it.
            assert!(number(&frame(&reader.call(&["GET", "n"]))) >= heard);
        }
    });
    drop(listener);
    assert_nobody_is_left(&server);
}

/// The server may take a moment to notice that a connection has gone.
fn assert_nobody_is_left(server: &Server) {
    let mut client = Client::connect(server.addr());
    while client.ask("CLIENT LIST").matches("id=").count() > 1 {}
    let figures = client.ask("INFO");
    for figure in ["pubsub_channels:0", "pubsub_patterns:0", "pubsubshard_channels:0"] {
        assert!(figures.contains(&format!("{figure}\r\n")), "{figure} in {figures}");
    }
    assert_eq!(client.ask("PUBSUB CHANNELS"), "*0\r\n");
    assert_eq!(client.ask("PUBLISH news x"), ":0\r\n");
}
