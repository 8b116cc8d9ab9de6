//! redis-py: the programs in `python/`, each over RESP2 and RESP3.

use crate::program::{assert_checked, in_repository, installed, limited, output};
use crate::support::Server;

#[track_caller]
fn run(script: &str, protocol: &str) {
    let server = Server::latchd(&["--enable-debug-command", "yes"]);
    let mut command = limited(installed("venv/bin/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg(in_repository("tests/clients/python").join(script));
    assert_checked(&output(command.arg(server.port().to_string()).arg(protocol), ""));
}

macro_rules! over_both_protocols {
    ($($name:ident: $script:literal,)*) => {$(
        mod $name {
            #[test]
            fn over_resp2() {
                super::run($script, "2");
            }

            #[test]
            fn over_resp3() {
                super::run($script, "3");
            }
        }
    )*};
}

over_both_protocols! {
    strings: "strings.py",
    keys: "keys.py",
    pipelines_and_transactions: "transactions.py",
    asyncio: "aio.py",
    channels: "channels.py",
    clients: "clients.py",
    server: "server.py",
    commands_after_redis_7_0: "newer.py",
}
