//! MONITOR on real connections: the order over all cores, slow readers, and the Unix socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use crate::inspect::{assert_well, becomes, number};
use crate::support::{Client, Server, Silence, TempDir};

const CLIENTS: usize = 4;
const APPENDS: usize = 200;

fn monitor(server: &Server) -> Client {
    let mut client = Client::connect(server.addr());
    assert_eq!(client.ask("MONITOR"), "+OK\r\n");
    client
}

/// The next line, without its end.
fn line(monitor: &mut Client) -> String {
    let line = monitor.reply().expect("a line");
    String::from_utf8(line).expect("text").trim_end().to_owned()
}

/// The last word of a line, without its quotes.
fn last_word(line: &str) -> &str {
    line.rsplit('"').nth(1).expect("its last word is in quotes")
}

#[test]
fn requests_for_the_same_key_are_shown_in_their_order_whatever_their_cores() {
    let server = Server::latchd(&["--threads", "2"]);
    let (mut first, mut second) = (monitor(&server), monitor(&server));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let mut connection = Client::connect(server.addr());
            scope.spawn(move || {
                for number in 0..APPENDS {
                    let reply = connection.call(&["APPEND", "log", &format!("{client}.{number};")]);
                    assert_eq!(reply[0], b':');
                }
            });
        }
    });
    let mut other = Client::connect(server.addr());
    let log = other.ask("GET log");
    let shown: Vec<String> = (0..CLIENTS * APPENDS).map(|_| line(&mut first)).collect();
    let words: String = shown.iter().map(|line| last_word(line)).collect();
    assert_eq!(log, format!("${}\r\n{words}\r\n", words.len()));
    let times: Vec<&str> = shown.iter().filter_map(|line| line.split(' ').next()).collect();
    assert!(times.is_sorted(), "times do not go back");
    let to_second: Vec<String> = (0..CLIENTS * APPENDS).map(|_| line(&mut second)).collect();
    assert_eq!(shown, to_second, "everybody is shown the same");
}

#[test]
fn who_does_not_read_is_closed_at_the_limit_of_normal_clients() {
    let limit = ["--client-output-buffer-limit", "normal", "1mb", "0", "0"];
    let mut server = Server::latchd(&limit);
    let mut slow = monitor(&server);
    let mut other = Client::connect(server.addr());
    let value = "x".repeat(256 * 1024);
    for _ in 0..128 {
        assert_eq!(other.call(&["SET", "k", &value]), b"+OK\r\n");
    }
    becomes(&1, || number(&mut other, "connected_clients"));
    assert_eq!(number(&mut other, "client_output_buffer_limit_disconnections"), 1);
    assert_eq!(slow.read_to_end().1, Silence::Closed);
    assert_well(&mut server, &mut other);
}

#[test]
fn who_goes_away_leaves_nothing_behind() {
    let mut server = Server::latchd(&[]);
    let gone = monitor(&server);
    let mut other = Client::connect(server.addr());
    drop(gone);
    becomes(&1, || number(&mut other, "connected_clients"));
    assert_eq!(other.ask("SET k v"), "+OK\r\n");
    assert_well(&mut server, &mut other);
}

#[test]
fn a_client_of_the_unix_socket_is_shown_with_its_path() {
    let folder = TempDir::new();
    let path = folder.path().join("s");
    let server = Server::latchd(&["--unixsocket", path.to_str().expect("its name is text")]);
    let mut watching = monitor(&server);
    let mut stream = UnixStream::connect(&path).expect("it listens");
    stream.write_all(b"ECHO \"a b\"\r\n").expect("it is open");
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).expect("it answers");
    assert_eq!(reply, "$3\r\n");
    let shown = line(&mut watching);
    let (_, rest) = shown.split_once(' ').expect("a time comes first");
    assert_eq!(rest, format!("[0 unix:{}] \"ECHO\" \"a b\"", path.display()));
}
