//! The crate `redsync` 1: take, contend, extend, release, and the errors of who is too late.

use crate::checks::{holds, same, Server, MINUTE_MS, MOMENT_MS};
use redsync::{Lock, RedisInstance, RedsyncBuilder, RedsyncError};
use std::time::Duration;

type Redsync = redsync::Redsync<RedisInstance>;

const MINUTE: Duration = Duration::from_millis(MINUTE_MS as u64);

/// A manager that asks so many times.
fn manager(server: &Server, attempts: u32) -> Redsync {
    let instance = RedisInstance::new(&*server.url).expect("the address is one");
    let builder = RedsyncBuilder::new(vec![instance]).retry_count(attempts);
    builder.retry_delay(Duration::from_millis(4)).build()
}

pub(crate) fn play(server: &Server) {
    take_contend_extend_release(server);
    lose(server);
    server.crowd("redsync:number", |work| {
        let manager = manager(server, 10_000);
        let lock = manager.lock("redsync:crowd", MINUTE).expect("it is free sometimes");
        work();
        manager.unlock(&lock).expect("nobody else has it");
    });
    server.is_free("redsync:crowd");
}

fn take_contend_extend_release(server: &Server) {
    let (mine, other) = (manager(server, 1), manager(server, 1));
    let lock = mine.lock("redsync", MINUTE).expect("it is free");
    server.lives("redsync", 55_000..=60_000);
    match other.lock("redsync", MINUTE) {
        Err(RedsyncError::LockRetriesExceeded(errors)) => {
            holds(errors.includes(RedsyncError::ResourceLocked), errors);
        }
        outcome => panic!("it is locked: {:?}", outcome.map(|lock| lock.value)),
    }
    let lock = mine.extend(&lock, 2 * MINUTE).expect("it is ours");
    server.lives("redsync", 115_000..=120_000);
    same(mine.unlock(&lock), Ok(()));
    server.is_free("redsync");
    too_late(&mine, &lock);
}

/// A lock ends by itself, somebody who waits gets it, and who had it before can do nothing to it.
fn lose(server: &Server) {
    let (mine, other) = (manager(server, 1), manager(server, 10_000));
    // The crate allows itself a hundredth of a lock's time to connect.
    let late = mine.lock("redsync", 5 * Duration::from_millis(MOMENT_MS as u64)).expect("free");
    let lock = other.lock("redsync", MINUTE).expect("it is free after a moment");
    too_late(&mine, &late);
    server.lives("redsync", 55_000..=60_000);
    same(other.unlock(&lock), Ok(()));
    server.is_free("redsync");
}

fn too_late(manager: &Redsync, lock: &Lock) {
    match manager.unlock(lock) {
        Err(RedsyncError::UnlockFailed(errors)) => {
            holds(errors.includes(RedsyncError::InvalidLease), errors);
        }
        outcome => panic!("it is not ours: {outcome:?}"),
    }
    match manager.extend(lock, MINUTE) {
        Err(RedsyncError::ExtendRetriesExceeded(errors)) => {
            holds(errors.includes(RedsyncError::InvalidLease), errors);
        }
        outcome => panic!("it is not ours: {:?}", outcome.map(|lock| lock.value)),
    }
}
