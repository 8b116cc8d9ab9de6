//! Golden transcripts: what clients send, what latchd answers, and how much time passes in between.
//!
//! Everything happens in one process with a virtual clock: no sockets, no threads, no sleeps. A
//! transcript is a file `tests/golden/<family>/<name>.txt`; how it is written is in `README.md`
//! beside this file. In short:
//!
//! ```text
//! # A key ends exactly at its millisecond.        a comment
//! config: requirepass secret                      a line of the configuration file
//! > SET k v PX 5000                               connection `a` sends this
//! +OK                                             and gets this
//! ~ 4999ms                                        time passes
//! b> GET k                                        connection `b`
//! "v"                                             a bulk string; others: (nil) :1 -ERR [..] {..}
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` writes down what latchd answers now. Review the
//! difference: a transcript records what is right, not what the code happens to do.
//!
//! Not here: sockets (`tests/clients`, `tests/limits`) and threads (`tests/atomicity`).

mod coverage;
mod examples;
mod notation;
mod outside;
mod transcript;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use transcript::Transcript;

const UPDATE: &str = "UPDATE_GOLDEN";

/// All transcripts with their paths, in order.
fn transcripts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = |path: &Path| {
        let mut found: Vec<PathBuf> = fs::read_dir(path)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        found.sort();
        found
    };
    let families = entries(&root).into_iter().filter(|path| path.is_dir());
    let files = families.flat_map(|family| entries(&family));
    let texts = files.filter(|path| path.extension().is_some_and(|kind| kind == "txt"));
    let read = |path: &PathBuf| fs::read_to_string(path).expect("a transcript is UTF-8");
    texts.map(|path| (path.clone(), read(&path))).collect()
}

#[test]
fn latchd_answers_as_the_transcripts_say() {
    let update = std::env::var_os(UPDATE).is_some();
    let mut wrong = String::new();
    for (path, text) in transcripts() {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        let played = Transcript::parse(&text).and_then(|transcript| {
            let answers = transcript.play()?;
            Ok((transcript.render(&answers), transcript.compare(&name, &answers)))
        });
        match played {
            Err(mistake) => wrong.push_str(&format!("\n{name}:{mistake}\n")),
            Ok((new, _)) if update && new != text => fs::write(&path, new).unwrap(),
            Ok(_) if update => {}
            Ok((_, differences)) => wrong.push_str(&differences),
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong}\n{UPDATE}=1 cargo test --test golden writes the answers down"
    );
}

#[test]
fn every_command_occurs_in_a_transcript() {
    let transcripts = transcripts();
    let texts = transcripts.iter().map(|(_, text)| Transcript::parse(text).unwrap());
    let missing = coverage::missing(&texts.collect::<Vec<_>>());
    assert!(missing.is_empty(), "no transcript has these:\n{}", missing.join("\n"));
}
