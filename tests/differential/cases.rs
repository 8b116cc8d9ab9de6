//! Runs the sequences that are kept as files: all steps of a file, and all differences in one
//! report.

use crate::duel::{Difference, Duel};
use crate::sequence::{Sequence, parse_file};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Differences that a report shows; there may be more.
const SHOWN_MAX: usize = 60;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(name)
}

fn read(path: &Path) -> Vec<Sequence> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).expect("the folder is part of the repository");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    paths
}

/// A difference as a report shows it.
pub fn describe(sequence: &Sequence, difference: &Difference) -> String {
    let step = &sequence.steps[difference.at];
    let protocol = if sequence.resp3 { "RESP3" } else { "RESP2" };
    let (oracle, subject) = (difference.oracle.to_string(), difference.subject.to_string());
    let same =
        oracle.bytes().zip(subject.bytes()).take_while(|(left, right)| left == right).count();
    let (oracle, subject) = (clip(&oracle, same), clip(&subject, same));
    let place = if step.line == 0 { String::new() } else { format!("line {}, ", step.line) };
    format!(
        "{place}{}, {protocol}\n  {}\n  redis:  {oracle}\n  latchd: {subject}\n",
        sequence.name,
        step.text()
    )
}

/// Of a long text the part around `at`. Replies are escaped, so every byte is a character.
fn clip(text: &str, at: usize) -> String {
    const BEFORE: usize = 150;
    const AFTER: usize = 300;
    if text.len() <= BEFORE + AFTER {
        return text.to_owned();
    }
    let start = at.saturating_sub(BEFORE).min(text.len());
    let end = (at + AFTER).min(text.len());
    format!("[{} bytes of text, from {start}] {}", text.len(), &text[start..end])
}

fn run(paths: &[PathBuf]) {
    let mut duel = Duel::start();
    duel.wait_for_farewells();
    compare(&mut duel, paths);
}

fn compare(duel: &mut Duel, paths: &[PathBuf]) {
    let (mut steps, mut count) = (0, 0);
    let mut report = String::new();
    for path in paths {
        for sequence in read(path) {
            steps += sequence.steps.len();
            for difference in duel.differences(&sequence) {
                count += 1;
                if count <= SHOWN_MAX {
                    let file = path.file_name().unwrap_or_default().to_string_lossy();
                    let _ = writeln!(report, "{file} {}", describe(&sequence, &difference));
                }
            }
        }
    }
    assert!(count == 0, "{count} of {steps} replies differ:\n\n{report}");
}

#[test]
fn regressions() {
    run(&files("regressions"));
}

#[test]
fn requests_that_come_byte_by_byte() {
    let mut duel = Duel::start();
    duel.wait_for_farewells();
    duel.send_single_bytes();
    compare(&mut duel, &[folder("cases").join("protocol.txt")]);
}

/// One test a file, so that a family can be worked on alone.
macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(&[folder("cases").join(concat!(stringify!($name), ".txt"))]);
        })*

        #[test]
        fn every_file_of_cases_is_run() {
            let named = [$(concat!(stringify!($name), ".txt")),*];
            let found: Vec<String> = files("cases")
                .iter()
                .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
                .collect();
            assert_eq!(found, named);
        }
    };
}

cases! {
    connection errors expiry hash incrbyfloat keys lcs protocol pubsub scripts server set strings
    transactions
}
