//! From the command line to a running server, and back: the order in which everything starts and
//! stops.

use crate::base::time::Clock;
use crate::command::context::Haste;
use crate::command::node::{Identity, Node, NodeParts};
use crate::config::{Caller, Config, Invocation, LogFormat, Settings, USAGE, Warning, version};
use crate::keyspace::borrow::{Keyspace, Layout};
use crate::net::acceptors::Move;
use crate::net::listen::{Listeners, listen};
use crate::observe::log::{LogControl, LogSettings, LogShape, LogTarget, install};
use crate::runtime::alarms::Alarms;
use crate::runtime::clock::SystemClock;
use crate::runtime::files::SystemFiles;
use crate::runtime::listening::Listening;
use crate::runtime::node_state::{self, NodeState};
use crate::runtime::outside::Stop;
use crate::runtime::panics;
use crate::runtime::pid_file::PidFile;
use crate::runtime::platform::{self, SystemPlatform, log_level};
use crate::runtime::worker::{self, Setup};
use crate::script::explain::explain;
use std::error::Error;
use std::ffi::OsString;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

/// Shards per worker: enough that two cores seldom want the same one.
const SHARDS_PER_WORKER: usize = 16;
const SHARDS_MAX: usize = 4_096;

/// Runs the program with these arguments (without its name); returns its exit code.
#[must_use]
pub fn main(args: &[OsString]) -> ExitCode {
    match start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: &[OsString]) -> Result<(), Box<dyn Error>> {
    let (invocation, warnings) = Config::load(args, &SystemFiles)?;
    match invocation {
        Invocation::Help => print!("{USAGE}"),
        Invocation::Version => println!("{}", version()),
        Invocation::CheckConfig(config) => {
            try_dir(&config.settings().dir)?;
            warnings.iter().for_each(|warning| println!("{warning}"));
            println!("The configuration is fine.");
        }
        Invocation::ExplainScript(path) => {
            let text = std::fs::read(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            print!("{}", explain(&text));
        }
        Invocation::Run(config) => run(config, &warnings)?,
    }
    Ok(())
}

fn run(mut config: Config, warnings: &[Warning]) -> Result<(), Box<dyn Error>> {
    enter_dir(&mut config)?;
    let settings = config.settings();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let log = start_log(&settings, Arc::clone(&clock))?;
    panics::log_them();
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    tracing::info!("latchd {version} is starting, PID: {pid}");
    let cores = std::thread::available_parallelism()?.get();
    let workers = if settings.threads == 0 { cores } else { settings.threads };
    make_room(&mut config, workers)?;
    let Listeners { tcp, unix, addresses } = listen(&settings, workers)?;
    let (listening, doors) = Listening::start(tcp, workers)?;
    let platform = SystemPlatform { log, workers, listening };
    let mut rng = fastrand::Rng::with_seed(random_bits()? as u64);
    let state = Arc::new(node_state::open(Path::new("."), &hex_id(&mut rng))?);
    let shards = (workers * SHARDS_PER_WORKER).next_power_of_two().min(SHARDS_MAX);
    let layout = Layout {
        shards: shards as u16,
        databases: u16::try_from(settings.databases).unwrap_or(u16::MAX),
        epoch: state.epoch,
        // Not from `rng`: its next numbers can be told from the ids, which everybody may see.
        seed: random_bits()?,
        now: clock.now().mono,
    };
    let alarms = Alarms::new(workers);
    let node = Arc::new(Node::new(NodeParts {
        keyspace: Keyspace::new(layout, Box::new(alarms.clone())),
        config,
        platform: Box::new(platform),
        identity: identity(state.id.clone(), hex_id(&mut rng), clock.as_ref(), workers),
        clock,
    }));
    announce(&node, &addresses, warnings);
    let pid_file = settings.pidfile.clone();
    let pid_file = pid_file.and_then(|path| PidFile::write(path, node.identity.pid));
    serve(&node, (doors, unix), &alarms, &state)?;
    drop((pid_file, state));
    tracing::info!("latchd is now ready to exit, bye bye...");
    Ok(())
}

/// Whether a start would find `dir` and could write there: nothing is left behind.
fn try_dir(dir: &Path) -> Result<(), String> {
    let trial = dir.join(format!(".latchd-check-{}", std::process::id()));
    let tried = std::fs::File::create_new(&trial).and_then(|_| std::fs::remove_file(&trial));
    tried.map_err(|error| {
        let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        format!("cannot use `dir {}`: {error}", absolute.display())
    })
}

/// Changes into `dir`. Paths that were relative to where the server was started become absolute.
fn enter_dir(config: &mut Config) -> Result<(), Box<dyn Error>> {
    if let Some(file) = config.file() {
        let absolute = std::path::absolute(file)?;
        config.resolve_file(absolute);
    }
    let dir = config.settings().dir.clone();
    let changed = std::env::set_current_dir(&dir).and_then(|()| std::env::current_dir());
    let absolute =
        changed.map_err(|error| format!("cannot use `dir {}`: {error}", dir.display()))?;
    config.resolve_dir(&absolute);
    Ok(())
}

/// Raises the limit on open files for `maxclients`; lowers `maxclients` where that is not allowed.
fn make_room(config: &mut Config, workers: usize) -> Result<(), Box<dyn Error>> {
    let wanted = config.settings().maxclients;
    let room = platform::make_room(wanted, workers);
    if room == wanted {
        return Ok(());
    }
    if room == 0 {
        return Err("the limit on open files is too low for any client; raise `ulimit -n`".into());
    }
    tracing::warn!(
        "maxclients has been reduced from {wanted} to {room}: the limit on open files allows no \
         more. If you need higher maxclients increase 'ulimit -n'."
    );
    let _applied = config.set(&[(b"maxclients", room.to_string().as_bytes())], Caller::Local)?;
    Ok(())
}

fn start_log(settings: &Settings, clock: Arc<dyn Clock>) -> Result<LogControl, Box<dyn Error>> {
    let shape = match settings.log_format {
        LogFormat::Text => LogShape::Text,
        LogFormat::Json => LogShape::Json,
    };
    let log = LogSettings {
        level: log_level(settings.loglevel),
        shape,
        zone: crate::observe::calendar::Zone::Local,
        pid: std::process::id(),
    };
    let target = settings.logfile.clone().map_or(LogTarget::Stdout, LogTarget::File);
    Ok(install(&log, &target, clock)?)
}

/// Bits that nobody can guess.
fn random_bits() -> std::io::Result<u128> {
    use std::io::Read;
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u128::from_le_bytes(bytes))
}

