//! What the operating system and the allocator know about this process.
//!
//! Uses `unsafe` for `getrusage` and `sysconf`, which std does not offer.

use crate::command::node::{CpuFigures, MemoryFigures, Platform};
use crate::config::Settings;
use crate::keyspace::flush::Garbage;
use crate::observe::log::{LogControl, LogLevel};
use std::path::Path;

/// See the module's documentation.
pub(crate) struct SystemPlatform {
    pub(crate) log: LogControl,
}

/// The log's word for a level of the settings.
pub(crate) fn log_level(level: crate::config::LogLevel) -> LogLevel {
    LogLevel::named(level.name()).expect("both know the levels of redis.conf")
}

fn usage(who: libc::c_int) -> (u64, u64) {
    let micros = |time: libc::timeval| (time.tv_sec * 1_000_000 + time.tv_usec).unsigned_abs();
    // SAFETY: a zeroed `rusage` is valid, and the call writes to it only.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(who, &raw mut usage);
        usage
    };
    (micros(usage.ru_stime), micros(usage.ru_utime))
}

/// Resident set in bytes, from `/proc/self/statm`; 0 where there is no such file.
fn rss(page_bytes: u64) -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * page_bytes
}

fn system(name: libc::c_int) -> u64 {
    // SAFETY: no memory is involved.
    u64::try_from(unsafe { libc::sysconf(name) }).unwrap_or(0)
}

impl Platform for SystemPlatform {
    fn memory(&self) -> MemoryFigures {
        use tikv_jemalloc_ctl::{epoch, stats};
        // The statistics are cached until the epoch moves. They cannot fail: the allocator is
        // linked in.
        let _ = epoch::advance();
        let page_bytes = system(libc::_SC_PAGESIZE);
        MemoryFigures {
            allocated: stats::allocated::read().unwrap_or(0) as u64,
            active: stats::active::read().unwrap_or(0) as u64,
            resident: stats::resident::read().unwrap_or(0) as u64,
            rss: rss(page_bytes),
            system_total: system(libc::_SC_PHYS_PAGES) * page_bytes,
        }
    }

    fn cpu(&self) -> CpuFigures {
        let (system_us, user_us) = usage(libc::RUSAGE_SELF);
        let (children_system_us, children_user_us) = usage(libc::RUSAGE_CHILDREN);
        CpuFigures { system_us, user_us, children_system_us, children_user_us }
    }

    fn apply(&self, settings: &Settings) -> Result<(), String> {
        self.log.set_level(log_level(settings.loglevel));
        std::env::set_current_dir(&settings.dir)
            .map_err(|error| format!("can't use {}: {error}", settings.dir.display()))
    }

    fn write_file(&self, path: &Path, text: &str) -> std::io::Result<()> {
        let mut next = path.as_os_str().to_owned();
        next.push(".new");
        std::fs::write(&next, text)?;
        std::fs::File::open(&next)?.sync_all()?;
        std::fs::rename(&next, path)
    }

    fn read_file(&self, path: &Path) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn free_elsewhere(&self, garbage: Garbage) {
        let thread = std::thread::Builder::new().name("free".to_owned());
        // Where no thread can be started, the closure is dropped here, and what it holds is freed
        // here.
        let _ = thread.spawn(move || drop(garbage));
    }
}
