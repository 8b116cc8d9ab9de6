//! The documents against the repository: links lead somewhere, paths exist, lists of commands are
//! those of the table.
//!
//! Not here: the table of layers and the map of the code (`tests/tidy/architecture.rs`).
#![allow(unreachable_pub, reason = "a test binary has no outside")]

use latchd::command::table::table;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file: where it is, and its text outside blocks of code.
struct Document {
    path: PathBuf,
    prose: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Markdown files of the repository, and of what lies in hidden folders or was built none.
fn documents() -> Vec<Document> {
    let mut paths = Vec::new();
    for folder in ["", "benches", "docs", "docs/adr", "tests/golden"] {
        let entries = fs::read_dir(root().join(folder)).expect("the folder is in the repository");
        paths.extend(entries.map(|entry| entry.expect("it can be listed").path()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("documents are UTF-8");
            Document { prose: prose(&text), path }
        })
        .collect()
}

/// The text without fenced blocks of code; their lines stay as empty ones.
fn prose(text: &str) -> String {
    let mut inside = false;
    let line = |line: &str| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        if inside || fence { "\n".to_owned() } else { format!("{line}\n") }
    };
    text.lines().map(line).collect()
}

/// What stands between `open` and `close`, however often.
fn between<'t>(text: &'t str, open: &'t str, close: char) -> impl Iterator<Item = &'t str> {
    text.split(open).skip(1).filter_map(move |rest| Some(rest.split_once(close)?.0))
}

/// The headings as the targets of links, in GitHub's form: `## Run it!` is `run-it`.
fn anchors(prose: &str) -> BTreeSet<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        letter => letter.is_alphanumeric().then_some(letter),
    });
    kept.collect::<String>().to_lowercase()
}

/// Links of a document that lead nowhere. Links to other machines are not followed.
fn broken_links(document: &Document) -> Vec<String> {
    let here = document.path.parent().expect("a file is in a folder");
    let leads = |link: &str| {
        let (file, heading) = link.split_once('#').map_or((link, None), |(f, h)| (f, Some(h)));
        let target = here.join(file);
        match heading {
            None => target.exists(),
            Some(heading) if file.is_empty() => anchors(&document.prose).contains(heading),
            Some(heading) => fs::read_to_string(target)
                .is_ok_and(|text| anchors(&prose(&text)).contains(heading)),
        }
    };
    let links = between(&document.prose, "](", ')').filter(|link| !link.contains("://"));
    links.filter(|link| !leads(link)).map(str::to_owned).collect()
}

/// Words in back quotes that name a file or folder of the repository and are none. A name with
/// `<`, `*` or a space stands for others.
fn missing_paths(document: &Document) -> Vec<String> {
    const FOLDERS: [&str; 6] = ["src/", "tests/", "benches/", "docs/", "conf/", "fuzz/"];
    let is_path = |word: &&str| {
        FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.contains(['<', '*', ' '])
    };
    let paths = between_quotes(&document.prose).filter(is_path);
    paths.filter(|path| !root().join(path).exists()).map(str::to_owned).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let found = |document: &Document| {
        let name = document.path.display().to_string();
        broken_links(document).into_iter().map(move |link| format!("{name}: {link}"))
    };
    let broken: Vec<String> = documents().iter().flat_map(found).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn files_that_documents_name_exist() {
    let found = |document: &Document| {
        let name = document.path.display().to_string();
        missing_paths(document).into_iter().map(move |path| format!("{name}: {path}"))
    };
    let missing: Vec<String> = documents().iter().flat_map(found).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_readme_lists_the_commands_that_there_are() {
    let readme = documents().into_iter().find(|document| document.path.ends_with("README.md"));
    let readme = readme.expect("documents come in the order of their paths, README.md is there");
    let (_, lists) = readme.prose.split_once("| | Commands |").expect("README.md has the lists");
    let (lists, _) = lists.split_once("\n\n").expect("a table ends");
    // Behind a semicolon stand options.
    let commands = lists.lines().filter_map(|line| line.split(';').next());
    let listed: Vec<String> =
        commands.flat_map(|cell| between_quotes(cell).map(str::to_lowercase)).collect();
    let once: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(once.len(), listed.len(), "a command is listed once");
    let rows = table().commands().iter().filter(|command| command.container.is_none());
    let there: BTreeSet<&str> = rows.map(|command| command.spec.name).collect();
    let [unlisted, absent] = [there.difference(&once), once.difference(&there)]
        .map(|names| names.copied().collect::<Vec<_>>().join(" "));
    assert_eq!((&*unlisted, &*absent), ("", ""), "(not in README.md, only in README.md)");
}

#[test]
fn the_versions_of_clients_are_those_that_are_installed() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("it is there");
    let document = read("docs/COMPATIBILITY.md");
    let version_of = |file: &str, before: &str| -> String {
        let (_, rest) = file.split_once(before).unwrap_or_else(|| panic!("no {before}"));
        rest.chars().take_while(|&letter| letter.is_ascii_digit() || letter == '.').collect()
    };
    let python = read("tests/clients/python/requirements.txt");
    let node = read("tests/clients/node/package.json");
    for (client, file, before) in [
        ("redis-py", &python, "redis=="),
        ("node-redis", &node, "\"redis\": \""),
        ("ioredis", &node, "\"ioredis\": \""),
    ] {
        let row = format!("| {client} | {} |", version_of(file, before));
        assert!(document.contains(&row), "docs/COMPATIBILITY.md has no row `{row}`");
    }
}

/// Every second piece between back quotes.
fn between_quotes(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn a_planted_mistake_is_found() {
    let text = "[a](nowhere.md) [b](README.md#not-there) [c](#here)\n# Here\n`src/nowhere.rs` \
                `src/<family>.rs`\n```\n[d](in-code.md)\n```\n[e](Cargo.toml) [f](https://x.y/z)\n";
    let document = Document { path: root().join("PLANTED.md"), prose: prose(text) };
    assert_eq!(broken_links(&document), ["nowhere.md", "README.md#not-there"]);
    assert_eq!(missing_paths(&document), ["src/nowhere.rs"]);
    assert_eq!(anchor("Who may import whom: the `layers`"), "who-may-import-whom-the-layers");
}
