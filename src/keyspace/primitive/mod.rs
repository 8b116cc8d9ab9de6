//! What coordinates under a key: one of the machines of `coord`, with what they have in common.
//!
//! A new kind is a file here that makes it a [`Machine`], and a line in `kinds!`. Not here: their
//! rules (`coord`), when they run (`coordinate`), and what their replies look like (`command`).

mod barrier;
mod election;
mod fence;
mod latch;
mod lease;
mod lock;
mod once;
mod semaphore;
mod throttle;

use crate::base::time::Mono;
use crate::coord::barrier::Barrier;
use crate::coord::election::Election;
use crate::coord::fence::Fence;
use crate::coord::grant::{Owner, WaiterId};
use crate::coord::latch::Latch;
use crate::coord::lease::{Alive, Ended};
use crate::coord::lock::Lock;
use crate::coord::once::Once;
use crate::coord::semaphore::Semaphore;
use crate::coord::throttle::Throttle;
use crate::keyspace::coordinate::SlotTokens;
use crate::keyspace::event::Event;
use crate::keyspace::facts::{Fact, Turn};
use crate::keyspace::leases::{Attachment, Lease};
use crate::keyspace::waiters::{Found, Waiters};

/// A variant of [`Primitive`]; `kinds!` writes it for each.
pub trait Kind: Sized {
    /// Bytes that it takes outside of the [`Primitive`] that it is.
    const APART_BYTES: usize;

    /// The machine, if it is of this kind.
    fn of(primitive: &Primitive) -> Option<&Self>;

    /// The machine, if it is of this kind.
    fn of_mut(primitive: &mut Primitive) -> Option<&mut Self>;

    /// As it lies under a key.
    fn into_primitive(self) -> Primitive;
}

/// A kind of machine that can lie under a key.
pub trait Machine: Kind + Default {
    /// The name that TYPE gives it.
    const NAME: &'static str;

    /// Heap bytes that it owns.
    fn memory(&self) -> usize;

    /// When something in it is due next; never, if it does not end by itself.
    fn next_deadline(&self) -> Option<Mono> {
        None
    }

    /// Whether nothing has to be remembered, so that the key can go.
    fn is_idle(&self) -> bool;

    /// Ends what is due, and gives what is free to those who are next. Follows every change.
    fn advance(&mut self, now: Mono, tokens: &mut SlotTokens<'_>, waiters: &mut Waiters) {
        let _ = (now, tokens, waiters);
    }

    /// Takes everything from everybody who has something: the key is removed. Who waits stays.
    fn break_open(&mut self, now: Mono);

    /// A parked request goes away without what it waited for. Nothing to do where nobody waits.
    fn withdraw(&mut self, waiter: WaiterId, now: Mono) {
        let _ = (waiter, now);
    }

    /// A parked request of `owner` goes away without taking what it has got. Nothing to do where
    /// that takes nothing from anybody.
    fn take_back(&mut self, owner: &Owner, found: Found, now: Mono) {
        let _ = (owner, found, now);
    }

    /// Whether `owner` has something here that hangs on a lease.
    fn hangs(&self, owner: &Owner, now: Mono) -> bool {
        let _ = (owner, now);
        false
    }

    /// The lease has ended on which hangs what `owner` has here.
    fn lease_ended(&mut self, owner: &Owner, now: Mono) {
        let _ = (owner, now);
    }

    /// What it shows, over or not. It tells of changes by that alone.
    fn facts(&self) -> Vec<Fact>;

    /// What it is called that this has become of a fact.
    fn event(turn: Turn, fact: &Fact) -> &'static Event {
        let _ = fact;
        turn.of_grant()
    }

    /// Stops the process if the machine contradicts itself, if it can.
    fn assert_invariants(&self) {}
}

/// How a machine lies in a [`Primitive`]: in place, or in a box if it is larger than a lock, of
/// which there are many.
macro_rules! stored {
    ($kind:ident) => { $kind };
    ($kind:ident boxed) => { Box<$kind> };
}

