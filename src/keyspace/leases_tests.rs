#![cfg(test)]
//! Leases against a model: random strings, locks and requests that hang on two leases of one slot, in
//! two databases. After every step the shard's invariants hold, every grant without an end of its
//! own has its link, and the strings that are there are those of the model.

use super::*;
use crate::base::slot::SlotId;
use crate::coord::ask::Ask;
use crate::coord::grant::Lasting;
use crate::coord::lease;
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission};
use crate::coord::mode::Mode;
use crate::coord::token::Epoch;
use crate::keyspace::edit::Expiry;
use crate::keyspace::shard::ShardSetup;
use crate::keyspace::value::NewValue;
use crate::keyspace::waiters::{Notice, Parking};
use crate::keyspace::{Db, Key};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const LEASES: [&[u8]; 2] = [b"{t}l0", b"{t}l1"];
const STRINGS: [&[u8]; 3] = [b"{t}s0", b"{t}s1", b"{t}s2"];
const LOCKS: [&[u8]; 2] = [b"{t}k0", b"{t}k1"];
const OWNERS: [&[u8]; 3] = [b"a", b"b", b"c"];

#[derive(Clone, Debug)]
enum Step {
    Grant {
        db: u8,
        lease: usize,
        ttl_ms: u64,
        conn: Option<u64>,
    },
    KeepAlive {
        db: u8,
        lease: usize,
    },
    Revoke {
        db: u8,
        lease: usize,
    },
    DeleteLease {
        db: u8,
        lease: usize,
    },
    Close {
        conn: u64,
    },
    Set {
        db: u8,
        string: usize,
        lease: Option<usize>,
        ttl_ms: Option<u64>,
    },
    Append {
        db: u8,
        string: usize,
    },
    Delete {
        db: u8,
        string: usize,
    },
    Rename {
        db: u8,
        from: usize,
        to: usize,
    },
    /// With a lease, or for so many milliseconds; parked if it is busy.
    Acquire {
        db: u8,
        lock: usize,
        owner: usize,
        lease: Option<usize>,
        ttl_ms: u64,
    },
    Release {
        db: u8,
        lock: usize,
        owner: usize,
    },
    DeleteLock {
        db: u8,
        lock: usize,
    },
    /// The oldest request that is still parked goes away, or takes what it has.
    Abandon,
    Collect,
    Flush {
        db: u8,
    },
    Swap,
    /// Time passes, and the shard's timers run or do not.
    Pass {
        ms: u64,
        ticks: bool,
    },
}

#[derive(Debug)]
struct Deaf;

impl Notice for Deaf {
    fn give(&self) {}
}

#[derive(Clone, Copy)]
struct Held {
    ttl_ms: u64,
    conn: Option<u64>,
    touched: u64,
}

/// By the table that is behind a database's number.
#[derive(Default)]
struct Model {
    leases: BTreeMap<(u8, usize), Held>,
    /// The lease and the end that a string has.
    strings: BTreeMap<(u8, usize), (Option<usize>, Option<u64>)>,
    swapped: bool,
    now: u64,
}

impl Model {
    const fn table(&self, db: u8) -> u8 {
        if self.swapped { 1 - db } else { db }
    }

    fn end(&mut self, at: (u8, usize)) {
        self.leases.remove(&at);
        self.strings.retain(|string, held| string.0 != at.0 || held.0 != Some(at.1));
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        let now = self.now;
        let is_due = |held: &Held| held.conn.is_none() && held.touched + held.ttl_ms <= now;
        let due = self.leases.iter().filter(|(_, held)| is_due(held)).map(|(at, _)| *at);
        due.collect::<Vec<_>>().into_iter().for_each(|at| self.end(at));
        self.strings.retain(|_, (_, end)| end.is_none_or(|end| end > now));
    }
}

struct Bench {
    shard: Shard,
    model: Model,
    parked: Vec<WaiterId>,
    last_waiter: u64,
}

impl Bench {
    fn new() -> Self {
        let setup = ShardSetup {
            first: SlotId::of(b"{t}"),
            slots: 1,
            databases: 2,
            epoch: Epoch::default(),
            seed: 7,
            now: Mono(0),
        };
        let (shard, model) = (Shard::new(setup), Model::default());
        Self { shard, model, parked: Vec::new(), last_waiter: 0 }
    }

