//! A collection under a key: one of the structures of `types`, and the gate through which it
//! changes.
//!
//! A new kind is a file in `types` that makes it a [`Structure`], and a line in `kinds!`. Not here:
//! what the structures can do (`types`).
//! Invariant: a collection without elements has no key.

use crate::keyspace::edit::{Edit, Expiry};
use crate::keyspace::event::{self, Event};
use crate::keyspace::shard::Use;
use crate::keyspace::value::{NewValue, Value, WrongType};
use crate::types::hash::Hash;
use crate::types::list::List;
use crate::types::structure::Structure;

/// Collections with fewer elements than this are freed at once: handing them over costs more.
const FREED_LATER_MIN: usize = 64;

/// A variant of [`Collection`]; `kinds!` writes it for each.
pub trait Kind: Structure {
    /// The structure, if it is of this kind.
    fn of(collection: &Collection) -> Option<&Self>;

    /// The structure, if it is of this kind.
    fn of_mut(collection: &mut Collection) -> Option<&mut Self>;

    /// As it lies under a key.
    fn into_collection(self) -> Collection;
}

/// Whether a change has changed anything.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It has: whoever watches the key, or hears of events, has to know.
    Yes,
    /// Everything is as it was.
    No,
}

impl Changed {
    /// `Yes` if `it` is so.
    pub const fn when(it: bool) -> Self {
        if it { Self::Yes } else { Self::No }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// See the module's documentation.
        #[derive(Clone, Debug)]
        pub enum Collection {
            $($(#[$doc])* $kind($kind),)*
        }

        macro_rules! each {
            ($collection:expr, $structure:ident => $result:expr) => {
                match $collection { $(Collection::$kind($structure) => $result,)* }
            };
        }

        $(impl Kind for $kind {
            fn of(collection: &Collection) -> Option<&Self> {
                match collection {
                    Collection::$kind(structure) => Some(structure),
                    #[allow(unreachable_patterns, reason = "as long as there is one kind")]
                    _ => None,
                }
            }

            fn of_mut(collection: &mut Collection) -> Option<&mut Self> {
                match collection {
                    Collection::$kind(structure) => Some(structure),
                    #[allow(unreachable_patterns, reason = "as long as there is one kind")]
                    _ => None,
                }
            }

            fn into_collection(self) -> Collection {
                Collection::$kind(self)
            }
        })*
    };
}

kinds! {
    /// Fields with a value each.
    Hash,
    /// Elements in an order.
    List,
}

fn name_of<S: Structure>(_: &S) -> &'static str {
    S::NAME
}

impl Collection {
    /// The name that TYPE gives it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        each!(self, structure => name_of(structure))
    }

    /// The name that `OBJECT ENCODING` gives it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        each!(self, structure => structure.encoding())
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, structure => structure.len())
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, structure => structure.is_empty())
    }

    /// Heap bytes that it owns.
    #[must_use]
    pub fn memory(&self) -> usize {
        each!(self, structure => structure.memory())
    }

    /// Whether freeing it takes so long that nobody should wait for it with a shard in hand.
    #[must_use]
    pub fn is_big(&self) -> bool {
        self.len() >= FREED_LATER_MIN
    }

    pub(crate) fn assert_invariants(&self) {
        assert!(!self.is_empty(), "a collection without elements has no key");
        each!(self, structure => structure.assert_invariants());
    }
}

impl<'e> Value<'e> {
    /// The collection, if it is of this kind.
    ///
    /// # Errors
    /// It is something else.
    pub fn collection<S: Kind>(self) -> Result<&'e S, WrongType> {
        match self {
            Self::Collection(collection) => S::of(collection).ok_or(WrongType),
            Self::Text(_) | Self::Primitive(_) => Err(WrongType),
        }
    }
}

impl Edit<'_, '_> {
    /// The collection before the change.
    ///
    /// # Errors
    /// The key holds something else.
    pub fn collection<S: Kind>(&self) -> Result<Option<&S>, WrongType> {
        self.value().map(Value::collection).transpose()
    }

    /// Changes the collection under the key, which is made if there is none and removed if no
    /// element is left.
    ///
    /// # Errors
    /// The key holds something else. Nothing has changed.
    pub fn change<S: Kind, R>(
        &mut self,
        event: &'static Event,
        change: impl FnOnce(&mut S) -> R,
    ) -> Result<R, WrongType> {
        self.change_if(event, |structure| (change(structure), Changed::Yes))
    }

