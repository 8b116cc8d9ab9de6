//! Whether a history is linearizable: whether its operations can be put in an order in which each
//! takes effect at one instant between its call and its return, and a sequential model gives the
//! same answers.
//!
//! After Wing and Gong (1993), with Lowe's (2017) memory of what has been tried: a set of
//! operations that are done, and the state they leave, is looked at once. Pure: times are numbers.
//! Not here: what the operations are (the models), and who recorded them.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

/// So many nodes of the search are visited before it gives up. A history of this program needs
/// some thousand.
const NODES_MAX: usize = 4_000_000;

/// An operation as its client saw it. Times are microseconds of one clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation<T> {
    /// The client began to send it.
    pub(crate) called: u64,
    /// It had its answer. `None`: it never got one, and may take effect at any time after `called`.
    pub(crate) returned: Option<u64>,
    pub(crate) what: T,
    pub(crate) effect: Effect,
}

/// How often an operation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Exactly once.
    Once,
    /// Once or never: nobody was told.
    Perhaps,
}

/// The sequential specification.
pub(crate) trait Model {
    type What: Debug + PartialEq;
    type State: Clone + Debug;
    /// The part of a state that is compared; states of one shape may cover each other.
    type Shape: Clone + Eq + Hash;

    fn initial(&self) -> Self::State;

    /// All states that the operation can leave if it takes effect at `by` or before; none if its
    /// answer is impossible, or if it has no effect and no answer.
    fn steps(
        &self,
        state: &Self::State,
        operation: &Operation<Self::What>,
        by: u64,
    ) -> Vec<Self::State>;

    /// Whether an operation with this answer cannot change what others get.
    fn only_looks(&self, what: &Self::What) -> bool;

    fn shape(&self, state: &Self::State) -> Self::Shape;

    /// Whether whatever can follow `narrow` can follow `wide`, which has the same shape.
    fn covers(&self, wide: &Self::State, narrow: &Self::State) -> bool;
}

/// Why a history was not accepted: the longest beginning of an order that was found.
#[derive(Debug)]
pub(crate) struct Refusal<S> {
    pub(crate) verdict: Verdict,
    /// The operations that come first, as positions in the history, and the state after them.
    pub(crate) done: Vec<usize>,
    pub(crate) state: S,
    /// The operations one of which would have to come next.
    pub(crate) stuck: Vec<usize>,
}

/// What is known of a history that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No order explains it.
    Wrong,
    /// The search was given up.
    Undecided,
}

/// An order that explains the history, as positions in it. Operations that nobody was told of stand
/// there only if they have to have happened.
pub(crate) fn linearize<M: Model>(
    model: &M,
    history: &[Operation<M::What>],
) -> Result<Vec<usize>, Refusal<M::State>> {
    let mut search = Search::new(model, history);
    let mut path = vec![search.node(model.initial(), None, 0)];
    let (mut deepest, mut visited) = (Vec::new(), 0_usize);
    let (mut state_there, mut verdict) = (model.initial(), Verdict::Wrong);
    while let Some(node) = path.last_mut() {
        if search.left == 0 {
            if visited > 5000 {
                println!("visited {visited} of {}", history.len());
            }
            return Ok(path.iter().filter_map(|node| node.through).collect());
        }
        let Some((through, state)) = node.next_step(&search) else {
            search.undo(&path.pop().expect("the node that was looked at"));
            continue;
        };
        visited += 1;
        if visited > NODES_MAX {
            verdict = Verdict::Undecided;
            break;
        }
        let latest = node.latest.max(history[through].called);
        search.mark(through);
        if search.is_new(&state) {
            let node = search.node(state, Some(through), latest);
            path.push(node);
            if path.len() > deepest.len() + 1 {
                deepest = path.iter().filter_map(|node| node.through).collect();
                state_there = path[path.len() - 1].state.clone();
            }
        } else {
            search.unmark(through);
        }
    }
    let stuck = Search::new(model, history).after(&deepest);
    Err(Refusal { verdict, done: deepest, state: state_there, stuck })
}

/// The history as it was known at `then`: who had not returned may have taken effect or not.
fn known_at<T: Clone>(history: &[Operation<T>], then: u64) -> Vec<Operation<T>> {
    let begun = history.iter().filter(|operation| operation.called <= then);
    let as_known = |operation: &Operation<T>| match operation.returned {
        Some(returned) if returned > then => {
            Operation { returned: None, effect: Effect::Perhaps, ..operation.clone() }
        }
        _ => operation.clone(),
    };
    begun.map(as_known).collect()
}

/// When a history that is not accepted was wrong for the first time: at the return of an operation.
/// What was wrong once stays wrong.
pub(crate) fn first_wrong<M: Model>(model: &M, history: &[Operation<M::What>]) -> u64
where
    M::What: Clone,
{
    let mut returns: Vec<u64> = history.iter().filter_map(|at| at.returned).collect();
    returns.sort_unstable();
    let right = returns.partition_point(|&then| linearize(model, &known_at(history, then)).is_ok());
    returns.get(right).copied().unwrap_or(u64::MAX)
}

/// One point of the search: operations done, and what is left to try from there.
struct Node<S> {
    state: S,
    /// The operation that led here.
    through: Option<usize>,
    /// The latest call of an operation that is done: nothing that returned earlier can follow.
    latest: u64,
    /// The earliest return of an operation that is not done: whatever comes next comes before it.
    earliest: u64,
    candidates: Vec<usize>,
    /// What the candidate that is tried can leave.
    outcomes: Vec<S>,
    trying: usize,
}

