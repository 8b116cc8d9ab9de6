//! All shards of a node, and how a command borrows the ones that it needs: each behind a short
//! lock, several in ascending order, which is the only lock order there is
//! (docs/adr/0001-borrow-a-shard.md).
//!
//! The graph of who waits for whose locks (`locks`) comes after all shards, and nothing after it.
//! Nothing awaits while it holds a `Borrowed`.

use crate::base::events::EventClasses;
use crate::base::key_hash::KeyHash;
use crate::base::slot::SlotId;
use crate::base::time::Mono;
use crate::coord::grant::WaiterId;
use crate::coord::token::{Epoch, EpochReserve};
use crate::coord::wait_graph::WaitGraph;
use crate::keyspace::Db;
use crate::keyspace::announce::{Announcements, Audience};
use crate::keyspace::entry::Entry;
use crate::keyspace::evict::Rule;
use crate::keyspace::flush::Garbage;
use crate::keyspace::gauge::Gauge;
use crate::keyspace::hints::Hints;
use crate::keyspace::outbox::{KeyEvent, Outbox, Stamp};
use crate::keyspace::shard::{Shard, ShardSetup};
use crate::keyspace::waiters::Notice;
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardId(pub u16);

/// Tells a shard's home core about an earlier deadline than it knows of.
pub trait Alarm: Send + Sync {
    /// `shard` has something due at `deadline`.
    fn ring(&self, shard: ShardId, deadline: Mono);
}

/// How a keyspace is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Number of shards, a power of two up to [`SlotId::COUNT`].
    pub shards: u16,
    /// The `databases` setting, 1 to 256.
    pub databases: u16,
    /// Epoch of fencing tokens.
    pub epoch: Epoch,
    /// Seed of hashes and samples; a server draws one that nobody can guess.
    pub seed: u128,
    /// The time.
    pub now: Mono,
}

/// Shards on different cache lines do not disturb each other.
#[derive(Debug)]
#[repr(align(128))]
struct Cell(Mutex<Shard>);

/// Every key of the node.
pub struct Keyspace {
    cells: Box<[Cell]>,
    /// A slot's shard is its number shifted by this: neighbouring slots share a shard.
    shift: u32,
    databases: u16,
    alarm: Box<dyn Alarm>,
    hashing: KeyHash,
    hints: Arc<Hints>,
    epochs: Arc<EpochReserve>,
    gauge: Gauge,
    /// The number of the request that was parked last.
    last_waiter: AtomicU64,
    waits: Arc<Mutex<WaitGraph>>,
    announcements: Announcements,
}

/// The shards that a command works on, given back when this is dropped.
pub struct Borrowed<'k> {
    keyspace: &'k Keyspace,
    held: Held<'k>,
}

