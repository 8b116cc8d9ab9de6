//! Fewer steps that still fail: delta debugging (Zeller and Hildebrandt's ddmin, complements only).
//!
//! Not here: running anything; the caller says whether steps fail.

/// The smallest part of `steps`, in order, that `fails` and of which no single step can be left
/// out. `steps` themselves must fail.
pub fn shrink<T: Clone>(mut steps: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut chunk = steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut removed = false;
        while at < steps.len() && steps.len() > 1 {
            let end = (at + chunk).min(steps.len());
            let fewer: Vec<T> = [&steps[..at], &steps[end..]].concat();
            if !fewer.is_empty() && fails(&fewer) {
                steps = fewer;
                removed = true;
            } else {
                at = end;
            }
        }
        if chunk > 1 {
            chunk = chunk.div_ceil(2);
        } else if !removed {
            return steps;
        }
    }
}

#[test]
fn only_the_steps_that_matter_stay_and_in_their_order() {
    let wanted = [3, 17, 62];
    let steps: Vec<u32> = (0..100).collect();
    let mut runs = 0;
    let small = shrink(steps, |part| {
        runs += 1;
        wanted.iter().all(|step| part.contains(step))
    });
    assert_eq!(small, wanted);
    assert!(runs < 150, "{runs} runs are too many for 100 steps");
}

#[test]
fn a_single_failing_step_is_already_small() {
    assert_eq!(shrink(vec![1], |_| true), [1]);
    assert_eq!(shrink(vec![1, 2, 3], |part| part.contains(&2)), [2]);
}
