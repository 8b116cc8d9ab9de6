//! A crowd on one thread: each client wants the lock, holds it for no time at all, gives it back
//! and wants it again.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::manner::Manner;
use crate::server::Server;
use crate::wire::{Failure, STALL};

/// What the crowd saw.
pub(crate) struct Outcome {
    /// Grants per second.
    pub(crate) per_second: f64,
    /// Grants of the client that had fewest, and of the one that had most.
    pub(crate) fewest: u64,
    pub(crate) most: u64,
    wait_ns: Histogram<u64>,
}

impl Outcome {
    pub(crate) fn wait_ms(&self, quantile: f64) -> f64 {
        self.wait_ns.value_at_quantile(quantile) as f64 / 1e6
    }
}

struct Client {
    stream: TcpStream,
    acquire: Vec<u8>,
    /// Gives the lock back and asks for it again.
    again: Vec<u8>,
    received: Vec<u8>,
    /// Whether the next reply answers a release.
    releasing: bool,
    asked_at: Instant,
    grants: u64,
}

struct Crowd {
    manner: Manner,
    clients: Vec<Client>,
    /// Who asks again, and when.
    later: BTreeMap<(Instant, usize), ()>,
    rng: fastrand::Rng,
    wait_ns: Histogram<u64>,
    grants: u64,
    last_token: i64,
}

/// What a reply means to the one who gets it.
enum Reply {
    Granted,
    Busy,
    Released,
}

/// Lets a crowd go for the lock for as long as `window`, after a warm-up of half of that.
pub(crate) fn drive(
    server: &Server,
    manner: Manner,
    clients: usize,
    window: Duration,
) -> Result<Outcome, Failure> {
    let mut poll = Poll::new()?;
    let mut crowd = Crowd::gather(server, manner, clients, &poll)?;
    for at in 0..clients {
        crowd.ask(at)?;
    }
    let mut events = Events::with_capacity(1024);
    crowd.run(&mut poll, &mut events, window / 2)?;
    crowd.wait_ns.reset();
    let (before, began) = (crowd.grants, Instant::now());
    crowd.clients.iter_mut().for_each(|client| client.grants = 0);
    crowd.run(&mut poll, &mut events, window)?;
    let grants = crowd.grants - before;
    let counts = || crowd.clients.iter().map(|client| client.grants);
    Ok(Outcome {
        per_second: grants as f64 / began.elapsed().as_secs_f64(),
        fewest: counts().min().unwrap_or(0),
        most: counts().max().unwrap_or(0),
        wait_ns: crowd.wait_ns,
    })
}

impl Crowd {
    fn gather(
        server: &Server,
        manner: Manner,
        clients: usize,
        poll: &Poll,
    ) -> Result<Self, Failure> {
        let gather = |at: usize| -> Result<Client, Failure> {
            let stream = std::net::TcpStream::connect_timeout(&server.address, STALL)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(at), Interest::READABLE)?;
            let (acquire, release) = manner.requests(format!("client-{at}").as_bytes());
            let (acquire, again) = match manner {
                Manner::Queue => (acquire.clone(), [release, acquire].concat()),
                Manner::QueuePipelined => {
                    let both = [acquire, release].concat();
                    (both.clone(), both)
                }
                Manner::PollFixed | Manner::PollJitter => (acquire, release),
            };
            let (received, asked_at) = (Vec::new(), Instant::now());
            Ok(Client { stream, acquire, again, received, releasing: false, asked_at, grants: 0 })
        };
        Ok(Self {
            manner,
            clients: (0..clients).map(gather).collect::<Result<_, _>>()?,
            later: BTreeMap::new(),
            rng: fastrand::Rng::with_seed(clients as u64),
            wait_ns: Histogram::new_with_max(STALL.as_nanos() as u64 * 100, 3)?,
            grants: 0,
            last_token: 0,
        })
    }

    fn ask(&mut self, at: usize) -> Result<(), Failure> {
        let client = &mut self.clients[at];
        client.stream.write_all(&client.acquire)?;
        Ok(())
    }

    fn run(
        &mut self,
        poll: &mut Poll,
        events: &mut Events,
        length: Duration,
    ) -> Result<(), Failure> {
        let end = Instant::now() + length;
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            while let Some((&(due, at), ())) = self.later.first_key_value() {
                if due > now {
                    break;
                }
                self.later.remove(&(due, at));
                self.ask(at)?;
            }
            let due = self.later.first_key_value().map_or(end, |(&(due, _), ())| due.min(end));
            poll.poll(events, Some(due.saturating_duration_since(now)))?;
            for event in events.iter() {
                self.receive(event.token().0)?;
            }
        }
    }

    fn receive(&mut self, at: usize) -> Result<(), Failure> {
        let mut space = [0; 4096];
        loop {
            let read = match self.clients[at].stream.read(&mut space) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.clients[at].received.extend_from_slice(&space[..read]);
            while let Some(reply) = self.next_reply(at)? {
                self.take(at, &reply)?;
            }
            if read < space.len() {
                return Ok(());
            }
        }
    }

    /// All replies are one line: a token, a count, `OK` or null.
    fn next_reply(&mut self, at: usize) -> Result<Option<Reply>, Failure> {
        let client = &mut self.clients[at];
        let Some(end) = client.received.iter().position(|&byte| byte == b'\n') else {
            return Ok(None);
        };
        let line: Vec<u8> = client.received.drain(..=end).collect();
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if text.starts_with('-') {
            return Err(format!("the server answered {text}").into());
        }
        if std::mem::take(&mut client.releasing) {
            return Ok(Some(Reply::Released));
        }
        if text.starts_with('$') {
            return Ok(Some(Reply::Busy));
        }
        if let Some(token) = text.strip_prefix(':') {
            let token: i64 = token.parse()?;
            // Pipelined, the next grant may be read before this one: from another socket.
            if token <= self.last_token && self.manner == Manner::Queue {
                return Err(format!("token {token} after {}", self.last_token).into());
            }
            self.last_token = token;
        }
        Ok(Some(Reply::Granted))
    }

    fn take(&mut self, at: usize, reply: &Reply) -> Result<(), Failure> {
        let now = Instant::now();
        let client = &mut self.clients[at];
        match reply {
            Reply::Granted => {
                let waited = now.duration_since(client.asked_at).as_nanos() as u64;
                self.wait_ns.saturating_record(waited);
                self.grants += 1;
                client.grants += 1;
                client.releasing = true;
                if self.manner != Manner::QueuePipelined {
                    client.stream.write_all(&client.again)?;
                    client.asked_at = now;
                }
            }
            Reply::Released => match self.manner {
                Manner::Queue => {}
                Manner::QueuePipelined | Manner::PollFixed | Manner::PollJitter => {
                    client.asked_at = now;
                    self.ask(at)?;
                }
            },
            Reply::Busy => {
                let pause = self.manner.pause(self.rng.f64());
                self.later.insert((now + pause, at), ());
            }
        }
        Ok(())
    }
}