enum Held<'k> {
    None,
    One(ShardId, MutexGuard<'k, Shard>),
    /// Sorted by number. Not inline: what is small moves into a command's context in registers.
    Some(Vec<(ShardId, MutexGuard<'k, Shard>)>),
    /// In order of their numbers.
    All(Vec<MutexGuard<'k, Shard>>),
}

impl Keyspace {
    /// A keyspace without keys.
    ///
    /// # Panics
    /// If the number of shards is not a power of two up to [`SlotId::COUNT`].
    #[must_use]
    pub fn new(layout: Layout, alarm: Box<dyn Alarm>) -> Self {
        assert!(layout.shards.is_power_of_two() && layout.shards <= SlotId::COUNT);
        let slots = SlotId::COUNT / layout.shards;
        let hints = Arc::new(Hints::default());
        let epochs = Arc::new(EpochReserve::up_to(layout.epoch));
        let waits = Arc::<Mutex<WaitGraph>>::default();
        let stamps = Arc::default();
        let cells = (0..layout.shards).filter_map(|shard| {
            let setup = ShardSetup {
                first: SlotId::new(shard * slots)?,
                slots,
                databases: layout.databases,
                epoch: layout.epoch,
                seed: layout.seed,
                now: layout.now,
            };
            let waits = Arc::clone(&waits);
            let mut shard =
                Shard::with_shared(setup, Arc::clone(&hints), Arc::clone(&epochs), waits);
            shard.outbox = Outbox::new(Arc::clone(&stamps));
            Some(Cell(Mutex::new(shard)))
        });
        let shift = slots.trailing_zeros();
        let cells = cells.collect();
        let hashing = KeyHash::new(layout.seed);
        let gauge = Gauge::new(layout.shards, hashing.dice());
        let last_waiter = AtomicU64::new(0);
        Self {
            cells,
            shift,
            databases: layout.databases,
            alarm,
            hashing,
            hints,
            epochs,
            gauge,
            last_waiter,
            waits,
            announcements: Announcements::default(),
        }
    }

    /// Which owners wait for which, over all locks. Whoever asks has borrowed the shards of the
    /// locks already, and gives this back at once.
    pub fn waits(&self) -> MutexGuard<'_, WaitGraph> {
        self.waits.lock()
    }

    /// Says who hears what happens to keys. May be called once.
    ///
    /// # Panics
    /// If it is called again.
    pub fn set_audience(&self, audience: Arc<dyn Audience>) {
        self.announcements.set_audience(audience);
    }

    /// How keys are hashed, and the elements of collections.
    #[must_use]
    pub const fn hashing(&self) -> &KeyHash {
        &self.hashing
    }

    /// The epochs of fencing tokens.
    #[must_use]
    pub fn epochs(&self) -> &EpochReserve {
        &self.epochs
    }

    /// Number of shards.
    #[must_use]
    pub const fn shards(&self) -> u16 {
        self.cells.len() as u16
    }

    /// Number of databases.
    #[must_use]
    pub const fn databases(&self) -> u16 {
        self.databases
    }

    /// The shard of a slot.
    #[must_use]
    #[inline]
    pub const fn shard_of(&self, slot: SlotId) -> ShardId {
        ShardId((slot.index() >> self.shift) as u16)
    }

    /// Borrows the shards of these slots.
    #[inline]
    pub fn borrow(&self, slots: &[SlotId]) -> Borrowed<'_> {
        let held = match slots {
            [] => Held::None,
            [slot] => {
                let shard = self.shard_of(*slot);
                Held::One(shard, self.lock(shard))
            }
            slots => {
                let mut shards: SmallVec<[ShardId; 8]> =
                    slots.iter().map(|&slot| self.shard_of(slot)).collect();
                shards.sort_unstable();
                shards.dedup();
                Held::Some(shards.into_iter().map(|shard| (shard, self.lock(shard))).collect())
            }
        };
        Borrowed { keyspace: self, held }
    }

    /// Borrows every shard.
    #[must_use]
    pub fn borrow_all(&self) -> Borrowed<'_> {
        let held = Held::All(self.cells.iter().map(|cell| cell.0.lock()).collect());
        Borrowed { keyspace: self, held }
    }

    /// Borrows one shard by its number.
    ///
    /// # Panics
    /// If there is no such shard.
    #[must_use]
    pub fn borrow_shard(&self, shard: ShardId) -> Borrowed<'_> {
        Borrowed { keyspace: self, held: Held::One(shard, self.lock(shard)) }
    }

    /// Whether memory in use is kept count of, because there is a limit. After it has been switched
    /// on, all shards have to be borrowed once.
    pub fn count_memory(&self, on: bool) {
        self.gauge.switch(on);
    }

    /// Heap bytes of all shards, while they are kept count of.
    #[must_use]
    #[inline]
    pub fn memory_in_use(&self) -> usize {
        self.gauge.total()
    }

    /// Removes a key by `rule`, from whatever shard; whether there was one. Borrows a shard, so
    /// nobody may call it who has borrowed one.
    pub fn evict(&self, rule: Rule, now: Mono) -> bool {
        let (first, shards) = (self.gauge.draw().0, self.shards());
        (0..shards).any(|step| {
            let mut borrowed = self.borrow_shard(ShardId((first + step) % shards));
            borrowed.shards().any(|shard| shard.evict(rule, now))
        })
    }

    /// Starts fetching what a look-up of this key will need first; returns its hash for
    /// [`Keyspace::prefetch_entry`]. Takes no lock.
    #[inline]
    #[must_use]
    pub fn prefetch_bucket(&self, slot: SlotId, key: &[u8]) -> u64 {
        let hash = self.hashing.of(key);
        self.hints.prefetch(slot, hash);
        hash
    }

    /// Starts fetching the key's entry, once its bucket is there.
    #[inline]
    pub fn prefetch_entry(&self, db: Db, slot: SlotId, hash: u64) {
        // Whoever holds the shard is likely to bring the line in anyway.
        if let Some(shard) = self.cells[usize::from(self.shard_of(slot).0)].0.try_lock() {
            shard.prefetch(db, slot, hash);
        }
    }

    #[inline]
    fn lock(&self, shard: ShardId) -> MutexGuard<'_, Shard> {
        self.cells[usize::from(shard.0)].0.lock()
    }
}

