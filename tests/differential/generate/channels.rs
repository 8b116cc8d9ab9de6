//! Channels: some connections subscribe and leave, others publish, and everybody's messages are
//! compared.
//!
//! Not here: who hears its own messages, whose order 7.2 has changed (`cases/pubsub.txt`).

use super::{Dice, STEPS, request, words};
use crate::sequence::{Act, Argv, Step};

/// Connections 1 to this subscribe, those behind them publish.
const SUBSCRIBERS: usize = 3;
const PUBLISHERS: usize = 2;

/// Names that meet each other as channels and as patterns.
const NAMES: [&str; 12] =
    ["a", "b", "ab", "abc", "", "*", "a*", "?", "[ab]", "a[^b]c", "\\*", "{a}\x00b"];

/// The steps of a sequence, which ends with all that everybody has heard.
pub(super) fn steps(dice: &mut Dice) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..dice.rng.usize(STEPS) {
        let (subscriber, publisher) =
            (1 + dice.rng.usize(..SUBSCRIBERS), 1 + SUBSCRIBERS + dice.rng.usize(..PUBLISHERS));
        match dice.rng.u32(..10) {
            0..=3 => {
                steps.push(Step::new(subscriber, Act::Mute(follow(dice))));
                // Nobody publishes before the subscription is known.
                steps.push(Step::new(subscriber, Act::Hear));
            }
            4 => steps.push(Step::new(subscriber, Act::Hear)),
            5..=8 => steps.push(Step::new(publisher, Act::Call(publish(dice)))),
            _ => steps.push(Step::new(publisher, Act::Call(survey(dice)))),
        }
    }
    steps.extend((1..=SUBSCRIBERS).map(|conn| Step::new(conn, Act::Hear)));
    steps
}

fn name(dice: &mut Dice) -> Vec<u8> {
    dice.pick(&NAMES).replace("\\x00", "\0").into_bytes()
}

fn follow(dice: &mut Dice) -> Argv {
    let commands =
        ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"];
    let mut argv = words([commands[dice.weighted(&[4, 4, 2, 2, 2, 1])]]);
    for _ in 0..dice.rng.usize(..4) {
        argv.push(name(dice));
    }
    if dice.one_in(20) { words(["RESET"]) } else { argv }
}

fn publish(dice: &mut Dice) -> Argv {
    let command = if dice.one_in(4) { "SPUBLISH" } else { "PUBLISH" };
    let text = dice.rng.u32(..1_000).to_string().into_bytes();
    request(command, [name(dice), text])
}

fn survey(dice: &mut Dice) -> Argv {
    let what = ["CHANNELS", "SHARDCHANNELS", "NUMPAT", "NUMSUB", "SHARDNUMSUB"];
    let what = dice.pick(&what);
    let mut argv = words(["PUBSUB", what]);
    for _ in 0..dice.rng.usize(..3) {
        argv.push(name(dice));
    }
    argv
}
