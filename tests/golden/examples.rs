//! The examples in `docs/`: a block that is marked as `transcript` is one, and is played.

use crate::UPDATE;
use crate::transcript::Transcript;
use std::fs;
use std::path::Path;

const OPENS: &str = "```transcript\n";
const CLOSES: &str = "```";

/// A document's text with the answers of today, and how they differ from those that it shows.
fn play(name: &str, text: &str) -> (String, String) {
    let (mut new, mut wrong, mut rest) = (String::new(), String::new(), text);
    while let Some((before, block)) = rest.split_once(OPENS) {
        let (block, after) = block.split_once(CLOSES).expect("a block has an end");
        let line = text.len() - rest.len() + before.len();
        let place = format!("{name}, block in line {}", text[..line].matches('\n').count() + 2);
        let transcript = Transcript::parse(block).unwrap_or_else(|it| panic!("{place}: {it}"));
        let answers = transcript.play().unwrap_or_else(|it| panic!("{place}: {it}"));
        wrong.push_str(&transcript.compare(&place, &answers));
        new.push_str(&[before, OPENS, &transcript.render(&answers), CLOSES].concat());
        rest = after;
    }
    new.push_str(rest);
    (new, wrong)
}

#[test]
fn the_examples_in_the_documents_are_what_latchd_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut wrong = String::new();
    for entry in fs::read_dir(folder).expect("there are documents") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a document is UTF-8");
        let (new, differences) = play(&path.display().to_string(), &text);
        if std::env::var_os(UPDATE).is_some() && new != text {
            fs::write(&path, new).expect("a document can be written");
        } else {
            wrong.push_str(&differences);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_example_that_is_not_true_is_found() {
    let text = "Text.\n\n```transcript\n> PING\n+PONK\n```\n\nMore.\n";
    let (new, wrong) = play("a.md", text);
    assert_eq!(new, text.replace("PONK", "PONG"));
    assert!(wrong.contains("a.md, block in line 4:") && wrong.contains("+PONG"), "{wrong}");
}
