//! redis-benchmark: it reaches its end, and what it sent has arrived.

use crate::cli::cli;
use crate::program::{limited, output};
use crate::support::Server;

const REQUESTS: &str = "4000";

#[track_caller]
fn benchmark(server: &Server, args: &[&str]) -> String {
    let mut command = limited("redis-benchmark");
    command.args(["-p", &server.port().to_string(), "-n", REQUESTS]);
    output(command.args(args), "")
}

/// How often a command ran, by `INFO commandstats`.
fn calls(server: &Server, command: &str) -> u32 {
    let stats = cli(server, &["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:")));
    let calls = line.and_then(|line| line.split(',').next()?.strip_prefix("calls=")?.parse().ok());
    calls.unwrap_or_else(|| panic!("no figures for {command} in:\n{stats}"))
}

fn assert_all_arrived(server: &Server) {
    for (command, requests) in [("get", 4000), ("set", 4000), ("incr", 4000), ("mset", 4000)] {
        assert_eq!(calls(server, command), requests, "{command}");
    }
    assert_eq!(calls(server, "ping"), 8000, "inline and as an array");
    assert_eq!(cli(server, &["GET", "counter:__rand_int__"]), "4000\n");
    assert_eq!(cli(server, &["GET", "key:__rand_int__"]), "VXK\n");
    assert_eq!(cli(server, &["DBSIZE"]), "2\n");
}

const TESTS: [&str; 2] = ["-t", "ping,get,set,incr,mset"];

#[test]
fn one_request_at_a_time() {
    let server = Server::latchd(&[]);
    let shown = benchmark(&server, &[&TESTS[..], &["--csv"]].concat());
    let names: Vec<_> = shown.lines().filter_map(|line| line.split(',').next()).collect();
    let expected = ["test", "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"];
    assert_eq!(names, expected.map(|name| format!("\"{name}\"")));
    assert_all_arrived(&server);
}

#[test]
fn sixteen_deep() {
    let server = Server::latchd(&[]);
    benchmark(&server, &[&TESTS[..], &["-P", "16", "-q"]].concat());
    assert_all_arrived(&server);
}

#[test]
fn two_threads_and_random_keys() {
    let server = Server::latchd(&[]);
    let options = ["--threads", "2", "-P", "4", "-r", "100", "-d", "300", "-q", "-t", "set,get"];
    benchmark(&server, &options);
    assert_eq!(cli(&server, &["STRLEN", "key:000000000007"]), "300\n");
    assert_eq!(cli(&server, &["DBSIZE"]), "100\n");
}

#[test]
fn a_command_of_ones_own_over_resp3() {
    let server = Server::latchd(&[]);
    benchmark(&server, &["-3", "-q", "-c", "10", "incrby", "own", "2"]);
    assert_eq!(cli(&server, &["GET", "own"]), "8000\n");
}
