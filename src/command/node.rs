//! What all cores of a node share: keys, connections, settings, metrics, identity, and the two
//! doors to the outside (clock and platform).

use crate::base::time::{Clock, Now};
use crate::clients::Registry;
use crate::config::{Config, Settings};
use crate::keyspace::borrow::Keyspace;
use crate::keyspace::flush::Garbage;
use crate::observe::latency::LatencyMonitor;
use crate::observe::slowlog::SlowLog;
use crate::observe::tally::Tallies;
use parking_lot::{Mutex, MutexGuard, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What only the process can find out; `runtime/platform.rs` asks the operating system, tests make
/// it up.
pub trait Platform: Send + Sync {
    /// Memory of the process.
    fn memory(&self) -> MemoryFigures;
    /// Processor time of the process.
    fn cpu(&self) -> CpuFigures;
    /// Takes over settings that have effects outside (log level, limits on open files).
    ///
    /// # Errors
    /// The text says what could not be changed.
    fn apply(&self, settings: &Settings) -> Result<(), String>;
    /// Replaces the configuration file at `path`.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write_file(&self, path: &std::path::Path, text: &str) -> std::io::Result<()>;
    /// The text of the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read_file(&self, path: &std::path::Path) -> std::io::Result<String>;
    /// Frees what FLUSHALL ASYNC took out, where it keeps no client waiting. Freeing it here is
    /// right as well, only slower.
    fn free_elsewhere(&self, garbage: Garbage) {
        drop(garbage);
    }
}

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryFigures {
    /// In use by the program, as the allocator counts it.
    pub allocated: u64,
    /// In pages that hold something in use.
    pub active: u64,
    /// Mapped by the allocator.
    pub resident: u64,
    /// Resident set of the process.
    pub rss: u64,
    /// Of the machine.
    pub system_total: u64,
}

/// Microseconds of processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuFigures {
    /// In the kernel.
    pub system_us: u64,
    /// In the program.
    pub user_us: u64,
    /// In the kernel, by children.
    pub children_system_us: u64,
    /// In programs, by children.
    pub children_user_us: u64,
}

/// Who this process is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// 40 hexadecimal digits, the same after every restart (`node.state`).
    pub node_id: String,
    /// 40 hexadecimal digits, new with every start.
    pub run_id: String,
    /// Process id.
    pub pid: u32,
    /// Path of the program.
    pub executable: String,
    /// Name, release and machine of the operating system.
    pub os: String,
    /// When the server started.
    pub started: Now,
    /// Number of worker threads.
    pub workers: usize,
}

/// See the module's documentation.
pub struct Node {
    /// Every key.
    pub keyspace: Keyspace,
    /// Every connection.
    pub clients: Registry,
    /// What every worker counts.
    pub tallies: Tallies,
    /// SLOWLOG.
    pub slow_log: SlowLog,
    /// LATENCY.
    pub latency: LatencyMonitor,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where figures of the process come from.
    pub platform: Box<dyn Platform>,
    /// Who this process is.
    pub identity: Identity,
    config: Mutex<Config>,
    settings: RwLock<Arc<Settings>>,
    settings_version: AtomicU64,
    /// Highest memory in use that INFO has seen.
    pub peak_memory: AtomicU64,
}

/// What a node is made of.
pub struct NodeParts {
    /// Every key.
    pub keyspace: Keyspace,
    /// Directives.
    pub config: Config,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The platform.
    pub platform: Box<dyn Platform>,
    /// Who it is.
    pub identity: Identity,
}

impl Node {
    /// A node without connections.
    #[must_use]
    pub fn new(parts: NodeParts) -> Self {
        let settings = parts.config.settings();
        let commands = crate::command::table::table().commands().len();
        let workers = parts.identity.workers;
        let node = Self {
            keyspace: parts.keyspace,
            clients: Registry::default(),
            tallies: Tallies::new(workers, commands, parts.identity.started.mono),
            slow_log: SlowLog::new(-1, 0),
            latency: LatencyMonitor::new(0),
            clock: parts.clock,
            platform: parts.platform,
            identity: parts.identity,
            config: Mutex::new(parts.config),
            settings: RwLock::new(Arc::clone(&settings)),
            settings_version: AtomicU64::new(1),
            peak_memory: AtomicU64::new(0),
        };
        node.take_over(&settings);
        node
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read())
    }

    /// Grows with every change of the settings.
    #[must_use]
    #[inline]
    pub fn settings_version(&self) -> u64 {
        self.settings_version.load(Ordering::Acquire)
    }

    /// The directives, to read or change them. After a change, call [`Node::adopt`] with the guard.
    pub fn config(&self) -> MutexGuard<'_, Config> {
        self.config.lock()
    }

    /// Puts changed directives into force.
    ///
    /// # Errors
    /// Something outside could not be changed; the text says what.
    pub fn adopt(&self, config: &Config) -> Result<(), String> {
        let settings = config.settings();
        self.platform.apply(&settings)?;
        self.take_over(&settings);
        *self.settings.write() = settings;
        self.settings_version.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Tells what keeps a copy of a setting.
    fn take_over(&self, settings: &Settings) {
        let slower_than = settings.slowlog_log_slower_than_us;
        self.slow_log.set_slower_than_us(slower_than.map_or(-1, |us| us as i64));
        self.slow_log.set_len_max(settings.slowlog_max_len);
        self.latency.set_threshold_ms(settings.latency_monitor_threshold_ms);
    }
}
