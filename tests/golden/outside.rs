//! What a node asks of the outside, made up: a clock that the transcript sets, a machine with fixed
//! figures and one file, an alarm that nobody needs.

use latchd::base::time::{Clock, Micros, Mono, Now, Wall};
use latchd::command::node::{CpuFigures, Identity, MemoryFigures, Platform};
use latchd::config::{Files, LogLevel, Settings};
use latchd::keyspace::borrow::{Alarm, ShardId};
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Where a world's configuration file is.
pub(crate) const CONFIG_PATH: &str = "/etc/latchd.conf";

/// A quarter of an hour after boot.
const BOOT_MS: u64 = 900_000;
/// 14 November 2023, 22:13:20 UTC.
const WALL_MS: i64 = 1_700_000_000_000;

/// A clock that stands still unless it is told to move.
pub(crate) struct VirtualClock {
    mono_ms: AtomicU64,
    wall_ms: AtomicI64,
    /// What every fine reading takes.
    reading_ms: AtomicU64,
}

impl Default for VirtualClock {
    fn default() -> Self {
        let (mono_ms, wall_ms) = (AtomicU64::new(BOOT_MS), AtomicI64::new(WALL_MS));
        Self { mono_ms, wall_ms, reading_ms: AtomicU64::new(0) }
    }
}

impl VirtualClock {
    /// Time passes.
    pub(crate) fn advance(&self, ms: u64) {
        self.mono_ms.fetch_add(ms, Ordering::Relaxed);
        self.shift_wall(ms as i64);
    }

    /// Time passes with every fine reading, so that whatever is measured takes so long.
    pub(crate) fn slow_down(&self, ms: u64) {
        self.reading_ms.store(ms, Ordering::Relaxed);
    }

    /// Somebody sets the wall clock.
    pub(crate) fn shift_wall(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        let mono = Mono(self.mono_ms.load(Ordering::Relaxed));
        let wall = Wall(self.wall_ms.load(Ordering::Relaxed));
        Now { mono, micros: Micros::at(mono), wall }
    }

    fn nanos(&self) -> u64 {
        self.advance(self.reading_ms.load(Ordering::Relaxed));
        self.mono_ms.load(Ordering::Relaxed) * 1_000_000
    }

    fn wall_us(&self) -> i64 {
        self.wall_ms.load(Ordering::Relaxed) * 1_000
    }
}

/// A machine's figures that never change, and its configuration file.
#[derive(Clone, Default)]
pub(crate) struct FixedPlatform {
    /// What is in the file at [`CONFIG_PATH`]; `None` if there is none.
    pub(crate) file: Arc<Mutex<Option<String>>>,
    clock: Arc<VirtualClock>,
    stood_still_us: Arc<AtomicU64>,
}

impl FixedPlatform {
    /// A machine whose clock moves while its server stands still.
    pub(crate) fn new(clock: &Arc<VirtualClock>) -> Self {
        Self { clock: Arc::clone(clock), ..Self::default() }
    }

    /// For how long the server has stood still since the last call, in microseconds.
    pub(crate) fn take_stood_still_us(&self) -> u64 {
        self.stood_still_us.swap(0, Ordering::Relaxed)
    }
}

impl Platform for FixedPlatform {
    fn memory(&self) -> MemoryFigures {
        MemoryFigures {
            allocated: 1_000_000,
            active: 1_200_000,
            resident: 2_000_000,
            rss: 3_000_000,
            system_total: 8_000_000_000,
        }
    }

    fn cpu(&self) -> CpuFigures {
        CpuFigures { system_us: 250_000, user_us: 500_000, ..CpuFigures::default() }
    }

    fn huge_page_bytes(&self) -> u64 {
        0
    }

    fn purge_memory(&self) {}

    fn allocator_report(&self) -> String {
        "___ Begin jemalloc statistics ___\n--- End jemalloc statistics ---\n".to_owned()
    }

    fn set_log_level(&self, _: LogLevel) {}

    fn make_room(&self, clients: u32) -> u32 {
        clients.min(19_968)
    }

    /// Another server has port 7, and this machine has no address 192.0.2.1.
    fn prepare_to_listen(&self, settings: &Settings) -> io::Result<Box<dyn FnOnce() + Send>> {
        let is_foreign = |address: &String| address == "192.0.2.1";
        if settings.port == 7 || settings.bind.iter().any(is_foreign) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        Ok(Box::new(|| {}))
    }

    fn change_dir(&self, dir: &Path) -> io::Result<PathBuf> {
        let absolute = Path::new("/var/lib/latchd").join(dir);
        if dir.ends_with("missing") { Err(io::Error::from_raw_os_error(2)) } else { Ok(absolute) }
    }

    fn stand_still(&self, time: Duration) {
        self.clock.advance(time.as_millis() as u64);
        self.stood_still_us.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }

    fn write_file(&self, path: &Path, text: &str) -> io::Result<()> {
        if path != Path::new(CONFIG_PATH) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        *self.file.lock() = Some(text.to_owned());
        Ok(())
    }

    fn read_file(&self, path: &Path) -> io::Result<String> {
        let file = self.file.lock();
        let there = file.as_ref().filter(|_| path == Path::new(CONFIG_PATH));
        there.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Files for FixedPlatform {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.read_file(path)
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn stdin(&self) -> io::Result<String> {
        Ok(String::new())
    }
}

/// Who the node is.
pub(crate) fn identity(started: Now) -> Identity {
    Identity {
        node_id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        run_id: "fedcba9876543210fedcba9876543210fedcba98".to_owned(),
        pid: 4242,
        executable: "/usr/local/bin/latchd".to_owned(),
        os: "Linux 6.1.0 x86_64".to_owned(),
        allocator: "jemalloc-5.3.1".to_owned(),
        started,
        workers: 1,
    }
}

/// The world looks at every shard whenever time moves, so nobody needs to be told of deadlines.
pub(crate) struct NoAlarm;

impl Alarm for NoAlarm {
    fn ring(&self, _: ShardId, _: Mono) {}
}
