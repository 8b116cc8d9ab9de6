//! Timers of a shard: a hierarchical wheel with a millisecond tick (Varghese and Lauck, 1987).
//!
//! Adding and cancelling cost the same however many timers there are, and `pop_due` does a bounded
//! amount of work per call, so that a million keys that end together do not stall anybody. What was
//! room for many timers is given back a little with each that goes (`compact`).
//! Not here: what a timer is for. It names an entry by slot, database and hash.
//! Invariant: every timer is on exactly one list, and its `list` field says which. A free node is
//! on the list of free ones.

use crate::base::time::Mono;

const LEVEL_BITS: u32 = 6;
const LEVEL_SLOTS: usize = 1 << LEVEL_BITS;
/// Enough levels for every 64-bit millisecond.
const LEVELS: usize = u64::BITS.div_ceil(LEVEL_BITS) as usize;
/// The list of timers that are due.
const DUE: u16 = (LEVELS * LEVEL_SLOTS) as u16;
/// The list of timers whose coarse slot has been reached and that move to a finer one, a few at a
/// time.
const MOVING: u16 = DUE + 1;
const LISTS: usize = MOVING as usize + 1;
const NONE: u32 = u32::MAX;
/// In place of a list's number: the node is free.
const FREE: u16 = u16::MAX;
const _: () = assert!(LISTS < FREE as usize);
/// So many free nodes are kept beside half as many as there are timers: timers come and go.
const SPARE: usize = 16;
/// How often `sample` draws before it takes the next timer that it finds.
const DRAWS_MAX: usize = 64;

/// The wheel's name for a timer, to cancel it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId(pub(crate) u32);

/// The entry that a timer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Hash of the key.
    pub hash: u64,
    /// Index of the slot in its shard.
    pub slot: u16,
    /// The table (before SWAPDB's renaming) that the key is in.
    pub table: u8,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    deadline: Mono,
    target: Target,
    list: u16,
    prev: u32,
    next: u32,
}

/// What `pop_due` found.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// This timer has run out; it is no longer in the wheel.
    Timer(TimerId, Target),
    /// Nothing is due.
    Nothing,
    /// The step was spent on sorting timers; there may be more.
    Sorting,
}

/// What `compact` did.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compaction {
    /// Nothing: few nodes are free.
    Enough,
    /// It gave a free node back.
    Freed,
    /// It gave the node of this timer back. The timer has another name now, which its entry must be
    /// told before anything else happens.
    Renamed {
        /// Its name until now.
        from: TimerId,
        /// Its name from now on.
        to: TimerId,
        /// The entry that it ends.
        target: Target,
    },
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Wheel {
    /// Everything before this instant has been handed out or is on the due list.
    reached: Mono,
    nodes: Vec<Node>,
    free: u32,
    heads: Box<[u32; LISTS]>,
    /// Bit per slot of each level that has timers.
    occupied: [u64; LEVELS],
    timers: usize,
}

impl Wheel {
    /// What a timer costs.
    pub const TIMER_BYTES: usize = size_of::<Node>();

    /// An empty wheel at `now`.
    #[must_use]
    pub fn new(now: Mono) -> Self {
        Self {
            reached: now,
            nodes: Vec::new(),
            free: NONE,
            heads: Box::new([NONE; LISTS]),
            occupied: [0; LEVELS],
            timers: 0,
        }
    }

