//! Readers of change feeds against the shard itself: whoever follows a slot and applies what it
//! reads has what the slot has.
//!
//! The steps are those of `model.rs`, and readers that come now and then. A reader that is told
//! that it has missed something, or that a database was swapped, begins anew with a look at all
//! keys, as a client would.

use super::*;
use crate::base::events::EventClass;
use crate::keyspace::edit::Expiry;
use crate::keyspace::event;
use crate::keyspace::evict::{Among, First, Rule};
use crate::keyspace::shard::{ShardSetup, Use};
use crate::keyspace::value::NewValue;
use proptest::prelude::*;
use std::sync::LazyLock;

const DATABASES: u8 = 2;
const SLOTS: u16 = 4;
const KEYS: usize = 8;
/// Small, so that readers come too late.
const BACKLOG_BYTES: usize = 700;

const APPEND: Event = Event::new(EventClass::String, "append");
const FROM: Event = Event::new(EventClass::Generic, "rename_from");
const TO: Event = Event::new(EventClass::Generic, "rename_to");

static KEY_NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let near = |tag: &u32| SlotId::of(tag.to_string().as_bytes()).index() < usize::from(SLOTS);
    let tags: Vec<u32> = (0u32..).filter(near).take(2).collect();
    (0..KEYS).map(|number| format!("{{{}}}{number}", tags[number % tags.len()])).collect()
});

type Place = (u8, usize);

#[derive(Clone, Debug)]
enum Step {
    Set(Place, usize, Option<u64>),
    Append(Place),
    Expire(Place, Option<u64>),
    Remove(Place),
    Carry(Place, Place),
    Flush(u8),
    Swap,
    Evict,
    Pass(u64),
    Tick,
    /// By reader number so, at most so many changes.
    Read(usize, usize),
}

/// Follows the slot of a key in one database.
struct Reader {
    db: Db,
    key: Key<'static>,
    at: Option<Revision>,
    seen: BTreeMap<Vec<u8>, Vec<u8>>,
}

fn key(number: usize) -> Key<'static> {
    Key::new(KEY_NAMES[number].as_bytes())
}

/// What the slot has.
fn held(shard: &mut Shard, db: Db, slot: SlotId, now: Mono) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let keys = (0..KEYS).map(key).filter(|key| key.slot == slot);
    let read = keys.filter_map(|key| {
        let entry = shard.read(db, key, Use::Peek, now)?;
        Some((key.bytes.to_vec(), entry.value().text().expect("strings alone").to_vec()))
    });
    read.collect()
}

impl Reader {
    /// Looks at everything, and goes on from here.
    fn begin(&mut self, shard: &mut Shard, now: Mono) {
        self.seen = held(shard, self.db, self.key.slot, now);
        self.at = Some(shard.feed_revision(self.key.slot, now));
    }

    /// Whether it has to begin anew.
    fn apply(&mut self, change: &Change) -> bool {
        let key = change.key.as_ref().map(|key| key.to_vec());
        match (change.name, key, &change.value) {
            ("swapdb", None, None) => return true,
            ("flushdb", None, None) => self.seen.clear(),
            ("expire" | "persist", Some(key), None) => assert!(self.seen.contains_key(&key)),
            ("del" | "expired" | "evicted" | "rename_from", Some(key), None) => {
                assert!(self.seen.remove(&key).is_some(), "what goes was there");
            }
            ("set" | "append" | "rename_to", Some(key), Some(value)) => {
                drop(self.seen.insert(key, value.to_vec()));
            }
            other => panic!("nobody has done that: {other:?}"),
        }
        false
    }

    fn read(&mut self, shard: &mut Shard, count: usize, now: Mono) {
        let Some(since) = self.at else { return self.begin(shard, now) };
        let want = Want { db: self.db, prefix: Box::default() };
        let Ok(page) = shard.read_feed(self.key.slot, since, (&want, count), now) else {
            return self.begin(shard, now);
        };
        let (upto, changes) = (page.upto, page.changes);
        assert!(changes.is_sorted_by_key(|(seq, _)| *seq) && changes.len() <= count);
        let changes: Vec<(u64, Change)> =
            changes.into_iter().map(|(seq, change)| (seq, change.clone())).collect();
        for (seq, change) in &changes {
            assert!(*seq > since.seq && *seq <= upto, "none is seen twice");
            if self.apply(change) {
                return self.begin(shard, now);
            }
        }
        self.at = Some(Revision { seq: upto, ..since });
    }
}

