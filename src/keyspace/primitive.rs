//! What coordinates under a key: one of the machines of `coord`, with what they have in common.
//!
//! Not here: their rules (`coord`), when they run (`coordinate`), and what their replies look like
//! (`command`).

use crate::base::time::Mono;
use crate::coord::ask::Ended;
use crate::coord::grant::{Owner, Tokens, WaiterId};
use crate::coord::lock::Lock;
use crate::coord::lock_outcome::Offer;
use crate::keyspace::waiters::{Found, Waiters};

/// See the module's documentation.
#[derive(Debug)]
pub enum Primitive {
    /// Who holds it, and who is next.
    Lock(Lock),
}

/// A kind of machine that can lie under a key.
pub trait Machine: Sized + Default {
    /// The machine, if it is of this kind.
    fn of(primitive: &Primitive) -> Option<&Self>;

    /// The machine, if it is of this kind.
    fn of_mut(primitive: &mut Primitive) -> Option<&mut Self>;

    /// As it lies under a key.
    fn into_primitive(self) -> Primitive;
}

macro_rules! machine {
    ($kind:ident) => {
        #[allow(clippy::unreachable_patterns, reason = "not with a single kind")]
        impl Machine for $kind {
            fn of(primitive: &Primitive) -> Option<&Self> {
                if let Primitive::$kind(machine) = primitive { Some(machine) } else { None }
            }

            fn of_mut(primitive: &mut Primitive) -> Option<&mut Self> {
                if let Primitive::$kind(machine) = primitive { Some(machine) } else { None }
            }

            fn into_primitive(self) -> Primitive {
                Primitive::$kind(self)
            }
        }
    };
}

machine!(Lock);

impl Primitive {
    /// The name that TYPE gives it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Lock(_) => "lock",
        }
    }

    /// Heap bytes that it owns.
    #[must_use]
    pub fn memory(&self) -> usize {
        match self {
            Self::Lock(lock) => lock.memory(),
        }
    }

    /// When something in it is due next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        match self {
            Self::Lock(lock) => lock.next_deadline(),
        }
    }

    /// Whether nothing has to be remembered, so that the key can go.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Lock(lock) => lock.is_idle(),
        }
    }

    /// Ends what is due, and gives what is free to those who are next. Follows every change.
    pub(crate) fn advance(
        &mut self,
        now: Mono,
        tokens: &mut impl Tokens,
        waiters: &mut Waiters,
        ended: &mut Vec<Ended>,
    ) {
        match self {
            Self::Lock(lock) => advance_lock(lock, now, tokens, waiters, ended),
        }
    }

    /// Takes everything from everybody who has something: the key is removed. Who waits stays.
    pub(crate) fn break_open(&mut self, now: Mono) -> Vec<Ended> {
        match self {
            Self::Lock(lock) => lock.break_open(0, now),
        }
    }

    /// A parked request goes away without what it waited for.
    pub(crate) fn withdraw(&mut self, waiter: WaiterId) {
        match self {
            Self::Lock(lock) => drop(lock.withdraw(waiter)),
        }
    }

    /// A parked request goes away without taking what it has got.
    pub(crate) fn take_back(&mut self, owner: &Owner, found: Found, now: Mono) {
        match (self, found) {
            (Self::Lock(lock), Found::Lock(granted)) => {
                let _ended = lock.take_back(owner.name(), &granted, now);
            }
            (Self::Lock(_), Found::Look) => {}
        }
    }

    /// Stops the process if the machine contradicts itself.
    pub(crate) fn assert_invariants(&self) {
        match self {
            Self::Lock(lock) => lock.assert_invariants(),
        }
    }
}

fn advance_lock(
    lock: &mut Lock,
    now: Mono,
    tokens: &mut impl Tokens,
    waiters: &mut Waiters,
    ended: &mut Vec<Ended>,
) {
    lock.tick(now, ended);
    while let Some(waiter) = lock.next_grantable(now) {
        if waiters.looks_itself(waiter) {
            lock.rest(waiter);
            waiters.find(waiter, Found::Look);
            continue;
        }
        match lock.grant(waiter, now, tokens) {
            Offer::Granted(granted) => waiters.find(waiter, Found::Lock(granted)),
            // The next change tries again: epochs are reserved long before they are needed.
            Offer::NotNext | Offer::NoToken => return,
        }
    }
}