fn hex_id(rng: &mut fastrand::Rng) -> String {
    let digits = rng.u128(..);
    format!("{digits:032x}{:08x}", rng.u32(..))
}

fn identity(node_id: String, run_id: String, clock: &dyn Clock, workers: usize) -> Identity {
    let executable = std::env::current_exe().unwrap_or_default().display().to_string();
    let read = |name: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok();
    let os = read("ostype").zip(read("osrelease")).map_or_else(
        || std::env::consts::OS.to_owned(),
        |(kind, release)| format!("{} {}", kind.trim(), release.trim()),
    );
    Identity {
        node_id,
        run_id,
        pid: std::process::id(),
        executable,
        os: format!("{os} {}", std::env::consts::ARCH),
        allocator: allocator(),
        started: clock.now(),
        workers,
    }
}

/// `jemalloc-5.3.0`, without the commit that the version names as well.
fn allocator() -> String {
    let version = tikv_jemalloc_ctl::version::read().unwrap_or_default();
    format!("jemalloc-{}", version.split('-').next().unwrap_or_default())
}

fn announce(node: &Node, addresses: &[String], warnings: &[Warning]) {
    let settings = node.settings();
    let pid = node.identity.pid;
    let connect = match (&settings.unixsocket, settings.port) {
        (Some(path), 0) => format!("redis-cli -s {}", path.display()),
        (_, port) => format!("redis-cli -p {port}"),
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(
        "Listening on {}; {}, {} shards; data is kept in memory only; \
         connect with: {connect}",
        addresses.join(", "),
        counted(node.identity.workers, "thread"),
        node.keyspace.shards(),
    );
    tracing::info!("Server initialized, PID: {pid}");
}

/// `1 thread`, `2 threads`.
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Runs the workers until somebody asks the server to stop.
fn serve(
    node: &Arc<Node>,
    (doors, unix): (Vec<UnboundedReceiver<Move>>, Option<UnixListener>),
    alarms: &Alarms,
    state: &Arc<NodeState>,
) -> Result<(), Box<dyn Error>> {
    let stop = Arc::new(Stop::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // Before the log says that it is ready, or a signal right after that would find no handler.
    let mut signals = runtime.block_on(async { Signals::install() })?;
    // Absolute, because CONFIG SET may change the working directory.
    let path = node.settings().unixsocket.as_ref().map(std::path::absolute).transpose()?;
    let (started, starts) = mpsc::channel();
    let (running, mut ended) = tokio::sync::mpsc::channel::<()>(1);
    let mut threads = Vec::new();
    for (number, tcp) in doors.into_iter().enumerate() {
        let unix = match (&unix, &path) {
            (Some(listener), Some(path)) => {
                Some((listener.try_clone()?, path.display().to_string()))
            }
            _ => None,
        };
        let (node, stop, started) = (Arc::clone(node), Arc::clone(&stop), started.clone());
        let (alarms, state) = (alarms.clone(), Arc::clone(state));
        let setup = Setup { node, number, tcp, unix, alarms, stop, state, started };
        let thread = std::thread::Builder::new().name(format!("worker-{number}"));
        let running = running.clone();
        threads.push(thread.spawn(move || {
            let _until_here = running;
            worker::run(setup)
        })?);
    }
    drop((started, running));
    // Ends when each worker has said that it accepts, or has failed to and let go of its end.
    if starts.iter().count() == threads.len() {
        tracing::info!("Ready to accept connections");
        runtime.block_on(async {
            signals.wait(&stop).await;
            stop.ask(Haste::AfterReplies);
            tokio::select! {
                // Nothing is ever sent: this is the end of the last worker.
                _ = ended.recv() => Ok(()),
                () = signals.again() => Err("stopped by a second signal, without waiting"),
            }
        })?;
    }
    stop.ask(Haste::AfterReplies);
    for thread in threads {
        thread.join().map_err(|_| "a worker thread panicked")??;
    }
    if let Some(path) = path {
        // Left behind, it would only be replaced by the next start.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// The signals that end the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for a signal, or for somebody who asked the server to stop.
    async fn wait(&mut self, stop: &Stop) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::warn!("Received SIGTERM scheduling shutdown..."),
            _ = self.interrupt.recv() => tracing::warn!("Received SIGINT scheduling shutdown..."),
            () = stop.asked() => {}
        }
    }

    /// Waits for somebody who does not want to wait.
    async fn again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::warn!("You insist... exiting now.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_is_no_plural() {
        assert_eq!(["1 thread", "2 threads"], [counted(1, "thread"), counted(2, "thread")]);
    }
}
