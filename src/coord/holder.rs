//! An owner with a grant of a lock: its token, since when, and until when.
//!
//! A grant may be held for its own sake, for that of grants of locks below it (`PARENTS`), or both.
//! It is over when none of them needs it any more. There may be millions of holders, each of a lock
//! of its own, so that what few of them have lies apart.
//! Not here: who else holds the lock (`holders.rs`).

use crate::base::time::{Micros, Mono};
use crate::coord::ask::{Ask, Cause, Ended, Tenure};
use crate::coord::grant::{Lasting, Owner, PackedTerm, Term};
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who holds.
    pub owner: Owner,
    /// Drawn when the grant was made.
    pub token: FenceToken,
    /// Since when the owner has held the lock without a break, in whichever mode.
    pub since: Micros,
    /// When the owner's own holds are over. Says nothing if there are none.
    own: PackedTerm,
    rare: Option<Box<Rare>>,
    /// How many releases end it; 0 if its owner holds it for the sake of locks below alone.
    pub holds: u32,
    /// The last bits of the token with which the owner began to hold the lock.
    first_token: u16,
    /// What.
    pub mode: Mode,
    /// Whether the owner has asked again, or extended it, since the token was drawn: then more than
    /// the request that it was granted to relies on the grant.
    pub repeated: bool,
}

/// What most holders do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rare {
    /// For how many milliseconds the lock stays closed if it ends by itself.
    delay_ms: u64,
    below: Below,
}

/// Grants of locks below that rely on this one. As long as there is one, neither a release nor the
/// end of the owner's own holds takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Below {
    grants: u32,
    /// How many of them hang on leases: until when they last is not known here.
    on_leases: u32,
    /// When the last of the others is over.
    until: Mono,
}

const _: () = assert!(size_of::<Holder>() <= 56, "a lock with a holder takes a cache line");

impl Holder {
    /// The owner of a grant that begins. What it is for is to be counted in next.
    pub(super) fn new(owner: Owner, mode: Mode, token: FenceToken, since: Micros) -> Self {
        Self {
            owner,
            token,
            since,
            own: Term::Until(since.ms()).into(),
            rare: None,
            holds: 0,
            first_token: token.get() as u16,
            mode,
            repeated: false,
        }
    }

    /// Goes on with a stronger mode and the token that was drawn for it.
    pub(super) fn convert(&mut self, mode: Mode, token: FenceToken) {
        (self.mode, self.token, self.repeated) = (mode, token, false);
    }

    /// Counts in what the owner has asked for.
    pub(super) fn count_in(&mut self, ask: &Ask, now: Mono) {
        if ask.below {
            let below = &mut self.rare.get_or_insert_default().below;
            below.grants += 1;
            match ask.lasting.from(now) {
                Term::Until(end) => below.until = below.until.max(end),
                Term::Lease => below.on_leases += 1,
            }
            return;
        }
        let asked = ask.lasting.from(now);
        let term = if self.holds == 0 { asked } else { self.own.get().renewed(asked) };
        self.own = term.into();
        self.holds = self.holds.saturating_add(u32::from(ask.reentrant)).max(1);
        if ask.delay_ms > 0 || self.rare.is_some() {
            self.rare.get_or_insert_default().delay_ms = ask.delay_ms;
        }
    }

    /// Gives the owner's own holds a new term, sooner or later than the one before.
    pub(super) fn extend(&mut self, lasting: Lasting, now: Mono) {
        self.own = lasting.from(now).into();
        // Its owner relies on it now, whatever becomes of the request that it was granted to.
        self.repeated = true;
    }

    /// One hold less.
    pub(super) fn drop_hold(&mut self) {
        self.holds -= 1;
    }

    /// The owner holds it for the sake of locks below alone from now on.
    pub(super) fn drop_holds(&mut self) {
        self.holds = 0;
    }

    /// A grant below that relied on this one is over.
    pub(super) fn drop_below(&mut self, was: Term, now: Mono) {
        let Some(rare) = &mut self.rare else { return };
        rare.below.grants -= 1;
        rare.below.on_leases -= u32::from(was == Term::Lease);
        if rare.below.grants > 0 {
            return;
        }
        rare.below = Below::default();
        // Up to now it was held for something else: its own time is over now, and not before.
        if self.own.get().is_over(now) {
            self.own = Term::Until(now).into();
        }
    }

    /// A grant below that relies on this one lasts otherwise than before.
    pub(super) fn change_below(&mut self, was: Term, term: Term) {
        let Some(below) = self.rare.as_mut().map(|rare| &mut rare.below) else { return };
        below.on_leases -= u32::from(was == Term::Lease);
        match term {
            Term::Until(end) => below.until = below.until.max(end),
            Term::Lease => below.on_leases += 1,
        }
    }