impl Borrowed<'_> {
    /// The shard that holds `slot`.
    ///
    /// # Panics
    /// If the shard was not borrowed: the command's row does not name all keys it uses.
    #[inline]
    pub fn shard(&mut self, slot: SlotId) -> &mut Shard {
        let wanted = self.keyspace.shard_of(slot);
        let held = match &mut self.held {
            Held::None => None,
            Held::One(shard, guard) => (*shard == wanted).then_some(guard),
            Held::Some(guards) => {
                let found = guards.binary_search_by_key(&wanted, |(shard, _)| *shard);
                found.ok().map(|at| &mut guards[at].1)
            }
            Held::All(guards) => guards.get_mut(usize::from(wanted.0)),
        };
        held.expect("a command borrows the shards of all its keys")
    }

    /// A number for a request that is parked in these shards: above those of all that were parked
    /// in any of them before, because they are borrowed.
    #[must_use]
    pub fn next_waiter(&self) -> WaiterId {
        WaiterId(self.keyspace.last_waiter.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Calls `use_it` with one shard. If none is borrowed, that one is, for as long as the call
    /// takes.
    ///
    /// # Panics
    /// If some shards are borrowed and not all: taking another one could wait for ever.
    pub fn visit<R>(&mut self, shard: ShardId, use_it: impl FnOnce(&mut Shard) -> R) -> R {
        match &mut self.held {
            Held::All(guards) => use_it(&mut guards[usize::from(shard.0)]),
            Held::None => {
                let mut borrowed = self.keyspace.borrow_shard(shard);
                use_it(borrowed.shards().next().expect("one shard was borrowed"))
            }
            Held::One(..) | Held::Some(_) => {
                panic!("a command that visits shards has borrowed none or all")
            }
        }
    }

    /// Gives all shards back early: the rest of the command needs none.
    pub fn give_back(&mut self) {
        self.settle();
    }

    /// What is gone and takes long to free. It is freed when the shards are given back, unless
    /// somebody takes it.
    #[must_use]
    pub fn take_garbage(&mut self) -> Garbage {
        let mut garbage = Garbage::default();
        self.shards().for_each(|shard| garbage.add_entries(&mut shard.garbage));
        garbage
    }

    /// Lets events of these classes be noted in the borrowed shards, and no others.
    pub fn want_events(&mut self, classes: EventClasses) {
        self.shards().for_each(|shard| shard.outbox.want(classes));
    }

    /// Every borrowed shard, in order.
    pub fn shards(&mut self) -> impl Iterator<Item = &mut Shard> {
        let (one, some, all) = match &mut self.held {
            Held::None => (None, None, None),
            Held::One(_, guard) => (Some(&mut **guard), None, None),
            Held::Some(guards) => {
                (None, Some(guards.iter_mut().map(|(_, guard)| &mut **guard)), None)
            }
            Held::All(guards) => (None, None, Some(guards.iter_mut().map(|guard| &mut **guard))),
        };
        one.into_iter().chain(some.into_iter().flatten()).chain(all.into_iter().flatten())
    }

    /// Gives the shards back. What others have to know about them they learn before, what they may
    /// act on after that.
    #[inline]
    fn settle(&mut self) {
        let keyspace = self.keyspace;
        let mut leaving: Option<Box<Leaving>> = None;
        let mut settle = |shard: ShardId, guard: &mut Shard| {
            if guard.waiters.has_news() | !guard.outbox.is_empty() | !guard.garbage.is_empty() {
                Leaving::add(&mut leaving, guard);
            }
            if let Some(deadline) = guard.take_earliest_new() {
                keyspace.alarm.ring(shard, deadline);
            }
            keyspace.gauge.note(shard, || guard.memory());
        };
        match &mut self.held {
            Held::None => {}
            Held::One(shard, guard) => settle(*shard, guard),
            Held::Some(guards) => {
                guards.iter_mut().for_each(|(shard, guard)| settle(*shard, guard));
            }
            Held::All(guards) => {
                (0u16..).zip(guards).for_each(|(shard, guard)| settle(ShardId(shard), guard));
            }
        }
        if let Some(leaving) = &mut leaving {
            leaving.queue(&keyspace.announcements);
        }
        self.held = Held::None;
        if let Some(leaving) = &leaving {
            leaving.leave(&keyspace.announcements);
        }
    }
}

/// What leaves the shards when they are given back. Mostly there is nothing.
#[derive(Default)]
struct Leaving {
    news: Vec<Arc<dyn Notice>>,
    events: Vec<(Stamp, KeyEvent)>,
    /// Freed when nobody waits for a shard because of it.
    garbage: Vec<Entry>,
}

impl Leaving {
    #[cold]
    fn add(this: &mut Option<Box<Self>>, shard: &mut Shard) {
        let this = this.get_or_insert_default();
        this.news.append(&mut shard.waiters.take_news());
        this.events.append(&mut shard.outbox.take());
        this.garbage.append(&mut shard.garbage);
    }

    /// While the shards are still borrowed: what has happened gets its place.
    #[cold]
    fn queue(&mut self, announcements: &Announcements) {
        announcements.queue(&mut self.events);
    }

    /// When they have been given back.
    #[cold]
    fn leave(&self, announcements: &Announcements) {
        self.news.iter().for_each(|notice| notice.give());
        announcements.tell();
    }
}

impl Drop for Borrowed<'_> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A command gave up in the middle. What it left behind is proven whole, or the process
            // stops: a panic while unwinding aborts.
            self.shards().for_each(|shard| shard.assert_invariants());
        }
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::edit::Expiry;
    use crate::keyspace::event;
    use crate::keyspace::shard::Use;
    use crate::keyspace::value::NewValue;
    use crate::keyspace::{Db, Key};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    struct Silent;

    impl Alarm for Silent {
        fn ring(&self, _: ShardId, _: Mono) {}
    }

    #[test]
    fn a_panic_of_its_borrower_leaves_a_whole_shard_usable() {
        let (epoch, now) = (Epoch::default(), Mono(0));
        let layout = Layout { shards: 16, databases: 1, epoch, seed: 7, now };
        let keyspace = Keyspace::new(layout, Box::new(Silent));
        let key = Key::new(b"k");
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut borrowed = keyspace.borrow(&[key.slot]);
            let mut edit = borrowed.shard(key.slot).edit(Db(0), key, now);
            edit.set(NewValue::Int(1), Expiry::At(Mono(50)), &event::SET);
            panic!("a command gives up after its change");
        }));
        assert!(outcome.is_err());
        let mut borrowed = keyspace.borrow(&[key.slot]);
        assert!(borrowed.shard(key.slot).read(Db(0), key, Use::Peek, now).is_some());
    }
}
