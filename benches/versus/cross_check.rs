//! The same scenarios as redis-benchmark shows them, from its CSV output: a second opinion by a
//! program that everybody has. It parses every reply, so in deep pipelines it may be what is slow.

use std::process::{Command, Stdio};

use crate::machine;
use crate::scenario::{Kind, Scale, Scenario};
use crate::server::Server;
use crate::wire::Failure;

/// Runs `requests` requests against `server`; commands per second.
pub(crate) fn redis_benchmark(
    server: &Server,
    scenario: Scenario,
    scale: Scale,
    requests: u64,
) -> Result<f64, Failure> {
    let mut command = Command::new("redis-benchmark");
    command
        .args(["-h", "127.0.0.1", "-p", &server.address.port().to_string()])
        .args(["-t", scenario.kind.name(), "-n", &requests.to_string()])
        .args(["-c", &scale.connections.to_string(), "-P", &scenario.depth.to_string()])
        .args(["-r", &scale.keys.to_string(), "-d", "8", "--csv"])
        .stdin(Stdio::null());
    machine::tie_to_this_thread(&mut command, None);
    let output = command.output().map_err(|error| format!("redis-benchmark: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    per_second(&text).ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        format!("redis-benchmark shows no figure for {scenario}: {text}{complaint}").into()
    })
}

/// Whether redis-benchmark has such a test.
pub(crate) fn knows(kind: Kind) -> bool {
    match kind {
        Kind::Get | Kind::Set | Kind::Incr => true,
        Kind::Lock => false,
    }
}

/// The second column of the last line: `"GET","123456.78","0.21",...`.
fn per_second(csv: &str) -> Option<f64> {
    let column = csv.lines().next_back()?.split(',').nth(1)?;
    column.trim_matches('"').parse().ok()
}