    /// When the grant is over: when nothing of what it is held for lasts any longer.
    #[must_use]
    pub fn term(&self) -> Term {
        let below = self.rare.as_ref().map(|rare| &rare.below).filter(|below| below.grants > 0);
        let Some(below) = below else { return self.own.get() };
        if below.on_leases > 0 {
            Term::Lease
        } else if self.holds == 0 {
            Term::Until(below.until)
        } else {
            self.own.get().later(Term::Until(below.until))
        }
    }

    /// Whether the owner's own holds hang on a lease.
    #[must_use]
    pub fn hangs(&self) -> bool {
        self.holds > 0 && self.own.get() == Term::Lease
    }

    /// Whether grants of locks below rely on it.
    #[must_use]
    pub fn is_relied_on(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.below.grants > 0)
    }

    /// For how many milliseconds the lock stays closed if the grant ends by itself.
    #[must_use]
    pub fn delay_ms(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.delay_ms)
    }

    /// The time of holding that this is.
    #[must_use]
    pub const fn tenure(&self) -> Tenure {
        Tenure { since: self.since, first_token: self.first_token }
    }

    /// Heap bytes.
    pub(super) fn memory(&self) -> usize {
        self.owner.name().len() + self.rare.as_ref().map_or(0, |_| size_of::<Rare>())
    }

    /// What is left of the grant when it is over at `at`.
    #[must_use]
    pub(super) fn end(self, at: Mono, cause: Cause) -> Ended {
        let Self { owner, mode, token, since, .. } = self;
        Ended { owner, mode, token, since, at, cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coord::test_tokens::token;

    fn ask(lasting: Lasting, below: bool) -> Ask {
        let owner = Owner::new(b"a");
        Ask { owner, mode: Mode::Exclusive, lasting, delay_ms: 0, reentrant: false, below }
    }

    fn holder(asks: &[Ask]) -> Holder {
        let mut holder = Holder::new(Owner::new(b"a"), Mode::Exclusive, token(1), Micros(0));
        asks.iter().for_each(|ask| holder.count_in(ask, Mono(0)));
        holder
    }

    #[test]
    fn a_repeat_never_brings_the_end_forward_and_an_extension_may() {
        let mut holder = holder(&[ask(Lasting::Ms(100), false)]);
        holder.count_in(&ask(Lasting::Ms(50), false), Mono(10));
        assert_eq!(holder.term(), Term::Until(Mono(100)));
        holder.count_in(&ask(Lasting::Ms(91), false), Mono(10));
        assert_eq!(holder.term(), Term::Until(Mono(101)));
        holder.extend(Lasting::Ms(50), Mono(10));
        assert_eq!(holder.term(), Term::Until(Mono(60)));
    }

    #[test]
    fn what_is_held_for_locks_below_lasts_as_long_as_they_do() {
        let mut holder = holder(&[ask(Lasting::Ms(10), false), ask(Lasting::Ms(50), true)]);
        assert_eq!(holder.term(), Term::Until(Mono(50)));
        holder.count_in(&ask(Lasting::Lease, true), Mono(0));
        assert_eq!(holder.term(), Term::Lease);
        assert!(!holder.hangs(), "it is the grant below that does");
        holder.drop_below(Term::Lease, Mono(5));
        assert_eq!(holder.term(), Term::Until(Mono(50)));
        holder.change_below(Term::Until(Mono(50)), Term::Lease);
        holder.change_below(Term::Lease, Term::Until(Mono(40)));
        assert_eq!(holder.term(), Term::Until(Mono(50)));
        holder.drop_below(Term::Until(Mono(40)), Mono(5));
        assert_eq!((holder.term(), holder.is_relied_on()), (Term::Until(Mono(10)), false));
    }

    #[test]
    fn what_outlived_its_own_time_for_a_lock_below_ends_with_that() {
        let mut holder = holder(&[ask(Lasting::Ms(10), false), ask(Lasting::Ms(50), true)]);
        holder.drop_below(Term::Until(Mono(50)), Mono(30));
        assert_eq!(holder.term(), Term::Until(Mono(30)));
    }

    #[test]
    fn without_holds_of_its_own_only_locks_below_count() {
        let mut holder = holder(&[ask(Lasting::Lease, false), ask(Lasting::Ms(50), true)]);
        assert_eq!((holder.term(), holder.hangs()), (Term::Lease, true));
        holder.drop_holds();
        assert_eq!((holder.term(), holder.hangs()), (Term::Until(Mono(50)), false));
    }
}
