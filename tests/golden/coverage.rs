//! Whether the transcripts have every command, subcommand and option.
//!
//! What there is comes from the rows, so a new command fails the test until it has a transcript.

use crate::transcript::Transcript;
use latchd::command::spec::Run;
use latchd::command::table::{Command, table};
use std::collections::HashSet;

/// Commands that answer with an error when all is well: CLUSTER INFO, without a cluster, and SCRIPT
/// KILL, without a script that is running.
const ANSWERS_WITH_AN_ERROR: &[&str] = &["cluster|info", "script|kill"];

/// Answers to requests whose options have not been understood.
const MISUNDERSTOOD: &[&str] = &["-ERR syntax error", "-ERR wrong number of arguments"];

/// Commands, subcommands and options that no transcript has, sorted.
pub(crate) fn missing(transcripts: &[Transcript]) -> Vec<String> {
    let seen = seen(transcripts);
    let mut missing = Vec::new();
    for command in table().commands() {
        let name = command.full_name.to_ascii_uppercase().replace('|', " ");
        if !matches!(command.spec.run, Run::Container) && !seen.contains(&name) {
            missing.push(name.clone());
        }
        for keyword in keywords(command) {
            if !seen.contains(&format!("{name} ... {keyword}")) {
                missing.push(format!("{name} ... {keyword}"));
            }
        }
    }
    missing.sort();
    missing
}

/// The names of commands that were answered with something else than an error, and names with
/// every word
/// that stood behind them where the request was understood.
fn seen(transcripts: &[Transcript]) -> HashSet<String> {
    let mut seen = HashSet::new();
    for (words, answer) in transcripts.iter().flat_map(Transcript::requests) {
        let words: Vec<String> =
            words.iter().map(|word| String::from_utf8_lossy(word).to_ascii_uppercase()).collect();
        let Some(command) = named(&words) else { continue };
        let name = command.full_name.to_ascii_uppercase().replace('|', " ");
        if !MISUNDERSTOOD.iter().any(|error| answer.starts_with(error)) {
            seen.extend(words.iter().map(|word| format!("{name} ... {word}")));
        }
        if !answer.starts_with('-') || ANSWERS_WITH_AN_ERROR.contains(&&*command.full_name) {
            seen.insert(name);
        }
    }
    seen
}

fn named(words: &[String]) -> Option<&'static Command> {
    let command = table().by_name(words.first()?.as_bytes())?;
    let sub = words.get(1).and_then(|word| table().subcommand(command.id, word.as_bytes()));
    Some(sub.unwrap_or(command))
}

/// The words in capitals in a row's syntax.
fn keywords(command: &Command) -> impl Iterator<Item = &'static str> {
    let words = command.spec.syntax.split(|letter: char| " []{}<>|()".contains(letter));
    words.filter(|word| {
        let mut letters = word.bytes();
        word.len() > 1
            && letters.all(|letter| letter.is_ascii_uppercase() || b"-_".contains(&letter))
    })
}

#[test]
fn what_no_transcript_has_is_listed() {
    let with = |text: &str| missing(&[Transcript::parse(text).unwrap()]);
    assert!(with("").contains(&"GET".to_owned()));
    assert!(with("> GET\n-ERR wrong\n").contains(&"GET".to_owned()));
    assert!(!with("> get k\n(nil)\n").contains(&"GET".to_owned()));
}
