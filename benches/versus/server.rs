//! A server under test: started on a free loopback port with an empty directory of its own,
//! stopped by its pid when dropped.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine;
use crate::wire::{Client, Failure};

/// The core of the server in the runs with one thread each.
pub(crate) const SERVER_CORE: usize = 0;

/// Clients that a server accepts: the idle connections of `footprint.rs`, and some to spare.
const CLIENTS_MAX: usize = 12_000;

const START_MAX: Duration = Duration::from_secs(10);

/// Which commands a server speaks beyond the common ones, and which flags it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Latchd,
    Redis,
}

/// How many cores a server gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One thread pinned to one core, the generator on another: CPU per command.
    OneThread,
    /// As installed (latchd: a thread per core), nothing pinned by us: throughput.
    AllCores,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    directory: Directory,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it is.
    pub(crate) flavour: Flavour,
}

/// The server's working directory, removed with it.
struct Directory(PathBuf);

impl Flavour {
    /// A binary named `redis-server...` is one, on either side: Redis against itself shows how
    /// much the machine alone makes the ratios vary.
    pub(crate) fn of(binary: &Path) -> Self {
        let name = binary.file_name().map(|name| name.to_string_lossy());
        match name {
            Some(name) if name.starts_with("redis-server") => Self::Redis,
            Some(_) | None => Self::Latchd,
        }
    }
}

impl Server {
    /// Starts `binary` without persistence and waits until it answers.
    pub(crate) fn start(binary: &Path, layout: Layout) -> Result<Self, Failure> {
        let flavour = Flavour::of(binary);
        let address = free_address()?;
        let directory = Directory::create(address.port())?;
        let log = File::create(directory.0.join("log"))?;
        let mut command = Command::new(binary);
        command
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--loglevel", "warning"])
            .args(["--maxclients", &CLIENTS_MAX.to_string()])
            .arg("--dir")
            .arg(&directory.0);
        if layout == Layout::OneThread && flavour == Flavour::Latchd {
            command.args(["--threads", "1"]);
        }
        let core = (layout == Layout::OneThread).then_some(SERVER_CORE);
        machine::tie_to_this_thread(&mut command, core);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let mut server = Self { child, directory, address, flavour };
        server.await_ready().map_err(|error| server.explain(binary, &error))?;
        Ok(server)
    }

    /// A new connection for everything that is not measured.
    pub(crate) fn client(&self) -> io::Result<Client> {
        Client::connect(self.address)
    }

    /// CPU time that it has used since it started, in nanoseconds.
    pub(crate) fn cpu_ns(&self) -> io::Result<u64> {
        machine::cpu_ns(self.child.id())
    }

    /// Memory that it occupies now: `VmRSS`, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .ok_or("/proc/PID/status has no VmRSS")?;
        Ok(kibibytes.parse::<u64>()? * 1024)
    }

    fn await_ready(&mut self) -> Result<(), Failure> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended at once: {status}").into());
            }
            match self.client() {
                Ok(mut client) => return client.call(&["PING"]).map(|_pong| ()),
                Err(error) if started.elapsed() > START_MAX => return Err(error.into()),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn explain(&self, binary: &Path, error: &Failure) -> Failure {
        let log = fs::read_to_string(self.directory.0.join("log")).unwrap_or_default();
        format!("{} does not start: {error}\n{log}", binary.display()).into()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is persisted, so there is nothing to shut down in order. Failing here means that
        // it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Directory {
    fn create(port: u16) -> io::Result<Self> {
        let name = format!("versus-{}-{port}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left is an empty directory below `target`.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A loopback address that was free a moment ago.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
