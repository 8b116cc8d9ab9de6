//! Leases against a model: random strings, locks and requests that hang on two leases of one slot,
//! in two databases. After every step the shard's invariants hold, every grant without an end of
//! its own has its link, and the strings that are there are those of the model.

#![cfg(test)]

use super::*;
use crate::base::slot::SlotId;
use crate::coord::ask::Ask;
use crate::coord::grant::Lasting;
use crate::coord::lease::{self, KeepAlive};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::{Acquire, Admission};
use crate::coord::mode::Mode;
use crate::coord::token::Epoch;
use crate::coord::wait_graph::Wait;
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
    /// Database and lease.
    Lease(u8, usize, OnLease),
    /// Database and string.
    Text(u8, usize, OnText),
    /// Database, lock and owner.
    Lock(u8, usize, usize, OnLock),
    All(OnAll),
}

#[derive(Clone, Copy, Debug)]
enum OnLease {
    Grant { ttl_ms: u64, conn: Option<u64> },
    KeepAlive,
    Revoke,
    Delete,
}

#[derive(Clone, Copy, Debug)]
enum OnText {
    Set { lease: Option<usize>, ttl_ms: Option<u64> },
    Append,
    Delete,
    Rename { to: usize },
}

#[derive(Clone, Copy, Debug)]
enum OnLock {
    /// With a lease, or for so many milliseconds; parked if it is busy.
    Acquire {
        lease: Option<usize>,
        ttl_ms: u64,
    },
    Release,
    Delete,
}

#[derive(Clone, Copy, Debug)]
enum OnAll {
    Close {
        conn: u64,
    },
    /// The oldest request that is still parked goes away.
    Abandon,
    /// It takes what it has.
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
    end: u64,
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
        let is_due = |held: &Held| held.conn.is_none() && held.end <= now;
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

    fn lease_step(&mut self, (db, lease): (u8, usize), step: OnLease) {
        let (now, at) = (Mono(self.model.now), (self.model.table(db), lease));
        let is_there = self.live(db, Some(lease)).is_some();
        match step {
            OnLease::Grant { ttl_ms, conn } => {
                let ask = lease::Ask { ttl_ms, meta: None, conn: conn.map(ConnId) };
                let granted = self
                    .edit(db, LEASES[lease])
                    .coordinate(|it: &mut Lease, tokens| it.grant(ask, now, tokens));
                assert!(granted.is_ok());
                let mut end = now.0 + ttl_ms;
                if let Some(held) = self.model.leases.get(&at)
                    && (held.conn, conn) == (None, None)
                {
                    // A repeat does not bring the end forward.
                    end = end.max(held.end);
                }
                self.model.leases.insert(at, Held { ttl_ms, conn, end });
            }
            OnLease::KeepAlive => {
                let kept = self
                    .edit(db, LEASES[lease])
                    .coordinate(|it: &mut Lease, _| it.keep_alive(None, now));
                assert_eq!(kept != Ok(KeepAlive::Gone), is_there);
                self.model.leases.entry(at).and_modify(|held| held.end = now.0 + held.ttl_ms);
            }
            OnLease::Revoke => {
                let ended = self.edit(db, LEASES[lease]).revoke(None).unwrap();
                assert_eq!(ended.is_some(), is_there);
                self.model.end(at);
            }
            OnLease::Delete => {
                assert_eq!(self.edit(db, LEASES[lease]).remove(), is_there);
                self.model.end(at);
            }
        }
    }

    fn text_step(&mut self, (db, string): (u8, usize), step: OnText) {
        let (now, table) = (self.model.now, self.model.table(db));
        match step {
            OnText::Set { lease, ttl_ms } => {
                let hung = self.live(db, lease);
                let end = ttl_ms.map(|ms| now + ms);
                let expiry = end.map_or(Expiry::Never, |end| Expiry::At(Mono(end)));
                let mut edit = self.edit(db, STRINGS[string]);
                edit.set(NewValue::Text(b"v"), expiry, &event::SET);
                hung.iter().for_each(|lease| edit.hang_text(lease));
                let held = (lease.filter(|_| hung.is_some()), end);
                self.model.strings.insert((table, string), held);
            }
            OnText::Append => {
                let mut edit = self.edit(db, STRINGS[string]);
                edit.change_bytes(80, &event::SET, |bytes| bytes.push(b'x')).unwrap();
                self.model.strings.entry((table, string)).or_insert((None, None));
            }
            OnText::Delete => {
                let there = self.edit(db, STRINGS[string]).remove();
                assert_eq!(self.model.strings.remove(&(table, string)).is_some(), there);
            }
            OnText::Rename { to } => {
                let taken = self.edit(db, STRINGS[string]).take(&event::DEL);
                let held = self.model.strings.remove(&(table, string));
                assert_eq!(taken.is_some(), held.is_some());
                if let (Some(taken), Some(held)) = (taken, held) {
                    self.edit(db, STRINGS[to]).put(taken, &event::SET);
                    self.model.strings.insert((table, to), held);
                }
            }
        }
    }

