//! The crate `rslock` 0.10 on tokio: take, contend, extend, guards, `using`, locks that are lost.

use crate::checks::{holds, same, Server, MINUTE_MS, MOMENT_MS};
use rslock::{LockError, LockManager};
use std::future::Future;
use std::time::Duration;

const MINUTE: Duration = Duration::from_millis(MINUTE_MS as u64);
const MOMENT: Duration = Duration::from_millis(MOMENT_MS as u64);

/// A manager that asks once.
fn manager(server: &Server) -> LockManager {
    let mut manager = LockManager::new(vec![&*server.url]);
    manager.set_retry(1, Duration::from_millis(4));
    manager
}

fn run<T>(program: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(program)
}

pub(crate) fn play(server: &Server) {
    run(take_contend_extend_release(server));
    run(guard_and_using(server));
    run(lose(server));
    server.crowd("rslock:number", |work| {
        run(async {
            let guard = manager(server).acquire("rslock:crowd", MINUTE).await;
            let guard = guard.expect("the server answers");
            work();
            guard.release().await;
        });
    });
    server.is_free("rslock:crowd");
}

async fn take_contend_extend_release(server: &Server) {
    let (mine, other) = (manager(server), manager(server));
    let lock = mine.lock("rslock", MINUTE).await.expect("it is free");
    holds(lock.validity_time > MINUTE_MS - 5_000, lock.validity_time);
    server.lives("rslock", 55_000..=60_000);
    let refused = other.lock("rslock", MINUTE).await;
    holds(matches!(refused, Err(LockError::Unavailable)), refused);
    same(mine.is_freed(&lock).await.ok(), Some(false));
    let lock = mine.extend(&lock, 2 * MINUTE).await.expect("it is ours");
    server.lives("rslock", 115_000..=120_000);
    mine.unlock(&lock).await;
    server.is_free("rslock");
    let freed = mine.is_freed(&lock).await;
    holds(matches!(freed, Err(LockError::RedisKeyNotFound)), freed);
    let late = mine.extend(&lock, MINUTE).await;
    holds(matches!(late, Err(LockError::Unavailable)), late);
    server.is_free("rslock");
}

async fn guard_and_using(server: &Server) {
    let manager = manager(server);
    let guard = manager.acquire("rslock", MINUTE).await.expect("it is free");
    server.lives("rslock", 55_000..=60_000);
    guard.release().await;
    server.is_free("rslock");
    // A second of lock for a longer piece of work: it is extended meanwhile.
    let second = Duration::from_secs(1);
    let work = async || {
        let lock = manager.lock("rslock:other", 3 * second).await.expect("it is free");
        manager
            .acquire("rslock:other", MINUTE)
            .await
            .expect("free when its time is up")
            .release()
            .await;
        server.lives("rslock", 1..=1_000);
        lock.validity_time
    };
    let validity = manager.using(b"rslock", second, work).await.expect("it is free");
    holds(validity > 2_000, validity);
    server.is_free("rslock");
}

/// A lock ends by itself, somebody who waits gets it, and who had it before can do nothing to it.
async fn lose(server: &Server) {
    let (mine, other) = (manager(server), manager(server));
    let late = mine.lock("rslock", MOMENT).await.expect("it is free");
    let lock = other.acquire("rslock", MINUTE).await.expect("it is free after a moment");
    mine.unlock(&late).await;
    let freed = mine.is_freed(&late).await;
    holds(matches!(freed, Err(LockError::RedisKeyMismatch)), freed);
    let refused = mine.extend(&late, MINUTE).await;
    holds(matches!(refused, Err(LockError::Unavailable)), refused);
    same(other.is_freed(&lock.lock).await.ok(), Some(false));
    server.lives("rslock", 55_000..=60_000);
    lock.release().await;
    server.is_free("rslock");
}
