//! The table of directives: every directive that Redis 7.4 has, and our own. One row each.
//!
//! Adding a directive is adding a row to a section and, if it takes effect, a field to `Settings`.
//! Files, the command line, `CONFIG GET`, `SET`, `REWRITE` and `conf/latchd.conf` derive from it.

mod cluster;
mod encodings;
mod general;
mod limits;
mod memory;
mod network;
mod observability;
mod persistence;
#[cfg(test)]
mod redis_defaults;
mod replication;
mod security;
mod tls;

use super::directive::{Directive, Section};
use super::kind::Kind;

/// The sections in the order of `conf/latchd.conf`.
pub const SECTIONS: &[Section] = &[
    network::SECTION,
    general::SECTION,
    security::SECTION,
    limits::SECTION,
    memory::SECTION,
    observability::SECTION,
    encodings::SECTION,
    persistence::SECTION,
    replication::SECTION,
    cluster::SECTION,
    tls::SECTION,
];

/// Any whole number of 32 bits from 0, as most of Redis's counts and seconds.
const COUNT: Kind = Kind::Integer { min: 0, max: i32::MAX as i64 };
/// As [`COUNT`], from 1.
const POSITIVE: Kind = Kind::Integer { min: 1, max: i32::MAX as i64 };
/// Any 32-bit number.
const INT: Kind = Kind::Integer { min: i32::MIN as i64, max: i32::MAX as i64 };
/// Any whole number of 64 bits from 0.
const LONG_COUNT: Kind = Kind::Integer { min: 0, max: i64::MAX };
/// A TCP port, 0 for none.
const PORT: Kind = Kind::Integer { min: 0, max: u16::MAX as i64 };
/// A memory size up to the largest signed number.
const SIZE: Kind = Kind::Memory { min: 0, max: i64::MAX as u64 };

/// Every directive, section by section.
pub fn directives() -> impl Iterator<Item = &'static Directive> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

/// The directive that `name` or its alias names, in any case, with its place in [`directives`].
#[must_use]
pub fn find(name: &[u8]) -> Option<(usize, &'static Directive)> {
    let names_it = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
    directives().enumerate().find(|(_, row)| names_it(row.name) || row.alias.is_some_and(names_it))
}

/// Why rows are inert or refused, where several share the reason.
mod why {
    pub(super) const MEMORY_ONLY: &str =
        "data is kept in memory only, this version writes no RDB or AOF files";
    pub(super) const NO_REPLICAS: &str = "this version has no replicas";
    pub(super) const NO_CLUSTER: &str = "this version runs as a single node";
    pub(super) const NO_TLS: &str = "this version has no TLS";
    pub(super) const NO_ACL: &str = "this version has no ACL users, only 'requirepass'";
    pub(super) const NO_SCRIPTS: &str = "this version runs no scripts";
    pub(super) const ONE_TYPE: &str = "this version does not have this type";
    pub(super) const NO_FORK: &str = "no process is ever forked";
    pub(super) const FREED_IN_PLACE: &str = "memory is freed where the key is removed";
    pub(super) const NO_DEFRAG: &str = "memory is not defragmented, size classes fit small keys";
    pub(super) const TIMERS: &str = "expiry and timeouts run on timers, not at a fixed frequency";
    pub(super) const PINNED: &str =
        "threads are pinned if there is one for each core, see 'threads'";
    pub(super) const SUPERVISED: &str =
        "the server runs in the foreground, let a service supervisor start it";
    pub(super) const NO_SYSLOG: &str = "logs go to standard output or 'logfile'";
    pub(super) const TEST_AID: &str = "it steers Redis's own test suite";
}

#[cfg(test)]
mod tests {
    use super::super::directive::Effect;
    use super::redis_defaults::{DIFFERENT_HERE, REDIS_7_0_15, SINCE_7_0};
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        let mut names: Vec<&str> = directives().map(|row| row.name).collect();
        names.extend(directives().filter_map(|row| row.alias));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    }

    #[test]
    fn every_default_obeys_its_own_row() {
        for row in directives() {
            let words: Vec<&[u8]> = match row.kind.takes_words() {
                true => row.default.split_ascii_whitespace().map(str::as_bytes).collect(),
                false => vec![row.default.as_bytes()],
            };
            assert_eq!(row.parse(&words, None).as_ref(), Ok(&row.default_value()), "{}", row.name);
        }
    }

    #[test]
    fn every_row_says_what_it_is() {
        for row in directives() {
            assert!(row.doc.ends_with('.') && row.doc.len() > 12, "{}", row.name);
            if let Effect::Inert(reason) | Effect::Refused(reason) = row.effect {
                assert!(!reason.is_empty() && !reason.ends_with('.'), "{}", row.name);
            }
        }
    }

    #[test]
    fn names_and_defaults_are_those_of_redis_but_for_a_few_that_say_why() {
        for line in REDIS_7_0_15.lines().chain(SINCE_7_0.lines()) {
            let (name, default) = line.split_once(' ').unwrap_or((line, ""));
            let (_, row) = find(name.as_bytes()).unwrap_or_else(|| panic!("{name} is missing"));
            let ours = String::from_utf8(row.default_value().text()).unwrap();
            match DIFFERENT_HERE.iter().find(|(different, _)| *different == name) {
                Some((_, why)) => assert_ne!(ours, default, "{name} does not differ: {why}"),
                None => assert_eq!(ours, default, "{name}"),
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case_and_by_alias() {
        assert_eq!(find(b"MaxMemory").unwrap().1.name, "maxmemory");
        assert_eq!(find(b"slaveof").unwrap().1.name, "replicaof");
        assert!(find(b"nosuch").is_none());
    }
}
