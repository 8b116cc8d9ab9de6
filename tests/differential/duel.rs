//! Two servers, the oracle and the subject, that are asked the same; what they answer differently.
//!
//! Not here: what counts as different (`judge.rs`), which questions to ask.

use crate::judge;
use crate::sequence::{Act, Argv, CONNECTIONS, Sequence, Step};
use crate::support::{Client, Frame, Server, Silence, escape};
use std::fmt;
use std::time::{Duration, Instant};

/// How long a reply may take: far more than any command of a sequence needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes that the bytes of one step are cut into: long ones go in larger pieces.
const PIECES_MAX: usize = 1000;

/// What both servers are started with. The slow log is off because entries depend on the machine.
const DIRECTIVES: [&str; 4] = ["--enable-debug-command", "yes", "--slowlog-log-slower-than", "-1"];

/// What makes a used server as good as new. A server that lacks one of these answers with an error,
/// which does no harm here; only FLUSHALL must work.
const CLEAN: &[&[&str]] = &[
    &["AUTH", "secret"],
    &["CLIENT", "UNPAUSE"],
    &["DEBUG", "SET-ACTIVE-EXPIRE", "1"],
    &["CONFIG", "SET", "maxmemory", "0"],
    &["CONFIG", "SET", "maxmemory-policy", "noeviction"],
    &["CONFIG", "SET", "maxmemory-samples", "5"],
    &["CONFIG", "SET", "timeout", "0"],
    &["CONFIG", "SET", "requirepass", ""],
    &["CONFIG", "SET", "slowlog-log-slower-than", "-1"],
    &["CONFIG", "SET", "slowlog-max-len", "128"],
    &["CONFIG", "SET", "latency-monitor-threshold", "0"],
    &["CONFIG", "SET", "proto-max-bulk-len", "536870912"],
    &["CONFIG", "RESETSTAT"],
    &["SLOWLOG", "RESET"],
    &["LATENCY", "RESET"],
    &["FLUSHALL"],
];

/// What marks the end of what a connection has been sent.
const PING: [&str; 2] = ["PING", "that was all"];

/// All that comes up to the answer to `PING`, and what was left unread before.
fn hear(client: &mut Client) -> Result<Vec<u8>, Silence> {
    let mut heard = client.kept_pushes();
    loop {
        let frame = client.frame()?;
        let is_answer = frame.windows(PING[1].len()).any(|bytes| bytes == PING[1].as_bytes());
        heard.push(frame);
        if is_answer {
            return Ok(heard.concat());
        }
    }
}

/// What came back for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A reply's bytes.
    Reply(Vec<u8>),
    /// All bytes until the server closed the connection, or did not.
    Stream(Vec<u8>, Silence),
    /// No reply.
    Nothing(Silence),
    /// Nothing was awaited.
    Unasked,
}

impl fmt::Display for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(bytes) => out.write_str(&escape(bytes)),
            Self::Stream(bytes, silence) => write!(out, "{} then {silence:?}", escape(bytes)),
            Self::Nothing(silence) => write!(out, "no reply: {silence:?}"),
            Self::Unasked => out.write_str("nothing"),
        }
    }
}

/// A step that the two answered differently.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which step of the sequence.
    pub at: usize,
    /// What the oracle gave, or what is wanted instead.
    pub oracle: Seen,
    /// What the subject gave.
    pub subject: Seen,
}

/// One server with the connections of the sequence that runs.
struct Lane {
    server: Server,
    resp3: bool,
    clients: [Option<Client>; CONNECTIONS + 1],
    /// Whether a sequence begins only when the server has forgotten earlier connections.
    waits_for_farewells: bool,
}

/// Two servers.
pub struct Duel {
    oracle: Lane,
    subject: Lane,
    /// How many bytes of a raw step go into one write.
    piece_bytes: usize,
    /// Print what the oracle answers.
    transcript: bool,
    /// The subject is the oracle's own version, so what only 7.4 does cannot be wanted of it.
    subject_is_old: bool,
}

impl Duel {
    /// latchd against `redis-server`.
    pub fn start() -> Self {
        Self::between(Server::redis(&DIRECTIVES), Server::latchd(&DIRECTIVES))
    }