    fn edit<'b>(&'b mut self, db: u8, key: &'static [u8]) -> Edit<'b, 'static> {
        self.shard.edit(Db(db), Key::new(key), Mono(self.model.now))
    }

    /// The lease, if it is there: commands look first.
    fn live(&self, db: u8, lease: Option<usize>) -> Option<&'static [u8]> {
        let lease = lease?;
        self.model.leases.contains_key(&(self.model.table(db), lease)).then_some(LEASES[lease])
    }

    fn lease_step(&mut self, step: &Step) {
        let now = Mono(self.model.now);
        match *step {
            Step::Grant { db, lease, ttl_ms, conn } => {
                let ask = lease::Ask { ttl_ms, meta: None, conn: conn.map(ConnId) };
                let granted = self
                    .edit(db, LEASES[lease])
                    .coordinate(|it: &mut Lease, tokens| it.grant(ask, now, tokens));
                assert!(granted.is_ok());
                let held = Held { ttl_ms, conn, touched: now.0 };
                self.model.leases.insert((self.model.table(db), lease), held);
            }
            Step::KeepAlive { db, lease } if self.live(db, Some(lease)).is_some() => {
                let kept = self
                    .edit(db, LEASES[lease])
                    .coordinate(|it: &mut Lease, _| it.keep_alive(None, now));
                assert!(kept.is_ok());
                let at = (self.model.table(db), lease);
                self.model.leases.entry(at).and_modify(|held| held.touched = now.0);
            }
            Step::Revoke { db, lease } => {
                let expected = self.live(db, Some(lease)).is_some();
                let ended = self.edit(db, LEASES[lease]).revoke(None).unwrap();
                assert_eq!(ended.is_some(), expected);
                self.model.end((self.model.table(db), lease));
            }
            Step::DeleteLease { db, lease } => {
                self.edit(db, LEASES[lease]).remove();
                self.model.end((self.model.table(db), lease));
            }
            Step::Close { conn } => {
                self.shard.connection_closed(ConnId(conn), now);
                for held in self.model.leases.values_mut().filter(|it| it.conn == Some(conn)) {
                    (held.conn, held.touched) = (None, now.0);
                }
            }
            _ => {}
        }
    }

    fn string_step(&mut self, step: &Step) {
        let now = self.model.now;
        match *step {
            Step::Set { db, string, lease, ttl_ms } => {
                let hung = self.live(db, lease);
                let end = ttl_ms.map(|ms| now + ms);
                let expiry = end.map_or(Expiry::Never, |end| Expiry::At(Mono(end)));
                let mut edit = self.edit(db, STRINGS[string]);
                edit.set(NewValue::Text(b"v"), expiry);
                hung.iter().for_each(|lease| edit.hang_text(lease));
                let held = (lease.filter(|_| hung.is_some()), end);
                self.model.strings.insert((self.model.table(db), string), held);
            }
            Step::Append { db, string } => {
                self.edit(db, STRINGS[string]).change_bytes(|bytes| bytes.push(b'x'));
                let at = (self.model.table(db), string);
                self.model.strings.entry(at).or_insert((None, None));
            }
            Step::Delete { db, string } => {
                let there = self.edit(db, STRINGS[string]).remove();
                let at = (self.model.table(db), string);
                assert_eq!(self.model.strings.remove(&at).is_some(), there);
            }
            Step::Rename { db, from, to } if from != to => {
                let taken = self.edit(db, STRINGS[from]).take();
                let table = self.model.table(db);
                let held = self.model.strings.remove(&(table, from));
                assert_eq!(taken.is_some(), held.is_some());
                if let (Some(taken), Some(held)) = (taken, held) {
                    self.edit(db, STRINGS[to]).put(taken);
                    self.model.strings.insert((table, to), held);
                }
            }
            _ => {}
        }
    }

    fn lock_step(&mut self, step: &Step) {
        let now = Mono(self.model.now);
        match *step {
            Step::Acquire { db, lock, owner, lease, ttl_ms } => {
                let hung = self.live(db, lease);
                let lasting = if hung.is_some() { Lasting::Lease } else { Lasting::Ms(ttl_ms) };
                let owner = Owner::new(OWNERS[owner]);
                self.acquire((db, LOCKS[lock]), owner, lasting, hung);
            }
            Step::Release { db, lock, owner } => {
                let mut edit = self.edit(db, LOCKS[lock]);
                let released =
                    edit.coordinate(|it: &mut Lock, _| drop(it.release(OWNERS[owner], None, now)));
                assert!(released.is_ok());
            }
            Step::DeleteLock { db, lock } => drop(self.edit(db, LOCKS[lock]).remove()),
            Step::Abandon if !self.parked.is_empty() => {
                let waiter = self.parked.remove(0);
                self.shard.abandon(waiter, now);
            }
            Step::Collect if !self.parked.is_empty() => {
                let waiter = self.parked.remove(0);
                let _ = self.shard.end_wait(waiter, now);
            }
            _ => {}
        }
    }

    fn acquire(
        &mut self,
        (db, key): (u8, &'static [u8]),
        owner: Owner,
        lasting: Lasting,
        lease: Option<&'static [u8]>,
    ) {
        let now = Mono(self.model.now);
        let waiter = WaiterId(self.last_waiter + 1);
        let (mode, name) = (Mode::Exclusive, owner.clone());
        let ask = Ask { owner, mode, lasting, delay_ms: 0, reentrant: false };
        let mut edit = self.edit(db, key);
        let lock = edit.machine::<Lock>().unwrap();
        if lock.map(|it| it.admits(name.name(), mode, now)) == Some(Admission::Busy) {
            let notice = Arc::new(Deaf);
            edit.park(waiter, Parking { owner: name, notice, several: false });
            edit.coordinate(|it: &mut Lock, _| it.park(waiter, ask, now)).unwrap();
            lease.iter().for_each(|lease| edit.hang_waiter(waiter, lease));
            self.last_waiter += 1;
            self.parked.push(waiter);
            return;
        }
        let acquired = edit.coordinate(|it: &mut Lock, tokens| it.acquire(ask, now, tokens));
        assert!(matches!(acquired, Ok(Acquire::Granted(_) | Acquire::AlreadyYours(_))));
        lease.iter().for_each(|lease| edit.hang_grant(&name, lease));
    }

    fn step(&mut self, step: &Step) {
        self.lease_step(step);
        self.string_step(step);
        self.lock_step(step);
        match *step {
            Step::Flush { db } => {
                drop(self.shard.flush(Db(db), Mono(self.model.now)));
                let table = self.model.table(db);
                self.model.leases.retain(|at, _| at.0 != table);
                self.model.strings.retain(|at, _| at.0 != table);
            }
            Step::Swap => {
                self.shard.swap(Db(0), Db(1), Mono(self.model.now));
                self.model.swapped = !self.model.swapped;
            }
            Step::Pass { ms, ticks } => {
                self.model.pass(ms);
                if ticks {
                    let _ = self.shard.tick(Mono(self.model.now), 1000);
                }
            }
            _ => {}
        }
    }

    fn check(&mut self) {
        for (db, string) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
            let expected = self.model.strings.contains_key(&(self.model.table(db), string));
            assert_eq!(self.edit(db, STRINGS[string]).exists(), expected, "{db} {string}");
        }
        self.shard.assert_invariants();
        for (table, key) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let links = self.shard.leases.links.get(LOCKS[key]);
            let is_linked = |owner: &Owner| {
                links.is_some_and(|links| {
                    links.iter().any(|it| it.table == table && it.owner.as_ref() == Some(owner))
                })
            };
            for owner in OWNERS.map(Owner::new) {
                let hangs = self.shard.grant_hangs((0, table), LOCKS[key], &owner, Mono(0));
                assert_eq!(hangs, is_linked(&owner), "{owner:?} of lock {key} in table {table}");
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (db, two, three) = (0..2u8, 0..2usize, 0..3usize);
    let hung = prop::option::weighted(0.7, 0..2usize);
    let at = || (0..2u8, 0..2usize);
    prop_oneof![
        4 => (db.clone(), two.clone(), 1..20u64, prop::option::of(0..3u64)).prop_map(
            |(db, lease, ttl_ms, conn)| Step::Grant { db, lease, ttl_ms, conn }),
        1 => at().prop_map(|(db, lease)| Step::KeepAlive { db, lease }),
        1 => at().prop_map(|(db, lease)| Step::Revoke { db, lease }),
        1 => at().prop_map(|(db, lease)| Step::DeleteLease { db, lease }),
        1 => (0..3u64).prop_map(|conn| Step::Close { conn }),
        5 => (db.clone(), three.clone(), hung.clone(), prop::option::of(1..20u64)).prop_map(
            |(db, string, lease, ttl_ms)| Step::Set { db, string, lease, ttl_ms }),
        1 => (db.clone(), three.clone()).prop_map(|(db, string)| Step::Append { db, string }),
        1 => (db.clone(), three.clone()).prop_map(|(db, string)| Step::Delete { db, string }),
        1 => (db.clone(), three.clone(), three.clone()).prop_map(
            |(db, from, to)| Step::Rename { db, from, to }),
        6 => (db.clone(), two.clone(), three.clone(), hung, 1..20u64).prop_map(
            |(db, lock, owner, lease, ttl_ms)| {
                Step::Acquire { db, lock, owner, lease, ttl_ms }
            }),
        2 => (db.clone(), two, three).prop_map(
            |(db, lock, owner)| Step::Release { db, lock, owner }),
        1 => at().prop_map(|(db, lock)| Step::DeleteLock { db, lock }),
        1 => Just(Step::Abandon),
        1 => Just(Step::Collect),
        1 => db.prop_map(|db| Step::Flush { db }),
        1 => Just(Step::Swap),
        5 => (1..12u64, any::<bool>()).prop_map(|(ms, ticks)| Step::Pass { ms, ticks }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_hangs_on_a_lease_ends_with_it_whatever_happens(
        steps in prop::collection::vec(step(), 1..80)
    ) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.step(step);
            bench.check();
        }
    }
}
