//! Keys that `WATCH` keeps an eye on: a version for each, bumped by every change (Redis
//! documentation, "Transactions").
//!
//! Not here: which client watches what (`server/transaction.rs` remembers key and version).
//! Invariant: a key is in the map exactly as long as somebody watches it.

use crate::keyspace::Db;
use std::collections::{BTreeMap, HashMap};

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
    /// By database first, so that a write looks its key up without a copy of it, however many
    /// others are watched. None is empty.
    databases: BTreeMap<Db, HashMap<Box<[u8]>, Watched>>,
    /// Never repeats, so that a key that was let go and watched again has another version.
    last: u64,
}

impl Watches {
    /// Whether nobody watches anything: what every write asks first.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    /// Number of watched keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.databases.values().map(HashMap::len).sum()
    }

    /// Starts watching a key; the caller compares the version later and must call `unwatch` once.
    pub fn watch(&mut self, db: Db, key: &[u8]) -> Version {
        self.last += 1;
        let fresh = Watched { version: Version(self.last), watchers: 0 };
        let watched = self.databases.entry(db).or_default().entry(key.into()).or_insert(fresh);
        watched.watchers += 1;
        watched.version
    }

    /// Ends one `watch`.
    pub fn unwatch(&mut self, db: Db, key: &[u8]) {
        let Some(keys) = self.databases.get_mut(&db) else { return };
        let Some(watched) = keys.get_mut(key) else { return };
        watched.watchers -= 1;
        if watched.watchers == 0 {
            keys.remove(key);
        }
        if keys.is_empty() {
            self.databases.remove(&db);
        }
    }

    /// Whether the key is still as it was when `version` was handed out.
    #[must_use]
    pub fn unchanged(&self, db: Db, key: &[u8], version: Version) -> bool {
        let watched = self.databases.get(&db).and_then(|keys| keys.get(key));
        watched.is_some_and(|watched| watched.version == version)
    }

    /// Notes that a key has changed.
    pub fn changed(&mut self, db: Db, key: &[u8]) {
        if let Some(watched) = self.databases.get_mut(&db).and_then(|keys| keys.get_mut(key)) {
            self.last += 1;
            watched.version = Version(self.last);
        }
    }

    /// The watched keys of a database.
    pub fn keys_of(&self, db: Db) -> impl Iterator<Item = &[u8]> {
        self.databases.get(&db).into_iter().flatten().map(|(key, _)| &**key)
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

    #[test]
    fn a_change_costs_the_same_however_many_keys_are_watched() {
        let mut watches = Watches::default();
        for number in 0..100_000u32 {
            watches.watch(Db(0), &number.to_le_bytes());
        }
        #[allow(clippy::disallowed_methods, reason = "what is too slow shows on a clock")]
        let start = std::time::Instant::now();
        (0..200_000).for_each(|_| watches.changed(Db(0), b"nobody's"));
        // Going over all of them would take minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(20));
        assert_eq!(watches.len(), 100_000);
    }
}
