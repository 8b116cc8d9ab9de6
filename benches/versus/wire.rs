//! RESP2 as a client writes and reads it: requests into a buffer, and a plain blocking client for
//! everything that is not measured (loading keys, INFO, checking one reply of each kind).
//!
//! Not here: reading replies under load (`load.rs` counts lines and never parses).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What went wrong, in words for the terminal; nothing here is handled, only reported.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A reply that takes longer than this means that the server hangs.
pub(crate) const STALL: Duration = Duration::from_secs(10);

/// Requests sent before their replies are read when keys are loaded.
const LOAD_DEPTH: usize = 512;

/// Appends one request as an array of bulk strings.
pub(crate) fn request(out: &mut Vec<u8>, args: &[&[u8]]) {
    out.extend_from_slice(format!("*{}\r\n", args.len()).as_bytes());
    for arg in args {
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

/// One blocking connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    unsent: Vec<u8>,
}

impl Client {
    /// Connects and returns at once; the server may not have accepted yet.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, STALL)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STALL))?;
        Ok(Self { stream: BufReader::new(stream), unsent: Vec::new() })
    }

    /// Sends one request and returns its reply as text: the line after the type byte, or the
    /// string. An error reply is an error.
    pub(crate) fn call(&mut self, args: &[&str]) -> Result<String, Failure> {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        request(&mut self.unsent, &args);
        self.send()?;
        self.reply()
    }

    /// Sends already encoded requests and returns the bytes of `lines` lines of replies.
    pub(crate) fn exchange(&mut self, requests: &[u8], lines: usize) -> Result<Vec<u8>, Failure> {
        self.stream.get_mut().write_all(requests)?;
        let mut replies = Vec::new();
        for _ in 0..lines {
            self.stream.read_until(b'\n', &mut replies)?;
        }
        Ok(replies)
    }

    /// Sets `count` keys, each named and valued by its index.
    pub(crate) fn load(
        &mut self,
        count: usize,
        pair: impl Fn(usize) -> (String, String),
    ) -> Result<(), Failure> {
        for first in (0..count).step_by(LOAD_DEPTH) {
            let batch = first..count.min(first + LOAD_DEPTH);
            for (key, value) in batch.clone().map(&pair) {
                request(&mut self.unsent, &[b"SET", key.as_bytes(), value.as_bytes()]);
            }
            self.send()?;
            for _ in batch {
                self.reply()?;
            }
        }
        Ok(())
    }

    /// A number from `INFO section`.
    pub(crate) fn info_field(&mut self, section: &str, field: &str) -> Result<u64, Failure> {
        let text = self.call(&["INFO", section])?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
            .ok_or_else(|| format!("INFO {section} has no field {field}"))?;
        Ok(value.trim().parse()?)
    }

    fn send(&mut self) -> io::Result<()> {
        self.stream.get_mut().write_all(&self.unsent)?;
        self.unsent.clear();
        Ok(())
    }

    fn reply(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
        let (kind, rest) = line.trim_end().split_at(1.min(line.len()));
        match kind {
            "+" | ":" => Ok(rest.to_owned()),
            "$" => self.bulk(rest.parse()?),
            "-" => Err(format!("the server answered: {rest}").into()),
            other => Err(format!("unexpected reply type {other:?}").into()),
        }
    }

    fn bulk(&mut self, bytes: i64) -> Result<String, Failure> {
        let Ok(bytes) = usize::try_from(bytes) else {
            return Err("the server answered nil".into());
        };
        let mut text = vec![0; bytes + b"\r\n".len()];
        self.stream.read_exact(&mut text)?;
        text.truncate(bytes);
        Ok(String::from_utf8(text)?)
    }
}
