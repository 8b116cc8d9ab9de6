//! Who may import whom: the table of `docs/ARCHITECTURE.md`, and the imports that it allows.

use crate::rules::Finding;
use crate::source::{Source, closing, is_word};

/// What a layer may name beside itself.
pub(crate) enum Allowed {
    These(&'static [&'static str]),
    /// All rows above its own.
    EverythingAbove,
}

use Allowed::{EverythingAbove, These};

/// Each layer and what it may name. A row names only rows above it, so there is no circle.
pub(crate) const LAYERS: [(&str, Allowed); 17] = [
    ("base", These(&[])),
    ("types", These(&["base"])),
    ("coord", These(&["base"])),
    ("acl", These(&["base"])),
    ("resp", These(&["base"])),
    ("config", These(&["base"])),
    ("observe", These(&["base"])),
    ("pubsub", These(&["base"])),
    ("cluster", These(&["coord", "base"])),
    ("clients", These(&["pubsub", "resp", "base"])),
    ("script", These(&["resp", "base"])),
    ("keyspace", These(&["coord", "types", "base"])),
    ("persist", These(&["keyspace", "base"])),
    ("command", These(&COMMAND)),
    ("server", EverythingAbove),
    ("net", EverythingAbove),
    ("runtime", EverythingAbove),
];

const COMMAND: [&str; 10] = [
    "keyspace", "clients", "script", "pubsub", "resp", "config", "observe", "coord", "types",
    "base",
];

/// The binary only reads the command line and starts the runtime.
const MAIN: [&str; 2] = ["runtime", "config"];

pub(crate) fn imports(source: &Source) -> Vec<Finding> {
    if source.path == "src/main.rs" {
        return allowed_only(source, "latchd::", "main.rs", &MAIN);
    }
    let Some(layer) = source.layer() else { return Vec::new() };
    let Some(row) = LAYERS.iter().position(|(name, _)| *name == layer) else {
        return vec![(1, format!("src/{layer} is not in the table of layers"))];
    };
    let above: Vec<&str> = LAYERS[..row].iter().map(|(name, _)| *name).collect();
    let mut findings = match LAYERS[row].1 {
        These(allowed) => allowed_only(source, "crate::", layer, allowed),
        EverythingAbove => allowed_only(source, "crate::", layer, &above),
    };
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
    let rule = "write `crate::`: this chain of `super::` hides which layer is imported";
    let chains = source.words("super::").filter(|&at| !source.code[..at].ends_with("super::"));
    let out = chains.filter(|&at| {
        let links = source.code[at..].split("super::").take_while(|part| part.is_empty()).count();
        links >= source.module_depth(at)
    });
    out.map(|at| (source.line(at), rule.to_owned())).collect()
}
