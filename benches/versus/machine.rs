//! System calls that std does not offer: the CPU clock of a server, pinning, the file limit, and
//! the promise of the kernel that a child ends with us.
//!
//! `unsafe` stays in this file, around libc calls whose arguments are numbers or our own structs.

use std::io;
use std::mem;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// CPU time, user and system, that all threads of `pid` have used, in nanoseconds.
pub(crate) fn cpu_ns(pid: u32) -> io::Result<u64> {
    let mut clock = 0;
    // SAFETY: writes one clock id into `clock`; an unknown pid is an error code.
    let refusal = unsafe { libc::clock_getcpuclockid(pid_t(pid), &raw mut clock) };
    if refusal != 0 {
        return Err(io::Error::from_raw_os_error(refusal));
    }
    clock_ns(clock)
}

/// CPU time of this program so far, all threads, in nanoseconds: what the generator costs.
pub(crate) fn own_cpu_ns() -> io::Result<u64> {
    clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn clock_ns(clock: libc::clockid_t) -> io::Result<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one timespec into `time`.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs())
}

/// Keeps the calling thread, and what it starts, on `core`.
pub(crate) fn pin_to(core: usize) -> io::Result<()> {
    // SAFETY: a cpu_set_t is a plain bit set, for which all zeroes is the empty set.
    let mut cores: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: CPU_SET ignores a core beyond the set; sched_setaffinity only reads it.
    let outcome = unsafe {
        libc::CPU_SET(core, &mut cores);
        libc::sched_setaffinity(0, mem::size_of_val(&cores), &raw const cores)
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets this program, and the servers it starts, open as many files as the machine allows.
pub(crate) fn raise_file_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: fills in `limit`.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: reads `limit`.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// The child is killed when the thread that starts it ends, however it ends: Ctrl-C on the bench
/// leaves no server behind. Servers are therefore started from the main thread.
pub(crate) fn tie_to_this_thread(command: &mut Command, core: Option<usize>) {
    let parent = std::process::id();
    let before_exec = move || {
        // SAFETY: prctl with numbers only; both calls are async-signal-safe.
        let orphan = unsafe {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            libc::getppid() != pid_t(parent)
        };
        if orphan {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        core.map_or(Ok(()), pin_to)
    };
    // SAFETY: between fork and exec the closure makes system calls only; it neither allocates nor
    // takes a lock.
    unsafe { command.pre_exec(before_exec) };
}

fn pid_t(pid: u32) -> libc::pid_t {
    libc::pid_t::try_from(pid).expect("Linux pids fit pid_t")
}
