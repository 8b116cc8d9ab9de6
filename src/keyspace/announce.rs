//! Key events on their way out of the shards: told to one audience, one after the other, in the
//! order in which they happened.
//!
//! They are queued while their shards are borrowed, which gives the order, and told after that: the
//! audience may take its time, and does not keep others from the keys. Not here: what it does.

use crate::keyspace::outbox::{KeyEvent, Stamp};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// Hears of everything that happens to keys and is wanted.
pub trait Audience: Send + Sync {
    /// This has happened. Called without any shard in hand, for one event at a time; whoever made
    /// it happen waits until this returns.
    fn hear(&self, event: &KeyEvent);
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Announcements {
    audience: OnceLock<Arc<dyn Audience>>,
    queue: Mutex<Vec<KeyEvent>>,
    /// Held by whoever tells, so that nobody tells later events first.
    teller: Mutex<()>,
}

impl Announcements {
    /// Says who hears. There is one audience, and it stays.
    pub(crate) fn set_audience(&self, audience: Arc<dyn Audience>) {
        assert!(self.audience.set(audience).is_ok(), "there is one audience");
    }

    /// Queues what has happened in shards that are borrowed until this returns.
    pub(crate) fn queue(&self, events: &mut Vec<(Stamp, KeyEvent)>) {
        if !events.is_empty() {
            events.sort_unstable_by_key(|(stamp, _)| *stamp);
            self.queue.lock().extend(events.drain(..).map(|(_, event)| event));
        }
    }

    /// Tells what is queued. When this returns, everything has been told that the caller queued.
    pub(crate) fn tell(&self) {
        let _turn = self.teller.lock();
        let events = std::mem::take(&mut *self.queue.lock());
        if let Some(audience) = self.audience.get() {
            events.iter().for_each(|event| audience.hear(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::events::{EventClass, EventClasses};
    use crate::base::time::Mono;
    use crate::coord::token::Epoch;
    use crate::keyspace::borrow::{Alarm, Keyspace, Layout, ShardId};
    use crate::keyspace::edit::{Edit, Expiry};
    use crate::keyspace::event::{self, Event};
    use crate::keyspace::evict::{Among, First, Rule};
    use crate::keyspace::shard::Use;
    use crate::keyspace::value::NewValue;
    use crate::keyspace::{Db, Key};

    const NOW: Mono = Mono(0);

    #[derive(Default)]
    struct Heard(Arc<Mutex<Vec<String>>>);

    impl Audience for Heard {
        fn hear(&self, it: &KeyEvent) {
            let key = it.key.escape_ascii();
            self.0.lock().push(format!("{} {}:{key}", it.event.name, it.db.0));
        }
    }

    struct Silent;

    impl Alarm for Silent {
        fn ring(&self, _: ShardId, _: Mono) {}
    }

    struct World {
        keyspace: Keyspace,
        heard: Arc<Mutex<Vec<String>>>,
    }

    impl World {
        fn new(wanted: &str) -> Self {
            let epoch = Epoch::default();
            let layout = Layout { shards: 16, databases: 2, epoch, seed: 7, now: NOW };
            let keyspace = Keyspace::new(layout, Box::new(Silent));
            let heard = Heard::default();
            let world = Self { keyspace, heard: Arc::clone(&heard.0) };
            world.keyspace.set_audience(Arc::new(heard));
            let classes = EventClasses::parse(wanted.as_bytes()).unwrap();
            world.keyspace.borrow_all().want_events(classes);
            world
        }

        /// What has been told since the last call.
        fn told(&self) -> Vec<String> {
            std::mem::take(&mut *self.heard.lock())
        }
    }

    fn set(edit: &mut Edit<'_, '_>, expiry: Expiry) {
        edit.set(NewValue::Int(1), expiry, &event::SET);
    }

    #[test]
    fn what_happens_in_several_shards_is_told_in_the_order_in_which_it_happened() {
        const FROM: Event = Event::new(EventClass::Generic, "rename_from");
        const TO: Event = Event::new(EventClass::Generic, "rename_to");
        let world = World::new("EAn");
        let [a, b] = [Key::new(b"a"), Key::new(b"b")];
        let mut borrowed = world.keyspace.borrow(&[a.slot, b.slot]);
        assert_ne!(world.keyspace.shard_of(a.slot), world.keyspace.shard_of(b.slot));
        for (from, to) in [(a, b), (b, a)] {
            set(&mut borrowed.shard(from.slot).edit(Db(1), from, NOW), Expiry::Never);
            let taken = borrowed.shard(from.slot).edit(Db(1), from, NOW).take(&FROM).unwrap();
            borrowed.shard(to.slot).edit(Db(1), to, NOW).put(taken, &TO);
        }
        assert_eq!(world.told(), [""; 0], "nobody is told while a shard is borrowed");
        drop(borrowed);
        let there = ["new 1:a", "set 1:a", "rename_from 1:a", "rename_to 1:b"];
        let back = ["set 1:b", "rename_from 1:b", "rename_to 1:a"];
        assert_eq!(world.told(), [&there[..], &back].concat());
    }

    #[test]
    fn only_what_is_wanted_is_told() {
        let world = World::new("Egm");
        let key = Key::new(b"k");
        let mut borrowed = world.keyspace.borrow(&[key.slot]);
        let shard = borrowed.shard(key.slot);
        assert!(shard.read(Db(0), key, Use::Peek, NOW).is_none());
        let mut edit = shard.edit(Db(0), key, NOW);
        set(&mut edit, Expiry::Never);
        assert!(edit.set_expiry(Expiry::At(Mono(5))) && edit.set_expiry(Expiry::Never));
        assert!(edit.remove());
        drop(borrowed);
        assert_eq!(world.told(), ["keymiss 0:k", "expire 0:k", "persist 0:k", "del 0:k"]);
        world.keyspace.borrow_all().want_events(EventClasses::NONE);
        let mut borrowed = world.keyspace.borrow(&[key.slot]);
        assert!(borrowed.shard(key.slot).read(Db(0), key, Use::Peek, NOW).is_none());
        drop(borrowed);
        assert_eq!(world.told(), [""; 0]);
    }

    #[test]
    fn keys_that_the_server_ends_are_told_whoever_notices() {
        let world = World::new("Exe");
        let keys = [Key::new(b"a"), Key::new(b"b"), Key::new(b"c")];
        let ends = [Expiry::At(Mono(5)), Expiry::At(Mono(6)), Expiry::Never];
        for (key, expiry) in keys.into_iter().zip(ends) {
            set(
                &mut world.keyspace.borrow(&[key.slot]).shard(key.slot).edit(Db(0), key, NOW),
                expiry,
            );
        }
        let mut borrowed = world.keyspace.borrow(&[keys[0].slot]);
        assert!(borrowed.shard(keys[0].slot).read(Db(0), keys[0], Use::Peek, Mono(5)).is_none());
        drop(borrowed);
        assert_eq!(world.told(), ["expired 0:a"]);
        let _ = world.keyspace.borrow(&[keys[1].slot]).shard(keys[1].slot).tick(Mono(6), 9);
        assert_eq!(world.told(), ["expired 0:b"]);
        let rule = Rule { among: Among::All, first: First::Any, samples: 1 };
        assert!(world.keyspace.evict(rule, Mono(6)));
        assert_eq!(world.told(), ["evicted 0:c"]);
    }
}
