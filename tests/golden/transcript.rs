//! A transcript: parsed into steps, played in a world, compared with what it says, and written
//! anew.

use crate::notation::{request, unescaped, words};
use crate::world::{Got, Name, World};

/// The connection that has no name in front of its `>`.
const FIRST: Name = 'a';

/// How a request is written, or its reply shown.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Words,
    /// Bytes with escapes, sent as they are.
    Raw,
    /// Words whose reply is too large to be read: only its kind and size are shown.
    Size,
}

#[derive(Debug, PartialEq)]
enum Action {
    Send(Name, Mode, String),
    Advance(u64),
    ShiftWall(i64),
    Expire(bool),
    Slow(u64),
    Disconnect(Name),
    ShowFile,
    Restart,
    /// A script of the catalogue is loaded, by its SHA-1.
    Loaded(String),
}

/// Something that happens, and the lines that the transcript expects from it.
#[derive(Debug)]
struct Step {
    number: usize,
    source: String,
    action: Action,
    expected: Vec<String>,
}

#[derive(Debug)]
enum Item {
    /// A comment, an empty line or a line of the head.
    Kept(String),
    Step(Step),
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Transcript {
    items: Vec<Item>,
    config: Option<String>,
    epoch: u32,
}

impl Transcript {
    /// Reads a transcript. An error starts with the number of its line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut transcript = Self { items: Vec::new(), config: None, epoch: 0 };
        for (number, line) in (1..).zip(text.lines()) {
            transcript.line(number, line).map_err(|mistake| format!("{number}: {mistake}"))?;
        }
        Ok(transcript)
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let head = !self.items.iter().any(|item| matches!(item, Item::Step(_)));
        if line.is_empty() || line.starts_with('#') {
            self.items.push(Item::Kept(line.to_owned()));
        } else if let Some(directive) = line.strip_prefix("config: ").filter(|_| head) {
            let config = self.config.get_or_insert_default();
            config.push_str(directive);
            config.push('\n');
            self.items.push(Item::Kept(line.to_owned()));
        } else if let Some(epoch) = line.strip_prefix("epoch: ").filter(|_| head) {
            self.epoch = epoch.parse().map_err(|_| "an epoch is a number")?;
            self.items.push(Item::Kept(line.to_owned()));
        } else if let Some(action) = action(line)? {
            let (source, expected) = (line.to_owned(), Vec::new());
            self.items.push(Item::Step(Step { number, source, action, expected }));
        } else if let Some(Item::Step(step)) = self.items.last_mut() {
            step.expected.push(line.to_owned());
        } else {
            return Err("this follows no step: a reply stands right behind its request".to_owned());
        }
        Ok(())
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Kept(_) => None,
            Item::Step(step) => Some(step),
        })
    }

    /// The requests, in words, with the first line that each gets.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (Vec<Vec<u8>>, &str)> {
        self.steps().filter_map(|step| match &step.action {
            Action::Send(_, Mode::Words | Mode::Size, line) => {
                Some((words(line)?, step.expected.first().map_or("", String::as_str)))
            }
            Action::Send(..)
            | Action::Advance(_)
            | Action::ShiftWall(_)
            | Action::Expire(_)
            | Action::Slow(_)
            | Action::Disconnect(_)
            | Action::ShowFile
            | Action::Restart
            | Action::Loaded(_) => None,
        })
    }

    /// Plays it: the lines that each step leads to.
    pub(crate) fn play(&self) -> Result<Vec<Vec<String>>, String> {
        let mut world = World::new(self.config.clone(), self.epoch)?;
        let play = |step: &Step| {
            perform(&mut world, &step.action).map_err(|error| format!("{}: {error}", step.number))
        };
        let answers = self.steps().map(play).collect();
        world.assert_invariants();
        answers
    }

    /// Where the answers are not what the transcript expects.
    pub(crate) fn compare(&self, name: &str, answers: &[Vec<String>]) -> String {
        let mut text = String::new();
        for (step, answer) in self.steps().zip(answers) {
            if step.expected != *answer {
                text.push_str(&format!("\n{name}:{}\n    {}\n", step.number, step.source));
                difference(&step.expected, answer, &mut text);
            }
        }
        text
    }

    /// The transcript with these answers.
    pub(crate) fn render(&self, answers: &[Vec<String>]) -> String {
        let mut answers = answers.iter();
        let mut text = String::new();
        for item in &self.items {
            let (line, answer) = match item {
                Item::Kept(line) => (line, &[][..]),
                Item::Step(step) => (&step.source, answers.next().map_or(&[][..], |a| &a[..])),
            };
            for line in std::iter::once(line).chain(answer) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}

/// Lines that only one side has, between what both begin and end with.
fn difference(expected: &[String], answer: &[String], text: &mut String) {
    let same = |(left, right): &(&String, &String)| left == right;
    let start = expected.iter().zip(answer).take_while(same).count();
    let (left, right) = (&expected[start..], &answer[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(same).count();
    if start > 0 {
        text.push_str("      ...\n");
    }
    for line in &left[..left.len() - end] {
        text.push_str(&format!("  - {line}\n"));
    }
    for line in &right[..right.len() - end] {
        text.push_str(&format!("  + {line}\n"));
    }
}

/// What a line asks for; `None` if it is no step.
fn action(line: &str) -> Result<Option<Action>, String> {
    if let Some(command) = line.strip_prefix('!') {
        return directive(command).map(Some);
    }
    if let Some(by) = line.strip_prefix("~wall ") {
        let (sign, by) = match by.split_at_checked(1) {
            Some(("+", by)) => (1, by),
            Some(("-", by)) => (-1, by),
            _ => return Err("a wall-clock jump is `~wall +1h` or `~wall -1h`".to_owned()),
        };
        return Ok(Some(Action::ShiftWall(sign * millis(by)? as i64)));
    }
    if let Some(time) = line.strip_prefix('~') {
        return Ok(Some(Action::Advance(millis(time.trim())?)));
    }
    let Some((sender, request)) = line.split_once('>') else { return Ok(None) };
    let Some((name, mode)) = sender_of(sender) else { return Ok(None) };
    let request = request.strip_prefix(' ').unwrap_or(request);
    let sound = match mode {
        Mode::Raw => unescaped(request).is_some(),
        Mode::Words | Mode::Size => words(request).is_some_and(|words| !words.is_empty()),
    };
    if sound {
        Ok(Some(Action::Send(name, mode, request.to_owned())))
    } else {
        Err("quotes or escapes are wrong".into())
    }
}

/// `` (nothing), `b`, `raw`, `b:raw`.
fn sender_of(sender: &str) -> Option<(Name, Mode)> {
    let (name, mode) = match sender {
        "raw" | "size" => ("", sender),
        _ => sender.split_once(':').unwrap_or((sender, "")),
    };
    let mode = match mode {
        "" => Mode::Words,
        "raw" => Mode::Raw,
        "size" => Mode::Size,
        _ => return None,
    };
    let mut letters = name.chars();
    let name = letters.next().unwrap_or(FIRST);
    (name.is_ascii_lowercase() && letters.next().is_none()).then_some((name, mode))
}

fn directive(command: &str) -> Result<Action, String> {
    match command.split_once(' ').unwrap_or((command, "")) {
        ("expire", "on") => Ok(Action::Expire(true)),
        ("expire", "off") => Ok(Action::Expire(false)),
        ("slow", time) => Ok(Action::Slow(millis(time)?)),
        ("disconnect", name) if name.len() == 1 => {
            Ok(Action::Disconnect(name.chars().next().unwrap_or(FIRST)))
        }
        ("file", "") => Ok(Action::ShowFile),
        ("restart", "") => Ok(Action::Restart),
        ("loaded", sha) => Ok(Action::Loaded(sha.to_owned())),
        _ => Err(format!("there is no `!{command}`")),
    }
}

/// `4999ms`, `5s`, `2m`, `1h`, `30d`.
fn millis(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("`{text}` is no time: 4999ms, 5s, 2m, 1h, 30d")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("`{text}` is no time"))?;
    number.checked_mul(unit).ok_or_else(|| format!("`{text}` is too long"))
}

fn perform(world: &mut World, action: &Action) -> Result<Vec<String>, String> {
    match action {
        Action::Send(name, mode, text) => {
            let bytes = match mode {
                Mode::Raw => unescaped(text).unwrap_or_default(),
                Mode::Words | Mode::Size => request(&words(text).unwrap_or_default()),
            };
            let got = world.send(*name, &bytes)?;
            let mut lines = shown(&got, Some(*name), *mode);
            if !got.iter().any(|(who, _)| who == name) {
                lines.insert(0, "(no reply)".to_owned());
            }
            Ok(lines)
        }
        Action::Advance(ms) => Ok(shown(&world.advance(*ms), None, Mode::Words)),
        Action::Disconnect(name) => Ok(shown(&world.disconnect(*name)?, None, Mode::Words)),
        Action::ShiftWall(ms) => {
            world.shift_wall(*ms);
            Ok(Vec::new())
        }
        Action::Expire(expires) => {
            world.set_expires(*expires);
            Ok(Vec::new())
        }
        Action::Slow(ms) => {
            world.slow_down(*ms);
            Ok(Vec::new())
        }
        Action::Restart => {
            world.restart()?;
            Ok(Vec::new())
        }
        Action::Loaded(sha) => {
            world.load(sha)?;
            Ok(Vec::new())
        }
        Action::ShowFile => {
            let text = world.file().ok_or("there is no configuration file")?;
            Ok(text.lines().map(|line| format!("  {line}")).collect())
        }
    }
}

/// What everybody got; what others than `sender` got with their names in front.
fn shown(got: &[(Name, Got)], sender: Option<Name>, mode: Mode) -> Vec<String> {
    let mut all = Vec::new();
    for (name, got) in got {
        let mut lines = match got {
            Got::Reply(reply) if mode == Mode::Size => vec![reply.shape()],
            Got::Reply(reply) => reply.lines(),
            Got::Waits => vec!["(waits)".to_owned()],
            Got::Closed => vec!["(closed)".to_owned()],
            Got::Garbage(bytes) => vec![format!("(no reply, but {bytes:?})")],
            Got::Stops => vec!["(the server stops)".to_owned()],
            Got::Stalls(micros) => vec![format!("(the server stalls for {micros} us)")],
        };
        if sender != Some(*name) {
            lines[0] = format!("{name}: {}", lines[0]);
        }
        all.append(&mut lines);
    }
    all
}

#[test]
fn a_wrong_transcript_is_reported_with_its_place_and_both_sides() {
    let text = "# Planted.\n> PING\n+PONG\n\nb> PING hello\n\"hullo\"\n";
    let transcript = Transcript::parse(text).unwrap();
    let answers = transcript.play().unwrap();
    let report = transcript.compare("planted.txt", &answers);
    assert_eq!(report, "\nplanted.txt:5\n    b> PING hello\n  - \"hullo\"\n  + \"hello\"\n");
    let right = transcript.render(&answers);
    assert_eq!(right, text.replace("hullo", "hello"));
    let again = Transcript::parse(&right).unwrap();
    assert_eq!(again.compare("planted.txt", &again.play().unwrap()), "");
}

#[test]
fn a_missing_reply_and_one_too_many_are_differences() {
    for text in ["> PING\n", "> PING\n+PONG\n+PONG\n", "~ 1ms\n+PONG\n"] {
        let transcript = Transcript::parse(text).unwrap();
        assert_ne!(transcript.compare("planted.txt", &transcript.play().unwrap()), "", "{text}");
    }
}

#[test]
fn a_line_that_makes_no_sense_is_a_mistake() {
    for text in
        ["+OK\n", "~ 5\n", "!explode\n", "> GET \"k\n", "> PING\n+PONG\n\n+PONG\n", "~wall 1h\n"]
    {
        assert!(Transcript::parse(text).is_err(), "{text}");
    }
    let unknown = Transcript::parse("config: no-such-directive 1\n> PING\n").unwrap();
    assert!(unknown.play().is_err());
}
