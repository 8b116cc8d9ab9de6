//! Keys that `WATCH` keeps an eye on: a version for each, bumped by every change (Redis
//! documentation, "Transactions").
//!
//! Not here: which client watches what (`server/transaction.rs` remembers key and version).
//! Invariant: a key is in the map exactly as long as somebody watches it.

use crate::keyspace::Db;
use std::collections::HashMap;

/// Changes whenever the key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(u64);

#[derive(Debug)]
struct Watched {
    version: Version,
    watchers: u32,
}

/// The watched keys of one shard.
#[derive(Debug, Default)]
pub struct Watches {
    keys: HashMap<(Db, Box<[u8]>), Watched>,
    /// Never repeats, so that a key that was let go and watched again has another version.
    last: u64,
}

impl Watches {
    /// Whether nobody watches anything: what every write asks first.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Number of watched keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Starts watching a key; the caller compares the version later and must call `unwatch` once.
    pub fn watch(&mut self, db: Db, key: &[u8]) -> Version {
        self.last += 1;
        let fresh = Watched { version: Version(self.last), watchers: 0 };
        let watched = self.keys.entry((db, key.into())).or_insert(fresh);
        watched.watchers += 1;
        watched.version
    }

    /// Ends one `watch`.
    pub fn unwatch(&mut self, db: Db, key: &[u8]) {
        let place = (db, Box::from(key));
        let Some(watched) = self.keys.get_mut(&place) else { return };
        watched.watchers -= 1;
        if watched.watchers == 0 {
            self.keys.remove(&place);
        }
    }

    /// Whether the key is still as it was when `version` was handed out.
    #[must_use]
    pub fn unchanged(&self, db: Db, key: &[u8], version: Version) -> bool {
        self.keys.get(&(db, Box::from(key))).is_some_and(|watched| watched.version == version)
    }

    /// Notes that a key has changed.
    pub fn changed(&mut self, db: Db, key: &[u8]) {
        self.changed_where(|watched_db, watched_key| watched_db == db && watched_key == key);
    }

    /// The watched keys of a database.
    pub fn keys_of(&self, db: Db) -> impl Iterator<Item = &[u8]> {
        self.keys.keys().filter(move |(of, _)| *of == db).map(|(_, key)| &**key)
    }

    /// Notes that all watched keys that `affected` picks have changed.
    pub fn changed_where(&mut self, affected: impl Fn(Db, &[u8]) -> bool) {
        for ((db, key), watched) in &mut self.keys {
            if affected(*db, key) {
                self.last += 1;
                watched.version = Version(self.last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_by_everyone_who_watches() {
        let mut watches = Watches::default();
        let (first, second) = (watches.watch(Db(0), b"k"), watches.watch(Db(0), b"k"));
        watches.changed(Db(1), b"k");
        assert!(watches.unchanged(Db(0), b"k", first));
        watches.changed(Db(0), b"k");
        assert!(!watches.unchanged(Db(0), b"k", first) && !watches.unchanged(Db(0), b"k", second));
    }

    #[test]
    fn a_key_is_kept_as_long_as_somebody_watches_it() {
        let mut watches = Watches::default();
        let first = watches.watch(Db(0), b"k");
        watches.watch(Db(0), b"k");
        watches.unwatch(Db(0), b"k");
        assert!(watches.unchanged(Db(0), b"k", first));
        watches.unwatch(Db(0), b"k");
        assert!(watches.is_empty());
        assert_ne!(watches.watch(Db(0), b"k"), first);
    }
}
