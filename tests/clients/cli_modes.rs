//! redis-cli's special modes: iteration, statistics, mass insertion, latency.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::cli::{cli, redis_cli};
use crate::program::{finished, limited, output, text};
use crate::support::Server;

/// Keys `user:0` to `user:199` with values of two letters, and one of 5,000.
fn filled() -> Server {
    let server = Server::latchd(&[]);
    let mut requests = String::new();
    for number in 0..200 {
        writeln!(requests, "SET user:{number} ab").expect("a string takes everything");
    }
    writeln!(requests, "SET huge {}", "x".repeat(5000)).expect("a string takes everything");
    output(&mut redis_cli(&server, &[]), &requests);
    assert_eq!(cli(&server, &["DBSIZE"]), "201\n");
    server
}

#[test]
fn scan() {
    let server = filled();
    let shown = cli(&server, &["--scan", "--pattern", "user:*"]);
    let mut names: Vec<_> = shown.lines().collect();
    names.sort_unstable();
    let mut expected: Vec<_> = (0..200).map(|number| format!("user:{number}")).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(cli(&server, &["--scan"]).lines().count(), 201);
}

#[test]
fn big_keys() {
    let shown = cli(&filled(), &["--bigkeys"]);
    for expected in [
        "Sampled 201 keys in the keyspace!\n",
        "Biggest string found '\"huge\"' has 5000 bytes\n",
        "201 strings with 5400 bytes (100.00% of keys, avg size 26.87)\n",
        "0 lists with 0 items (00.00% of keys, avg size 0.00)\n",
    ] {
        assert!(shown.contains(expected), "no {expected:?} in:\n{shown}");
    }
}

#[test]
fn keys_by_memory() {
    let shown = cli(&filled(), &["--memkeys"]);
    assert!(shown.contains("Sampled 201 keys in the keyspace!\n"), "{shown}");
    let biggest =
        shown.lines().find_map(|line| line.strip_prefix("Biggest string found '\"huge\"'"));
    let bytes = biggest.and_then(|line| line.split_whitespace().nth(1)?.parse::<u32>().ok());
    assert!(bytes.is_some_and(|bytes| (5000..8000).contains(&bytes)), "{shown}");
}

#[test]
fn latency() {
    let server = Server::latchd(&[]);
    let shown = cli(&server, &["--latency", "-i", "0.3", "--raw"]);
    let figures: Vec<f64> = shown.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let &[min, max, average, samples] = figures.as_slice() else { panic!("not four: {shown}") };
    assert!(min <= average && average <= max && samples > 5.0, "{shown}");
}

/// It never ends, so it is ended; `stdbuf` because its lines would stay in its buffer.
#[test]
fn running_statistics() {
    let server = filled();
    let mut command = limited("timeout");
    command.args(["2", "stdbuf", "-oL", "redis-cli", "-p", &server.port().to_string()]);
    let shown = text(&finished(command.args(["--stat", "-i", "0.1"]), "").stdout);
    let samples: Vec<_> = shown.lines().filter(|line| line.starts_with("201 ")).collect();
    assert!(samples.len() >= 2, "{shown}");
    assert!(samples.iter().all(|line| line.split_whitespace().nth(2) == Some("1")), "{shown}");
}

#[test]
fn mass_insertion() {
    let server = Server::latchd(&[]);
    let mut requests = String::new();
    for number in 0..50_000 {
        let (key, value) = (format!("key:{number}"), number.to_string());
        let (name, length) = (key.len(), value.len());
        write!(requests, "*3\r\n$3\r\nSET\r\n${name}\r\n{key}\r\n${length}\r\n{value}\r\n")
            .expect("a string takes everything");
    }
    let shown = output(&mut redis_cli(&server, &["--pipe"]), &requests);
    assert!(shown.ends_with("errors: 0, replies: 50000\n"), "{shown}");
    assert_eq!(cli(&server, &["DBSIZE"]), "50000\n");
    assert_eq!(cli(&server, &["GET", "key:49999"]), "49999\n");
}

#[test]
fn mass_insertion_counts_errors_and_goes_on() {
    let server = Server::latchd(&[]);
    let requests = "SET text abc\r\nINCR text\r\nNOSUCH\r\nSET last 1\r\n";
    let finished = finished(&mut redis_cli(&server, &["--pipe"]), requests);
    let shown = text(&finished.stdout) + &text(&finished.stderr);
    assert!(shown.contains("errors: 2, replies: 4\n"), "{shown}");
    assert_eq!(cli(&server, &["GET", "last"]), "1\n");
}

/// It never ends, so it is ended when it has shown what it should.
#[test]
fn monitor() {
    let server = Server::latchd(&[]);
    let mut command = limited("stdbuf");
    command.args(["-oL", "redis-cli", "-p", &server.port().to_string(), "monitor"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("redis-cli is installed");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
    let mut next = || lines.next().expect("it goes on").expect("it is text");
    assert_eq!(next(), "OK");
    assert_eq!(cli(&server, &["SET", "k", "a \"b\""]), "OK\n");
    let shown = next();
    assert!(shown.ends_with(r#"] "SET" "k" "a \"b\"""#), "{shown}");
    child.kill().expect("it still runs");
    child.wait().expect("it is ours");
}
