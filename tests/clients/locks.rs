//! Lock libraries, unmodified: the programs that take, extend and release locks as their users do.

use crate::program::{assert_checked, in_repository, installed, limited, output};
use crate::support::Server;
use std::process::Command;

#[track_caller]
fn run(mut command: Command, script: &str, protocol: &str) {
    command.arg(in_repository("tests/clients").join(script));
    play(command, protocol);
}

#[track_caller]
fn play(mut command: Command, protocol: &str) {
    let server = Server::latchd(&[]);
    assert_checked(&output(command.arg(server.port().to_string()).arg(protocol), ""));
}

fn python() -> Command {
    let mut command = limited(installed("venv/bin/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn node() -> Command {
    let mut command = limited("node");
    command.env("NODE_PATH", installed("node/node_modules"));
    command
}

#[test]
fn of_python_over_resp2() {
    run(python(), "python/locks.py", "2");
}

#[test]
fn of_python_over_resp3() {
    run(python(), "python/locks.py", "3");
}

#[test]
fn of_node() {
    run(node(), "node/locks.js", "2");
}

#[test]
fn of_rust() {
    play(limited(installed("crates/latchd-client-crates")), "2");
}
