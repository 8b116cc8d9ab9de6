//! One hot lock and a crowd of clients: how often per second it changes hands, and how long each of
//! them waits. latchd's queue (`LOCK.ACQUIRE ... WAIT`) beside the loops that clients of Redis use,
//! which ask again after a pause. And, apart from that, what a million locks occupy that nobody
//! waits for. `benches/README.md` says what the numbers mean.
#![allow(clippy::disallowed_methods, reason = "a bench measures time, sleeps and starts threads")]

mod crowd;
mod held;
#[path = "../versus/machine.rs"]
#[allow(dead_code, reason = "versus uses more of it")]
mod machine;
mod manner;
#[path = "../versus/server.rs"]
#[allow(dead_code, reason = "versus uses more of it")]
mod server;
#[path = "../versus/wire.rs"]
#[allow(dead_code, reason = "versus uses more of it")]
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crowd::Outcome;
use held::Held;
use manner::Manner;
use server::{Layout, Server};
use wire::Failure;

const USAGE: &str = "\
cargo bench --bench contention -- [options]

  --quick            each once, for a moment: it works, the numbers mean nothing
  --clients N,N,...  how many want the lock (10,100,500,1000)
  --seconds S        how long each run is measured (3)
  --layout one|all   latchd with one thread, and each side on a core of its own; or with a thread
                     per core and nothing pinned (both, one after the other)
  --redis PATH       instead of the redis-server of PATH
  --held N           instead of all that: what so many locks occupy that nobody waits for, and how
                     long others wait while all of them end within a second
";

struct Options {
    clients: Vec<usize>,
    seconds: f64,
    layouts: Vec<Layout>,
    redis: PathBuf,
    held: Option<usize>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("contention: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        print!("{USAGE}");
        return Ok(());
    };
    machine::raise_file_limit()?;
    let latchd = Path::new(env!("CARGO_BIN_EXE_latchd"));
    if let Some(locks) = options.held {
        print_held(locks, &held::measure(latchd, locks)?);
        return Ok(());
    }
    println!(
        "| clients | how | threads | hand-offs/s | wait p50 ms | wait p99 ms | clients / rate, ms \
         | served fewest to most |\n|---|---|---|---|---|---|---|---|"
    );
    for &clients in &options.clients {
        for manner in Manner::ALL {
            let binary = if manner.asks_redis() { &options.redis } else { latchd };
            for &layout in &options.layouts {
                let outcome = measure(binary, layout, &options, (manner, clients))?;
                print_row(clients, (manner, layout), &outcome);
            }
        }
    }
    Ok(())
}

fn print_held(locks: usize, held: &Held) {
    let [idle, calm, stormy] = held.longest_ms;
    println!(
        "| locks | used bytes each | resident bytes each | longest ms, idle | all held | all end | \
         ended in ms |\n|---|---|---|---|---|---|---|\n\
         | {locks} | {:.0} | {:.0} | {idle:.2} | {calm:.2} | {stormy:.2} | {:.0} |",
        held.used_bytes, held.resident_bytes, held.ended_in_ms,
    );
}

/// Lets a crowd go for the lock of a server of its own; on a thread of its own, so that pinning it
/// pins nothing else.
fn measure(
    binary: &Path,
    layout: Layout,
    options: &Options,
    (manner, clients): (Manner, usize),
) -> Result<Outcome, Failure> {
    let window = Duration::from_secs_f64(options.seconds);
    let server = Server::start(binary, layout)?;
    let drive = || {
        if layout == Layout::OneThread {
            machine::pin_to(server::SERVER_CORE + 1)?;
        }
        crowd::drive(&server, manner, clients, window)
    };
    std::thread::scope(|scope| scope.spawn(drive).join().map_err(|_| "the crowd panicked")?)
}

fn print_row(clients: usize, (manner, layout): (Manner, Layout), outcome: &Outcome) {
    let fair_ms = clients as f64 / outcome.per_second * 1e3;
    let threads = match layout {
        Layout::OneThread => "one, pinned",
        Layout::AllCores => "as installed",
    };
    println!(
        "| {clients} | {} | {threads} | {:.0} | {:.2} | {:.2} | {fair_ms:.2} | {} to {} |",
        manner.name(),
        outcome.per_second,
        outcome.wait_ms(0.5),
        outcome.wait_ms(0.99),
        outcome.fewest,
        outcome.most,
    );
}

impl Options {
    /// The command line; `None` if it asks for help.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let clients = vec![10, 100, 500, 1_000];
        let layouts = vec![Layout::OneThread, Layout::AllCores];
        let redis = "redis-server".into();
        let mut options = Self { clients, seconds: 3.0, layouts, redis, held: None };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match &*arg {
                "--quick" | "--test" => (options.clients, options.seconds) = (vec![10], 0.2),
                "--clients" => {
                    let numbers = value()?;
                    let numbers = numbers.split(',').map(str::parse);
                    options.clients = numbers.collect::<Result<_, _>>()?;
                }
                "--seconds" => options.seconds = value()?.parse()?,
                "--layout" => {
                    options.layouts = match &*value()? {
                        "one" => vec![Layout::OneThread],
                        "all" => vec![Layout::AllCores],
                        other => return Err(format!("{other} is no layout\n{USAGE}").into()),
                    };
                }
                "--redis" => options.redis = value()?.into(),
                "--held" => options.held = Some(value()?.parse()?),
                "--help" => return Ok(None),
                // Cargo adds it.
                "--bench" => {}
                other => return Err(format!("{other} is no option\n{USAGE}").into()),
            }
        }
        Ok(Some(options))
    }
}
