//! What the operating system and the allocator know about this process.
//!
//! Uses `unsafe` for `getrusage`, `getrlimit`, `setrlimit` and `sysconf`, which std does not offer,
//! and for jemalloc's `mallctl`, whose purge has no wrapper.

use crate::command::node::{CpuFigures, MemoryFigures, Platform};
use crate::config::Settings;
use crate::keyspace::flush::Garbage;
use crate::net::farewell::LEAVING_MAX;
use crate::observe::log::{LogControl, LogLevel};
use crate::runtime::listening::Listening;
use std::ffi::{c_char, c_int, c_void};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// See the module's documentation.
pub(crate) struct SystemPlatform {
    pub(crate) log: LogControl,
    pub(crate) workers: usize,
    pub(crate) listening: Listening,
}

/// Files that are no clients: log, standard streams, `node.lock`, as many as Redis sets aside.
const FILES_RESERVED: u64 = 32;
/// Files of each worker: its poll, its wake-up, its listeners, clients that it has sent away.
const FILES_PER_WORKER: u64 = 8 + LEAVING_MAX as u64;

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

    fn huge_page_bytes(&self) -> u64 {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        let lines = maps.lines().filter_map(|line| line.strip_prefix("AnonHugePages:"));
        let kib = |line: &str| line.trim().trim_end_matches(" kB").parse::<u64>().ok();
        lines.filter_map(kib).sum::<u64>() * 1024
    }

    fn purge_memory(&self) {
        unsafe extern "C" {
            #[link_name = "_rjem_mallctl"]
            fn mallctl(
                name: *const c_char,
                old: *mut c_void,
                old_bytes: *mut usize,
                new: *mut c_void,
                new_bytes: usize,
            ) -> c_int;
        }
        // 4096 stands for all arenas (MALLCTL_ARENAS_ALL).
        let name = c"arena.4096.purge";
        let null = std::ptr::null_mut();
        // SAFETY: the name ends with a zero byte, and this control reads and writes no value.
        unsafe { mallctl(name.as_ptr(), null, null.cast(), null, 0) };
    }

    fn allocator_report(&self) -> String {
        let mut report = Vec::new();
        let options = tikv_jemalloc_ctl::stats_print::Options::default();
        // Writing into memory does not fail.
        let _ = tikv_jemalloc_ctl::stats_print::stats_print(&mut report, options);
        String::from_utf8_lossy(&report).into_owned()
    }

    fn set_log_level(&self, level: crate::config::LogLevel) {
        self.log.set_level(log_level(level));
    }

    fn make_room(&self, clients: u32) -> u32 {
        make_room(clients, self.workers)
    }

    fn prepare_to_listen(&self, settings: &Settings) -> io::Result<Box<dyn FnOnce() + Send>> {
        self.listening.prepare(settings).map_err(io::Error::other)
    }

    fn change_dir(&self, dir: &Path) -> io::Result<PathBuf> {
        std::env::set_current_dir(dir)?;
        std::env::current_dir()
    }

    fn write_file(&self, path: &Path, text: &str) -> io::Result<()> {
        replace_file(path, text)
    }

    fn read_file(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    #[allow(clippy::disallowed_methods, reason = "DEBUG SLEEP is there to block this thread")]
    fn stand_still(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn free_elsewhere(&self, garbage: Garbage) {
        let thread = std::thread::Builder::new().name("free".to_owned());
        // Where no thread can be started, the closure is dropped here, and what it holds is freed
        // here.
        let _ = thread.spawn(move || drop(garbage));
    }
}

/// Replaces a file in one step: after a crash it is the old one or the new one. It may hold a
/// password, so nobody may read the new one who may not read the old one.
fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    // The directory of a path that is only a name is the empty path.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let mode = match std::fs::metadata(path) {
        Ok(old) => Some(old.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // Left behind by a crash, it could have any mode.
    match std::fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if mode.is_some() {
        options.mode(0o600);
    }
    let mut file = options.open(&next)?;
    file.write_all(text.as_bytes())?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    File::open(parent)?.sync_all()
}

/// Makes room for so many clients of so many workers, as far as the system allows; says for how
/// many there is.
pub(crate) fn make_room(clients: u32, workers: usize) -> u32 {
    let reserved = FILES_RESERVED + FILES_PER_WORKER * workers as u64;
    let files = raise_file_limit(u64::from(clients) + reserved);
    u32::try_from(files.saturating_sub(reserved)).map_or(clients, |room| room.min(clients))
}

/// Lets the process open so many files if that may be; returns how many it may open, at most
/// `wanted`.
fn raise_file_limit(wanted: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place to write to.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return wanted;
    }
    let allow = |most: u64, ceiling: u64| {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: ceiling };
        // SAFETY: `limit` is valid, and the call only reads it.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) == 0 }
    };
    // Beyond the ceiling only the superuser gets.
    if limit.rlim_cur >= wanted || allow(wanted, limit.rlim_max.max(wanted)) {
        return wanted;
    }
    let ceiling = limit.rlim_max;
    if allow(ceiling, ceiling) { ceiling } else { limit.rlim_cur }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, metadata, read_to_string, remove_dir_all, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_leaves_nothing_behind() {
        let dir = std::env::temp_dir().join(format!("latchd-replace-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (path, next) = (dir.join("latchd.conf"), dir.join("latchd.conf.new"));
        for mode in [0o600, 0o640, 0o604] {
            write(&path, "requirepass old").unwrap();
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            // A crash has left a file that everybody may read.
            write(&next, "half").unwrap();
            replace_file(&path, "requirepass new").unwrap();
            assert_eq!(read_to_string(&path).unwrap(), "requirepass new");
            assert_eq!(metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            assert!(!next.exists());
        }
        let fresh = dir.join("fresh.conf");
        replace_file(&fresh, "port 0").unwrap();
        assert_eq!(read_to_string(&fresh).unwrap(), "port 0");
        remove_dir_all(&dir).unwrap();
    }
}
