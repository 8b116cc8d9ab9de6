//! INFO: figures of the server in sections, with the names and in the order of Redis 7.4.
//!
//! Absent on purpose: fields about what this server does not have, and every field that would have
//! to be made up. A new section is a line in [`SECTIONS`].

mod locks;
mod memory;
mod server;
mod state;
mod statistics;

use crate::base::time::Now;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::figures::ShardSums;
use crate::command::node::Node;
use crate::command::spec::{Acl, Flags, Outcome, Reach, Run, Spec};
use crate::config::Settings;
use std::fmt::{Display, Write as _};
use std::sync::Arc;

/// INFO
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "info",
    arity: -1,
    reach: Reach::AllShards,
    flags: Flags::LOADING.and(Flags::STALE),
    acl: Acl::SLOW.and(Acl::DANGEROUS),
    summary: "Returns information and statistics about the server.",
    syntax: "[section [section ...]]",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    history: &[("7.0.0", "Added support for taking multiple section arguments.")],
    run: Run::Plain(info),
    ..Spec::BASE
}];

/// A request for a group of sections includes the groups before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// INFO, INFO DEFAULT.
    Default,
    /// INFO ALL, INFO EVERYTHING; what modules would add is all that distinguishes them.
    All,
}

struct Section {
    names: &'static [&'static str],
    title: &'static str,
    group: Group,
    write: fn(&Facts<'_>, &mut Lines),
}

const fn section(
    names: &'static [&'static str],
    title: &'static str,
    write: fn(&Facts<'_>, &mut Lines),
) -> Section {
    Section { names, title, group: Group::Default, write }
}

/// In Redis's order, with ours before the last.
const SECTIONS: [Section; 14] = [
    section(&["server"], "Server", server::server),
    section(&["clients"], "Clients", server::clients),
    section(&["memory"], "Memory", memory::memory),
    section(&["persistence"], "Persistence", state::persistence),
    section(&["stats"], "Stats", statistics::stats),
    section(&["replication"], "Replication", state::replication),
    section(&["cpu"], "CPU", server::cpu),
    section(&["modules", "module_list"], "Modules", state::modules),
    Section {
        group: Group::All,
        ..section(&["commandstats"], "Commandstats", statistics::commands)
    },
    section(&["errorstats"], "Errorstats", statistics::errors),
    Section {
        group: Group::All,
        ..section(&["latencystats"], "Latencystats", statistics::latencies)
    },
    section(&["cluster"], "Cluster", state::cluster),
    section(&["locks"], "Locks", locks::locks),
    section(&["keyspace"], "Keyspace", state::keyspace),
];

/// What sections are written from.
struct Facts<'a> {
    node: &'a Node,
    settings: Arc<Settings>,
    now: Now,
    shards: ShardSums,
}

/// Text of lines that end as Redis's do.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: impl Display) {
        write!(self.0, "{name}:{value}\r\n").expect("a String takes everything");
    }
}

fn info(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let wanted = wanted(args);
    let shards = ShardSums::of(&mut cx.keys.shards, cx.node.keyspace.databases());
    if !cx.in_transaction {
        // The rest needs no key, and takes its time.
        cx.keys.shards.give_back();
    }
    let facts = Facts { node: cx.node, settings: cx.node.settings(), now: cx.keys.now, shards };
    let mut lines = Lines::default();
    for section in SECTIONS.iter().filter(|section| wanted(section)) {
        if !lines.0.is_empty() {
            lines.0.push_str("\r\n");
        }
        lines.0.push_str("# ");
        lines.0.push_str(section.title);
        lines.0.push_str("\r\n");
        (section.write)(&facts, &mut lines);
    }
    cx.reply.verbatim("txt", lines.0.as_bytes());
    Ok(())
}

/// Which sections the arguments name, in any case. Names of none are ignored.
fn wanted<'r>(mut args: Args<'r>) -> impl Fn(&Section) -> bool + 'r {
    let mut group = (args.left() == 0).then_some(Group::Default);
    let mut names: Vec<&[u8]> = Vec::new();
    while let Some(name) = args.take_option() {
        let of_name = match &*name.to_ascii_lowercase() {
            b"default" => Some(Group::Default),
            b"all" | b"everything" => Some(Group::All),
            _ => None,
        };
        group = group.max(of_name);
        names.push(name);
    }
    move |section| {
        let named = |name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name.as_bytes()));
        group.is_some_and(|group| section.group <= group)
            || section.names.iter().any(|name| named(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::request::{Argv, Span};

    /// The sections of `INFO` followed by these words.
    fn titles(words: &str) -> Vec<&'static str> {
        let mut start = 0;
        let spans: Vec<Span> = words
            .split_ascii_whitespace()
            .map(|word| {
                let len = word.len();
                start += len + 1;
                Span { start: start - len - 1, len }
            })
            .collect();
        let wanted = wanted(Args::new(Argv::new(words.as_bytes(), &spans), 0, &[]));
        SECTIONS.iter().filter(|section| wanted(section)).map(|section| section.title).collect()
    }

    #[test]
    fn groups_include_each_other_and_names_add_to_them() {
        let all: Vec<&str> = SECTIONS.iter().map(|section| section.title).collect();
        assert_eq!(titles("all"), all);
        assert_eq!(titles("cpu Everything"), all);
        let default = titles("");
        assert_eq!((default.len(), default.contains(&"Commandstats")), (all.len() - 2, false));
        assert_eq!(titles("default"), default);
        assert_eq!(titles("default commandstats").len(), default.len() + 1);
        assert_eq!(titles("KEYSPACE nosuch Cpu"), ["CPU", "Keyspace"]);
        assert_eq!(titles("module_list"), ["Modules"]);
        assert!(titles("nosuch").is_empty());
    }
}