    /// As `change`, where the change may turn out to be none: then nobody is told.
    ///
    /// # Errors
    /// The key holds something else. Nothing has changed.
    pub fn change_if<S: Kind, R>(
        &mut self,
        event: &'static Event,
        change: impl FnOnce(&mut S) -> (R, Changed),
    ) -> Result<R, WrongType> {
        if self.collection::<S>()?.is_none() {
            let mut structure = S::default();
            let (result, changed) = change(&mut structure);
            if changed == Changed::Yes && !structure.is_empty() {
                let collection = Box::new(structure.into_collection());
                self.set(NewValue::Collection(collection), Expiry::Never, event);
            }
            return Ok(result);
        }
        self.used(Use::Touch);
        let entry = self.entry_mut().ok_or(WrongType)?;
        let before = entry.memory();
        let structure = entry.collection_mut().and_then(S::of_mut).ok_or(WrongType)?;
        let (result, changed) = change(structure);
        let is_empty = structure.is_empty();
        let after = entry.memory();
        self.shard.memory = self.shard.memory - before + after;
        if changed == Changed::Yes {
            self.changed(event);
        }
        if is_empty {
            self.remove_now(&event::DEL);
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::events::EventClass;
    use crate::base::time::Mono;
    use crate::coord::token::Epoch;
    use crate::keyspace::borrow::{Alarm, Keyspace, Layout, ShardId};
    use crate::keyspace::{Db, Key};

    const RPUSH: Event = Event::new(EventClass::List, "rpush");
    const NOW: Mono = Mono(0);

    struct Silent;

    impl Alarm for Silent {
        fn ring(&self, _: ShardId, _: Mono) {}
    }

    fn keyspace() -> Keyspace {
        let epoch = Epoch::default();
        let layout = Layout { shards: 16, databases: 1, epoch, seed: 7, now: NOW };
        Keyspace::new(layout, Box::new(Silent))
    }

    fn push(edit: &mut Edit<'_, '_>, elements: usize) {
        let pushed = edit.change(&RPUSH, |list: &mut List| {
            (0..elements).for_each(|_| list.push_back(b"element"));
        });
        assert_eq!(pushed, Ok(()));
    }

    #[test]
    fn big_values_are_laid_aside_however_they_go() {
        let (keyspace, key) = (keyspace(), Key::new(b"k"));
        let mut borrowed = keyspace.borrow(&[key.slot]);
        let shard = borrowed.shard(key.slot);
        let empty = shard.memory();
        push(&mut shard.edit(Db(0), key, NOW), FREED_LATER_MIN - 1);
        assert!(shard.edit(Db(0), key, NOW).remove());
        assert!(shard.garbage.is_empty(), "what is small is freed at once");
        push(&mut shard.edit(Db(0), key, NOW), FREED_LATER_MIN);
        assert!(shard.edit(Db(0), key, NOW).remove());
        push(&mut shard.edit(Db(0), key, NOW), FREED_LATER_MIN);
        shard.edit(Db(0), key, NOW).set(NewValue::Int(1), Expiry::Never, &event::SET);
        shard.assert_invariants();
        assert!(shard.edit(Db(0), key, NOW).remove());
        let mut edit = shard.edit(Db(0), key, NOW);
        push(&mut edit, FREED_LATER_MIN);
        assert!(edit.set_expiry(Expiry::At(Mono(5))));
        assert!(shard.read(Db(0), key, Use::Peek, Mono(5)).is_none());
        assert_eq!((shard.garbage.len(), shard.memory()), (3, empty));
        let garbage = borrowed.take_garbage();
        assert!(garbage.is_much());
        assert!(borrowed.shard(key.slot).garbage.is_empty());
    }

    #[test]
    fn a_collection_of_another_kind_is_the_wrong_type() {
        let (keyspace, key) = (keyspace(), Key::new(b"k"));
        let mut borrowed = keyspace.borrow(&[key.slot]);
        let mut edit = borrowed.shard(key.slot).edit(Db(0), key, NOW);
        push(&mut edit, 1);
        assert!(edit.collection::<Hash>().is_err());
        assert!(edit.change(&RPUSH, |_: &mut Hash| ()).is_err());
        assert_eq!(edit.text(), Err(WrongType));
        assert_eq!(edit.collection::<List>().map(|list| list.map(Structure::len)), Ok(Some(1)));
    }

    #[test]
    fn what_stays_empty_is_never_there_and_nobody_hears_of_it() {
        let (keyspace, key) = (keyspace(), Key::new(b"k"));
        let mut borrowed = keyspace.borrow(&[key.slot]);
        let shard = borrowed.shard(key.slot);
        let before = (shard.changes, shard.memory());
        let popped = shard.edit(Db(0), key, NOW).change(&RPUSH, List::pop_front);
        assert_eq!(popped, Ok(None));
        assert_eq!((shard.changes, shard.memory()), before);
        assert!(!shard.edit(Db(0), key, NOW).exists());
    }
}