    fn lock_step(&mut self, (db, lock): (u8, usize), owner: &'static [u8], step: OnLock) {
        let now = Mono(self.model.now);
        match step {
            OnLock::Acquire { lease, ttl_ms } => {
                let hung = self.live(db, lease);
                let lasting = if hung.is_some() { Lasting::Lease } else { Lasting::Ms(ttl_ms) };
                self.acquire((db, LOCKS[lock]), Owner::new(owner), lasting, hung);
            }
            OnLock::Release => {
                let mut edit = self.edit(db, LOCKS[lock]);
                let released =
                    edit.coordinate(|it: &mut Lock, _| drop(it.release(owner, None, now)));
                assert!(released.is_ok());
            }
            OnLock::Delete => drop(self.edit(db, LOCKS[lock]).remove()),
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
        let ask = Ask { owner, mode, lasting, delay_ms: 0, reentrant: false, below: false };
        let mut edit = self.edit(db, key);
        let lock = edit.machine::<Lock>().unwrap();
        if lock.map(|it| it.admits(name.name(), mode, now)) == Some(Admission::Busy) {
            // As a command does that waits.
            let (id, lock) = self.shard.lock(Db(db), Key::new(key));
            let mut waits = self.shard.locks.waits();
            let holders = lock.into_iter().flat_map(|lock| lock.holders(now));
            waits.contend(id, holders.map(|holder| (&holder.owner, holder.mode)));
            let is_deadlock = waits.wait(waiter, &name, &[(id, mode)]) != Wait::Parks;
            drop(waits);
            if is_deadlock {
                return;
            }
            let notice = Arc::new(Deaf);
            let mut edit = self.edit(db, key);
            edit.park(waiter, Parking { owner: name, notice, several: false });
            edit.coordinate(|it: &mut Lock, tokens| it.park(waiter, ask, now, tokens)).unwrap();
            lease.iter().for_each(|lease| edit.hang_waiter(waiter, lease));
            self.last_waiter += 1;
            self.parked.push(waiter);
            return;
        }
        let acquired = edit.coordinate(|it: &mut Lock, tokens| it.acquire(ask, now, tokens));
        assert!(matches!(acquired, Ok(Acquire::Granted(_) | Acquire::AlreadyYours(_))));
        lease.iter().for_each(|lease| edit.hang_grant(&name, lease));
    }

    fn step_on_all(&mut self, step: OnAll) {
        let now = Mono(self.model.now);
        match step {
            OnAll::Close { conn } => {
                self.shard.connection_closed(ConnId(conn), now);
                for held in self.model.leases.values_mut().filter(|it| it.conn == Some(conn)) {
                    (held.conn, held.end) = (None, now.0 + held.ttl_ms);
                }
            }
            OnAll::Abandon => {
                self.parked.drain(..self.parked.len().min(1)).for_each(|waiter| {
                    self.shard.abandon(waiter, now);
                });
            }
            OnAll::Collect => {
                self.parked.drain(..self.parked.len().min(1)).for_each(|waiter| {
                    let _ = self.shard.end_wait(waiter, now);
                });
            }
            OnAll::Flush { db } => {
                drop(self.shard.flush(Db(db), now));
                let table = self.model.table(db);
                self.model.leases.retain(|at, _| at.0 != table);
                self.model.strings.retain(|at, _| at.0 != table);
            }
            OnAll::Swap => {
                self.shard.swap(Db(0), Db(1), now);
                self.model.swapped = !self.model.swapped;
            }
            OnAll::Pass { ms, ticks } => {
                self.model.pass(ms);
                if ticks {
                    let _ = self.shard.tick(Mono(self.model.now), 1000);
                }
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Lease(db, lease, step) => self.lease_step((db, lease), step),
            Step::Text(db, string, step) => self.text_step((db, string), step),
            Step::Lock(db, lock, owner, step) => self.lock_step((db, lock), OWNERS[owner], step),
            Step::All(step) => self.step_on_all(step),
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
    let hung = || prop::option::weighted(0.7, 0..2usize);
    let grant = (1..20u64, prop::option::of(0..3u64));
    let set = (hung(), prop::option::of(1..20u64));
    let on_lease = prop_oneof![
        4 => grant.prop_map(|(ttl_ms, conn)| OnLease::Grant { ttl_ms, conn }),
        1 => Just(OnLease::KeepAlive),
        1 => Just(OnLease::Revoke),
        1 => Just(OnLease::Delete),
    ];
    let on_text = prop_oneof![
        5 => set.prop_map(|(lease, ttl_ms)| OnText::Set { lease, ttl_ms }),
        1 => Just(OnText::Append),
        1 => Just(OnText::Delete),
        1 => (0..3usize).prop_map(|to| OnText::Rename { to }),
    ];
    let on_lock = prop_oneof![
        6 => (hung(), 1..20u64).prop_map(|(lease, ttl_ms)| OnLock::Acquire { lease, ttl_ms }),
        2 => Just(OnLock::Release),
        1 => Just(OnLock::Delete),
    ];
    let on_all = prop_oneof![
        1 => (0..3u64).prop_map(|conn| OnAll::Close { conn }),
        1 => Just(OnAll::Abandon),
        1 => Just(OnAll::Collect),
        1 => (0..2u8).prop_map(|db| OnAll::Flush { db }),
        1 => Just(OnAll::Swap),
        5 => (1..12u64, any::<bool>()).prop_map(|(ms, ticks)| OnAll::Pass { ms, ticks }),
    ];
    prop_oneof![
        7 => (0..2u8, 0..2usize, on_lease).prop_map(|(db, at, step)| Step::Lease(db, at, step)),
        8 => (0..2u8, 0..3usize, on_text).prop_map(|(db, at, step)| Step::Text(db, at, step)),
        9 => (0..2u8, 0..2usize, 0..3usize, on_lock).prop_map(
            |(db, at, owner, step)| Step::Lock(db, at, owner, step)),
        10 => on_all.prop_map(Step::All),
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
