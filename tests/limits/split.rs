//! A request may arrive in any pieces: the replies are the same.

use crate::support::{Client, Server, encode};

/// Requests of every form, with line ends and lengths where a careless parser would stop.
fn conversation() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(encode(&["SET", "k", "a\r\n$1\r\n*2\r\nb"]));
    bytes.extend_from_slice(b"GET k\r\n");
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(b"ECHO \"in \\x41 line\"\n");
    bytes.extend(encode(&["SET", "empty", ""]));
    bytes.extend(encode(&["MULTI"]));
    bytes.extend(encode(&["APPEND", "empty", "0123456789ab"]));
    bytes.extend_from_slice(b"*0\r\n");
    bytes.extend(encode(&["NOSUCH", "a"]));
    bytes.extend(encode(&["EXEC"]));
    bytes.extend(encode(&["HELLO", "3", "SETNAME", "split"]));
    bytes.extend(encode(&["CLIENT", "GETNAME"]));
    bytes.extend(encode(&["MGET", "k", "none", "empty"]));
    bytes.extend(encode(&["QUIT"]));
    bytes
}

/// Everything that the server says to these pieces, with the client's own id left out.
fn said_to<'a>(server: &Server, pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let mut client = Client::connect(server.addr());
    let mut other = Client::connect(server.addr());
    for piece in pieces {
        assert!(client.send_raw(piece));
        // Somebody else's turn in between, so that the pieces do not arrive as one.
        assert_eq!(other.ask("PING"), "+PONG\r\n");
    }
    let (received, _) = client.read_to_end();
    let text = String::from_utf8(received).expect("nothing here is binary");
    let (before, after) = text.split_once("$2\r\nid\r\n").expect("HELLO tells the id");
    let (_, after) = after.split_once("\r\n").expect("the id is a line");
    format!("{before}{after}")
}

#[test]
fn split_at_every_byte() {
    let server = Server::latchd(&[]);
    let bytes = conversation();
    let whole = said_to(&server, std::iter::once(bytes.as_slice()));
    let expected_parts =
        ["+OK\r\n$12\r\na\r\n$1\r\n*2\r\nb\r\n", "$9\r\nin A line\r\n", "-EXECABORT"];
    for part in expected_parts {
        assert!(whole.contains(part), "no {part:?} in {whole:?}");
    }
    for at in 1..bytes.len() {
        let (left, right) = bytes.split_at(at);
        assert_eq!(said_to(&server, [left, right].into_iter()), whole, "split at {at}");
    }
}

#[test]
fn one_byte_at_a_time() {
    let server = Server::latchd(&[]);
    let bytes = conversation();
    let whole = said_to(&server, std::iter::once(bytes.as_slice()));
    assert_eq!(said_to(&server, bytes.chunks(1)), whole);
}
