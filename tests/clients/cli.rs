//! redis-cli as people and scripts type it: requests, output formats, errors, the prompt.
//!
//! Not here: its special modes (`cli_modes.rs`).

use std::process::Command;

use crate::program::{finished, limited, output, text};
use crate::support::Server;

/// redis-cli for this server.
pub(crate) fn redis_cli(server: &Server, args: &[&str]) -> Command {
    let mut command = limited("redis-cli");
    command.args(["-h", "127.0.0.1", "-p", &server.port().to_string()]).args(args);
    command
}

/// Output of one run without input.
#[track_caller]
pub(crate) fn cli(server: &Server, args: &[&str]) -> String {
    output(&mut redis_cli(server, args), "")
}

#[test]
fn a_request_on_the_command_line() {
    let server = Server::latchd(&[]);
    assert_eq!(cli(&server, &["SET", "k", "a b\n"]), "OK\n");
    assert_eq!(cli(&server, &["GET", "k"]), "a b\n\n");
    assert_eq!(cli(&server, &["get", "missing"]), "\n");
    assert_eq!(cli(&server, &["INCRBY", "n", "42"]), "42\n");
    assert_eq!(cli(&server, &["MGET", "n", "missing", "n"]), "42\n\n42\n");
    assert_eq!(
        cli(&server, &["NOSUCH", "x"]),
        "ERR unknown command 'NOSUCH', with args beginning with: 'x' \n\n"
    );
}

#[test]
fn the_format_for_people() {
    let server = Server::latchd(&[]);
    let requests = "set k \"a b\\n\"\nget k\nincr n\nget missing\nmget k n missing\nincr k\n\
                    multi\nincr n\nget n\nexec\nkeys nothing\n";
    let shown = output(&mut redis_cli(&server, &["--no-raw"]), requests);
    let expected = "OK\n\"a b\\n\"\n(integer) 1\n(nil)\n\
                    1) \"a b\\n\"\n2) \"1\"\n3) (nil)\n\
                    (error) ERR value is not an integer or out of range\n\
                    OK\nQUEUED\nQUEUED\n1) (integer) 2\n2) \"2\"\n(empty array)\n";
    assert_eq!(shown, expected);
}

#[test]
fn a_session_through_a_pipe() {
    let server = Server::latchd(&[]);
    let requests = "select 3\nset k v\nget k\nselect 0\nget k\nwatch k\nmulti\nset k w\nexec\n";
    let shown = output(&mut redis_cli(&server, &[]), requests);
    assert_eq!(shown, "OK\nOK\nv\nOK\n\nOK\nOK\nQUEUED\nOK\n");
    assert_eq!(cli(&server, &["-n", "3", "GET", "k"]), "v\n");
    let url = format!("redis://127.0.0.1:{}/3", server.port());
    assert_eq!(output(limited("redis-cli").args(["-u", &url, "DBSIZE"]), ""), "1\n");
}

/// A terminal: `script` gives redis-cli one, so that it shows its prompt and asks `COMMAND DOCS`.
#[test]
fn a_session_at_a_terminal_with_online_help() {
    let server = Server::latchd(&[]);
    let shell = format!("redis-cli -h 127.0.0.1 -p {}", server.port());
    let mut terminal = limited("script");
    terminal.args(["--quiet", "--return", "--command", &shell, "/dev/null"]).env("TERM", "dumb");
    let shown = output(&mut terminal, "set k 1\nincr k\nhelp getdel\nget missing\nquit\n");
    let prompt = format!("127.0.0.1:{}> ", server.port());
    for expected in ["OK", "(integer) 2", "(nil)"] {
        let line = format!("{prompt}{expected}\r\n");
        assert!(shown.contains(&line), "no {line:?} in:\n{shown}");
    }
    for expected in ["GETDEL\u{1b}[0m \u{1b}[90mkey", "summary:", "since:\u{1b}[0m 6.2.0"] {
        assert!(shown.contains(expected), "no {expected:?} in:\n{shown}");
    }
}

