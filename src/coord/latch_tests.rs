//! The rules of the latch, one by one, and random histories against a model.

#![cfg(test)]

use super::*;
use proptest::prelude::*;

fn steps(count: u64) -> NonZeroU64 {
    NonZeroU64::new(count).unwrap()
}

fn latch(count: u64, ms: Option<u64>) -> Latch {
    let mut latch = Latch::default();
    assert_eq!(latch.init(steps(count), ms, Mono(0)), Init::Made);
    latch
}

fn waiters(numbers: &[u64]) -> BTreeSet<WaiterId> {
    numbers.iter().copied().map(WaiterId).collect()
}

#[test]
fn the_last_step_releases_everybody_at_once() {
    let mut latch = latch(2, None);
    for number in [1, 2] {
        assert_eq!(latch.wait(Some(WaiterId(number)), Mono(0)), Wait::Waiting);
    }
    assert_eq!(latch.down(steps(1), Mono(1)), Down::Left(steps(1)));
    assert_eq!(latch.wait(None, Mono(1)), Wait::Closed(steps(1)));
    assert_eq!(latch.down(steps(1), Mono(2)), Down::Open(waiters(&[1, 2])));
    assert_eq!(latch.wait(Some(WaiterId(3)), Mono(3)), Wait::Open);
    assert_eq!(latch.withdraw(WaiterId(1)), Withdrawn::NotHere);
}

#[test]
fn it_never_goes_below_0_and_never_closes_again() {
    let mut latch = latch(3, None);
    assert_eq!(latch.down(steps(u64::MAX), Mono(0)), Down::Open(waiters(&[])));
    assert_eq!(latch.down(steps(1), Mono(0)), Down::Open(waiters(&[])));
    assert_eq!(latch.init(steps(3), None, Mono(0)), Init::Same);
    assert_eq!(latch.left(Mono(0)), Some(0));
}

#[test]
fn making_it_again_is_a_repeat_or_a_disagreement() {
    let mut latch = latch(3, Some(5000));
    assert_eq!(latch.down(steps(1), Mono(0)), Down::Left(steps(2)));
    assert_eq!(latch.init(steps(2), Some(9000), Mono(0)), Init::Differs(steps(3)));
    assert_eq!(latch.next_deadline(), Some(Mono(5000)));
    assert_eq!(latch.init(steps(3), Some(5000), Mono(4999)), Init::Same);
    assert_eq!((latch.left(Mono(9998)), latch.left(Mono(9999))), (Some(2), None));
    assert_eq!(latch.init(steps(3), None, Mono(9998)), Init::Same);
    assert_eq!(latch.next_deadline(), None);
}

#[test]
fn without_a_latch_there_is_nothing_to_count_or_to_wait_for() {
    let mut latch = Latch::default();
    assert_eq!(latch.down(steps(1), Mono(0)), Down::Absent);
    assert_eq!(latch.wait(Some(WaiterId(1)), Mono(0)), Wait::Absent);
    assert!(latch.is_idle() && latch.memory() == 0);
}

#[test]
fn who_waits_when_the_time_is_over_has_waited_in_vain() {
    let mut latch = latch(1, Some(5000));
    for number in [1, 2] {
        assert_eq!(latch.wait(Some(WaiterId(number)), Mono(0)), Wait::Waiting);
    }
    assert_eq!(latch.withdraw(WaiterId(2)), Withdrawn::Left);
    assert_eq!(latch.tick(Mono(4999)), waiters(&[]));
    assert_eq!(latch.down(steps(1), Mono(5000)), Down::Absent);
    assert_eq!((latch.next_deadline(), latch.is_idle()), (Some(Mono(0)), false));
    assert_eq!(latch.tick(Mono(5000)), waiters(&[1]));
    assert!(latch.is_idle());
}

