//! Who holds a lock: nobody, one owner, or several whose modes go together.
//!
//! One holder lies in place, since most locks never have two; more are indexed, so that every
//! question costs the logarithm of their number.
//! Not here: who waits (`lock_queue.rs`), and who may hold (`lock.rs`).

use crate::base::time::Mono;
use crate::coord::grant::Owner;
use crate::coord::holder::Holder;
use crate::coord::mode::Mode;
use crate::coord::token::FenceToken;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

/// The holders of one lock, at most one per owner.
#[derive(Clone, Debug, Default)]
pub(crate) enum Holders {
    #[default]
    Nobody,
    One(Holder),
    Many(Box<Crowd>),
}

/// Two holders or more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crowd {
    by_token: BTreeMap<FenceToken, Holder>,
    tokens: BTreeMap<Owner, FenceToken>,
    /// The deadlines of those that have one.
    ends: BTreeSet<(Mono, FenceToken)>,
    /// How many hold in each mode, in the order of [`Mode::ALL`].
    in_mode: [usize; Mode::ALL.len()],
}

impl Holders {
    pub(crate) fn get(&self, owner: &[u8]) -> Option<&Holder> {
        match self {
            Self::Nobody => None,
            Self::One(holder) => Some(holder).filter(|holder| holder.owner.name() == owner),
            Self::Many(crowd) => Some(&crowd.by_token[crowd.tokens.get(owner)?]),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Nobody => 0,
            Self::One(_) => 1,
            Self::Many(crowd) => crowd.by_token.len(),
        }
    }

    /// The highest token that one of them has.
    pub(crate) fn last_token(&self) -> Option<FenceToken> {
        match self {
            Self::Nobody => None,
            Self::One(holder) => Some(holder.token),
            Self::Many(crowd) => crowd.by_token.last_key_value().map(|(token, _)| *token),
        }
    }

