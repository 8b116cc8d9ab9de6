//! The command line: what to measure, how long, and which two binaries.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::load::Window;
use crate::scenario::{Kind, Scale};
use crate::server::Layout;
use crate::wire::Failure;

/// Shown by `--help`.
pub(crate) const USAGE: &str = "\
cargo bench --bench versus -- [options]

  --quick            everything once with tiny counts (about 10 s); prints, does not judge
  --pairs N          pairs of runs, latchd and Redis in turns (5)
  --seconds S        length of each run (2)
  --only A,B,...     of get set incr lock memory idle (all)
  --skip A,B,...     leaves some of them out
  --depth N,N,...    commands sent before their replies are awaited (1,16,64); lock: 16 only
  --layout A,B       of one all: a thread each, pinned; all cores, not pinned (one,all)
  --generators N     threads of the generator in the layout `all` (1)
  --latchd PATH      instead of the latchd of this build; a redis-server compares Redis with itself
  --redis PATH       instead of the redis-server of PATH
  --json             figures as JSON instead of Markdown tables
";

/// A part of the program that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Load(Kind),
    Memory,
    Idle,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) json: bool,
    pub(crate) pairs: usize,
    pub(crate) seconds: f64,
    pub(crate) parts: Vec<Part>,
    pub(crate) depths: Vec<usize>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) generators: usize,
    pub(crate) latchd: PathBuf,
    pub(crate) redis: PathBuf,
}

/// What the command line asks for.
pub(crate) enum Request {
    Measure(Options),
    Help,
}

impl Part {
    const ALL: [Self; 6] = [
        Self::Load(Kind::Get),
        Self::Load(Kind::Set),
        Self::Load(Kind::Incr),
        Self::Load(Kind::Lock),
        Self::Memory,
        Self::Idle,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Load(kind) => kind.name(),
            Self::Memory => "memory",
            Self::Idle => "idle",
        }
    }
}

impl FromStr for Part {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        let part = Self::ALL.into_iter().find(|part| part.name() == name);
        part.ok_or_else(|| format!("no such part: {name}").into())
    }
}

impl FromStr for Layout {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        match name {
            "one" => Ok(Self::OneThread),
            "all" => Ok(Self::AllCores),
            other => Err(format!("no such layout: {other}").into()),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            quick: false,
            json: false,
            pairs: 5,
            seconds: 2.0,
            parts: Part::ALL.to_vec(),
            depths: vec![1, 16, 64],
            layouts: vec![Layout::OneThread, Layout::AllCores],
            generators: 1,
            latchd: PathBuf::from(env!("CARGO_BIN_EXE_latchd")),
            redis: PathBuf::from("redis-server"),
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Request, Failure> {
        let mut args = args.peekable();
        let mut options = Self::default();
        if args.peek().is_none() {
            // `cargo test --benches` runs it bare; `cargo bench` says `--bench`.
            options.make_quick();
        }
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{option} wants a value"));
            match option.as_str() {
                // Cargo says this to every bench.
                "--bench" => {}
                "--help" => return Ok(Request::Help),
                "--json" => options.json = true,
                "--quick" => options.make_quick(),
                "--pairs" => options.pairs = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--only" => options.parts = list(&value()?)?,
                "--skip" => {
                    let left_out: Vec<Part> = list(&value()?)?;
                    options.parts.retain(|part| !left_out.contains(part));
                }
                "--depth" => options.depths = list(&value()?)?,
                "--layout" => options.layouts = list(&value()?)?,
                "--generators" => options.generators = value()?.parse()?,
                "--latchd" => options.latchd = PathBuf::from(value()?),
                "--redis" => options.redis = PathBuf::from(value()?),
                other => return Err(format!("unknown option {other}\n\n{USAGE}").into()),
            }
        }
        options.check()?;
        Ok(Request::Measure(options))
    }

    const fn make_quick(&mut self) {
        self.quick = true;
        self.pairs = 1;
        self.seconds = 0.1;
    }

    fn check(&self) -> Result<(), Failure> {
        let scale = self.scale();
        if self.pairs == 0 || self.depths.contains(&0) {
            return Err("--pairs and --depth start at 1".into());
        }
        if !(1..=scale.connections).contains(&self.generators) {
            return Err(format!("--generators is 1 to {}", scale.connections).into());
        }
        if !(0.01..=3600.0).contains(&self.seconds) {
            return Err("--seconds is 0.01 to 3600".into());
        }
        Ok(())
    }

    pub(crate) const fn scale(&self) -> Scale {
        Scale { keys: if self.quick { 10_000 } else { 100_000 }, connections: 50 }
    }

    pub(crate) const fn keys_in_memory(&self) -> usize {
        if self.quick { 20_000 } else { 1_000_000 }
    }

    pub(crate) const fn idle_connections(&self) -> usize {
        if self.quick { 200 } else { 10_000 }
    }

    pub(crate) fn window(&self) -> Window {
        let measured = Duration::from_secs_f64(self.seconds);
        Window { warm_up: measured / 5, measured }
    }
}

fn list<T>(text: &str) -> Result<Vec<T>, Failure>
where
    T: FromStr,
    Failure: From<T::Err>,
{
    text.split(',').map(|item| item.parse().map_err(Failure::from)).collect()
}