    /// Any two servers.
    pub fn between(oracle: Server, subject: Server) -> Self {
        let hello = Client::connect(subject.addr()).ask("HELLO 2");
        Self {
            oracle: Lane::new(oracle),
            subject: Lane::new(subject),
            piece_bytes: usize::MAX,
            transcript: std::env::var_os("LATCHD_TRANSCRIPT").is_some(),
            subject_is_old: hello.contains("\r\n7.0."),
        }
    }

    /// Sends raw bytes one by one from now on.
    pub fn send_single_bytes(&mut self) {
        self.piece_bytes = 1;
    }

    /// From now on a sequence begins only when the servers have forgotten the connections of the
    /// earlier ones: for sequences that count or kill connections.
    pub fn wait_for_farewells(&mut self) {
        self.oracle.waits_for_farewells = true;
        self.subject.waits_for_farewells = true;
    }

    /// The first difference in what the two answer to `sequence`.
    pub fn first_difference(&mut self, sequence: &Sequence) -> Option<Difference> {
        self.run(sequence, 1).pop()
    }

    /// Everything that the two answer differently. After the first, others may be its consequences.
    pub fn differences(&mut self, sequence: &Sequence) -> Vec<Difference> {
        self.run(sequence, usize::MAX)
    }

    fn run(&mut self, sequence: &Sequence, differences_max: usize) -> Vec<Difference> {
        self.oracle.clean(sequence.resp3);
        self.subject.clean(sequence.resp3);
        let mut queues: Vec<Option<Vec<Argv>>> = vec![None; CONNECTIONS + 1];
        let mut found = Vec::new();
        for (at, step) in sequence.steps.iter().enumerate() {
            let queue = &mut queues[step.conn];
            let (oracle, subject) = self.take_step(step, queue.is_some());
            if self.transcript {
                println!("{}\n    {oracle}", step.text());
            }
            let queued = queue.as_deref().unwrap_or_default();
            if let Some(difference) = self.judge(step, queued, &oracle, subject) {
                found.push(Difference { at, ..difference });
            }
            follow_transaction(queue, step, &oracle);
            if found.len() >= differences_max {
                break;
            }
        }
        found
    }

    /// Both servers work on the step at the same time.
    fn take_step(&mut self, step: &Step, in_multi: bool) -> (Seen, Seen) {
        if !in_multi && is_command(step, "DBSIZE") {
            self.oracle.sweep(step.conn);
            self.subject.sweep(step.conn);
        }
        let oracle = self.oracle.begin(step, self.piece_bytes);
        let subject = self.subject.begin(step, self.piece_bytes);
        (self.oracle.finish(step, oracle), self.subject.finish(step, subject))
    }

    fn judge(
        &self,
        step: &Step,
        queued: &[Argv],
        oracle: &Seen,
        subject: Seen,
    ) -> Option<Difference> {
        let wanted =
            step.want.as_ref().filter(|_| !self.subject_is_old).map(|bytes| match oracle {
                Seen::Stream(_, silence) => Seen::Stream(bytes.clone(), *silence),
                Seen::Reply(_) | Seen::Nothing(_) | Seen::Unasked => Seen::Reply(bytes.clone()),
            });
        let expected = wanted.as_ref().unwrap_or(oracle);
        let agreed = match (expected, &subject, step.argv()) {
            (Seen::Reply(left), Seen::Reply(right), None) if step.act == Act::Hear => {
                judge::same_heard(left, right)
            }
            (Seen::Reply(left), Seen::Reply(right), Some(argv)) => {
                judge::agree(argv, queued, left, right)
            }
            // Redis closes with bytes unread, and the reset takes along what the client has not
            // read either: the end of the replies may be missing.
            (Seen::Stream(left, Silence::Closed), Seen::Stream(right, Silence::Closed), _)
                if step.want.is_none() =>
            {
                left == right || right.starts_with(left) && is_cut_off(left)
            }
            (left, right, _) => left == right,
        };
        (!agreed).then(|| Difference { at: 0, oracle: expected.clone(), subject })
    }
}

/// Whether a stream ends without the error that a broken request gets.
fn is_cut_off(stream: &[u8]) -> bool {
    !stream.windows(20).any(|bytes| bytes == b"-ERR Protocol error:")
}