macro_rules! apart_bytes {
    ($kind:ident) => {
        0
    };
    ($kind:ident boxed) => {
        size_of::<$kind>()
    };
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $($boxed:ident)?,)*) => {
        /// See the module's documentation.
        #[derive(Debug)]
        pub enum Primitive {
            $($(#[$doc])* $kind(stored!($kind $($boxed)?)),)*
        }

        macro_rules! each {
            ($primitive:expr, $machine:ident => $result:expr) => {
                match $primitive {
                    $(Primitive::$kind(machine) => {
                        let $machine: &$kind = machine;
                        $result
                    })*
                }
            };
        }

        macro_rules! each_mut {
            ($primitive:expr, $machine:ident => $result:expr) => {
                match $primitive {
                    $(Primitive::$kind(machine) => {
                        let $machine: &mut $kind = machine;
                        $result
                    })*
                }
            };
        }

        $(impl Kind for $kind {
            const APART_BYTES: usize = apart_bytes!(Self $($boxed)?);

            fn of(primitive: &Primitive) -> Option<&Self> {
                if let Primitive::$kind(machine) = primitive { Some(machine) } else { None }
            }

            fn of_mut(primitive: &mut Primitive) -> Option<&mut Self> {
                if let Primitive::$kind(machine) = primitive { Some(machine) } else { None }
            }

            fn into_primitive(self) -> Primitive {
                Primitive::$kind(self.into())
            }
        })*
    };
}

kinds! {
    /// So many owners that wait for each other.
    Barrier boxed,
    /// Who leads, who would, and who watches.
    Election boxed,
    /// The highest fencing token that a resource has seen.
    Fence,
    /// A number that goes down to 0.
    Latch boxed,
    /// A right with an end, and what ends with it.
    Lease,
    /// Who holds it, and who is next.
    Lock,
    /// So many permits, who has them, and who is next.
    Semaphore boxed,
    /// What a command replied that ran under an idempotency key.
    Once,
    /// How much of a rate limit is used up.
    Throttle,
}

const _: () = assert!(size_of::<Primitive>() == size_of::<Lock>(), "locks are the many");

fn name_of<M: Machine>(_: &M) -> &'static str {
    M::NAME
}

fn event_of<M: Machine>(_: &M, turn: Turn, fact: &Fact) -> &'static Event {
    M::event(turn, fact)
}

const fn apart<M: Machine>(_: &M) -> usize {
    M::APART_BYTES
}

impl Primitive {
    /// The name that TYPE gives it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        each!(self, machine => name_of(machine))
    }

    /// Heap bytes that it owns.
    #[must_use]
    pub fn memory(&self) -> usize {
        each!(self, machine => Machine::memory(machine) + apart(machine))
    }

    /// When something in it is due next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        each!(self, machine => Machine::next_deadline(machine))
    }

    /// Whether nothing has to be remembered, so that the key can go.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        each!(self, machine => Machine::is_idle(machine))
    }

    pub(crate) fn advance(
        &mut self,
        now: Mono,
        tokens: &mut SlotTokens<'_>,
        waiters: &mut Waiters,
    ) {
        each_mut!(self, machine => Machine::advance(machine, now, tokens, waiters));
    }

    pub(crate) fn break_open(&mut self, now: Mono) {
        each_mut!(self, machine => Machine::break_open(machine, now));
    }

    pub(crate) fn withdraw(&mut self, waiter: WaiterId, now: Mono) {
        each_mut!(self, machine => Machine::withdraw(machine, waiter, now));
    }

    pub(crate) fn take_back(&mut self, owner: &Owner, found: Found, now: Mono) {
        each_mut!(self, machine => Machine::take_back(machine, owner, found, now));
    }

    /// What keeps the lease alive, if it is one.
    pub(crate) fn alive(&self) -> Option<Alive> {
        Lease::of(self)?.alive()
    }

    /// The leases that have ended here.
    pub(crate) fn ended(&mut self, now: Mono) -> Vec<Ended<Attachment>> {
        Lease::of_mut(self).map(|lease| lease.tick(now)).unwrap_or_default()
    }

    pub(crate) fn hangs(&self, owner: &Owner, now: Mono) -> bool {
        each!(self, machine => Machine::hangs(machine, owner, now))
    }

    pub(crate) fn lease_ended(&mut self, owner: &Owner, now: Mono) {
        each_mut!(self, machine => Machine::lease_ended(machine, owner, now));
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        each!(self, machine => Machine::facts(machine))
    }

    pub(crate) fn event(&self, turn: Turn, fact: &Fact) -> &'static Event {
        each!(self, machine => event_of(machine, turn, fact))
    }

    pub(crate) fn assert_invariants(&self) {
        each!(self, machine => Machine::assert_invariants(machine));
    }
}