#[test]
fn who_waits_for_a_latch_that_is_removed_has_waited_in_vain() {
    let mut latch = latch(1, Some(5000));
    assert_eq!(latch.wait(Some(WaiterId(1)), Mono(0)), Wait::Waiting);
    latch.remove();
    latch.assert_invariants();
    assert_eq!(latch.left(Mono(0)), None);
    assert_eq!(latch.tick(Mono(0)), waiters(&[1]));
    assert!(latch.is_idle() && latch.next_deadline().is_none());
}

#[derive(Clone, Debug)]
enum Step {
    Init(u64, Option<u64>),
    Down(u64),
    Wait(bool),
    Withdraw(u64),
    Pass(u64),
}

/// Initial number, steps so far, end.
#[derive(Default)]
struct Model {
    live: Option<(u64, u64, Option<u64>)>,
    waiting: Vec<u64>,
    last_waiter: u64,
    now: u64,
}

impl Model {
    fn left(&self) -> Option<u64> {
        self.live.map(|(initial, done, _)| initial.saturating_sub(done))
    }

    fn init(&mut self, count: u64, ms: Option<u64>) -> Init {
        let end = ms.map(|ms| self.now + ms);
        match &mut self.live {
            Some((initial, _, until)) if *initial == count => {
                *until = end;
                Init::Same
            }
            Some((initial, ..)) => Init::Differs(steps(*initial)),
            None => {
                self.live = Some((count, 0, end));
                Init::Made
            }
        }
    }

    fn down(&mut self, count: u64) -> Down {
        let Some((_, done, _)) = &mut self.live else { return Down::Absent };
        *done += count;
        match self.left() {
            Some(left) if left > 0 => Down::Left(steps(left)),
            _ => Down::Open(waiters(&std::mem::take(&mut self.waiting))),
        }
    }

    fn wait(&mut self, waiter: Option<u64>) -> Wait {
        match (self.left(), waiter) {
            (None, _) => Wait::Absent,
            (Some(0), _) => Wait::Open,
            (Some(left), None) => Wait::Closed(steps(left)),
            (Some(_), Some(waiter)) => {
                self.waiting.push(waiter);
                Wait::Waiting
            }
        }
    }

    fn tick(&mut self) -> BTreeSet<WaiterId> {
        let over = self.live.is_some_and(|(.., end)| end.is_some_and(|end| end <= self.now));
        if !over {
            return BTreeSet::new();
        }
        self.live = None;
        waiters(&std::mem::take(&mut self.waiting))
    }
}

fn run(history: &[Step]) {
    let (mut latch, mut model) = (Latch::default(), Model::default());
    for step in history {
        let now = Mono(model.now);
        match *step {
            Step::Init(count, ms) => {
                assert_eq!(latch.init(steps(count), ms, now), model.init(count, ms));
            }
            Step::Down(count) => assert_eq!(latch.down(steps(count), now), model.down(count)),
            Step::Wait(park) => {
                model.last_waiter += u64::from(park);
                let waiter = park.then_some(model.last_waiter);
                assert_eq!(latch.wait(waiter.map(WaiterId), now), model.wait(waiter));
            }
            Step::Withdraw(waiter) => {
                let here = model.waiting.contains(&waiter);
                model.waiting.retain(|other| *other != waiter);
                assert_eq!(latch.withdraw(WaiterId(waiter)) == Withdrawn::Left, here);
            }
            Step::Pass(ms) => {
                model.now += ms;
                assert_eq!(latch.tick(Mono(model.now)), model.tick());
            }
        }
        latch.assert_invariants();
        assert_eq!(latch.left(Mono(model.now)), model.left());
        assert_eq!(latch.waiters().collect::<BTreeSet<_>>(), waiters(&model.waiting));
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..4u64, prop::option::of(1..20u64)).prop_map(|(n, ms)| Step::Init(n, ms)),
        3 => (1..3u64).prop_map(Step::Down),
        4 => any::<bool>().prop_map(Step::Wait),
        2 => (1..20u64).prop_map(Step::Withdraw),
        2 => (1..15u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_history_goes_as_in_the_model(history in prop::collection::vec(step(), 1..60)) {
        run(&history);
    }
}
