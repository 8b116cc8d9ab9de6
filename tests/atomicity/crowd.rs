//! Clients that work at the same time, others that watch until the work is done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::{Client, Frame, Server};

/// As many as hammer in each test.
pub(crate) const WORKERS: usize = 8;
const WATCHERS: usize = 2;

/// How many rounds each worker does.
pub(crate) fn rounds() -> usize {
    if std::env::var_os("LATCHD_LONG").is_some() { 50_000 } else { 2_000 }
}

/// Runs `work(number, client)` on `WORKERS` clients, and `watch` again and again on others, from
/// before the work begins until it is done. Gives back how often somebody watched.
pub(crate) fn hammer(
    server: &Server,
    work: impl Fn(usize, &mut Client) + Sync,
    watch: impl Fn(&mut Client) + Sync,
) -> usize {
    let done = AtomicBool::new(false);
    let watch_until_done = || {
        let mut client = Client::connect(server.addr());
        let mut looks = 0;
        while !done.load(Ordering::Relaxed) {
            watch(&mut client);
            looks += 1;
        }
        looks
    };
    thread::scope(|scope| {
        let watchers: Vec<_> = (0..WATCHERS).map(|_| scope.spawn(watch_until_done)).collect();
        let work = &work;
        let workers: Vec<_> = (0..WORKERS)
            .map(|number| scope.spawn(move || work(number, &mut Client::connect(server.addr()))))
            .collect();
        let ended: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        // Before anything can panic here, or the watchers would never end.
        done.store(true, Ordering::Relaxed);
        let looks = watchers.into_iter().map(|watcher| watcher.join().expect("a watcher agrees"));
        let looks = looks.sum();
        assert!(ended.iter().all(Result::is_ok), "a worker failed, see above");
        looks
    })
}

/// A reply that must be complete and not an error.
#[track_caller]
pub(crate) fn frame(reply: &[u8]) -> Frame {
    assert_ne!(reply.first(), Some(&b'-'), "{}", String::from_utf8_lossy(reply));
    let parsed = Frame::parse(reply).expect("the server speaks RESP").expect("a whole reply");
    parsed.0
}

/// `MGET` of keys that are numbers or not there.
pub(crate) fn numbers(client: &mut Client, keys: &[String]) -> Vec<Option<i64>> {
    let words: Vec<&str> = std::iter::once("MGET").chain(keys.iter().map(String::as_str)).collect();
    let reply = frame(&client.call(&words));
    let items = reply.as_list().expect("MGET answers with an array");
    items.iter().map(number).collect()
}

fn number(item: &Frame) -> Option<i64> {
    if item.is_nil() {
        return None;
    }
    let digits = item.as_bytes().expect("MGET has strings in it");
    Some(String::from_utf8_lossy(digits).parse().expect("only numbers were written"))
}

/// `count` keys that fall into different slots.
pub(crate) fn keys(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}:{number}")).collect()
}
