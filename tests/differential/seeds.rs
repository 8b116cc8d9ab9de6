//! Runs random sequences, and makes a failing one small enough to read.

use crate::cases::describe;
use crate::duel::{Difference, Duel};
use crate::generate;
use crate::judge::depends_on_time;
use crate::sequence::{Sequence, Step};
use crate::shrink::shrink;
use std::collections::BTreeMap;
use std::env;

/// Sequences of a usual run: about twenty seconds in a debug build.
const SEEDS: u64 = 4000;
/// How often in a row the machine may stand still while a remaining time is compared.
const STALLS_MAX: usize = 2;
/// A run stops after so many failures with different commands.
const FAILURES_MAX: usize = 5;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

/// The failing sequence without the steps that do not matter, and how it fails now; `None` if it
/// does not fail again. Only failures of the same command count, or the search would slide to
/// another one.
fn minimise(
    duel: &mut Duel,
    mut sequence: Sequence,
    first: &Difference,
) -> Option<(Sequence, Difference)> {
    let command = sequence.steps[first.at].command();
    sequence.steps.truncate(first.at + 1);
    let (name, resp3) = (sequence.name.clone(), sequence.resp3);
    let with = |steps: &[_]| Sequence { name: name.clone(), resp3, steps: steps.to_vec() };
    let mut last = None;
    let mut fails = |steps: &[Step]| {
        let found = duel.first_difference(&with(steps));
        let same = found.filter(|difference| steps[difference.at].command() == command);
        let fails = same.is_some();
        last = same.or(last.take());
        fails
    };
    let repeats = fails(&sequence.steps);
    let steps = if repeats { shrink(sequence.steps, fails) } else { sequence.steps };
    last.map(|difference| (with(&steps), difference))
}

/// What to tell about a failing sequence.
fn report(duel: &mut Duel, sequence: Sequence, first: &Difference) -> String {
    let original = describe(&sequence, first);
    let Some((small, difference)) = minimise(duel, sequence, first) else {
        return format!("seen once, and not when it was repeated:\n{original}");
    };
    format!(
        "first seen:\n{original}\n\
        shrunk, to be kept as a file in tests/differential/regressions/:\n\n{}\n{}",
        small.text(),
        describe(&small, &difference)
    )
}

/// The first difference, if there is one. The machine may stand still between the two servers'
/// answers, so a remaining time that differs counts only when it does so every time.
fn difference(duel: &mut Duel, sequence: &Sequence) -> Option<Difference> {
    let mut difference = duel.first_difference(sequence)?;
    for _ in 0..STALLS_MAX {
        if !shows_time(sequence, difference.at) {
            break;
        }
        difference = duel.first_difference(sequence)?;
    }
    Some(difference)
}

/// Whether the reply to a step says how much time is left: itself, or as one of EXEC's.
fn shows_time(sequence: &Sequence, at: usize) -> bool {
    let step = &sequence.steps[at];
    let timed = |step: &Step| step.argv().is_some_and(depends_on_time);
    timed(step) || step.command() == "EXEC" && sequence.steps[..at].iter().any(timed)
}

/// Runs the seeds; gives back a report for each command that failed.
fn run(duel: &mut Duel, seeds: impl Iterator<Item = u64>) -> BTreeMap<String, String> {
    let mut failures = BTreeMap::new();
    for seed in seeds {
        let sequence = generate::sequence(seed);
        let Some(difference) = difference(duel, &sequence) else { continue };
        let command = sequence.steps[difference.at].command();
        failures.entry(command).or_insert_with(|| report(duel, sequence, &difference));
        if failures.len() >= FAILURES_MAX {
            break;
        }
    }
    failures
}

#[test]
fn seeds() {
    let seeds = match number("LATCHD_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LATCHD_SEEDS").unwrap_or(SEEDS),
    };
    let failures = run(&mut Duel::start(), seeds);
    let reports: Vec<String> = failures.into_values().collect();
    assert!(reports.is_empty(), "repeat with LATCHD_SEED=<seed>\n\n{}", reports.join("\n---\n"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Server;

    #[test]
    fn a_planted_difference_is_found_and_shrunk_to_the_step_that_shows_it() {
        let oracle = Server::redis(&["--databases", "16"]);
        let subject = Server::redis(&["--databases", "15"]);
        let mut duel = Duel::between(oracle, subject);
        let (sequence, first) = (0..)
            .map(generate::sequence)
            .find_map(|sequence| {
                let first = duel.first_difference(&sequence)?;
                (sequence.steps[first.at].command() == "SELECT").then_some((sequence, first))
            })
            .expect("database 15 is selected sooner or later");
        let (small, difference) =
            minimise(&mut duel, sequence, &first).expect("the same database is missing again");
        assert_eq!(difference.at, 0);
        assert_eq!(small.steps.len(), 1);
        assert!(small.text().to_uppercase().contains("SELECT 15"), "{}", small.text());
    }
}
