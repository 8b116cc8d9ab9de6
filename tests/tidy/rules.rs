//! The rules for one file, each a function from a source to what it finds wrong there.
//!
//! Not here: the layer table (`layers.rs`), which folders are read (`tests/tidy.rs`), and what
//! clippy checks already (parameters, wildcard arms on our enums, undocumented items).

use crate::source::{Source, body_start, closing, is_word};

/// What a rule found: a line, and what to do about it.
pub(crate) type Finding = (usize, String);

pub(crate) const FILE_LINES_MAX: usize = 600;
pub(crate) const FUNCTION_LINES_MAX: usize = 70;
pub(crate) const COLUMNS_MAX: usize = 100;

/// Names that say that something is done here, not what.
const EMPTY_NAMES: [&str; 4] = ["manager", "handler", "helper", "util"];

/// Clocks, threads and files are `runtime`'s: everybody below is told the time and handed bytes.
const OUTSIDE_WORLD: [&str; 9] = [
    "Instant::now",
    "SystemTime::now",
    "thread::spawn",
    "thread::scope",
    "thread::Builder",
    "thread::sleep",
    "std::fs",
    "tokio::fs",
    " fs::", // after `use std::{fs, ..}`
];

/// Who may touch the outside world elsewhere, with what, and why.
pub(crate) const OUTSIDERS: [(&str, &str, &str); 2] = [
    ("src/net/listen.rs", "std::fs", "the file of a Unix socket belongs to its listener"),
    (
        "src/observe/log.rs",
        "std::fs",
        "the log file is opened anew for each line, so that it can be moved",
    ),
];

/// Marks of work that is not finished. Split, so that this file does not contain them.
const UNFINISHED: [&str; 3] = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X:")];

/// Tests that may sleep, and why an event cannot be waited for instead.
pub(crate) const SLEEPERS: [(&str, &str); 2] = [
    (
        "tests/support/server.rs",
        "polls a child's exit and the start of its log: neither can be waited for with a limit",
    ),
    (
        "tests/limits/inspect.rs",
        "asks a server until it has noticed something: asking without a pause would slow it down",
    ),
];

pub(crate) fn length(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    let too_long = (lines > FILE_LINES_MAX).then(|| {
        (lines, format!("{lines} lines; a file has {FILE_LINES_MAX} at most: one noun, one file"))
    });
    too_long.into_iter().collect()
}

pub(crate) fn columns(source: &Source) -> Vec<Finding> {
    let wide = |(index, line): (usize, &str)| {
        let columns = line.chars().count();
        let finding = (index + 1, format!("{columns} columns; {COLUMNS_MAX} at most"));
        (columns > COLUMNS_MAX).then_some(finding)
    };
    source.text.lines().enumerate().filter_map(wide).collect()
}

/// Counts as clippy does: lines of the body that are not blank and not comment alone.
pub(crate) fn function_length(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in source.words("fn") {
        let name = source.code[at + 2..].trim_start();
        if !name.starts_with(is_word) {
            continue; // a function pointer type
        }
        let Some(body) = body_start(&source.code, at) else { continue };
        if source.code[body..].starts_with(';') {
            continue;
        }
        let inside = &source.code[body + 1..closing(&source.code, body) - 1];
        let lines = inside.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > FUNCTION_LINES_MAX {
            let name = name.split(|letter| !is_word(letter)).next().unwrap_or_default();
            let rule = format!("`{name}` has {lines} lines; {FUNCTION_LINES_MAX} at most");
            findings.push((source.line(at), rule));
        }
    }
    findings
}

pub(crate) fn opening_sentence(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let paragraph: Vec<_> = source.preamble().take_while(|line| !line.trim().is_empty()).collect();
    let says = paragraph.first().is_some_and(|line| line.starts_with(' '));
    let ends = paragraph.last().is_some_and(|line| line.ends_with(['.', ':']));
    if says && ends {
        return Vec::new();
    }
    vec![(1, "a file opens with a `//!` sentence that says what it is".to_owned())]
}

pub(crate) fn unsafe_is_explained(source: &Source) -> Vec<Finding> {
    if source.preamble().any(|line| line.contains("unsafe")) {
        return Vec::new();
    }
    let rule = "`unsafe` in a file whose opening lines do not say why it is needed";
    source.words("unsafe").take(1).map(|at| (source.line(at), rule.to_owned())).collect()
}

pub(crate) fn unwrap(source: &Source) -> Vec<Finding> {
    let rule = "`unwrap` in the server: `expect(\"why it cannot fail\")` or an error";
    if !source.path.starts_with("src/") {
        return Vec::new();
    }
    let live = source.words(".unwrap()").filter(|&at| !source.is_test_code(at));
    live.map(|at| (source.line(at), rule.to_owned())).collect()
}

pub(crate) fn outside_world(source: &Source) -> Vec<Finding> {
    let exempt = source.layer() == Some("runtime") || source.path == "src/main.rs";
    if exempt || !source.path.starts_with("src/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for name in OUTSIDE_WORLD {
        let listed = |(path, what, _): &(&str, &str, &str)| *path == source.path && *what == name;
        if OUTSIDERS.iter().any(listed) {
            continue;
        }
        for at in source.words(name).filter(|&at| !source.is_test_code(at)) {
            let rule = format!("`{name}` outside src/runtime: time, threads and files enter there");
            findings.push((source.line(at), rule));
        }
    }
    findings
}

pub(crate) fn unfinished(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in ["todo!", "unimplemented!"] {
        let rule = format!("`{name}`: leave out what is not there, and say so in the documents");
        findings.extend(source.words(name).map(|at| (source.line(at), rule.clone())));
    }
    for (at, _) in source.code.match_indices("#[ignore") {
        findings.push((source.line(at), "a test that does not run is not a test".to_owned()));
    }
    for (index, line) in source.text.lines().enumerate() {
        for mark in UNFINISHED.iter().filter(|mark| line.contains(**mark)) {
            findings.push((index + 1, format!("`{mark}`: finish it or open an issue")));
        }
    }
    findings
}

/// A test that sleeps is slow on a fast machine and fails on a slow one.
pub(crate) fn sleeping(source: &Source) -> Vec<Finding> {
    if SLEEPERS.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    let rule = "a test that sleeps: wait for the event, or list it in SLEEPERS with the reason";
    let asleep = source.words("sleep(").filter(|&at| source.is_test_code(at));
    asleep.map(|at| (source.line(at), rule.to_owned())).collect()
}

pub(crate) fn name(source: &Source) -> Vec<Finding> {
    let empty = |name: &&str| source.path.to_lowercase().contains(*name);
    let rule = |name: &str| (1, format!("`{name}` in a file's name: name the noun it holds"));
    EMPTY_NAMES.iter().filter(|name| empty(name)).map(|name| rule(name)).collect()
}
