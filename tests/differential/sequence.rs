//! A sequence of steps as data and as a text file: what is sent, where, in which order.
//!
//! The text is what people read and write (`cases/`, `regressions/`), one step a line:
//! ```text
//! GET k                 a request on connection 1; words as redis-cli reads them, and $rep:45:a
//! 2> GET k              the same on connection 2
//! line> "GET k\r\n"     bytes as they are, one reply is awaited (line2>: connection 2)
//! raw> "*1\r\n" "$-1"   bytes on a new connection which then stops sending; all that comes
//!                       back counts
//! mute> CLIENT REPLY OFF   a request whose reply is not awaited (mute2>)
//! hear> 2               whatever connection 2 has been sent and nobody has read, messages of
//!                       channels for one; a PING marks the end
//! close> 2              connection 2 is closed by the client
//! want> "+OK\r\n"       the request before must get this from latchd, because Redis 7.4,
//!                       whose behaviour it has, differs here from the oracle's 7.0
//! ```
//! Not here: sending any of it (`duel.rs`), blocks of lines that stand for many (`expand.rs`).

use crate::expand::expand;
use crate::support::{escape, escape_line, split_line};

/// The words of a request.
pub type Argv = Vec<Vec<u8>>;

/// Connections a sequence may use are numbered 1 to this.
pub const CONNECTIONS: usize = 9;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send a request, await its reply.
    Call(Argv),
    /// Send bytes, await one reply.
    Line(Vec<u8>),
    /// Send bytes on a new connection, stop sending, read until the server closes it.
    Raw(Vec<u8>),
    /// Send a request, await nothing.
    Mute(Argv),
    /// Read all that has come, up to the answer to a PING that is sent now.
    Hear,
    /// Close the connection.
    Close,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// 1 to `CONNECTIONS`; connections come into being when first used.
    pub conn: usize,
    /// What is done there.
    pub act: Act,
    /// The reply latchd must give, where the oracle's is of an older Redis.
    pub want: Option<Vec<u8>>,
    /// The line of the file it came from, 0 if none.
    pub line: usize,
}

/// Steps that start with empty servers and new connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// What it is called in reports.
    pub name: String,
    /// Whether new connections begin with `HELLO 3`.
    pub resp3: bool,
    /// In order.
    pub steps: Vec<Step>,
}

impl Step {
    /// A step that came from nowhere.
    pub fn new(conn: usize, act: Act) -> Self {
        Self { conn, act, want: None, line: 0 }
    }

    /// The request, if it is one.
    pub fn argv(&self) -> Option<&Argv> {
        match &self.act {
            Act::Call(argv) | Act::Mute(argv) => Some(argv),
            Act::Line(_) | Act::Raw(_) | Act::Hear | Act::Close => None,
        }
    }

    /// The command in capitals, for grouping failures.
    pub fn command(&self) -> String {
        match self.argv().and_then(|argv| argv.first()) {
            Some(name) => escape(&name.to_ascii_uppercase()),
            None => "(bytes)".to_owned(),
        }
    }

    /// The step as a line of a file.
    pub fn text(&self) -> String {
        let digit = if self.conn == 1 { String::new() } else { self.conn.to_string() };
        match &self.act {
            Act::Call(argv) if self.conn == 1 => escape_line(argv),
            Act::Call(argv) => format!("{digit}> {}", escape_line(argv)),
            Act::Line(bytes) => format!("line{digit}> {}", escape(bytes)),
            Act::Raw(bytes) => format!("raw> {}", escape(bytes)),
            Act::Mute(argv) => format!("mute{digit}> {}", escape_line(argv)),
            Act::Hear => format!("hear> {}", self.conn),
            Act::Close => format!("close> {}", self.conn),
        }
    }

