//! One hot lock and a crowd of clients: how often per second it changes hands, and how long each of
//! them waits. latchd's queue (`LOCK.ACQUIRE ... WAIT`) beside the loops that clients of Redis use,
//! which ask again after a pause. `benches/README.md` says what the numbers mean.
#![allow(clippy::disallowed_methods, reason = "a bench measures time, sleeps and starts threads")]

mod crowd;
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
use manner::Manner;
use server::{Layout, Server};
use wire::Failure;

const USAGE: &str = "\
cargo bench --bench contention -- [options]

  --quick            each once, for a moment: it works, the numbers mean nothing
  --clients N,N,...  how many want the lock (10,100,500,1000)
  --seconds S        how long each run is measured (3)
  --redis PATH       instead of the redis-server of PATH
";

struct Options {
    clients: Vec<usize>,
    seconds: f64,
    redis: PathBuf,
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
    println!(
        "| clients | how | hand-offs/s | wait p50 ms | wait p99 ms | clients / rate, ms | served \
         fewest to most |\n|---|---|---|---|---|---|---|"
    );
    let latchd = Path::new(env!("CARGO_BIN_EXE_latchd"));
    for &clients in &options.clients {
        for manner in Manner::ALL {
            let binary = if manner.asks_redis() { &options.redis } else { latchd };
            let server = Server::start(binary, Layout::AllCores)?;
            let window = Duration::from_secs_f64(options.seconds);
            let outcome = crowd::drive(&server, manner, clients, window)?;
            print_row(clients, manner, &outcome);
        }
    }
    Ok(())
}

fn print_row(clients: usize, manner: Manner, outcome: &Outcome) {
    let fair_ms = clients as f64 / outcome.per_second * 1e3;
    println!(
        "| {clients} | {} | {:.0} | {:.2} | {:.2} | {fair_ms:.2} | {} to {} |",
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
        let mut options = Self { clients, seconds: 3.0, redis: "redis-server".into() };
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
                "--redis" => options.redis = value()?.into(),
                "--help" => return Ok(None),
                // Cargo adds it.
                "--bench" => {}
                other => return Err(format!("{other} is no option\n{USAGE}").into()),
            }
        }
        Ok(Some(options))
    }
}
