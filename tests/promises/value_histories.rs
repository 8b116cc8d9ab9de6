//! Histories of numbers from fifty connections to two workers: read, write, compare, add, run once,
//! lose the connection before the reply, and send again what runs once.
//!
//! The seed decides what each client wants; in which order they get there is the machine's affair.

use std::env;
use std::sync::Barrier;
use std::thread;

use fastrand::Rng;
use latchd::base::slot::SlotId;

use crate::recorder::{Record, Recorder, assert_linearizable, now_us};
use crate::support::{Client, Frame, Server};
use crate::value_model::{Asked, Said, ValueModel, ValueOp};

const CLIENTS: usize = 50;
const KEYS: usize = 8;
const STEPS: usize = 40;

/// How many histories are played, and with which first seed.
fn seeds() -> std::ops::Range<u64> {
    let seed = env::var("LATCHD_SEED").ok().map(|seed| seed.parse().expect("a number"));
    match (seed, env::var_os("LATCHD_LONG").is_some()) {
        (Some(seed), _) => seed..seed + 1,
        (None, long) => 1..if long { 201 } else { 7 },
    }
}

/// Hash tags that lie in as many shards, of which two workers have 32.
fn tags(seed: u64) -> Vec<String> {
    let part = |tag: &str| SlotId::of(tag.as_bytes()).index() * 32 / usize::from(SlotId::COUNT);
    let mut tags: Vec<String> = Vec::new();
    let mut number = 0;
    while tags.len() < KEYS {
        let tag = format!("{{{seed}:{number}}}");
        if tags.iter().all(|other| part(other) != part(&tag)) {
            tags.push(tag);
        }
        number += 1;
    }
    tags
}

struct Player<'s> {
    server: &'s Server,
    tags: &'s [String],
    random: Rng,
    client: Client,
    recorder: Recorder<ValueOp>,
    /// The next idempotency key.
    id: usize,
}

impl<'s> Player<'s> {
    fn new(server: &'s Server, tags: &'s [String], seed: u64, number: usize) -> Self {
        let random = Rng::with_seed(seed * 1_000 + number as u64);
        let (client, recorder) = (Client::connect(server.addr()), Recorder::new(number));
        Self { server, tags, random, client, recorder, id: number * STEPS }
    }

    fn play(mut self) -> Vec<Record<ValueOp>> {
        for _ in 0..STEPS {
            let (key, asked) = (self.random.usize(..KEYS), self.asked());
            if self.random.u32(..100) < 4 {
                self.lose(key, asked);
                // What runs once is sent again until somebody is told.
                if !matches!(asked, Asked::AddOnce { .. }) {
                    continue;
                }
            }
            self.ask(key, asked);
        }
        self.recorder.records
    }

    fn asked(&mut self) -> Asked {
        // Few values, so that comparisons often hold.
        let (value, other) = (self.random.i64(..5), self.random.i64(..5));
        match self.random.u32(..6) {
            0 => Asked::Get,
            1 => Asked::Set(value),
            2 => Asked::SetIf { from: value, to: other },
            3 => Asked::Add(1 - 2 * (value % 2)),
            4 => Asked::DeleteIf(value),
            _ => {
                self.id += 1;
                Asked::AddOnce { id: self.id, add: 1 }
            }
        }
    }

    fn request(&self, key: usize, asked: Asked) -> Vec<String> {
        let tag = &self.tags[key];
        let line = match asked {
            Asked::Get => format!("GET {tag}"),
            Asked::Set(value) => format!("SET {tag} {value}"),
            Asked::SetIf { from, to } => format!("SET {tag} {to} IFEQ {from}"),
            Asked::Add(add) => format!("INCRBY {tag} {add}"),
            Asked::DeleteIf(value) => format!("DELEX {tag} IFEQ {value}"),
            Asked::AddOnce { id, add } => {
                format!("ONCE.EXEC {tag}:{id} PX 600000 INCRBY {tag} {add}")
            }
        };
        line.split(' ').map(str::to_owned).collect()
    }

    fn ask(&mut self, key: usize, asked: Asked) {
        let request = self.request(key, asked);
        let called = now_us();
        let reply = self.client.call(&request);
        let times = (called, now_us());
        self.recorder.note(key, ValueOp::told(times, asked, said(asked, &reply)));
    }

    /// Sends a request and is gone before the reply comes, or just after.
    fn lose(&mut self, key: usize, asked: Asked) {
        let request = self.request(key, asked);
        let called = now_us();
        assert!(self.client.send(&request));
        if self.random.bool() {
            drop(self.client.reply().expect("a reply, to be lost"));
        }
        self.recorder.note(key, ValueOp::lost(called, asked));
        self.client = Client::connect(self.server.addr());
    }
}

/// What a reply says.
fn said(asked: Asked, reply: &[u8]) -> Said {
    let unexpected = || panic!("{asked:?}: {}", String::from_utf8_lossy(reply));
    let Ok(Some((frame, b""))) = Frame::parse(reply) else { unexpected() };
    let number = || match (frame.as_int(), frame.as_bytes()) {
        (Some(number), _) => Some(number),
        (None, bytes) => std::str::from_utf8(bytes?).ok()?.parse().ok(),
    };
    match asked {
        Asked::Get | Asked::Add(_) | Asked::AddOnce { .. } if !frame.is_nil() => match number() {
            Some(number) => Said::Value(Some(number)),
            None => unexpected(),
        },
        Asked::Get => Said::Value(None),
        Asked::Set(_) | Asked::SetIf { .. } if reply == b"+OK\r\n" => Said::Done,
        Asked::SetIf { .. } if frame.is_nil() => Said::Not,
        Asked::DeleteIf(_) if frame.as_int() == Some(1) => Said::Done,
        Asked::DeleteIf(_) if frame.as_int() == Some(0) => Said::Not,
        Asked::Set(_) | Asked::SetIf { .. } | Asked::DeleteIf(_) => unexpected(),
        Asked::Add(_) | Asked::AddOnce { .. } => unexpected(),
    }
}

/// Lets all clients play at once.
fn play(server: &Server, seed: u64) -> Vec<Record<ValueOp>> {
    let (tags, ready) = (tags(seed), Barrier::new(CLIENTS));
    let play = |number| {
        let player = Player::new(server, &tags, seed, number);
        ready.wait();
        player.play()
    };
    thread::scope(|scope| {
        let play = &play;
        let players: Vec<_> =
            (0..CLIENTS).map(|number| scope.spawn(move || play(number))).collect();
        players.into_iter().flat_map(|player| player.join().expect("a client ends")).collect()
    })
}

#[test]
fn histories_of_numbers_are_linearizable() {
    let server = Server::latchd(&["--threads", "2"]);
    let mut all = Vec::new();
    for seed in seeds() {
        println!("seed {seed}");
        let records = play(&server, seed);
        assert_linearizable(|_, _| ValueModel, &records, ("numbers", seed));
        all.extend(records);
    }
    // Everything has to occur that this is about, or it would prove nothing.
    let count = |said| all.iter().filter(|record| record.operation.what.said == said).count();
    for said in [None, Some(Said::Done), Some(Said::Not), Some(Said::Value(None))] {
        println!("{said:?}: {}", count(said));
        assert!(count(said) > 0, "{said:?} never happened");
    }
}