    /// In the order of their tokens.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Holder> {
        let (one, many) = match self {
            Self::Nobody => (None, None),
            Self::One(holder) => (Some(holder), None),
            Self::Many(crowd) => (None, Some(crowd.by_token.values())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Whether somebody whose own grant, if any, is in mode `own` could hold `mode` beside all the
    /// others.
    pub(crate) fn leave_room_for(&self, mode: Mode, own: Option<Mode>) -> bool {
        match self {
            Self::Nobody => true,
            Self::One(holder) => own.is_some() || holder.mode.goes_with(mode),
            Self::Many(crowd) => Mode::ALL.into_iter().zip(crowd.in_mode).all(|(held, count)| {
                held.goes_with(mode) || count == usize::from(own == Some(held))
            }),
        }
    }

    /// When the first grant ends by itself.
    pub(crate) fn first_end(&self) -> Option<Mono> {
        match self {
            Self::Nobody => None,
            Self::One(holder) => holder.term().deadline(),
            Self::Many(crowd) => crowd.ends.first().map(|(end, _)| *end),
        }
    }

    /// Takes out one whose term is over at `now`, the one that ended first.
    pub(crate) fn pop_over(&mut self, now: Mono) -> Option<Holder> {
        match self {
            Self::Nobody => None,
            Self::One(holder) if holder.term().is_over(now) => self.pop_first(),
            Self::One(_) => None,
            Self::Many(crowd) => {
                let (_, token) = *crowd.ends.first().filter(|(end, _)| *end <= now)?;
                let holder = crowd.remove(token);
                self.settle();
                Some(holder)
            }
        }
    }

    /// Takes out the one with the lowest token.
    pub(crate) fn pop_first(&mut self) -> Option<Holder> {
        match mem::take(self) {
            Self::Nobody => None,
            Self::One(holder) => Some(holder),
            Self::Many(mut crowd) => {
                let first = crowd.by_token.first_key_value().map(|(token, _)| *token)?;
                let holder = crowd.remove(first);
                *self = Self::Many(crowd);
                self.settle();
                Some(holder)
            }
        }
    }

    pub(crate) fn remove(&mut self, owner: &[u8]) -> Option<Holder> {
        match self {
            Self::Nobody => None,
            Self::One(holder) if holder.owner.name() == owner => self.pop_first(),
            Self::One(_) => None,
            Self::Many(crowd) => {
                let token = *crowd.tokens.get(owner)?;
                let holder = crowd.remove(token);
                self.settle();
                Some(holder)
            }
        }
    }

    /// Adds a holder whose owner has none yet.
    pub(crate) fn insert(&mut self, holder: Holder) {
        *self = match mem::take(self) {
            Self::Nobody => Self::One(holder),
            Self::One(first) => {
                let mut crowd = Box::<Crowd>::default();
                crowd.insert(first);
                crowd.insert(holder);
                Self::Many(crowd)
            }
            Self::Many(mut crowd) => {
                crowd.insert(holder);
                Self::Many(crowd)
            }
        };
    }

    /// Changes an owner's grant, but neither its owner, its mode nor its token; tells the token.
    pub(crate) fn revise(
        &mut self,
        owner: &[u8],
        change: impl FnOnce(&mut Holder),
    ) -> Option<FenceToken> {
        match self {
            Self::One(holder) if holder.owner.name() == owner => {
                change(holder);
                Some(holder.token)
            }
            Self::Nobody | Self::One(_) => None,
            Self::Many(crowd) => {
                let token = *crowd.tokens.get(owner)?;
                crowd.revise(token, change);
                Some(token)
            }
        }
    }

    /// A crowd of one is a holder again, and needs no index.
    fn settle(&mut self) {
        let Self::Many(crowd) = self else { return };
        if crowd.by_token.len() == 1 {
            let (_, last) = crowd.by_token.pop_first().expect("one is left");
            *self = Self::One(last);
        }
    }

    /// Heap bytes, as near as the standard maps let one tell.
    pub(crate) fn memory(&self) -> usize {
        let own: usize = self.iter().map(Holder::memory).sum();
        match self {
            Self::Nobody | Self::One(_) => own,
            Self::Many(crowd) => {
                let each = size_of::<(FenceToken, Holder)>()
                    + size_of::<(Owner, FenceToken)>()
                    + size_of::<(Mono, FenceToken)>();
                let names: usize = crowd.tokens.keys().map(|owner| owner.name().len()).sum();
                size_of::<Crowd>() + own + names + each * crowd.by_token.len()
            }
        }
    }

    pub(crate) fn assert_invariants(&self) {
        if let Self::Many(crowd) = self {
            crowd.assert_invariants();
        }
    }
}

impl Crowd {
    fn insert(&mut self, holder: Holder) {
        let before = self.tokens.insert(holder.owner.clone(), holder.token);
        assert!(before.is_none(), "an owner has one grant at a time");
        if let Some(end) = holder.term().deadline() {
            self.ends.insert((end, holder.token));
        }
        self.in_mode[holder.mode as usize] += 1;
        self.by_token.insert(holder.token, holder);
    }

    fn remove(&mut self, token: FenceToken) -> Holder {
        let holder = self.by_token.remove(&token).expect("the indexes name holders");
        self.tokens.remove(&holder.owner);
        if let Some(end) = holder.term().deadline() {
            self.ends.remove(&(end, token));
        }
        self.in_mode[holder.mode as usize] -= 1;
        holder
    }

    fn revise(&mut self, token: FenceToken, change: impl FnOnce(&mut Holder)) {
        let holder = self.by_token.get_mut(&token).expect("the indexes name holders");
        let before = holder.term().deadline();
        change(holder);
        let after = holder.term().deadline();
        if before != after {
            before.map(|end| self.ends.remove(&(end, token)));
            after.map(|end| self.ends.insert((end, token)));
        }
    }

    fn assert_invariants(&self) {
        assert!(self.by_token.len() > 1, "a crowd has two holders or more");
        assert_eq!(self.tokens.len(), self.by_token.len(), "an owner has one grant");
        let mut in_mode = [0; Mode::ALL.len()];
        let mut ends = 0;
        for (token, holder) in &self.by_token {
            assert_eq!(*token, holder.token, "a holder is filed under its token");
            assert_eq!(self.tokens.get(&holder.owner), Some(token), "and under its owner");
            in_mode[holder.mode as usize] += 1;
            if let Some(end) = holder.term().deadline() {
                assert!(self.ends.contains(&(end, *token)), "and under its deadline");
                ends += 1;
            }
        }
        assert_eq!(ends, self.ends.len(), "every deadline is a holder's");
        assert_eq!(in_mode, self.in_mode, "the holders of each mode are counted");
    }
}
