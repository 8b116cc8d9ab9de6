//! The gate against a model: random changes of strings and hashes through `Edit`, and a map of keys
//! with their values and deadlines.
//!
//! After every step the shard's invariants hold, every key reads as the model says, and whoever
//! watches a key that has changed is told.

#![cfg(test)]

use crate::base::events::EventClass;
use crate::base::key_hash::KeyHash;
use crate::base::slot::SlotId;
use crate::base::time::Mono;
use crate::coord::token::Epoch;
use crate::keyspace::collection::{Changed, Kind};
use crate::keyspace::edit::Expiry;
use crate::keyspace::event::{self, Event};
use crate::keyspace::shard::{Shard, ShardSetup, Tick, Use};
use crate::keyspace::value::{NewValue, Value};
use crate::keyspace::watch::Version;
use crate::keyspace::{Db, Key};
use crate::types::hash::{Hash, Limits};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const DATABASES: u8 = 3;
/// Few, so that going over all of them after every step is quick.
const SLOTS: u16 = 8;
/// Enough that tables grow, overflow and shrink.
const KEYS: usize = 48;

/// Keys whose slots are below [`SLOTS`], several in each.
static KEY_NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let near = |tag: &u32| SlotId::of(tag.to_string().as_bytes()).index() < usize::from(SLOTS);
    let tags: Vec<u32> = (0u32..).filter(near).take(4).collect();
    (0..KEYS).map(|number| format!("{{{}}}{number}", tags[number % tags.len()])).collect()
});

const APPEND: Event = Event::new(EventClass::String, "append");
const HSET: Event = Event::new(EventClass::Hash, "hset");
const HDEL: Event = Event::new(EventClass::Hash, "hdel");
const FROM: Event = Event::new(EventClass::Generic, "rename_from");
const TO: Event = Event::new(EventClass::Generic, "rename_to");

/// A key of the model: database, and place in [`KEY_NAMES`].
type Place = (u8, usize);

#[derive(Clone, Debug)]
enum Step {
    Set(Place, Vec<u8>, Until),
    Append(Place, Vec<u8>),
    /// A field of a hash gets a value.
    SetField(Place, u8, Vec<u8>),
    /// A field of a hash goes away.
    DropField(Place, u8),
    SetExpiry(Place, Until),
    Read(Place),
    Remove(Place),
    /// RENAME and MOVE: out of one key, into another.
    Carry(Place, Place),
    Flush(u8),
    Swap(u8, u8),
    /// Time passes, and nobody looks.
    Pass(u64),
    /// So many steps of the shard's timers.
    Tick(usize),
}

/// An `Expiry` that has not met the clock yet.
#[derive(Clone, Copy, Debug)]
enum Until {
    Never,
    Keep,
    In(u64),
}

