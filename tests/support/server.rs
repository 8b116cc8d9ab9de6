//! A server process of its own: a free loopback port, a temporary directory, and an end when the
//! test ends.
//!
//! `unsafe` is needed twice: to signal a child by its own pid, and to ask the kernel (between fork
//! and exec) that the child dies with the tests even when they are killed.
//! Not here: talking to the server (`client.rs`).

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};
use std::{env, io, thread};

/// How long a server may take from its start to the line that says it is ready.
const START_MAX: Duration = Duration::from_secs(20);
/// How long a server may take from SIGTERM to its exit before it is killed: longer than
/// `shutdown-timeout`, for which it may wait for clients.
const STOP_MAX: Duration = Duration::from_secs(15);
/// Between two looks at a child or its log.
const POLL: Duration = Duration::from_millis(3);
/// Somebody else can take a free port between our look and the server's bind.
const PORT_ATTEMPTS: usize = 5;

/// Which program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(OsString);

impl Program {
    /// The binary under test: the one just built, or the one that `LATCHD_BIN` names.
    pub fn latchd() -> Self {
        Self(env::var_os("LATCHD_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_latchd").into()))
    }

    /// The oracle: `redis-server` of the system.
    pub fn redis() -> Self {
        Self("redis-server".into())
    }

    /// To be started by the test itself, without any directive: for starts that should fail.
    pub fn command(&self) -> Command {
        Command::new(&self.0)
    }
}

/// A directory that is removed with everything in it when the value is dropped.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// A new empty directory below the system's temporary directory.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("latchd-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // A leftover directory is untidy, not a failure of the test that made it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running server; dropping it stops the process and removes its directory.
#[derive(Debug)]
pub struct Server {
    program: Program,
    directives: Vec<String>,
    port: u16,
    child: Child,
    dir: TempDir,
}

impl Server {
    /// Starts the binary under test. `directives` are command line words as `redis-server` takes
    /// them (`["--maxclients", "10"]`); port, address and directory are added.
    pub fn latchd(directives: &[&str]) -> Self {
        Self::start(&Program::latchd(), directives)
    }

    /// Starts the oracle, without persistence.
    pub fn redis(directives: &[&str]) -> Self {
        Self::start(&Program::redis(), directives)
    }

    /// Starts `program` and waits until its log says that it accepts connections.
    ///
    /// # Panics
    /// If it does not get there, with its log.
    pub fn start(program: &Program, directives: &[&str]) -> Self {
        let directives: Vec<String> = directives.iter().map(|&word| word.to_owned()).collect();
        let dir = TempDir::new();
        let mut last_log = String::new();
        for _ in 0..PORT_ATTEMPTS {
            let port = free_port();
            match launch(program, &directives, port, &dir) {
                Ok(child) => {
                    return Self { program: program.clone(), directives, port, child, dir };
                }
                Err(log) => last_log = log,
            }
            if !last_log.to_lowercase().contains("address already in use") {
                break;
            }
        }
        panic!("{program:?} did not become ready; its log:\n{last_log}");
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its working directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Everything it has written to stdout and stderr since its last start.
    pub fn log(&self) -> String {
        read_log(self.dir.path())
    }

    /// Sends `signal` (`libc::SIGTERM`, ...) to it.
    pub fn signal(&self, signal: i32) {
        send_signal(self.child.id(), signal);
    }

    /// Sends SIGTERM and waits for the exit; a server that does not stop in time is killed.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(libc::SIGTERM);
        self.wait_exit(STOP_MAX).unwrap_or_else(|| self.kill())
    }

    /// Kills it at once, as a crash does.
    pub fn kill(&mut self) -> ExitStatus {
        // Fails only if it is dead already, which is what is wanted.
        let _ = self.child.kill();
        self.child.wait().expect("the child is ours and not yet waited for")
    }

    /// Waits at most `within` for it to exit by itself.
    pub fn wait_exit(&mut self, within: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return Some(status);
            }
            if Instant::now() >= end {
                return None;
            }
            thread::sleep(POLL);
        }
    }

    /// Starts it again, after `stop` or `kill`, with the same port, directory and directives.
    ///
    /// # Panics
    /// If it does not become ready, with its log.
    pub fn restart(&mut self) {
        if self.child.try_wait().expect("the child is ours").is_none() {
            self.stop();
        }
        self.child = launch(&self.program, &self.directives, self.port, &self.dir)
            .unwrap_or_else(|log| panic!("{:?} did not start again:\n{log}", self.program));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.stop();
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback can be bound");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Starts the process and waits for its ready line; gives back the log if it does not come.
fn launch(
    program: &Program,
    directives: &[String],
    port: u16,
    dir: &TempDir,
) -> Result<Child, String> {
    let log = File::create(dir.path().join("log")).expect("the directory is ours");
    let mut command = Command::new(&program.0);
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--dir"])
        .arg(dir.path())
        .args(directives)
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("a file can be duplicated"))
        .stdout(log);
    let mut child = spawn(command).map_err(|error| format!("{program:?}: {error}"))?;
    let end = Instant::now() + START_MAX;
    loop {
        let text = read_log(dir.path());
        if text.contains("Ready to accept connections") {
            return Ok(child);
        }
        let gone = child.try_wait().expect("the child is ours").is_some();
        if gone || Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return Err(read_log(dir.path()));
        }
        thread::sleep(POLL);
    }
}

fn read_log(dir: &Path) -> String {
    fs::read(dir.join("log")).map_or_else(
        |error| format!("(no log: {error})"),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn send_signal(pid: u32, signal: i32) {
    let pid = i32::try_from(pid).expect("Linux pids fit");
    // SAFETY: no memory is involved; the pid is a child that has not been waited for, so it is not
    // reused.
    unsafe { libc::kill(pid, signal) };
}

/// One request to the thread that starts processes.
struct Launch {
    command: Command,
    started: mpsc::Sender<io::Result<Child>>,
}

/// Starts `command` from a thread that lives as long as the tests do: the kernel's parent-death
/// signal follows the thread that forked, and a test's own thread may end before its server.
fn spawn(command: Command) -> io::Result<Child> {
    static LAUNCHER: OnceLock<mpsc::Sender<Launch>> = OnceLock::new();
    let launcher = LAUNCHER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Launch>();
        thread::spawn(move || {
            for mut request in requests {
                die_with_parent(&mut request.command);
                // The asker may have given up; then the child has no owner and must not stay.
                if let Err(mpsc::SendError(Ok(mut orphan))) =
                    request.started.send(request.command.spawn())
                {
                    let _ = orphan.kill();
                }
            }
        });
        sender
    });
    let (started, answer) = mpsc::channel();
    launcher.send(Launch { command, started }).expect("the launcher thread never ends");
    answer.recv().expect("the launcher answers every request")
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let parent = i32::try_from(std::process::id()).expect("Linux pids fit");
    // SAFETY: between fork and exec only async-signal-safe calls are made, and nothing is
    // allocated.
    unsafe {
        command.pre_exec(move || {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            // The parent may have died before the request was in force.
            if libc::getppid() != parent {
                libc::_exit(1);
            }
            Ok(())
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}
