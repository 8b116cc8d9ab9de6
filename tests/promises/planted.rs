//! The checker itself, with histories that are right and histories that are planted mistakes: it
//! has to tell them apart.

use crate::checker::{Operation, Refusal, Verdict, linearize};
use crate::value_model::{Asked, Said, ValueModel, ValueOp};

type Call = Operation<ValueOp>;

fn call(times: (u64, u64), asked: Asked, said: Said) -> Call {
    ValueOp::told(times, asked, said)
}

fn get(times: (u64, u64), value: i64) -> Call {
    call(times, Asked::Get, Said::Value(Some(value)))
}

fn add(times: (u64, u64), add: i64, sum: i64) -> Call {
    call(times, Asked::Add(add), Said::Value(Some(sum)))
}

#[track_caller]
fn right(history: &[Call]) {
    if let Err(refusal) = linearize(&ValueModel, history) {
        panic!("refused: {refusal:?}");
    }
}

#[track_caller]
fn wrong(history: &[Call]) {
    let verdict = linearize(&ValueModel, history);
    assert!(matches!(verdict, Err(Refusal { verdict: Verdict::Wrong, .. })), "{verdict:?}");
}

#[test]
fn one_after_the_other_is_right_and_a_stale_read_is_wrong() {
    right(&[]);
    let begin = [call((0, 1), Asked::Set(1), Said::Done), call((2, 3), Asked::Set(2), Said::Done)];
    right(&[&begin[..], &[get((4, 5), 2)]].concat());
    wrong(&[&begin[..], &[get((4, 5), 1)]].concat());
    wrong(&[&begin[..], &[call((4, 5), Asked::Get, Said::Value(None))]].concat());
}

#[test]
fn overlapping_operations_may_take_effect_in_either_order_but_in_one() {
    let writes = [call((0, 9), Asked::Set(1), Said::Done), call((0, 9), Asked::Set(2), Said::Done)];
    for last in [1, 2] {
        right(&[&writes[..], &[get((10, 11), last)]].concat());
        right(&[&writes[..], &[get((3, 4), 3 - last), get((5, 6), last)]].concat());
    }
    let both = [get((3, 4), 1), get((5, 6), 2), get((7, 8), 1)];
    wrong(&[&writes[..], &both].concat());
}

#[test]
fn an_increment_that_is_lost_or_given_out_twice_is_wrong() {
    right(&[add((0, 9), 1, 2), add((0, 9), 1, 1), get((10, 11), 2)]);
    wrong(&[add((0, 9), 1, 1), add((0, 9), 1, 1)]);
    wrong(&[add((0, 9), 1, 2), add((0, 9), 1, 1), get((10, 11), 1)]);
    wrong(&[add((0, 1), 1, 2), add((2, 3), 1, 1)]);
}

#[test]
fn two_who_swap_or_delete_the_same_value_are_wrong() {
    let begin = call((0, 1), Asked::Set(1), Said::Done);
    let swap = |said| call((2, 9), Asked::SetIf { from: 1, to: 2 }, said);
    let delete = |said| call((2, 9), Asked::DeleteIf(1), said);
    right(&[begin.clone(), swap(Said::Done), swap(Said::Not), delete(Said::Not)]);
    right(&[begin.clone(), swap(Said::Not), swap(Said::Not), delete(Said::Done)]);
    wrong(&[begin.clone(), swap(Said::Done), swap(Said::Done)]);
    wrong(&[begin.clone(), swap(Said::Done), delete(Said::Done)]);
    wrong(&[begin, swap(Said::Not), delete(Said::Not)]);
}

#[test]
fn what_nobody_was_told_of_may_have_happened_at_any_time_after_or_not_at_all() {
    let lost = ValueOp::lost(5, Asked::Add(1));
    let begin = call((0, 1), Asked::Set(1), Said::Done);
    for then in [[1, 1], [1, 2], [2, 2]] {
        let gets = [get((50, 51), then[0]), get((52, 53), then[1])];
        right(&[&[begin.clone(), lost.clone()], &gets[..]].concat());
    }
    wrong(&[begin.clone(), lost.clone(), get((50, 51), 2), get((52, 53), 1)]);
    wrong(&[begin.clone(), lost.clone(), get((50, 51), 3)]);
    wrong(&[begin, lost, get((2, 3), 2)]);
}

#[test]
fn what_runs_once_and_is_sent_again_has_one_effect_and_one_answer() {
    let once = Asked::AddOnce { id: 7, add: 1 };
    let told = |times, sum| call(times, once, Said::Value(Some(sum)));
    right(&[ValueOp::lost(0, once), told((2, 3), 1), told((4, 5), 1), get((6, 7), 1)]);
    right(&[ValueOp::lost(0, once), add((1, 2), 1, 2), told((3, 4), 1)]);
    wrong(&[ValueOp::lost(0, once), told((2, 3), 2)]);
    wrong(&[told((0, 1), 1), told((2, 3), 2)]);
    wrong(&[ValueOp::lost(0, once), told((2, 3), 1), get((4, 5), 2)]);
}
