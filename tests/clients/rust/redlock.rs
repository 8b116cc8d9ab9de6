//! The crate `redlock` 2: locks, guards, and locks that somebody else has by now.

use crate::checks::{holds, same, Server, MINUTE_MS, MOMENT_MS};
use redis::Commands;
use redlock::RedLock;

/// A manager that asks once.
fn manager(server: &Server) -> RedLock {
    let mut manager = RedLock::new(vec![&*server.url]);
    manager.set_retry(1, 2);
    manager
}

pub(crate) fn play(server: &Server) {
    take_contend_release(server);
    lose(server);
    server.crowd("redlock:number", |work| {
        let manager = manager(server);
        let _guard = manager.acquire(b"redlock:crowd", MINUTE_MS).expect("the server answers");
        work();
    });
    server.is_free("redlock:crowd");
}

fn take_contend_release(server: &Server) {
    let (mine, other) = (manager(server), manager(server));
    let lock = mine.lock(b"redlock", MINUTE_MS).expect("the server answers").expect("it is free");
    holds(lock.validity_time > MINUTE_MS - 5_000, lock.validity_time);
    server.lives("redlock", 55_000..=60_000);
    let value: Vec<u8> = server.connect().get("redlock").expect("GET answers");
    same(&value, &lock.val);
    same(other.lock(b"redlock", MINUTE_MS).expect("the server answers").is_none(), true);
    server.lives("redlock", 55_000..=60_000);
    mine.unlock(&lock);
    server.is_free("redlock");
    // The scripts are loaded again after somebody has flushed them.
    let lock = other.lock(b"redlock", MINUTE_MS).expect("the server answers").expect("it is free");
    let () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut server.connect()).expect("it flushes");
    other.unlock(&lock);
    server.is_free("redlock");
}

/// A lock ends by itself, somebody who waits gets it, and who had it before cannot release it.
fn lose(server: &Server) {
    let (mine, other) = (manager(server), manager(server));
    let late = mine.lock(b"redlock", MOMENT_MS).expect("the server answers").expect("it is free");
    {
        let guard = other.acquire(b"redlock", MINUTE_MS).expect("the server answers");
        mine.unlock(&late);
        let value: Vec<u8> = server.connect().get("redlock").expect("GET answers");
        same(&value, &guard.lock.val);
    }
    server.is_free("redlock");
}
