//! The load generator: threads that each keep many connections busy from prebuilt requests and
//! count the lines that come back.
//!
//! It shares the machine with the server, so per batch it does one send, one receive, one clock
//! reading and one histogram entry, and allocates nothing. A connection has one batch under way:
//! it sends the next when the last reply of the previous one has arrived (a closed loop).

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::panic;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::figures::Sample;
use crate::machine;
use crate::scenario::Plan;
use crate::server::{Layout, SERVER_CORE, Server};
use crate::wire::{Failure, STALL};

/// Holds the replies to the deepest batch in one read.
const RECEIVE_BYTES: usize = 64 * 1024;

const WARMING: u8 = 0;
const MEASURING: u8 = 1;
const STOPPING: u8 = 2;

/// When to start looking, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What the measuring thread and the generators tell each other.
struct Board {
    phase: AtomicU8,
    /// Batches answered, of all generators.
    answered: AtomicU64,
}

/// All counters at one moment.
struct Reading {
    at: Instant,
    answered: u64,
    server_ns: u64,
    own_ns: u64,
}

/// One thread's share of the connections.
struct Generator<'a> {
    board: &'a Board,
    plan: &'a Plan,
    poll: Poll,
    connections: Vec<Connection>,
    latency_ns: Histogram<u64>,
    received: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// Its batches in the plan, and the one to send next.
    own: Range<usize>,
    next: usize,
    /// What the socket would not take yet.
    unsent: Range<usize>,
    lines_due: usize,
    sent_at: Instant,
}

/// Asks what `plan` says for the time that `window` says and returns what it cost.
pub(crate) fn drive(
    server: &Server,
    layout: Layout,
    plan: &Plan,
    window: Window,
    generators: usize,
) -> Result<Sample, Failure> {
    let board = Board { phase: AtomicU8::new(WARMING), answered: AtomicU64::new(0) };
    let address = server.address;
    thread::scope(|scope| {
        let board = &board;
        let threads: Vec<_> = (0..generators)
            .map(|nth| {
                scope.spawn(move || {
                    if layout == Layout::OneThread {
                        // With a single core the server and the generator have to share it.
                        let _ = machine::pin_to(SERVER_CORE + 1);
                    }
                    Generator::open(address, plan, board, (nth, generators))?.run()
                })
            })
            .collect();
        let readings = read_twice(server, board, window);
        board.phase.store(STOPPING, Ordering::Relaxed);
        let mut latency_ns = histogram();
        for thread in threads {
            let share = thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))?;
            latency_ns.add(share)?;
        }
        // After the threads: when the server dies, what they saw explains it better.
        let (before, after) = readings?;
        sample(plan, &before, &after, &latency_ns)
    })
}

fn read_twice(server: &Server, board: &Board, window: Window) -> io::Result<(Reading, Reading)> {
    thread::sleep(window.warm_up);
    board.phase.store(MEASURING, Ordering::Relaxed);
    let before = Reading::take(server, board)?;
    thread::sleep(window.measured);
    Ok((before, Reading::take(server, board)?))
}

fn sample(
    plan: &Plan,
    before: &Reading,
    after: &Reading,
    latency_ns: &Histogram<u64>,
) -> Result<Sample, Failure> {
    let commands = (after.answered - before.answered) as f64 * plan.commands_per_batch as f64;
    if commands == 0.0 {
        return Err("no batch was answered while measuring: give it more --seconds".into());
    }
    let micros = |quantile| latency_ns.value_at_quantile(quantile) as f64 / 1e3;
    Ok(Sample {
        per_second: commands / (after.at - before.at).as_secs_f64(),
        server_ns: (after.server_ns - before.server_ns) as f64 / commands,
        generator_ns: (after.own_ns - before.own_ns) as f64 / commands,
        p50_us: micros(0.5),
        p99_us: micros(0.99),
        p999_us: micros(0.999),
    })
}

/// Nanoseconds up to the longest possible wait, to three digits.
fn histogram() -> Histogram<u64> {
    let ceiling = u64::try_from(STALL.as_nanos()).expect("ten seconds fit 64 bits of nanoseconds");
    Histogram::new_with_max(ceiling, 3).expect("three digits are allowed")
}

