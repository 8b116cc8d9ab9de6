//! What all cores of a node share: keys, connections, settings, metrics, identity, and the two
//! doors to the outside (clock and platform).

use crate::base::time::{Clock, Now};
use crate::clients::{Client, Registry, Stall};
use crate::command::encodings::Encodings;
use crate::command::notifications::Notifications;
use crate::config::{Applied, Config, EvictionPolicy, LogLevel, SetError, Settings};
use crate::keyspace::access::AccessMode;
use crate::keyspace::borrow::{Borrowed, Keyspace};
use crate::keyspace::flush::Garbage;
use crate::observe::latency::LatencyMonitor;
use crate::observe::slowlog::SlowLog;
use crate::observe::tally::Tallies;
use crate::pubsub::Hub;
use crate::script::cache::Scripts;
use parking_lot::{Mutex, MutexGuard, RwLock};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The version of Redis whose behaviour this server matches, as HELLO and INFO name it.
pub const REDIS_VERSION: &str = "7.4.0";

/// What only the process can find out; `runtime/platform.rs` asks the operating system, tests make
/// it up.
pub trait Platform: Send + Sync {
    /// Memory of the process.
    fn memory(&self) -> MemoryFigures;
    /// Processor time of the process.
    fn cpu(&self) -> CpuFigures;
    /// Bytes of the process in anonymous huge pages.
    fn huge_page_bytes(&self) -> u64;
    /// Asks the allocator to give back what it does not use.
    fn purge_memory(&self);
    /// What the allocator says about itself.
    fn allocator_report(&self) -> String;
    /// Changes how much is logged.
    fn set_log_level(&self, level: LogLevel);
    /// Makes room for so many connections, as far as the system allows; says for how many there is.
    fn make_room(&self, clients: u32) -> u32;
    /// Opens the TCP addresses that the settings name. What comes back moves the server there, away
    /// from where it listened before; dropped, it closes them again.
    ///
    /// # Errors
    /// One of them cannot be used; everything is as it was.
    fn prepare_to_listen(&self, settings: &Settings) -> io::Result<Box<dyn FnOnce() + Send>>;
    /// Changes the working directory; returns its absolute path.
    ///
    /// # Errors
    /// There is no such directory, or it may not be used.
    fn change_dir(&self, dir: &Path) -> io::Result<PathBuf>;
    /// Replaces the configuration file at `path`.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write_file(&self, path: &Path, text: &str) -> io::Result<()>;
    /// The text of the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read_file(&self, path: &Path) -> io::Result<String>;
    /// Lets the calling thread, and whoever waits for it, stand still (DEBUG SLEEP).
    fn stand_still(&self, time: Duration);
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
    /// Name and version of the memory allocator.
    pub allocator: String,
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
    /// Every channel.
    pub pubsub: Arc<Hub<Client>>,
    /// Tells what happens to keys.
    notifications: Arc<Notifications>,
    /// What every worker counts.
    pub tallies: Tallies,
    /// Which scripts have been loaded.
    pub scripts: Scripts,
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
    /// How large collections may be that are kept packed.
    pub(super) encodings: Encodings,
    /// Stops every connection for a while.
    pub stall: Stall,
    /// Memory in use when the node had just been made.
    pub startup_memory: u64,
    peak_memory: AtomicU64,
    /// How often the replication id has been changed.
    replication_ids: AtomicU64,
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
        let notifications = Arc::<Notifications>::default();
        let node = Self {
            keyspace: parts.keyspace,
            clients: Registry::new(workers),
            pubsub: Arc::clone(&notifications.hub),
            notifications: Arc::clone(&notifications),
            tallies: Tallies::new(workers, commands, parts.identity.started.mono),
            scripts: Scripts::default(),
            slow_log: SlowLog::new(-1, 0),
            latency: LatencyMonitor::new(0),
            clock: parts.clock,
            platform: parts.platform,
            identity: parts.identity,
            config: Mutex::new(parts.config),
            settings: RwLock::new(Arc::clone(&settings)),
            settings_version: AtomicU64::new(1),
            encodings: Encodings::default(),
            stall: Stall::default(),
            startup_memory: 0,
            peak_memory: AtomicU64::new(0),
            replication_ids: AtomicU64::new(0),
        };
        node.take_over(&settings);
        node.keyspace.set_audience(notifications);
        adjust_shards(&mut node.keyspace.borrow_all(), &settings);
        let startup_memory = node.memory().0.allocated;
        Self { startup_memory, ..node }
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
    /// Something outside could not be changed; the change has to be reverted then.
    pub fn adopt(&self, config: &mut Config, applied: &Applied) -> Result<(), SetError> {
        self.change_outside(config, applied)?;
        let settings = config.settings();
        self.take_over(&settings);
        *self.settings.write() = settings;
        self.settings_version.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Changes what is outside of this process's memory. The directory comes last of what can fail:
    /// it is the one change here that would have to be taken back.
    fn change_outside(&self, config: &mut Config, applied: &Applied) -> Result<(), SetError> {
        let settings = config.settings();
        let address = applied.changed().find(|row| matches!(row.name, "port" | "bind"));
        let listen = address.map(|row| {
            let prepared = self.platform.prepare_to_listen(&settings);
            prepared.map_err(|error| cannot_listen(row.name, &error))
        });
        let listen = listen.transpose()?;
        if applied.has("maxclients") {
            let room = self.platform.make_room(settings.maxclients);
            if room < settings.maxclients {
                let reason = format!(
                    "The operating system is not able to handle the specified number of clients, \
                     try with {room}"
                );
                return Err(SetError::failed("maxclients", reason));
            }
        }
        if applied.has("dir") {
            let absolute = self.platform.change_dir(&settings.dir);
            let absolute =
                absolute.map_err(|error| SetError::failed("dir", system_text(&error)))?;
            config.resolve_dir(&absolute);
        }
        if let Some(listen) = listen {
            listen();
        }
        if applied.has("loglevel") {
            self.platform.set_log_level(settings.loglevel);
        }
        Ok(())
    }

    /// Memory of the process, and the most that has been in use so far.
    pub fn memory(&self) -> (MemoryFigures, u64) {
        let figures = self.platform.memory();
        let before = self.peak_memory.fetch_max(figures.allocated, Ordering::Relaxed);
        (figures, before.max(figures.allocated))
    }

    /// The replication id: 40 hexadecimal digits that follow from the run id.
    #[must_use]
    pub fn replication_id(&self) -> String {
        let seed = self.replication_ids.load(Ordering::Relaxed);
        let run_id = self.identity.run_id.as_bytes();
        let (high, low) = (xxh3_128_with_seed(run_id, seed), xxh3_64_with_seed(run_id, seed));
        format!("{high:032x}{:08x}", low as u32)
    }

    /// Takes another replication id.
    pub fn change_replication_id(&self) {
        self.replication_ids.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells what keeps a copy of a setting.
    fn take_over(&self, settings: &Settings) {
        self.notifications.set_classes(settings.notify_keyspace_events);
        self.keyspace.count_memory(settings.maxmemory > 0);
        self.encodings.take_over(settings);
        let output = &settings.client_output_buffer_limit;
        self.clients.limit_mailboxes(output.pubsub.hard_bytes, output.normal.hard_bytes);
        let slower_than = settings.slowlog_log_slower_than_us;
        self.slow_log.set_slower_than_us(slower_than.map_or(-1, |us| us as i64));
        self.slow_log.set_len_max(settings.slowlog_max_len);
        self.latency.set_threshold_ms(settings.latency_monitor_threshold_ms);
    }
}

fn cannot_listen(name: &'static str, error: &io::Error) -> SetError {
    tracing::warn!("CONFIG SET {name}: {error}");
    let reason = match name {
        "port" => "Unable to listen on this port. Check server logs.",
        _ => "Failed to bind to specified addresses.",
    };
    SetError::failed(name, reason)
}

/// Tells all shards what they keep a copy of.
pub fn adjust_shards(all: &mut Borrowed<'_>, settings: &Settings) {
    let mode = access_mode(settings);
    all.want_events(settings.notify_keyspace_events.told());
    for shard in all.shards() {
        shard.access_mode = mode;
        shard.limit_feeds(settings.feed_backlog);
    }
}

/// What the settings make of the access marks of keys.
fn access_mode(settings: &Settings) -> AccessMode {
    match settings.maxmemory_policy {
        EvictionPolicy::VolatileLfu | EvictionPolicy::AllkeysLfu => AccessMode::Frequency {
            log_factor: settings.lfu_log_factor,
            decay_minutes: settings.lfu_decay_time_min,
        },
        EvictionPolicy::VolatileLru
        | EvictionPolicy::VolatileRandom
        | EvictionPolicy::VolatileTtl
        | EvictionPolicy::AllkeysLru
        | EvictionPolicy::AllkeysRandom
        | EvictionPolicy::NoEviction => AccessMode::Recency,
    }
}

/// The operating system's own words for an error, as C's `strerror` gives them.
#[must_use]
pub fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
