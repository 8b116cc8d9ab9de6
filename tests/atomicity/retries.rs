//! Clients that lose every second reply and send the request again: `ONCE.EXEC` takes effect
//! exactly once, and without it the same clients count too much.

use std::collections::BTreeSet;
use std::thread;

use crate::crowd::{WORKERS, frame, rounds};
use crate::support::{Client, Server};

/// Every second reply is lost, and each means a new connection.
fn increments() -> usize {
    rounds() / 10
}

/// A client whose connection breaks in every second request: by turns before the reply has come,
/// when nobody knows whether the server has read the request, and just after.
struct Unlucky<'s> {
    server: &'s Server,
    client: Client,
    sent: usize,
}

impl<'s> Unlucky<'s> {
    fn new(server: &'s Server) -> Self {
        Self { server, client: Client::connect(server.addr()), sent: 0 }
    }

    /// The reply to a request, which is sent until one arrives.
    fn insist(&mut self, request: &[&str]) -> i64 {
        loop {
            self.sent += 1;
            assert!(self.client.send(request));
            match self.sent % 4 {
                1 => {}
                3 => drop(self.client.reply().expect("a reply, to be lost")),
                _ => {
                    let reply = self.client.reply().expect("a reply");
                    return frame(&reply).as_int().expect("an integer");
                }
            }
            self.client = Client::connect(self.server.addr());
        }
    }
}

/// What clients are told who send `request(worker, number)` each.
fn told(server: &Server, request: impl Fn(usize, usize) -> Vec<String> + Sync) -> Vec<i64> {
    let work = |worker: usize| {
        let mut client = Unlucky::new(server);
        let one = |number| {
            let request = request(worker, number);
            client.insist(&request.iter().map(String::as_str).collect::<Vec<_>>())
        };
        (0..increments()).map(one).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> =
            (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        let told = workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends"));
        told.collect()
    })
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn retries_under_an_idempotency_key_take_effect_once() {
    let server = Server::latchd(&[]);
    let mut told = told(&server, |worker, number| {
        words(&format!("ONCE.EXEC {{n}}:{worker}:{number} PX 600000 INCR {{n}}"))
    });
    let total = i64::try_from(WORKERS * increments()).expect("a small number");
    told.sort_unstable();
    assert!(told.into_iter().eq(1..=total), "each value was given out once");
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("INCRBY {n} 0"), format!(":{total}\r\n"));
}

#[test]
fn retries_without_one_count_too_much() {
    let server = Server::latchd(&[]);
    let told = told(&server, |_, _| words("INCR {n}"));
    let distinct: BTreeSet<i64> = told.iter().copied().collect();
    assert_eq!(distinct.len(), told.len(), "what was told is not what is wrong");
    let counted = frame(&Client::connect(server.addr()).call(&["INCRBY", "{n}", "0"]));
    let wanted = i64::try_from(told.len()).expect("a small number");
    // Of two requests that were lost, one was certainly carried out.
    assert!(counted.as_int() >= Some(wanted + wanted / 2), "{counted:?} of {wanted}");
}