impl Until {
    fn at(self, now: Mono) -> Expiry {
        match self {
            Self::Never => Expiry::Never,
            Self::Keep => Expiry::Keep,
            Self::In(ms) => Expiry::At(now.plus(ms)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Text(Vec<u8>),
    Hash(BTreeMap<u8, Vec<u8>>),
}

impl Content {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.to_vec()),
            Value::Collection(collection) => {
                let hash = Hash::of(collection).expect("the model has no other collections");
                Self::Hash(hash.iter().map(|(field, value)| (field[0], value.to_vec())).collect())
            }
            Value::Primitive(_) => panic!("the model has nothing that coordinates"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    content: Content,
    deadline: Option<Mono>,
}

/// What the shard should hold. A key that has ended may still be in the map: it is not seen.
#[derive(Clone, Default)]
struct Model {
    keys: BTreeMap<Place, Held>,
    now: Mono,
}

impl Model {
    fn seen(&self, place: Place) -> Option<&Held> {
        let live = |held: &&Held| held.deadline.is_none_or(|deadline| deadline > self.now);
        self.keys.get(&place).filter(live)
    }

    fn set(&mut self, place: Place, content: Content, expiry: Expiry) {
        let deadline = match expiry {
            Expiry::Never => None,
            Expiry::Keep => self.seen(place).and_then(|held| held.deadline),
            Expiry::At(deadline) => Some(deadline),
        };
        self.keys.insert(place, Held { content, deadline });
    }

    fn take(&mut self, place: Place) -> Option<Held> {
        let seen = self.seen(place).cloned();
        self.keys.remove(&place);
        seen
    }

    /// Does what the step says; what it must have returned from the shard.
    fn step(&mut self, step: &Step) -> bool {
        let now = self.now;
        match step {
            Step::Set(place, text, until) => {
                self.set(*place, Content::Text(text.clone()), until.at(now));
            }
            Step::Append(place, more) => {
                let held = self.seen(*place).cloned();
                let empty = Held { content: Content::Text(Vec::new()), deadline: None };
                let mut held = held.unwrap_or(empty);
                let Content::Text(text) = &mut held.content else { return false };
                text.extend_from_slice(more);
                self.keys.insert(*place, held);
            }
            Step::SetField(place, field, value) => {
                let held = self.seen(*place).cloned();
                let empty = Held { content: Content::Hash(BTreeMap::new()), deadline: None };
                let mut held = held.unwrap_or(empty);
                let Content::Hash(fields) = &mut held.content else { return false };
                fields.insert(*field, value.clone());
                self.keys.insert(*place, held);
            }
            Step::DropField(place, field) => {
                let Some(mut held) = self.seen(*place).cloned() else { return false };
                let Content::Hash(fields) = &mut held.content else { return false };
                let was_there = fields.remove(field).is_some();
                if fields.is_empty() {
                    self.keys.remove(place);
                } else {
                    self.keys.insert(*place, held);
                }
                return was_there;
            }
            Step::SetExpiry(place, until) => {
                let Some(held) = self.seen(*place).cloned() else { return false };
                match until.at(now) {
                    Expiry::Keep => return false,
                    Expiry::Never if held.deadline.is_none() => return false,
                    expiry @ (Expiry::Never | Expiry::At(_)) => {
                        self.set(*place, held.content, expiry);
                    }
                }
            }
            Step::Read(place) => return self.seen(*place).is_some(),
            Step::Remove(place) => return self.take(*place).is_some(),
            Step::Carry(from, to) => {
                let Some(held) = self.take(*from) else { return false };
                self.keys.insert(*to, held);
            }
            Step::Flush(db) => self.keys.retain(|(of, _), _| of != db),
            Step::Swap(left, right) => {
                let swapped = |of: u8| match of {
                    of if of == *left => *right,
                    of if of == *right => *left,
                    of => of,
                };
                let keys = std::mem::take(&mut self.keys);
                self.keys =
                    keys.into_iter().map(|((of, key), held)| ((swapped(of), key), held)).collect();
            }
            Step::Pass(ms) => self.now = now.plus(*ms),
            Step::Tick(_) => {}
        }
        true
    }
}

fn shard() -> Shard {
    let setup = ShardSetup {
        first: SlotId::default(),
        slots: SLOTS,
        databases: u16::from(DATABASES),
        epoch: Epoch::default(),
        seed: 7,
        now: Mono(0),
    };
    Shard::new(setup)
}

fn key((_, number): Place) -> Key<'static> {
    Key::new(KEY_NAMES[number].as_bytes())
}

/// Does the step; whether something was there to do it to.
fn apply(shard: &mut Shard, step: &Step, now: Mono) -> bool {
    match step {
        Step::Set(place, text, until) => {
            let mut edit = shard.edit(Db(place.0), key(*place), now);
            edit.set(NewValue::Text(text), until.at(now), &event::SET);
        }
        Step::Append(place, more) => {
            let mut edit = shard.edit(Db(place.0), key(*place), now);
            let Ok(text) = edit.text() else { return false };
            let old_len = text.map_or(0, |text| text.len());
            let len = old_len + more.len();
            let appended = edit.change_bytes(len, &APPEND, |bytes| bytes.extend_from_slice(more));
            appended.expect("there is memory for it");
        }
        Step::SetField(place, field, value) => {
            let hashing = KeyHash::new(7);
            let limits = Limits { fields: 2, bytes: 64, hashing: &hashing };
            let mut edit = shard.edit(Db(place.0), key(*place), now);
            let set = edit.change(&HSET, |hash: &mut Hash| hash.set(&[*field], value, &limits));
            return set.is_ok();
        }
        Step::DropField(place, field) => {
            let mut edit = shard.edit(Db(place.0), key(*place), now);
            let dropped = edit.change_if(&HDEL, |hash: &mut Hash| {
                let was_there = hash.remove(&[*field]);
                (was_there, Changed::when(was_there))
            });
            return dropped == Ok(true);
        }
        Step::SetExpiry(place, until) => {
            return shard.edit(Db(place.0), key(*place), now).set_expiry(until.at(now));
        }
        Step::Read(place) => {
            return shard.read(Db(place.0), key(*place), Use::Touch, now).is_some();
        }
        Step::Remove(place) => return shard.edit(Db(place.0), key(*place), now).remove(),
        Step::Carry(from, to) => {
            let edit = shard.edit(Db(from.0), key(*from), now);
            let Some(taken) = edit.take(&FROM) else { return false };
            shard.edit(Db(to.0), key(*to), now).put(taken, &TO);
        }
        Step::Flush(db) => drop(shard.flush(Db(*db), now)),
        Step::Swap(left, right) => shard.swap(Db(*left), Db(*right), now),
        Step::Pass(_) => {}
        Step::Tick(steps) => match shard.tick(now, *steps) {
            Tick::More | Tick::Idle => {}
            Tick::Until(next) => assert!(next > now, "what is due now has been ended"),
        },
    }
    true
}

fn places() -> impl Iterator<Item = Place> {
    (0..DATABASES).flat_map(|db| (0..KEYS).map(move |number| (db, number)))
}

fn compare(shard: &mut Shard, model: &Model) {
    for place in places() {
        let read = shard.read(Db(place.0), key(place), Use::Peek, model.now);
        let read = read.map(|entry| Held {
            content: Content::of(entry.value()),
            deadline: entry.timer().map(|timer| timer.deadline),
        });
        assert_eq!(read.as_ref(), model.seen(place), "{place:?}");
    }
}

/// Everybody whose key reads differently now than before the step has been told.
fn assert_watchers_know(shard: &Shard, watched: &[(Place, Version)], models: [&Model; 2]) {
    for &(place, version) in watched {
        let [before, after] = models.map(|model| model.seen(place));
        let told = !shard.watches.unchanged(Db(place.0), key(place).bytes, version);
        assert!(before == after || told, "{place:?} has changed unnoticed");
    }
}

fn run(steps: &[Step]) {
    let (mut shard, mut model) = (shard(), Model::default());
    for step in steps {
        let before = model.clone();
        let name = |place: &Place| (Db(place.0), key(*place).bytes);
        let watch = |place| {
            let (db, key) = name(&place);
            (place, shard.watches.watch(db, key))
        };
        let watched: Vec<(Place, Version)> = places().map(watch).collect();
        let expected = model.step(step);
        assert_eq!(apply(&mut shard, step, model.now), expected, "{step:?}");
        if !matches!(step, Step::Pass(_)) {
            assert_watchers_know(&shard, &watched, [&before, &model]);
        }
        for (place, _) in &watched {
            let (db, key) = name(place);
            shard.watches.unwatch(db, key);
        }
        assert!(shard.watches.is_empty());
        shard.assert_invariants();
    }
    compare(&mut shard, &model);
    shard.assert_invariants();
    end_everything(&mut shard, model);
}

/// At the end of time only keys without a deadline are left.
fn end_everything(shard: &mut Shard, mut model: Model) {
    model.now = Mono(u64::MAX);
    while shard.tick(model.now, 7) != Tick::Idle {
        shard.assert_invariants();
    }
    for db in 0..DATABASES {
        let live = places().filter(|place| place.0 == db && model.seen(*place).is_some()).count();
        assert_eq!(shard.totals(Db(db)).keys, live as u64);
        assert_eq!(shard.totals(Db(db)).expiring, 0);
    }
    compare(shard, &model);
}

fn place() -> impl Strategy<Value = Place> {
    // Half of all steps meet on few keys of one database.
    prop_oneof![(Just(0), 0..6usize), (0..DATABASES, 0..KEYS)]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..60),
        2 => any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 4_090..4_200),
    ]
}

