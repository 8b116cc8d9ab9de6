//! node-redis and ioredis: the programs in `node/`, found by Node in `.check/node`.

use crate::program::{assert_checked, in_repository, installed, limited, output};
use crate::support::Server;

#[track_caller]
fn run(script: &str, protocol: &str) {
    let server = Server::latchd(&[]);
    let mut command = limited("node");
    command.env("NODE_PATH", installed("node/node_modules"));
    command.arg(in_repository("tests/clients/node").join(script));
    assert_checked(&output(command.arg(server.port().to_string()).arg(protocol), ""));
}

#[test]
fn node_redis_over_resp2() {
    run("node_redis.js", "2");
}

#[test]
fn node_redis_over_resp3() {
    run("node_redis.js", "3");
}

#[test]
fn channels_over_resp2() {
    run("channels.js", "2");
}

#[test]
fn channels_over_resp3() {
    run("channels.js", "3");
}

#[test]
fn ioredis() {
    run("ioredis.js", "2");
}
