//! Grants of locks that were asked for with PARENTS, and what becomes of the locks above them when
//! they end or last longer.
//!
//! Such a grant is noted here and not in its lock, since most locks have none. It is compared with
//! the lock after every change, so that no way to end it is forgotten. Not here: the rules of a
//! grant that others rely on (`coord/lock.rs`).
//! Invariant: every grant in here is one of its lock.

use crate::base::time::Mono;
use crate::coord::ask::Tenure;
use crate::coord::grant::{Owner, Term};
use crate::coord::holder::Holder;
use crate::coord::lock::Lock;
use crate::coord::wait_graph::LockId;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};

/// The grants of one shard, by lock and owner.
#[derive(Debug, Default)]
pub(crate) struct Paths(HashMap<LockId, Leaf>);

/// One for each lock above, the highest first.
pub type Tenures = SmallVec<[Tenure; 2]>;

#[derive(Debug)]
struct Leaf {
    table: u8,
    grants: BTreeMap<Owner, Noted>,
}

#[derive(Debug)]
struct Noted {
    /// What it relies on of the locks above, the highest first.
    tenures: Tenures,
    /// How long they are held for it.
    term: Term,
}

/// What has to be done about the locks above a grant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FollowUp {
    pub(crate) owner: Owner,
    pub(crate) tenures: Tenures,
    /// How long they were held for it.
    pub(crate) was: Term,
    pub(crate) what: Above,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// The grant is over.
    End,
    /// It lasts longer, hangs on a lease now, or does not any more.
    Change(Term),
}

/// Whether a grant was noted.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noting {
    /// It is from now on.
    New,
    /// It was already, relied on this, and lasted so long: what it still relies on has been taken
    /// twice for it.
    Known(Tenures, Term),
}

impl Paths {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes a grant that relies on `tenures`, which are held for it so long.
    pub(crate) fn note(
        &mut self,
        (id, table): (LockId, u8),
        owner: &Owner,
        tenures: Tenures,
        term: Term,
    ) -> Noting {
        let leaf = self.0.entry(id).or_insert_with(|| Leaf { table, grants: BTreeMap::new() });
        match leaf.grants.get_mut(owner) {
            Some(noted) => {
                let Noted { tenures, term } = std::mem::replace(noted, Noted { tenures, term });
                Noting::Known(tenures, term)
            }
            None => {
                leaf.grants.insert(owner.clone(), Noted { tenures, term });
                Noting::New
            }
        }
    }

    /// Compares the grants of a lock with what is noted.
    pub(crate) fn follow(&mut self, id: LockId, lock: &Lock) -> Vec<FollowUp> {
        let Some(leaf) = self.0.get_mut(&id) else { return Vec::new() };
        let mut follow_ups = Vec::new();
        leaf.grants.retain(|owner, noted| {
            // Grants that are over and have not been ended yet count as grants.
            let holder = lock.holder(owner.name(), Mono::default());
            let (was, what) = match (noted.term, holder.map(Holder::term)) {
                (was, None) => (was, Above::End),
                (Term::Until(was), Some(Term::Until(end))) if end <= was => return true,
                (Term::Lease, Some(Term::Lease)) => return true,
                (was, Some(term)) => {
                    noted.term = term;
                    (was, Above::Change(term))
                }
            };
            let is_over = what == Above::End;
            let (owner, tenures) = (owner.clone(), noted.tenures.clone());
            follow_ups.push(FollowUp { owner, tenures, was, what });
            !is_over
        });
        if leaf.grants.is_empty() {
            self.0.remove(&id);
        }
        follow_ups
    }

    /// The locks of a table are gone.
    pub(crate) fn flushed(&mut self, table: u8) {
        self.0.retain(|_, leaf| leaf.table != table);
    }

    /// How many of the lock's grants are noted.
    pub(crate) fn assert_held(&self, id: LockId, lock: &Lock) -> usize {
        let Some(leaf) = self.0.get(&id) else { return 0 };
        for owner in leaf.grants.keys() {
            let holder = lock.holder(owner.name(), Mono::default());
            assert!(holder.is_some(), "a grant that is noted is one of its lock");
        }
        leaf.grants.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.values().map(|leaf| leaf.grants.len()).sum()
    }
}