impl<S: Clone> Node<S> {
    fn next_step<M: Model<State = S>>(&mut self, search: &Search<'_, M>) -> Option<(usize, S)> {
        loop {
            if let Some(state) = self.outcomes.pop() {
                return Some((self.trying, state));
            }
            self.trying = self.candidates.pop()?;
            let operation = &search.history[self.trying];
            let by = self.earliest.min(operation.returned.unwrap_or(u64::MAX));
            self.outcomes = search.model.steps(&self.state, operation, by);
        }
    }
}

struct Search<'h, M: Model> {
    model: &'h M,
    history: &'h [Operation<M::What>],
    /// Operations that have to happen, in the order of their calls.
    sure: Vec<usize>,
    /// The others, in the order of their calls.
    unsure: Vec<usize>,
    done: Vec<u64>,
    /// How many of `sure` are not done.
    left: usize,
    /// All of `sure` before this place are done.
    first: usize,
    seen: HashMap<Tried<M>, Vec<M::State>>,
}

/// Which operations are done, and the shape of the state that they leave.
type Tried<M> = (Vec<u64>, <M as Model>::Shape);

impl<'h, M: Model> Search<'h, M> {
    fn new(model: &'h M, history: &'h [Operation<M::What>]) -> Self {
        let mut order: Vec<usize> = (0..history.len()).collect();
        order.sort_by_key(|&at| history[at].called);
        let is_sure = |&at: &usize| history[at].effect == Effect::Once;
        let (sure, unsure): (Vec<usize>, Vec<usize>) = order.into_iter().partition(is_sure);
        let (done, left) = (vec![0; history.len().div_ceil(64)], sure.len());
        Self { model, history, sure, unsure, done, left, first: 0, seen: HashMap::new() }
    }

    fn node(&mut self, state: M::State, through: Option<usize>, latest: u64) -> Node<M::State> {
        while self.sure.get(self.first).is_some_and(|&at| self.is_done(at)) {
            self.first += 1;
        }
        let (mut candidates, earliest) = self.candidates(latest);
        let is_free = |&at: &usize| self.is_free(&state, at, earliest);
        if let Some(free) = candidates.iter().copied().find(is_free) {
            // Unless something unsure would have to come before it.
            let in_time = |&at: &usize| {
                self.history[at].returned.is_none_or(|it| it >= self.history[free].called)
            };
            if candidates.iter().all(in_time) {
                candidates = vec![free];
            }
        }
        Node { state, through, latest, earliest, candidates, outcomes: Vec::new(), trying: 0 }
    }

    /// What may come next, the most promising last: who was told, in the order of the returns;
    /// then who was not, the latest first. And when the first of them returned.
    fn candidates(&self, latest: u64) -> (Vec<usize>, u64) {
        let called = |at: usize| self.history[at].called;
        let returned = |at: usize| self.history[at].returned.unwrap_or(u64::MAX);
        let mut deadline = u64::MAX;
        let mut sure = Vec::new();
        for &at in &self.sure[self.first..] {
            if called(at) > deadline {
                break;
            }
            if !self.is_done(at) {
                deadline = deadline.min(returned(at));
                sure.push(at);
            }
        }
        sure.retain(|&at| called(at) <= deadline);
        sure.sort_by_key(|&at| std::cmp::Reverse(returned(at)));
        let begun = self.unsure.partition_point(|&at| called(at) <= deadline);
        let possible = |at: &usize| !self.is_done(*at) && returned(*at) >= latest;
        let mut candidates: Vec<usize> =
            self.unsure[..begun].iter().copied().filter(possible).collect();
        // One of several that are the same stands for all of them.
        candidates.dedup_by(|one, other| self.history[*one] == self.history[*other]);
        candidates.append(&mut sure);
        (candidates, deadline)
    }

    /// Whether an operation can come next at no price: it looks, and sees nothing new. Then nothing
    /// is lost by letting it come next, and nothing else has to be tried.
    fn is_free(&self, state: &M::State, at: usize, by: u64) -> bool {
        let operation = &self.history[at];
        let as_wide = |after: &M::State| {
            self.model.shape(after) == self.model.shape(state) && self.model.covers(after, state)
        };
        operation.effect == Effect::Once
            && self.model.only_looks(&operation.what)
            && self.model.steps(state, operation, by).iter().any(as_wide)
    }

    /// What could come next after these, for a report.
    fn after(&mut self, done: &[usize]) -> Vec<usize> {
        done.iter().for_each(|&at| self.mark(at));
        let latest = done.iter().map(|&at| self.history[at].called).max();
        let (mut candidates, _) = self.candidates(latest.unwrap_or(0));
        candidates.retain(|&at| self.history[at].effect == Effect::Once);
        candidates
    }

    /// Whether nothing as good has been seen; it has from now on.
    fn is_new(&mut self, state: &M::State) -> bool {
        let model = self.model;
        let known = self.seen.entry((self.done.clone(), model.shape(state))).or_default();
        if known.iter().any(|known| model.covers(known, state)) {
            return false;
        }
        known.push(state.clone());
        true
    }

    fn is_done(&self, at: usize) -> bool {
        self.done[at / 64] >> (at % 64) & 1 == 1
    }

    fn mark(&mut self, at: usize) {
        self.left -= usize::from(self.history[at].effect == Effect::Once);
        self.done[at / 64] |= 1 << (at % 64);
    }

    fn unmark(&mut self, at: usize) {
        self.left += usize::from(self.history[at].effect == Effect::Once);
        self.done[at / 64] &= !(1 << (at % 64));
    }

    /// Goes back to before a node.
    fn undo(&mut self, node: &Node<M::State>) {
        let Some(at) = node.through else { return };
        self.unmark(at);
        // It may be the first that is not done now.
        self.first = 0;
    }
}