fn until() -> impl Strategy<Value = Until> {
    let ms = prop_oneof![0u64..3, 0u64..300, 0u64..1_000_000, Just(u64::MAX)];
    prop_oneof![1 => Just(Until::Never), 1 => Just(Until::Keep), 3 => ms.prop_map(Until::In)]
}

fn step() -> impl Strategy<Value = Step> {
    let db = 0..DATABASES;
    prop_oneof![
        20 => (place(), text(), until()).prop_map(|(at, text, until)| Step::Set(at, text, until)),
        5 => (place(), text()).prop_map(|(at, text)| Step::Append(at, text)),
        8 => (place(), 0..4u8, text())
            .prop_map(|(at, field, value)| Step::SetField(at, field, value)),
        8 => (place(), 0..4u8).prop_map(|(at, field)| Step::DropField(at, field)),
        8 => (place(), until()).prop_map(|(at, until)| Step::SetExpiry(at, until)),
        4 => place().prop_map(Step::Read),
        6 => place().prop_map(Step::Remove),
        5 => (place(), place()).prop_map(|(from, to)| Step::Carry(from, to)),
        1 => db.clone().prop_map(Step::Flush),
        1 => (db.clone(), db).prop_map(|(left, right)| Step::Swap(left, right)),
        5 => (0u64..200).prop_map(Step::Pass),
        5 => (1usize..20).prop_map(Step::Tick),
    ]
}