    /// Number of timers.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.timers
    }

    /// Whether there are no timers.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.timers == 0
    }

    /// Heap bytes of the timers, and of the heads of their lists, which are always there. Free
    /// nodes do not count: `maxmemory` is compared with this, and removing keys has to bring it
    /// down.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.timers * Self::TIMER_BYTES + LISTS * size_of::<u32>()
    }

    /// Adds a timer for `target`.
    ///
    /// # Panics
    /// With 2^32 timers in one shard.
    pub fn add(&mut self, deadline: Mono, target: Target) -> TimerId {
        let node = Node { deadline, target, list: DUE, prev: NONE, next: NONE };
        let id = if self.free == NONE {
            assert!(self.nodes.len() < NONE as usize, "a shard has fewer than 2^32 timers");
            self.nodes.push(node);
            (self.nodes.len() - 1) as u32
        } else {
            let id = self.free;
            self.unlink_free(id);
            self.nodes[id as usize] = node;
            id
        };
        self.timers += 1;
        self.link(id);
        TimerId(id)
    }

    /// Removes a timer that has not been handed out yet. Wants to be followed by `compact`, twice.
    pub fn cancel(&mut self, id: TimerId) {
        self.unlink(id.0);
        self.release(id.0);
    }

    /// Moves a timer to another instant.
    pub fn reset(&mut self, id: TimerId, deadline: Mono) {
        self.unlink(id.0);
        self.nodes[id.0 as usize].deadline = deadline;
        self.link(id.0);
    }

    /// A timer drawn by chance, each with the same as long as many nodes are in use; `None` without
    /// timers.
    pub fn sample(&self, rng: &mut fastrand::Rng) -> Option<(TimerId, Target)> {
        if self.is_empty() {
            return None;
        }
        let nodes = self.nodes.len();
        let from = rng.usize(..nodes);
        let drawn = (0..DRAWS_MAX).map(|_| rng.usize(..nodes));
        let next = (from..nodes).chain(0..from);
        let id = drawn.chain(next).find(|&id| self.nodes[id].list != FREE)?;
        Some((TimerId(id as u32), self.nodes[id].target))
    }

    /// A lower bound of the next deadline; `None` without timers.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        if self.heads[DUE as usize] != NONE || self.heads[MOVING as usize] != NONE {
            return Some(self.reached);
        }
        self.first_occupied().map(|(_, start)| start)
    }

    /// Hands out one timer that is due at `now`, or does a small step towards the next.
    pub fn pop_due(&mut self, now: Mono) -> Due {
        let due = self.heads[DUE as usize];
        if due != NONE {
            self.unlink(due);
            let target = self.nodes[due as usize].target;
            self.release(due);
            return Due::Timer(TimerId(due), target);
        }
        let moving = self.heads[MOVING as usize];
        if moving != NONE {
            self.unlink(moving);
            self.link(moving);
            return Due::Sorting;
        }
        match self.first_occupied() {
            Some((list, start)) if start <= now => {
                self.reached = start;
                self.splice_to_moving(list);
                Due::Sorting
            }
            Some(_) | None => {
                self.reached = self.reached.max(now);
                Due::Nothing
            }
        }
    }

    /// The list with the earliest timers, and the instant at which it starts.
    fn first_occupied(&self) -> Option<(u16, Mono)> {
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        let slot = self.occupied[level].trailing_zeros();
        let shift = level as u32 * LEVEL_BITS;
        // Bits above this level are those of `reached`: a timer that differed there would lie on a
        // higher level.
        let above = self.reached.0.checked_shr(shift + LEVEL_BITS).unwrap_or(0);
        let start = above.checked_shl(shift + LEVEL_BITS).unwrap_or(0) | u64::from(slot) << shift;
        Some(((level * LEVEL_SLOTS) as u16 + slot as u16, Mono(start)))
    }

    fn list_for(&self, deadline: Mono) -> u16 {
        if deadline <= self.reached {
            return DUE;
        }
        let differs = (deadline.0 ^ self.reached.0) | 1;
        let level = (u64::BITS - 1 - differs.leading_zeros()) / LEVEL_BITS;
        let slot = (deadline.0 >> (level * LEVEL_BITS)) as usize % LEVEL_SLOTS;
        (level as usize * LEVEL_SLOTS + slot) as u16
    }

    fn link(&mut self, id: u32) {
        let list = self.list_for(self.nodes[id as usize].deadline);
        let head = self.heads[list as usize];
        let node = &mut self.nodes[id as usize];
        (node.list, node.prev, node.next) = (list, NONE, head);
        if head != NONE {
            self.nodes[head as usize].prev = id;
        }
        self.heads[list as usize] = id;
        if list < DUE {
            self.occupied[list as usize / LEVEL_SLOTS] |= 1 << (list as usize % LEVEL_SLOTS);
        }
    }

    fn unlink(&mut self, id: u32) {
        let Node { list, prev, next, .. } = self.nodes[id as usize];
        if next != NONE {
            self.nodes[next as usize].prev = prev;
        }
        if prev != NONE {
            self.nodes[prev as usize].next = next;
            return;
        }
        // The first of a list that was spliced still names its old list, so look where it really
        // is.
        let list = self.headed_by(id, list);
        self.heads[list as usize] = next;
        if list < DUE && next == NONE {
            self.occupied[list as usize / LEVEL_SLOTS] &= !(1 << (list as usize % LEVEL_SLOTS));
        }
    }

    /// The list that `id` is the first of.
    fn headed_by(&self, id: u32, named: u16) -> u16 {
        let list = if self.heads[MOVING as usize] == id { MOVING } else { named };
        assert!(self.heads[list as usize] == id, "the first timer of a list is its head");
        list
    }

    /// Takes a whole list in one step; its nodes still name it, which `unlink` allows for.
    fn splice_to_moving(&mut self, list: u16) {
        self.heads[MOVING as usize] = std::mem::replace(&mut self.heads[list as usize], NONE);
        self.occupied[list as usize / LEVEL_SLOTS] &= !(1 << (list as usize % LEVEL_SLOTS));
    }

    fn release(&mut self, id: u32) {
        let node = &mut self.nodes[id as usize];
        (node.list, node.prev, node.next) = (FREE, NONE, self.free);
        if self.free != NONE {
            self.nodes[self.free as usize].prev = id;
        }
        self.free = id;
        self.timers -= 1;
    }

    fn unlink_free(&mut self, id: u32) {
        let Node { prev, next, .. } = self.nodes[id as usize];
        if next != NONE {
            self.nodes[next as usize].prev = prev;
        }
        if prev == NONE {
            self.free = next;
        } else {
            self.nodes[prev as usize].next = next;
        }
    }

    /// Gives the last node back if many are free. One timer that goes leaves one and a half nodes
    /// too many, so two calls for each keep up.
    #[inline]
    pub fn compact(&mut self) -> Compaction {
        if self.nodes.len() <= self.timers + self.timers / 2 + SPARE {
            return Compaction::Enough;
        }
        self.give_back()
    }

    #[cold]
    fn give_back(&mut self) -> Compaction {
        let from = (self.nodes.len() - 1) as u32;
        let last = self.nodes[from as usize];
        let done = if last.list == FREE {
            self.unlink_free(from);
            Compaction::Freed
        } else {
            let to = self.free;
            self.unlink_free(to);
            self.rename(from, to);
            Compaction::Renamed { from: TimerId(from), to: TimerId(to), target: last.target }
        };
        self.nodes.pop();
        // Half as much again as is used, so that this copies a node four times at most for each one
        // that has been given back.
        if self.nodes.capacity() > 2 * self.nodes.len() + SPARE {
            self.nodes.shrink_to(self.nodes.len() + self.nodes.len() / 2);
        }
        done
    }

    /// Moves a timer to a node that is on no list.
    fn rename(&mut self, from: u32, to: u32) {
        let node = self.nodes[from as usize];
        self.nodes[to as usize] = node;
        if node.next != NONE {
            self.nodes[node.next as usize].prev = to;
        }
        if node.prev == NONE {
            let list = self.headed_by(from, node.list);
            self.heads[list as usize] = to;
        } else {
            self.nodes[node.prev as usize].next = to;
        }
    }

    /// Every timer, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TimerId, Mono, Target)> {
        self.heads.iter().flat_map(|&head| self.list(head)).map(|id| {
            let node = &self.nodes[id as usize];
            (TimerId(id), node.deadline, node.target)
        })
    }

    /// The names on the list that starts with `head`.
    fn list(&self, head: u32) -> impl Iterator<Item = u32> {
        let there = |id: u32| (id != NONE).then_some(id);
        std::iter::successors(there(head), move |&id| there(self.nodes[id as usize].next))
    }

    /// Checks the invariant; called by tests after every step.
    ///
    /// # Panics
    /// If a list is broken.
    pub fn assert_invariants(&self) {
        let mut listed = 0;
        for (list, &head) in self.heads.iter().enumerate() {
            let (mut id, mut prev) = (head, NONE);
            while id != NONE {
                let node = &self.nodes[id as usize];
                assert_eq!(node.prev, prev, "links agree in both directions");
                assert!(
                    list == MOVING as usize || list == node.list as usize,
                    "a node knows its list"
                );
                (prev, id) = (id, node.next);
                listed += 1;
            }
            if list < DUE as usize {
                let bit = self.occupied[list / LEVEL_SLOTS] >> (list % LEVEL_SLOTS) & 1;
                assert_eq!(bit == 1, head != NONE, "the bit says whether the list has timers");
            }
        }
        assert_eq!(listed, self.timers, "every timer is on a list");
        let (mut id, mut prev, mut free) = (self.free, NONE, 0);
        while id != NONE {
            let node = &self.nodes[id as usize];
            assert_eq!((node.list, node.prev), (FREE, prev), "a free node is on the free list");
            (prev, id) = (id, node.next);
            free += 1;
        }
        assert_eq!(free + self.timers, self.nodes.len(), "a node is a timer or free");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn target(number: u64) -> Target {
        Target { hash: number, slot: 0, table: 0 }
    }

    fn drain(wheel: &mut Wheel, now: Mono) -> Vec<u64> {
        let mut due = Vec::new();
        loop {
            match wheel.pop_due(now) {
                Due::Timer(_, target) => due.push(target.hash),
                Due::Sorting => {}
                Due::Nothing => return due,
            }
        }
    }

    #[test]
    fn a_timer_is_due_at_its_millisecond_and_not_before() {
        let mut wheel = Wheel::new(Mono(1_000));
        wheel.add(Mono(6_000), target(1));
        assert!(drain(&mut wheel, Mono(5_999)).is_empty());
        assert_eq!(drain(&mut wheel, Mono(6_000)), [1]);
        assert!(wheel.is_empty());
    }

    #[test]
    fn the_end_of_time_is_a_deadline_like_any_other() {
        let mut wheel = Wheel::new(Mono(5));
        wheel.add(Mono(u64::MAX), target(1));
        assert!(drain(&mut wheel, Mono(u64::MAX - 1)).is_empty());
        assert_eq!(drain(&mut wheel, Mono(u64::MAX)), [1]);
    }

    #[test]
    fn a_wheel_that_was_full_gives_its_nodes_back_whatever_the_order_of_cancelling() {
        const TIMERS: u64 = 10_000;
        for (name, order) in [("first", 0), ("last", TIMERS - 1), ("all over", 7_919)] {
            let mut wheel = Wheel::new(Mono(0));
            let mut ids: Vec<TimerId> = (0..TIMERS)
                .map(|number| wheel.add(Mono(1 + number * 50), target(number)))
                .collect();
            for step in 0..TIMERS {
                // A step that shares no factor with their number goes through all.
                let number = (step * order.max(1) + order) % TIMERS;
                wheel.cancel(ids[number as usize]);
                for _ in 0..2 {
                    if let Compaction::Renamed { from, to, target } = wheel.compact() {
                        let id = &mut ids[target.hash as usize];
                        assert_eq!(std::mem::replace(id, to), from);
                    }
                }
                let room = wheel.timers + wheel.timers / 2 + SPARE;
                assert!(wheel.nodes.len() <= room, "{name}: {} in {step}", wheel.nodes.len());
                assert!(wheel.nodes.capacity() <= 2 * room + SPARE, "{name}");
            }
            wheel.assert_invariants();
            assert_eq!(wheel.memory(), Wheel::new(Mono(0)).memory());
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add(u64),
        Cancel(usize),
        Reset(usize, u64),
        Compact,
        Advance(u64),
        Pop,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let ahead = prop_oneof![0u64..5, 0u64..200, 0u64..100_000, any::<u64>()];
        let step = prop_oneof![
            4 => ahead.clone().prop_map(Step::Add),
            1 => any::<usize>().prop_map(Step::Cancel),
            1 => (any::<usize>(), ahead).prop_map(|(which, ahead)| Step::Reset(which, ahead)),
            3 => Just(Step::Compact),
            3 => (0u64..5_000).prop_map(Step::Advance),
            3 => Just(Step::Pop),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn a_wheel_hands_out_what_is_due_and_nothing_else(steps in steps()) {
            let mut now = Mono(12_345);
            let mut wheel = Wheel::new(now);
            let mut model: BTreeMap<u64, (TimerId, Mono)> = BTreeMap::new();
            for (number, step) in (0u64..).zip(steps) {
                let nth = |which: usize| model.keys().nth(which % model.len().max(1)).copied();
                match step {
                    Step::Add(ahead) => {
                        let deadline = now.plus(ahead);
                        model.insert(number, (wheel.add(deadline, target(number)), deadline));
                    }
                    Step::Cancel(which) => if let Some(chosen) = nth(which) {
                        wheel.cancel(model.remove(&chosen).unwrap().0);
                    },
                    Step::Reset(which, ahead) => if let Some(chosen) = nth(which) {
                        let timer = model.get_mut(&chosen).unwrap();
                        timer.1 = now.plus(ahead);
                        wheel.reset(timer.0, timer.1);
                    },
                    Step::Compact => {
                        if let Compaction::Renamed { from, to, target } = wheel.compact() {
                            let timer = model.get_mut(&target.hash).unwrap();
                            prop_assert_eq!(std::mem::replace(&mut timer.0, to), from);
                        }
                    }
                    Step::Advance(ms) => {
                        now = now.plus(ms);
                        let mut due = drain(&mut wheel, now);
                        due.sort_unstable();
                        let expected: Vec<u64> =
                            model.iter().filter(|(_, t)| t.1 <= now).map(|(&n, _)| n).collect();
                        model.retain(|_, timer| timer.1 > now);
                        prop_assert_eq!(due, expected);
                    }
                    // Steps in the middle of sorting must not confuse later changes.
                    Step::Pop => {
                        now = now.plus(64);
                        if let Due::Timer(_, target) = wheel.pop_due(now) {
                            let timer = model.remove(&target.hash).unwrap();
                            prop_assert!(timer.1 <= now);
                        }
                    }
                }
                wheel.assert_invariants();
                prop_assert_eq!(wheel.len(), model.len());
                let bound = wheel.next_deadline();
                let first = model.values().map(|timer| timer.1).min();
                prop_assert!(bound.is_some() == first.is_some());
                prop_assert!(bound <= first || first <= Some(now));
            }
        }
    }
}