fn change(shard: &mut Shard, step: &Step, now: Mono) {
    let until = |ms: Option<u64>| ms.map_or(Expiry::Never, |ms| Expiry::At(now.plus(ms)));
    match step {
        Step::Set(place, bytes, ms) => {
            let text = vec![b'x'; *bytes];
            let mut edit = shard.edit(Db(place.0), key(place.1), now);
            edit.set(NewValue::Text(&text), until(*ms), &event::SET);
        }
        Step::Append(place) => {
            let mut edit = shard.edit(Db(place.0), key(place.1), now);
            let len = edit.text().expect("a string").map_or(0, |text| text.len()) + 1;
            edit.change_bytes(len, &APPEND, |bytes| bytes.push(b'y')).expect("there is room");
        }
        Step::Expire(place, ms) => {
            shard.edit(Db(place.0), key(place.1), now).set_expiry(until(*ms));
        }
        Step::Remove(place) => drop(shard.edit(Db(place.0), key(place.1), now).remove()),
        Step::Carry(from, to) => {
            if let Some(taken) = shard.edit(Db(from.0), key(from.1), now).take(&FROM) {
                shard.edit(Db(to.0), key(to.1), now).put(taken, &TO);
            }
        }
        Step::Flush(db) => drop(shard.flush(Db(*db), now)),
        Step::Swap => shard.swap(Db(0), Db(1), now),
        Step::Evict => {
            let rule = Rule { among: Among::All, first: First::Any, samples: 1 };
            shard.evict(rule, now);
        }
        Step::Tick => drop(shard.tick(now, 9)),
        Step::Pass(_) | Step::Read(..) => {}
    }
}

fn run(steps: &[Step]) {
    let (first, databases) = (SlotId::default(), u16::from(DATABASES));
    let epoch = Epoch::default();
    let setup = ShardSetup { first, slots: SLOTS, databases, epoch, seed: 7, now: Mono(0) };
    let mut shard = Shard::new(setup);
    shard.limit_feeds(BACKLOG_BYTES);
    let mut readers: Vec<Reader> = (0..DATABASES)
        .flat_map(|db| [0, 1].map(|number| (Db(db), key(number))))
        .map(|(db, key)| Reader { db, key, at: None, seen: BTreeMap::new() })
        .collect();
    let mut now = Mono(0);
    for step in steps {
        change(&mut shard, step, now);
        match step {
            Step::Pass(ms) => now = now.plus(*ms),
            Step::Read(reader, count) => readers[*reader].read(&mut shard, *count, now),
            Step::Set(..) | Step::Append(_) | Step::Expire(..) | Step::Remove(_) => {}
            Step::Carry(..) | Step::Flush(_) | Step::Swap | Step::Evict | Step::Tick => {}
        }
        shard.assert_invariants();
    }
    for reader in &mut readers {
        // Looking ends what is due, which is a change as well.
        let held = held(&mut shard, reader.db, reader.key.slot, now);
        reader.read(&mut shard, usize::MAX, now);
        assert_eq!(reader.seen, held, "database {}", reader.db.0);
    }
    shard.assert_invariants();
}

fn place() -> impl Strategy<Value = Place> {
    (0..DATABASES, 0..KEYS)
}

fn step() -> impl Strategy<Value = Step> {
    let ms = || prop::option::of(prop_oneof![0u64..3, 0u64..300]);
    let pass = prop_oneof![9 => 0u64..200, 1 => UNREAD_MS_MAX - 100..UNREAD_MS_MAX + 100];
    let count = prop_oneof![1usize..5, Just(usize::MAX)];
    prop_oneof![
        10 => (place(), 0usize..60, ms()).prop_map(|(at, bytes, ms)| Step::Set(at, bytes, ms)),
        4 => place().prop_map(Step::Append),
        4 => (place(), ms()).prop_map(|(at, ms)| Step::Expire(at, ms)),
        4 => place().prop_map(Step::Remove),
        4 => (place(), place()).prop_map(|(from, to)| Step::Carry(from, to)),
        1 => (0..DATABASES).prop_map(Step::Flush),
        1 => Just(Step::Swap),
        2 => Just(Step::Evict),
        4 => pass.prop_map(Step::Pass),
        3 => Just(Step::Tick),
        10 => (0..4usize, count).prop_map(|(reader, count)| Step::Read(reader, count)),
    ]
}

proptest! {
    #[test]
    fn who_follows_a_slot_has_what_it_has(steps in prop::collection::vec(step(), 0..150)) {
        run(&steps);
    }
}

#[test]
fn a_feed_that_was_given_up_is_not_taken_for_one_without_changes() {
    let (at, reader) = ((0, 0), 0);
    run(&[
        Step::Read(reader, 9),
        Step::Pass(UNREAD_MS_MAX),
        Step::Tick,
        Step::Set(at, 3, None),
        Step::Read(reader, 9),
        Step::Pass(UNREAD_MS_MAX - 1),
        Step::Tick,
        Step::Set(at, 4, None),
    ]);
}
