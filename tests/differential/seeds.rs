//! Runs random sequences, and makes a failing one small enough to read.

use crate::cases::describe;
use crate::duel::{Difference, Duel};
use crate::generate;
use crate::sequence::Sequence;
use crate::shrink::shrink;
use std::collections::BTreeMap;
use std::env;

/// Sequences of a usual run: about twenty seconds in a debug build.
const SEEDS: u64 = 4000;
/// A run stops after so many failures with different commands.
const FAILURES_MAX: usize = 5;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

/// The failing sequence without the steps that do not matter, and how it fails now. Only failures of
/// the same command count, or the search would slide to another one.
fn minimise(duel: &mut Duel, mut sequence: Sequence, first: &Difference) -> (Sequence, Difference) {
    let command = sequence.steps[first.at].command();
    sequence.steps.truncate(first.at + 1);
    let (name, resp3) = (sequence.name.clone(), sequence.resp3);
    let with = |steps: &[_]| Sequence { name: name.clone(), resp3, steps: steps.to_vec() };
    let mut last = first.clone();
    let steps = shrink(sequence.steps, |steps| {
        let found = duel.first_difference(&with(steps));
        match found {
            Some(difference) if steps[difference.at].command() == command => {
                last = difference;
                true
            }
            Some(_) | None => false,
        }
    });
    (with(&steps), last)
}

/// What to tell about a failing sequence.
fn report(duel: &mut Duel, sequence: Sequence, first: &Difference) -> String {
    let original = describe(&sequence, first);
    let (small, difference) = minimise(duel, sequence, first);
    let mut at = difference;
    at.at = at.at.min(small.steps.len() - 1);
    format!(
        "first seen:\n{original}\nshrunk, to be kept as a file in tests/differential/regressions/:\n\n{}\n{}",
        small.text(),
        describe(&small, &at)
    )
}

/// Runs the seeds; gives back a report for each command that failed.
fn run(duel: &mut Duel, seeds: impl Iterator<Item = u64>) -> BTreeMap<String, String> {
    let mut failures = BTreeMap::new();
    for seed in seeds {
        let sequence = generate::sequence(seed);
        let Some(difference) = duel.first_difference(&sequence) else { continue };
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
        let (small, difference) = minimise(&mut duel, sequence, &first);
        assert_eq!(difference.at, 0);
        assert_eq!(small.steps.len(), 1);
        assert!(small.text().to_uppercase().contains("SELECT 15"), "{}", small.text());
    }
}
