//! Random sequences: a grammar per command family, edge values, and damage done to well-formed
//! requests.
//!
//! Everything follows from the seed. Not here: short times to live (what is due within a run would
//! make replies depend on the machine), commands newer than the oracle, commands that stop a
//! server.

mod channels;
mod hashes;
mod keys;
mod server;
mod strings;
mod values;
mod wire;

use crate::sequence::{Act, Argv, Sequence, Step};
use fastrand::Rng;

/// Steps of a sequence: enough for keys to meet, few enough to shrink fast.
const STEPS: std::ops::RangeInclusive<usize> = 10..=80;
/// Connections that take turns.
const TURNS: usize = 3;

/// A request with its share of all requests.
type Rule = (u32, fn(&mut Dice) -> Argv);

/// The one source of chance.
pub struct Dice {
    rng: Rng,
}

/// The sequence of a seed.
pub fn sequence(seed: u64) -> Sequence {
    let mut dice = Dice { rng: Rng::with_seed(seed) };
    if dice.one_in(10) {
        let steps = channels::steps(&mut dice);
        return Sequence { name: format!("seed {seed}"), resp3: dice.one_in(2), steps };
    }
    let families = [strings::RULES, keys::RULES, server::RULES, hashes::RULES];
    // Some sequences stay within one family so that its commands meet more often.
    let only = dice.one_in(3).then(|| dice.rng.usize(..families.len()));
    let transactions = dice.one_in(3);
    let turns = if dice.one_in(3) { TURNS } else { 1 };
    let mut steps = Vec::new();
    for _ in 0..dice.rng.usize(STEPS) {
        let conn = 1 + dice.rng.usize(..turns);
        let family = only.unwrap_or_else(|| dice.weighted(&[5, 5, 1, 4]));
        let act = match dice.rng.u32(..100) {
            0..=1 => Act::Raw(wire::conversation(&mut dice)),
            2..=3 => Act::Line(wire::inline_request(&mut dice)),
            4..=30 if transactions => Act::Call(dice.request(server::TRANSACTION_RULES)),
            _ => Act::Call(dice.request(families[family])),
        };
        steps.push(Step::new(conn, act));
    }
    Sequence { name: format!("seed {seed}"), resp3: dice.one_in(3), steps }
}

impl Dice {
    /// True once in `n` times.
    fn one_in(&mut self, n: u32) -> bool {
        self.rng.u32(..n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.rng.usize(..from.len())]
    }

    /// An index, each as often as its weight says.
    fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.rng.u32(..weights.iter().sum::<u32>());
        for (index, &weight) in weights.iter().enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("the weights sum up to more than was drawn")
    }

    /// A request of one of the rules, damaged now and then.
    fn request(&mut self, rules: &[Rule]) -> Argv {
        let weights: Vec<u32> = rules.iter().map(|rule| rule.0).collect();
        let mut argv = rules[self.weighted(&weights)].1(self);
        if self.one_in(8) {
            argv[0] = self.other_case(&argv[0]);
        }
        if self.one_in(10) {
            self.damage(&mut argv);
        }
        // Before 7.2 COMMAND GETKEYS wants two words at least, and damage may have taken one.
        if argv.len() == 3 && argv[0].eq_ignore_ascii_case(b"COMMAND") {
            argv.push(b"x".to_vec());
        }
        argv
    }

    /// The same letters in other cases: names of commands and options are not sensitive to it.
    fn other_case(&mut self, word: &[u8]) -> Vec<u8> {
        let lower = self.one_in(2);
        word.iter()
            .map(|byte| {
                if lower || self.one_in(2) {
                    byte.to_ascii_lowercase()
                } else {
                    byte.to_ascii_uppercase()
                }
            })
            .collect()
    }

    /// Makes a request that is probably wrong. No argument is moved to another place: a number that
    /// means nothing as a value could be a short time to live.
    fn damage(&mut self, argv: &mut Argv) {
        match self.rng.u32(..4) {
            0 if argv.len() > 1 => {
                argv.pop();
            }
            1 => argv.push(self.odd_word()),
            2 if argv.len() > 1 => {
                let at = self.rng.usize(1..argv.len());
                argv[at] = self.odd_word();
            }
            _ => {
                let extra = self.rng.usize(1..4);
                argv.truncate(self.rng.usize(1..=argv.len()));
                for _ in 0..extra {
                    argv.push(self.odd_word());
                }
            }
        }
    }

    /// Up to all of `groups`, in any order; now and then one twice or one that does not exist.
    fn options(&mut self, groups: Vec<Argv>) -> Argv {
        let mut groups: Vec<Argv> = groups.into_iter().filter(|group| !group.is_empty()).collect();
        if self.one_in(25) && !groups.is_empty() {
            groups.push(groups[self.rng.usize(..groups.len())].clone());
        }
        if self.one_in(25) {
            groups.push(vec![self.odd_word()]);
        }
        self.rng.shuffle(&mut groups);
        for group in &mut groups {
            if self.one_in(5) {
                group[0] = self.other_case(&group[0]);
            }
        }
        groups.concat()
    }

    /// `word` once in `n` times.
    fn maybe(&mut self, n: u32, word: &str) -> Argv {
        if self.one_in(n) { words([word]) } else { Vec::new() }
    }
}

/// A request of plain words.
fn words<const N: usize>(parts: [&str; N]) -> Argv {
    parts.iter().map(|part| part.as_bytes().to_vec()).collect()
}

/// A command and its arguments.
fn request<const N: usize>(name: &str, arguments: [Vec<u8>; N]) -> Argv {
    let mut argv = words([name]);
    argv.extend(arguments);
    argv
}

#[test]
fn a_seed_says_everything() {
    assert_eq!(sequence(7), sequence(7));
    assert_ne!(sequence(7).steps, sequence(8).steps);
}
