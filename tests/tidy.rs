//! The rules of how the code reads, checked by reading it: layers, sizes, names, no clocks.
//!
//! The rules are in `tests/tidy/`; here they meet the repository, and planted mistakes that show
//! that every one of them can fail.

#[path = "tidy/architecture.rs"]
mod architecture;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/planted.rs"]
mod planted;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rules::Finding;
use source::Source;

type Rule = fn(&Source) -> Vec<Finding>;

const RULES: [Rule; 11] = [
    layers::imports,
    rules::length,
    rules::columns,
    rules::function_length,
    rules::opening_sentence,
    rules::unsafe_is_explained,
    rules::unwrap,
    rules::outside_world,
    rules::unfinished,
    rules::sleeping,
    rules::name,
];

/// Folders with code, and the languages that the rules read there.
const CODE_FOLDERS: [&str; 4] = ["src", "tests", "benches", "fuzz"];
const CODE_SUFFIXES: [&str; 3] = [".rs", ".py", ".js"];

/// What may lie in the repository's root beside dot files and licences.
const TOP_LEVEL: [&str; 14] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "benches",
    "check",
    "clippy.toml",
    "conf",
    "docs",
    "fuzz",
    "rustfmt.toml",
    "src",
    "tests",
];

#[test]
fn the_code_follows_the_rules() {
    let sources = repository();
    assert!(sources.iter().any(|source| source.path == "src/lib.rs"), "the rules read something");
    let mut findings: Vec<String> = sources.iter().flat_map(judge).collect();
    findings.sort();
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn the_top_level_stays_small() {
    let ignored = fs::read_to_string(root().join(".gitignore")).expect("there is a .gitignore");
    let strays: Vec<_> = names_in(&root()).filter(|name| is_stray(name, &ignored)).collect();
    assert!(strays.is_empty(), "not in the list of the top level: {}", strays.join(", "));
}

/// `path:line: what is wrong`, as compilers write it.
fn judge(source: &Source) -> Vec<String> {
    let findings = RULES.iter().flat_map(|rule| rule(source));
    findings.map(|(line, wrong)| format!("{}:{line}: {wrong}", source.path)).collect()
}

fn is_stray(name: &str, ignored: &str) -> bool {
    let hidden = name.starts_with('.') || name.starts_with("LICENSE-");
    let built = ignored.lines().any(|line| line.trim_matches('/') == name);
    !hidden && !built && !TOP_LEVEL.contains(&name)
}

fn repository() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in CODE_FOLDERS {
        read_folder(&root().join(folder), folder, &mut sources);
    }
    sources
}

fn read_folder(folder: &Path, name: &str, sources: &mut Vec<Source>) {
    if !folder.is_dir() {
        return;
    }
    for entry in names_in(folder).filter(|entry| !is_output(entry)) {
        let (path, inside) = (folder.join(&entry), format!("{name}/{entry}"));
        if path.is_dir() {
            read_folder(&path, &inside, sources);
        } else if CODE_SUFFIXES.iter().any(|suffix| entry.ends_with(suffix)) {
            let text = fs::read_to_string(&path).expect("source files are UTF-8");
            sources.push(Source::new(&inside, &text));
        }
    }
}

/// What fuzzing leaves in its folder.
fn is_output(entry: &str) -> bool {
    ["target", "corpus", "artifacts", "coverage"].contains(&entry)
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).expect("a folder of the repository can be read");
    entries.map(|entry| {
        let entry = entry.expect("a folder of the repository can be listed");
        entry.file_name().into_string().expect("file names are UTF-8")
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
