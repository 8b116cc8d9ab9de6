//! Who may import whom: the table of `docs/ARCHITECTURE.md`, and the imports that it allows.

use crate::rules::Finding;
use crate::source::{Source, closing, is_word};

/// Each layer and what it may name. A layer stands below everything that it names, so there is no
/// circle.
pub(crate) const LAYERS: [(&str, &[&str]); 15] = [
    ("base", &[]),
    ("types", &["base"]),
    ("coord", &["base"]),
    ("resp", &["base"]),
    ("config", &["base"]),
    ("observe", &["base"]),
    ("pubsub", &["base"]),
    ("cluster", &["base"]),
    ("script", &["resp", "base"]),
    ("keyspace", &["coord", "types", "base"]),
    ("persist", &["keyspace", "base"]),
    ("command", &COMMAND),
    ("server", &SERVER),
    ("net", &NET),
    ("runtime", &RUNTIME),
];

const COMMAND: [&str; 9] =
    ["keyspace", "resp", "config", "observe", "coord", "types", "base", "pubsub", "script"];
const SERVER: [&str; 12] = [
    "command", "persist", "cluster", "keyspace", "resp", "config", "observe", "coord", "types",
    "base", "pubsub", "script",
];
const NET: [&str; 13] = [
    "server", "command", "persist", "cluster", "keyspace", "resp", "config", "observe", "coord",
    "types", "base", "pubsub", "script",
];
const RUNTIME: [&str; 14] = [
    "net", "server", "command", "persist", "cluster", "keyspace", "resp", "config", "observe",
    "coord", "types", "base", "pubsub", "script",
];

/// The binary only reads the command line and starts the runtime.
const MAIN: [&str; 2] = ["runtime", "config"];

pub(crate) fn imports(source: &Source) -> Vec<Finding> {
    if source.path == "src/main.rs" {
        return allowed_only(source, "latchd::", "main.rs", &MAIN);
    }
    let Some(layer) = source.layer() else { return Vec::new() };
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![(1, format!("src/{layer} is not in the table of layers"))];
    };
    let mut findings = allowed_only(source, "crate::", layer, allowed);
    findings.extend(climbs_out(source));
    findings
}

fn allowed_only(source: &Source, root: &str, layer: &str, allowed: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in source.words(root) {
        for named in named_after(&source.code, at + root.len()) {
            if named != layer && !allowed.contains(&named) {
                let rule = format!("{layer} may not import {named}: see the table of layers");
                findings.push((source.line(at), rule));
            }
        }
    }
    findings
}

/// The first names of a path or of a group of paths: `a` of `a::b`, `a` and `c` of `{a::b, c}`.
fn named_after(code: &str, at: usize) -> Vec<&str> {
    if !code[at..].starts_with('{') {
        return first_name(&code[at..]).into_iter().collect();
    }
    let group = &code[at + 1..closing(code, at) - 1];
    let mut depth = 0_i32;
    let branches = group.split(|letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    branches.filter_map(first_name).collect()
}

fn first_name(path: &str) -> Option<&str> {
    path.trim_start().split(|letter| !is_word(letter)).next().filter(|name| !name.is_empty())
}

/// A path that climbs to the root by `super::` would leave its layer unseen.
fn climbs_out(source: &Source) -> Vec<Finding> {
    let rule = "write `crate::`: a chain of `super::` hides which layer is imported";
    let chained = source.words("super::super::").collect::<Vec<_>>();
    let inline = source.code.find("mod tests {").unwrap_or(source.code.len());
    let at_the_top = source.path.ends_with("/mod.rs") && source.path.matches('/').count() == 2;
    let over_the_top = source.words("super::").filter(|&at| at_the_top && at < inline);
    chained.into_iter().chain(over_the_top).map(|at| (source.line(at), rule.to_owned())).collect()
}
