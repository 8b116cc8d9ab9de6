//! Running a client program to its end, with a time limit, and what it printed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

/// How long any client program may take, for coreutils' `timeout`.
const SECONDS_MAX: &str = "120";

/// `name` below the repository's root.
pub(crate) fn in_repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Something that `./check` installs.
///
/// # Panics
/// If it is not there.
pub(crate) fn installed(name: &str) -> PathBuf {
    let path = in_repository(".check").join(name);
    assert!(path.exists(), "{} is missing: run ./check, which installs it", path.display());
    path
}

/// A command that is killed when it takes too long.
pub(crate) fn limited(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS_MAX]).arg(program).stdin(Stdio::null());
    command
}

/// Runs to the end with `stdin` and gives back what it wrote to stdout.
///
/// # Panics
/// If the program is missing or fails, with everything that it wrote.
#[track_caller]
pub(crate) fn output(command: &mut Command, stdin: &str) -> String {
    let output = finished(command, stdin);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

/// Runs to the end with `stdin`, whatever the end is.
pub(crate) fn finished(command: &mut Command, stdin: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started: run ./check");
    let mut input = child.stdin.take().expect("stdin is a pipe");
    // Written beside reading, or both sides could wait for each other with full pipes.
    thread::scope(|scope| {
        scope.spawn(move || {
            // A program that does not read to the end is its own affair.
            let _ = input.write_all(stdin.as_bytes());
        });
        child.wait_with_output().expect("the child is ours")
    })
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A script of client calls ends with `N checks`; no checks would be no test.
///
/// # Panics
/// If the last line is not that.
#[track_caller]
pub(crate) fn assert_checked(stdout: &str) {
    let last = stdout.lines().last().unwrap_or_default();
    let checks = last.strip_suffix(" checks").and_then(|count| count.parse::<u32>().ok());
    assert!(checks.is_some_and(|count| count > 0), "the script did not reach its end:\n{stdout}");
}