#[test]
fn the_formats_for_programs() {
    let server = Server::latchd(&[]);
    cli(&server, &["MSET", "k", "a \"b\"", "n", "1"]);
    let mget = ["MGET", "k", "n", "missing"];
    let with = |options: &[&str]| cli(&server, &[options, mget.as_slice()].concat());
    assert_eq!(with(&["--csv"]), "\"a \\\"b\\\"\",\"1\",NULL\n");
    assert_eq!(with(&["--raw"]), "a \"b\"\n1\n\n");
    assert_eq!(with(&["--json"]), "[\"a \\\"b\\\"\",\"1\",null]\n");
    assert_eq!(with(&["-d", ";"]), "a \"b\";1;\n");
    let databases = ["-3", "--json", "CONFIG", "GET", "databases"];
    assert_eq!(cli(&server, &databases), "{\"databases\":\"16\"}\n");
}

#[test]
fn resp3_replies_have_their_own_form() {
    let server = Server::latchd(&[]);
    let requests = "config get databases\nget missing\nhello 3\nhello 2\nconfig get databases\n";
    let shown = output(&mut redis_cli(&server, &["-3", "--no-raw"]), requests);
    assert!(shown.starts_with("1# \"databases\" => \"16\"\n(nil)\n1# \"server\" => "), "{shown}");
    assert!(shown.contains("\"proto\" => (integer) 3\n"), "{shown}");
    assert!(shown.contains("\"modules\" => (empty array)\n"), "{shown}");
    assert!(shown.ends_with("1) \"databases\"\n2) \"16\"\n"), "{shown}");
}

#[test]
fn arguments_from_standard_input() {
    let server = Server::latchd(&[]);
    assert_eq!(output(&mut redis_cli(&server, &["-x", "SET", "k"]), "a\nb\n"), "OK\n");
    assert_eq!(cli(&server, &["STRLEN", "k"]), "4\n");
    let tagged = ["-X", "here", "SET", "here", "value", "EX", "100"];
    assert_eq!(output(&mut redis_cli(&server, &tagged), "name"), "OK\n");
    assert_eq!(cli(&server, &["GET", "name"]), "value\n");
    let quoted = ["--quoted-input", "SET", "\"\\x00\\x01\"", "\"\\xff\\r\\n\""];
    assert_eq!(cli(&server, &quoted), "OK\n");
    let get = ["--no-raw", "--quoted-input", "GET", "\"\\x00\\x01\""];
    assert_eq!(cli(&server, &get), "\"\\xff\\r\\n\"\n");
}

#[test]
fn repeated_requests() {
    let server = Server::latchd(&[]);
    assert_eq!(cli(&server, &["-r", "4", "INCR", "n"]), "1\n2\n3\n4\n");
    assert_eq!(cli(&server, &["-r", "2", "-i", "0.01", "INCR", "n"]), "5\n6\n");
}

#[test]
fn errors_are_exit_codes_when_asked_for() {
    let server = Server::latchd(&[]);
    cli(&server, &["SET", "k", "text"]);
    let failed = finished(&mut redis_cli(&server, &["-e", "INCR", "k"]), "");
    assert_eq!(failed.status.code(), Some(1));
    let said = text(&failed.stdout) + &text(&failed.stderr);
    assert!(said.contains("ERR value is not an integer or out of range"), "{said}");
}

#[test]
fn passwords() {
    let server = Server::latchd(&["--requirepass", "secret"]);
    assert_eq!(cli(&server, &["PING"]), "NOAUTH Authentication required.\n\n");
    let with = |options: &[&str]| cli(&server, &[options, ["PING"].as_slice()].concat());
    assert_eq!(with(&["-a", "secret", "--no-auth-warning"]), "PONG\n");
    assert_eq!(with(&["--user", "default", "--pass", "secret", "--no-auth-warning"]), "PONG\n");
    let shown = output(&mut redis_cli(&server, &[]), "auth wrong\nping\nauth secret\nping\n");
    let refused = "WRONGPASS invalid username-password pair or user is disabled.\n\n";
    assert_eq!(shown, format!("{refused}NOAUTH Authentication required.\n\nOK\nPONG\n"));
}

#[test]
fn a_unix_socket() {
    let server = Server::latchd(&["--unixsocket", "latchd.sock", "--unixsocketperm", "700"]);
    let socket = server.dir().join("latchd.sock");
    let mut command = limited("redis-cli");
    command.arg("-s").arg(&socket);
    assert_eq!(output(&mut command, "set k v\nget k\nclient id\n").lines().nth(1), Some("v"));
    assert!(cli(&server, &["GET", "k"]).starts_with('v'));
}
