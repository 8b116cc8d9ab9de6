//! The search for a cycle of waiting owners: breadth first from one of them, so that the shortest
//! is found.
//!
//! Not here: what the graph consists of (`wait_graph.rs`).
//! A queue of n requests has up to n² edges, but all requests for one mode wait for the same
//! holders and for prefixes of the same line. What has been walked for a mode is not walked again,
//! so that a search looks at each request five times at most.

use crate::coord::grant::WaiterId;
use crate::coord::mode::Mode;
use crate::coord::wait_graph::{LockId, OwnerNo, WaitGraph};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

/// The shortest cycle through `start`: it, whom it waits for, whom that one waits for, and so on.
pub(super) fn through(graph: &WaitGraph, start: OwnerNo) -> Option<Vec<OwnerNo>> {
    let mut search = Search {
        graph,
        start,
        before: BTreeMap::new(),
        pending: VecDeque::from([start]),
        walked: BTreeMap::new(),
        last: None,
    };
    while let Some(owner) = search.pending.pop_front() {
        for (lock, waiter) in &graph.member(owner).waits {
            search.walk(owner, *lock, *waiter);
            if let Some(last) = search.last {
                return Some(search.path_to(last));
            }
        }
    }
    None
}

struct Search<'g> {
    graph: &'g WaitGraph,
    start: OwnerNo,
    /// By whom each owner was reached: somebody who waits for it.
    before: BTreeMap<OwnerNo, OwnerNo>,
    pending: VecDeque<OwnerNo>,
    walked: BTreeMap<(LockId, Mode), Walked>,
    /// Who waits for the one at which the search began.
    last: Option<OwnerNo>,
}

/// What was walked of a lock for the requests of one mode.
#[derive(Clone, Copy, Default)]
struct Walked {
    holders: bool,
    ahead: bool,
    /// All in line before this one.
    line_up_to: Option<WaiterId>,
}

impl Search<'_> {
    /// Reaches everybody for whom a request of `owner` waits.
    fn walk(&mut self, owner: OwnerNo, lock: LockId, waiter: WaiterId) {
        let contended = self.graph.lock(lock);
        let is_ahead = contended.is_ahead(waiter);
        let requests = if is_ahead { &contended.ahead } else { &contended.in_line };
        let wants = requests[&waiter].mode;
        let mut walked = self.walked.get(&(lock, wants)).copied().unwrap_or_default();
        if !walked.holders {
            let held = contended.holders.iter().filter(|(_, mode)| !mode.goes_with(wants));
            held.for_each(|(holder, _)| self.reach(*holder, owner));
            walked.holders = true;
        }
        let is_oldest = self.graph.member(owner).is_oldest_request(lock, waiter);
        if !is_ahead && is_oldest {
            if !walked.ahead {
                let ahead = contended.ahead.values().filter(|at| !at.mode.goes_with(wants));
                ahead.for_each(|request| self.reach(request.owner, owner));
                walked.ahead = true;
            }
            let from = walked.line_up_to.unwrap_or(WaiterId(0));
            if from < waiter {
                let line = contended.in_line.range(from..waiter).map(|(_, request)| request);
                let before = line.filter(|request| !request.mode.goes_with(wants));
                before.for_each(|request| self.reach(request.owner, owner));
                walked.line_up_to = Some(waiter);
            }
        }
        // Whoever walks skips itself. Only of the first owner does it matter that others reach it.
        if owner != self.start {
            self.walked.insert((lock, wants), walked);
        }
    }

    /// `by` waits for `owner`, unless they are one.
    fn reach(&mut self, owner: OwnerNo, by: OwnerNo) {
        if owner == by {
            return;
        }
        if owner == self.start {
            self.last.get_or_insert(by);
        } else if let Entry::Vacant(unknown) = self.before.entry(owner) {
            unknown.insert(by);
            self.pending.push_back(owner);
        }
    }

    fn path_to(&self, last: OwnerNo) -> Vec<OwnerNo> {
        let mut path = vec![last];
        let mut at = last;
        while at != self.start {
            at = self.before[&at];
            path.push(at);
        }
        path.reverse();
        path
    }
}
