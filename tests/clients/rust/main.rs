//! The crates `redlock`, `redsync` and `rslock`, unmodified, against the server whose port is the
//! first argument: take, contend, extend, lose and release locks, alone and in a crowd. Ends with
//! the number of checks, or fails with the first surprise.

mod checks;
mod redlock;
mod redsync;
mod rslock;

use checks::Server;

fn main() {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let server = Server::new(port.expect("the first argument is a port"));
    redlock::play(&server);
    redsync::play(&server);
    rslock::play(&server);
    println!("{} checks", checks::done());
}
