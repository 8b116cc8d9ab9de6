//! A blocking client that sends raw bytes and gives back each reply's exact bytes.
//!
//! Not here: what replies mean (`frame.rs` takes them apart), reconnecting, anything asynchronous.

use super::frame::frame_end;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long a reply may take unless the test says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 64 * 1024;

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The server closed the connection.
    Closed,
    /// Nothing complete came in time.
    Late,
    /// What came is not a reply.
    Malformed,
}

/// A connection to a server.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    patience: Duration,
    received: Vec<u8>,
    pushes: VecDeque<Vec<u8>>,
}

/// `args` as a request: an array of bulk strings.
pub fn encode<A: AsRef<[u8]>>(args: &[A]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        let arg = arg.as_ref();
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

impl Client {
    /// Connects, and speaks RESP2 until told otherwise.
    ///
    /// # Panics
    /// If nobody listens there.
    pub fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE)
            .unwrap_or_else(|error| panic!("cannot connect to {addr}: {error}"));
        stream.set_nodelay(true).expect("a TCP socket has the option");
        Self { stream, patience: PATIENCE, received: Vec::new(), pushes: VecDeque::new() }
    }

    /// Connects and switches to RESP3.
    pub fn connect_resp3(addr: SocketAddr) -> Self {
        let mut client = Self::connect(addr);
        let hello = client.call(&["HELLO", "3"]);
        assert_eq!(hello.first(), Some(&b'%'), "HELLO 3 answers with a map");
        client
    }

    /// How long replies and pushes may take from now on.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Sends a request; any number may be sent before the first reply is read. Returns whether the
    /// connection took it: a closed one does not, which the next read tells as well.
    pub fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) -> bool {
        self.send_raw(&encode(args))
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Says that nothing more will be sent; replies can still be read.
    pub fn shut_down_sending(&mut self) {
        // Fails only if the connection is gone, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The next frame, a reply or a push.
    ///
    /// # Errors
    /// If none comes.
    pub fn frame(&mut self) -> Result<Vec<u8>, Silence> {
        let end = Instant::now() + self.patience;
        loop {
            match frame_end(&self.received) {
                Ok(Some(length)) => {
                    let rest = self.received.split_off(length);
                    return Ok(std::mem::replace(&mut self.received, rest));
                }
                Ok(None) => self.receive(end)?,
                Err(_) => return Err(Silence::Malformed),
            }
        }
    }

    /// The next reply; pushes before it are kept for `push`.
    ///
    /// # Errors
    /// If none comes.
    pub fn reply(&mut self) -> Result<Vec<u8>, Silence> {
        loop {
            let frame = self.frame()?;
            if frame.first() != Some(&b'>') {
                return Ok(frame);
            }
            self.pushes.push_back(frame);
        }
    }

    /// The next push, also one that came before a reply already read.
    ///
    /// # Errors
    /// If none comes, or a reply nobody has read is in the way (`Malformed`).
    pub fn push(&mut self) -> Result<Vec<u8>, Silence> {
        if let Some(push) = self.pushes.pop_front() {
            return Ok(push);
        }
        let frame = self.frame()?;
        if frame.first() == Some(&b'>') { Ok(frame) } else { Err(Silence::Malformed) }
    }

    /// The pushes that came before replies already read.
    pub fn kept_pushes(&mut self) -> Vec<Vec<u8>> {
        self.pushes.drain(..).collect()
    }

    /// Sends a request and gives back the bytes of its reply.
    ///
    /// # Panics
    /// If there is no reply.
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Vec<u8> {
        self.send(args);
        self.reply().unwrap_or_else(|silence| {
            let request = String::from_utf8_lossy(&encode(args)).into_owned();
            panic!("no reply ({silence:?}) to {request:?}; received {:?}", self.received)
        })
    }

    /// `call` with a line of words as `split_line` reads them, and the reply with lossy UTF-8.
    pub fn ask(&mut self, line: &str) -> String {
        let args = super::text::split_line(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        String::from_utf8_lossy(&self.call(&args)).into_owned()
    }

    /// Everything until the server closes the connection. What came is given back even if it never
    /// closes, together with `Late`.
    pub fn read_to_end(&mut self) -> (Vec<u8>, Silence) {
        let end = Instant::now() + self.patience;
        loop {
            if let Err(silence) = self.receive(end) {
                return (std::mem::take(&mut self.received), silence);
            }
        }
    }

    /// Reads once, until `end` at the latest.
    fn receive(&mut self, end: Instant) -> Result<(), Silence> {
        let mut chunk = [0; READ_BYTES];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Silence::Late);
            }
            self.stream.set_read_timeout(Some(left)).expect("the timeout is not zero");
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Silence::Closed),
                Ok(count) => {
                    self.received.extend_from_slice(&chunk[..count]);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                    return Err(if late { Silence::Late } else { Silence::Closed });
                }
            }
        }
    }
}