proptest! {
    #[test]
    fn a_shard_is_a_map_whose_keys_end(steps in prop::collection::vec(step(), 0..120)) {
        run(&steps);
    }
}

#[test]
fn a_key_that_is_renamed_to_itself_stays_as_it_was() {
    let at = (0, 1);
    run(&[Step::Set(at, b"v".to_vec(), Until::In(5)), Step::Carry(at, at), Step::Read(at)]);
}

#[test]
fn databases_that_change_places_keep_their_timers() {
    let (left, right) = ((0, 1), (2, 1));
    run(&[
        Step::Set(left, b"12".to_vec(), Until::In(5)),
        Step::Set(right, b"v".to_vec(), Until::In(9)),
        Step::Swap(0, 2),
        Step::Pass(5),
        Step::Tick(9),
        Step::Flush(0),
    ]);
}

#[test]
fn timers_that_are_renamed_when_others_go_still_end_their_keys() {
    let all: Vec<Place> = places().collect();
    let mut steps: Vec<Step> =
        all.iter().map(|&at| Step::Set(at, b"v".to_vec(), Until::In(500))).collect();
    // Away from the front, one in three in each of three ways: their nodes are the first ones, so
    // those at the end move there.
    steps.extend(all.iter().take(100).zip(0..).map(|(&at, turn)| match turn % 3 {
        0 => Step::Remove(at),
        1 => Step::SetExpiry(at, Until::Never),
        _ => Step::Set(at, b"w".to_vec(), Until::Never),
    }));
    steps.extend([Step::Flush(2), Step::Pass(500), Step::Tick(9)]);
    run(&steps);
}