/// Keeps the requests that the connection's EXEC will answer.
fn follow_transaction(queue: &mut Option<Vec<Argv>>, step: &Step, oracle: &Seen) {
    let reply = match oracle {
        Seen::Reply(reply) => reply,
        Seen::Nothing(_) => {
            *queue = None;
            return;
        }
        Seen::Unasked | Seen::Stream(..) => {
            if step.act == Act::Close {
                *queue = None;
            }
            return;
        }
    };
    if reply == b"+QUEUED\r\n" {
        let argv = step.argv().cloned().unwrap_or_default();
        queue.get_or_insert_default().push(argv);
    } else if is_command(step, "MULTI") && reply == b"+OK\r\n" {
        *queue = Some(Vec::new());
    } else if ["EXEC", "DISCARD", "RESET"].iter().any(|name| is_command(step, name)) {
        *queue = None;
    }
}

fn is_command(step: &Step, name: &str) -> bool {
    step.argv()
        .and_then(|argv| argv.first())
        .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

impl Lane {
    fn new(server: Server) -> Self {
        Self { server, resp3: false, clients: Default::default(), waits_for_farewells: false }
    }

    fn connect(&self) -> Client {
        let mut client = Client::connect(self.server.addr());
        client.set_patience(PATIENCE);
        if self.resp3 {
            // A server without RESP3 fails the sequence by its replies, not here.
            client.send(&["HELLO", "3"]);
            let _ = client.reply();
        }
        client
    }

    /// No connections, no keys, settings as at the start.
    fn clean(&mut self, resp3: bool) {
        self.clients = Default::default();
        self.resp3 = resp3;
        let mut client = Client::connect(self.server.addr());
        if self.waits_for_farewells {
            let _ = client.ask("AUTH secret");
            // A server needs a moment to notice that a connection has been closed.
            let end = Instant::now() + PATIENCE;
            while client.ask("CLIENT LIST").matches("id=").count() > 1 {
                assert!(Instant::now() < end, "{:?} keeps connections", self.server);
            }
        }
        for request in CLEAN {
            client.send(request);
        }
        let replies: Vec<_> = CLEAN.iter().map(|_| client.reply()).collect();
        assert_eq!(
            replies.last(),
            Some(&Ok(b"+OK\r\n".to_vec())),
            "FLUSHALL of {:?}; its log:\n{}",
            self.server,
            self.server.log()
        );
        if self.waits_for_farewells {
            // Closed by the server, which has forgotten it then.
            client.send(&["QUIT"]);
            let _ = client.read_to_end();
        }
    }

    fn client(&mut self, conn: usize) -> &mut Client {
        if self.clients[conn].is_none() {
            self.clients[conn] = Some(self.connect());
        }
        self.clients[conn].as_mut().expect("it was just connected")
    }

    /// Sends what the step sends. A raw step's connection comes back.
    fn begin(&mut self, step: &Step, piece_bytes: usize) -> Option<Client> {
        match &step.act {
            Act::Call(argv) | Act::Mute(argv) => {
                self.client(step.conn).send(argv);
            }
            Act::Line(bytes) => {
                self.client(step.conn).send_raw(bytes);
            }
            Act::Hear => {
                self.client(step.conn).send(&PING);
            }
            Act::Close => self.clients[step.conn] = None,
            Act::Raw(bytes) => {
                let mut client = self.connect();
                for piece in bytes.chunks(piece_bytes.max(bytes.len() / PIECES_MAX)) {
                    client.send_raw(piece);
                }
                client.shut_down_sending();
                return Some(client);
            }
        }
        None
    }

    /// Reads what the step awaits.
    fn finish(&mut self, step: &Step, raw: Option<Client>) -> Seen {
        if let Some(mut client) = raw {
            let (bytes, silence) = client.read_to_end();
            return Seen::Stream(bytes, silence);
        }
        if matches!(step.act, Act::Close | Act::Mute(_)) {
            return Seen::Unasked;
        }
        let outcome = if step.act == Act::Hear {
            hear(self.client(step.conn))
        } else {
            self.client(step.conn).reply()
        };
        match outcome {
            Ok(reply) => Seen::Reply(self.complete(step, reply)),
            Err(silence) => {
                self.clients[step.conn] = None;
                Seen::Nothing(silence)
            }
        }
    }

    /// Asks on where a single reply says nothing that two servers could agree on: a SCAN goes on to
    /// its end, and the key that RANDOMKEY named is looked up.
    fn complete(&mut self, step: &Step, reply: Vec<u8>) -> Vec<u8> {
        let Some(argv) = step.argv() else { return reply };
        if is_command(step, "SCAN") && argv.get(1).is_some_and(|cursor| cursor == b"0") {
            return self.scan_on(step.conn, argv, reply);
        }
        if is_command(step, "RANDOMKEY")
            && let Ok(Some((Frame::Blob(_, key), _))) = Frame::parse(&reply)
        {
            return self.client(step.conn).call(&[b"EXISTS", &key[..]]);
        }
        reply
    }

    /// The whole scan as one reply: cursor 0 and all keys, each once, sorted.
    fn scan_on(&mut self, conn: usize, argv: &Argv, first: Vec<u8>) -> Vec<u8> {
        let mut reply = first;
        let mut keys = Vec::new();
        loop {
            let Ok(Some((Frame::List(kind, parts), _))) = Frame::parse(&reply) else {
                return reply;
            };
            let [Frame::Blob(b'$', cursor), Frame::List(b'*', page)] = &parts[..] else {
                return reply;
            };
            keys.extend(page.iter().map(Frame::encode));
            if cursor == b"0" {
                keys.sort();
                keys.dedup();
                let count = keys.len();
                let head = format!("{}2\r\n$1\r\n0\r\n*{count}\r\n", char::from(kind));
                return [head.into_bytes(), keys.concat()].concat();
            }
            let mut next = argv.clone();
            next[1].clone_from(cursor);
            reply = self.client(conn).call(&next);
        }
    }

    /// Walks over all keys of the connection's database, which removes those that are due: until
    /// then Redis counts them.
    fn sweep(&mut self, conn: usize) {
        let request: Argv = ["SCAN", "0", "COUNT", "1000"].map(|word| word.into()).to_vec();
        self.client(conn).send(&request);
        if let Ok(reply) = self.client(conn).reply() {
            self.scan_on(conn, &request, reply);
        } else {
            self.clients[conn] = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::parse_file;

    fn duel() -> Duel {
        Duel::between(Server::redis(&DIRECTIVES), Server::redis(&DIRECTIVES))
    }

    fn places(duel: &mut Duel, text: &str) -> Vec<usize> {
        let sequences = parse_file(text).unwrap();
        duel.differences(&sequences[0]).iter().map(|difference| difference.at).collect()
    }

    #[test]
    fn every_differing_step_of_a_case_is_found() {
        let few = [&DIRECTIVES[..], &["--databases", "2"]].concat();
        let mut duel = Duel::between(Server::redis(&DIRECTIVES), Server::redis(&few));
        let text = "== databases\nSELECT 1\nSELECT 2\nPING\nMOVE k 2\nraw> \"SELECT 2\\r\\n\"\n";
        assert_eq!(places(&mut duel, text), [1, 3, 4]);
    }

    #[test]
    fn a_wanted_reply_counts_unless_the_subject_is_as_old_as_the_oracle() {
        let text = "== new\nPING\nwant> \"+PING\\r\\n\"\nPING\nwant> \"+PONG\\r\\n\"\n";
        let mut duel = duel();
        assert!(duel.subject_is_old);
        assert_eq!(places(&mut duel, text), []);
        duel.subject_is_old = false;
        assert_eq!(places(&mut duel, text), [0]);
    }

    #[test]
    fn what_two_servers_say_differently_by_nature_is_no_difference() {
        let text = "== loose\nMSET a 1 b 2 c 3 d 4 e 5 f 6\nKEYS *\nSCAN 0 COUNT 1\nRANDOMKEY\n\
            CLIENT ID\nHELLO 3\nSET t v PX 900000\nPTTL t\nMULTI\nKEYS *\nRANDOMKEY\nTIME\n\
            SCAN 0 COUNT 1\nEXEC\nSET gone v PXAT 1\nDBSIZE\n";
        let mut duel = duel();
        for _ in 0..20 {
            assert_eq!(places(&mut duel, text), []);
        }
    }
}