impl Reading {
    fn take(server: &Server, board: &Board) -> io::Result<Self> {
        Ok(Self {
            at: Instant::now(),
            answered: board.answered.load(Ordering::Relaxed),
            server_ns: server.cpu_ns()?,
            own_ns: machine::own_cpu_ns()?,
        })
    }
}

impl<'a> Generator<'a> {
    /// Opens the `nth` of `of` shares of the plan's connections.
    fn open(
        address: SocketAddr,
        plan: &'a Plan,
        board: &'a Board,
        (nth, of): (usize, usize),
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let all = plan.batches.len() / plan.batches_per_connection;
        let mut connections = Vec::new();
        for index in (nth..all).step_by(of) {
            let stream = std::net::TcpStream::connect_timeout(&address, STALL)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(connections.len()), interest)?;
            let first = index * plan.batches_per_connection;
            connections.push(Connection {
                stream,
                own: first..first + plan.batches_per_connection,
                next: first,
                unsent: 0..0,
                lines_due: 0,
                sent_at: Instant::now(),
            });
        }
        let received = vec![0; RECEIVE_BYTES];
        Ok(Self { board, plan, poll, connections, latency_ns: histogram(), received })
    }

    /// Runs until told to stop and every reply has come.
    fn run(mut self) -> Result<Histogram<u64>, Failure> {
        for connection in &mut self.connections {
            connection.ask(self.plan, Instant::now())?;
        }
        let mut busy = self.connections.len();
        let mut events = Events::with_capacity(self.connections.len().max(1));
        while busy > 0 {
            match self.poll.poll(&mut events, Some(STALL)) {
                Ok(()) if events.is_empty() => return Err("the server does not answer".into()),
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            }
            let phase = self.board.phase.load(Ordering::Relaxed);
            let mut answered = 0;
            for event in &events {
                let connection = &mut self.connections[event.token().0];
                connection.send(self.plan)?;
                if !connection.receive(&mut self.received)? {
                    continue;
                }
                answered += 1;
                let now = Instant::now();
                if phase == MEASURING {
                    let waited = (now - connection.sent_at).as_nanos();
                    self.latency_ns.saturating_record(u64::try_from(waited).unwrap_or(u64::MAX));
                }
                if phase == STOPPING {
                    busy -= 1;
                } else {
                    connection.ask(self.plan, now)?;
                }
            }
            self.board.answered.fetch_add(answered, Ordering::Relaxed);
        }
        Ok(self.latency_ns)
    }
}

impl Connection {
    /// Sends its next batch.
    fn ask(&mut self, plan: &Plan, now: Instant) -> io::Result<()> {
        self.unsent = plan.batches[self.next].clone();
        self.next = if self.next + 1 == self.own.end { self.own.start } else { self.next + 1 };
        self.lines_due = plan.lines_per_batch;
        self.sent_at = now;
        self.send(plan)
    }

    fn send(&mut self, plan: &Plan) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&plan.bytes[self.unsent.clone()]) {
                Ok(sent) => self.unsent.start += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what is there; true when this completes the batch.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<bool, Failure> {
        let due_before = self.lines_due;
        loop {
            let bytes = match self.stream.read(buffer) {
                Ok(0) => return Err("the server closed a connection under load".into()),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            };
            let lines = count_lines(&buffer[..bytes])?;
            self.lines_due = self.lines_due.checked_sub(lines).ok_or("more replies than asked")?;
            // Events are edges: a read that fills the buffer may have left something behind.
            if bytes < buffer.len() {
                break;
            }
        }
        Ok(self.lines_due == 0 && due_before > 0)
    }
}

/// Counts lines. No reply that we want holds a minus sign, while errors (`-ERR`) and missing keys
/// (`$-1`) do, so one pass finds both.
fn count_lines(replies: &[u8]) -> Result<usize, Failure> {
    if let Some(at) = replies.iter().position(|byte| *byte == b'-') {
        let line = replies[at..].split(|byte| *byte == b'\r').next().unwrap_or_default();
        return Err(format!("under load came {:?}", String::from_utf8_lossy(line)).into());
    }
    Ok(replies.iter().filter(|byte| **byte == b'\n').count())
}