    fn parse(text: &str, line: usize) -> Result<Self, String> {
        let (mark, rest) = match text.split_once("> ") {
            Some((mark, rest)) if is_mark(mark) => (mark, rest),
            _ => ("", text),
        };
        let kind = mark.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &mark[kind.len()..];
        let mut conn = digits.parse().unwrap_or(1);
        let words = split_line(rest)?;
        let act = match kind {
            "" => Act::Call(words),
            "line" => Act::Line(words.concat()),
            "raw" => Act::Raw(words.concat()),
            "mute" => Act::Mute(words),
            "close" | "hear" => {
                conn = rest.trim().parse().map_err(|_| format!("not a connection: {rest}"))?;
                if kind == "close" { Act::Close } else { Act::Hear }
            }
            other => return Err(format!("unknown mark: {other}")),
        };
        if !(1..=CONNECTIONS).contains(&conn) {
            return Err(format!("connections are 1 to {CONNECTIONS}"));
        }
        Ok(Self { conn, act, want: None, line })
    }
}

fn is_mark(mark: &str) -> bool {
    let kind = mark.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(kind, "line" | "raw" | "mute" | "hear" | "close" | "want")
        || (kind.is_empty() && !mark.is_empty())
}

impl Sequence {
    /// The sequence as a file that `parse_file` reads back.
    pub fn text(&self) -> String {
        let protocol = if self.resp3 { "resp3" } else { "resp2" };
        let mut out = format!("== {} | {protocol}\n", self.name);
        for step in &self.steps {
            out.push_str(&step.text());
            out.push('\n');
        }
        out
    }
}

/// The sequences of a file. A section is `== name`, and is run with both protocols unless the line
/// ends with `| resp2` or `| resp3`.
///
/// # Errors
/// The line that cannot be read, and why.
pub fn parse_file(text: &str) -> Result<Vec<Sequence>, String> {
    let mut sections: Vec<(Sequence, bool)> = Vec::new();
    for (number, line) in expand(text)? {
        let line = line.as_str();
        let at = |error: String| format!("line {number}: {error}");
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("== ") {
            let (name, protocol) = title.split_once(" | ").unwrap_or((title, "both"));
            let resp3 = protocol == "resp3";
            let sequence = Sequence { name: name.to_owned(), resp3, steps: Vec::new() };
            sections.push((sequence, protocol == "both"));
            continue;
        }
        let (section, _) = sections.last_mut().ok_or_else(|| at("no section yet".into()))?;
        if let Some(reply) = line.strip_prefix("want> ") {
            let step = section.steps.last_mut().ok_or_else(|| at("no request yet".into()))?;
            step.want = Some(split_line(reply).map_err(at)?.concat());
            continue;
        }
        section.steps.push(Step::parse(line, number).map_err(at)?);
    }
    let mut sequences = Vec::new();
    for (sequence, both) in sections {
        if both {
            sequences.push(Sequence { resp3: true, ..sequence.clone() });
        }
        sequences.push(sequence);
    }
    Ok(sequences)
}

#[test]
fn a_sequence_is_read_back_as_it_was_written() {
    let words = |line: &str| split_line(line).unwrap();
    let acts = [
        Act::Call(words(r##"SET "" "a b" "\x00\xff\"" $rep:50:a '#' 2> "##)),
        Act::Line(b"GET k\r\n".to_vec()),
        Act::Raw(b"*1\r\n$-5\r\n".to_vec()),
        Act::Mute(words("CLIENT REPLY OFF")),
        Act::Hear,
        Act::Close,
    ];
    let mut steps = Vec::new();
    for (index, act) in acts.into_iter().enumerate() {
        for conn in [1, 2] {
            let conn = if matches!(act, Act::Raw(_)) { 1 } else { conn };
            let line = 2 + 2 * index + steps.len() % 2;
            steps.push(Step { line, ..Step::new(conn, act.clone()) });
        }
    }
    let sequence = Sequence { name: "a name".into(), resp3: true, steps };
    assert_eq!(parse_file(&sequence.text()), Ok(vec![sequence]));
}
