//! latchd and Redis side by side: starts both servers, gives them the same keys, drives them in
//! turns with the same requests, and prints how they compare. `benches/README.md` says how to run
//! it and what the numbers mean.
//!
//! Not here: the parts of latchd one by one (the criterion benches do that).
#![allow(clippy::disallowed_methods, reason = "a bench measures time, sleeps and starts threads")]

mod cross_check;
mod figures;
mod footprint;
mod load;
mod machine;
mod options;
mod report;
mod scenario;
mod server;
mod wire;

use std::process::ExitCode;

use figures::{Figure, Pair, Row};
use options::{Options, Part, Request, USAGE};
use report::{Origin, Report};
use scenario::{Kind, LOCK_DEPTH, Scenario, Target};
use server::{Layout, Server};
use wire::Failure;

/// `used_memory` of a small key.
const KEY_BYTES: Target = Target::AtMost(60.0);

/// An idle connection against Redis's.
const IDLE_RATIO: Target = Target::AtMost(1.0);

/// Open files besides the idle connections.
const FILES_SPARE: usize = 200;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Request::Measure(options)) => options,
        Ok(Request::Help) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(failure) => return complain(&failure),
    };
    match measure(&options) {
        Ok(report) if options.json => print!("{}", report.json()),
        Ok(report) => print!("{}", report.markdown()),
        Err(failure) => return complain(&failure),
    }
    ExitCode::SUCCESS
}

fn complain(failure: &Failure) -> ExitCode {
    eprintln!("versus: {failure}");
    ExitCode::FAILURE
}

fn measure(options: &Options) -> Result<Report, Failure> {
    let files_max = machine::raise_file_limit()?;
    let idle = options.parts.contains(&Part::Idle);
    if idle && files_max < (options.idle_connections() + FILES_SPARE) as u64 {
        return Err(format!("`ulimit -Hn` is {files_max}: too few for idle connections").into());
    }
    let mut rows = Vec::new();
    for &layout in &options.layouts {
        rows.extend(measure_layout(options, layout)?);
    }
    let footprint = measure_footprint(options)?;
    Ok(Report { origin: Origin::find(options), rows, footprint })
}

fn measure_layout(options: &Options, layout: Layout) -> Result<Vec<Row>, Failure> {
    let scenarios = scenarios(options);
    if scenarios.is_empty() {
        return Ok(Vec::new());
    }
    let servers = Pair {
        ours: Server::start(&options.latchd, layout)?,
        redis: Server::start(&options.redis, layout)?,
    };
    let row = |scenario| measure_scenario(options, scenario, layout, &servers);
    scenarios.into_iter().map(row).collect()
}

fn scenarios(options: &Options) -> Vec<Scenario> {
    let chosen = |kind: &Kind| options.parts.contains(&Part::Load(*kind));
    let mut scenarios = Vec::new();
    for kind in Kind::ALL.into_iter().filter(chosen) {
        let depths = options.depths.iter().copied();
        let depths = depths.filter(|depth| kind != Kind::Lock || *depth == LOCK_DEPTH);
        scenarios.extend(depths.map(|depth| Scenario { kind, depth }));
    }
    scenarios
}

fn measure_scenario(
    options: &Options,
    scenario: Scenario,
    layout: Layout,
    servers: &Pair<Server>,
) -> Result<Row, Failure> {
    let (scale, window) = (options.scale(), options.window());
    let generators = match layout {
        Layout::OneThread => 1,
        Layout::AllCores => options.generators,
    };
    let plans = Pair {
        ours: scenario.prepare(&servers.ours, scale)?,
        redis: scenario.prepare(&servers.redis, scale)?,
    };
    let (mut pairs, mut cross_checks) = (Vec::new(), Vec::new());
    for nth in 1..=options.pairs {
        let pair = Pair {
            ours: load::drive(&servers.ours, layout, &plans.ours, window, generators)?,
            redis: load::drive(&servers.redis, layout, &plans.redis, window, generators)?,
        };
        eprintln!(
            "{scenario}, {layout:?}, pair {nth} of {}: server CPU {:.0} / {:.0} ns, {:.0} / {:.0} \
             per second",
            options.pairs,
            pair.ours.server_ns,
            pair.redis.server_ns,
            pair.ours.per_second,
            pair.redis.per_second,
        );
        if layout == Layout::AllCores && cross_check::knows(scenario.kind) {
            let requests = (pair.redis.per_second * options.seconds) as u64;
            let show = |server| cross_check::redis_benchmark(server, scenario, scale, requests);
            cross_checks.push(Pair { ours: show(&servers.ours)?, redis: show(&servers.redis)? });
        }
        pairs.push(pair);
    }
    Ok(Row::new(scenario, layout, &pairs, &cross_checks, !options.quick))
}

fn measure_footprint(options: &Options) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let judged = |target| (!options.quick).then_some(target);
    let mut figures = Vec::new();
    if options.parts.contains(&Part::Memory) {
        let keys = options.keys_in_memory();
        eprintln!("memory of {keys} keys");
        let per_key = |name, value| -> Result<Figure, Failure> {
            let pair = Pair {
                ours: footprint::bytes_per_key(&options.latchd, keys, value)?,
                redis: footprint::bytes_per_key(&options.redis, keys, value)?,
            };
            Ok(Figure::absolute(name, pair, judged(KEY_BYTES)))
        };
        let text = per_key("bytes_per_key", scenario::value)?;
        figures.push(("a key of 16 bytes, its value 8 characters: used memory", text));
        let number = per_key("bytes_per_key_of_digits", scenario::digits)?;
        figures.push(("a key of 16 bytes, its value 8 digits: used memory", number));
    }
    if options.parts.contains(&Part::Idle) {
        let count = options.idle_connections();
        eprintln!("memory of {count} idle connections");
        let occupied = |binary| footprint::bytes_per_connection(binary, count, !options.quick);
        let (ours, redis) = (occupied(&options.latchd)?, occupied(&options.redis)?);
        let target = judged(IDLE_RATIO);
        let silent = Pair { ours: ours.silent, redis: redis.silent };
        let silent = Figure::of("bytes_per_silent_connection", &[silent], target);
        figures.push(("an idle connection that never spoke: resident", silent));
        let pinged = Pair { ours: ours.after_ping, redis: redis.after_ping };
        let pinged = Figure::of("bytes_per_pinged_connection", &[pinged], target);
        figures.push(("an idle connection after one PING: resident", pinged));
    }
    Ok(figures)
}
