//! COMMAND DOCS: what the rows say, for people and for clients that show hints.

mod argument;
mod syntax;
#[cfg(test)]
mod tests;

use crate::command::spec::{Flags, Spec};
use crate::command::table::{Command, table};
use crate::resp::reply::Writer;
use argument::{Argument, Shape};

pub(crate) use syntax::usage;

/// The arguments of a row that stands under a container (`nested`) or not.
pub(crate) fn arguments(spec: &Spec, nested: bool) -> Result<Vec<Argument>, syntax::Mistake> {
    let mut arguments = syntax::parse(spec.syntax)?;
    argument::place_keys(&mut arguments, Some(1 + usize::from(nested)), spec.keys);
    Ok(arguments)
}

/// Writes a command's name and the map that describes it.
pub(super) fn describe(reply: &mut Writer, command: &Command) {
    let spec = command.spec;
    let nested = command.container.is_some();
    let arguments = arguments(spec, nested).expect("a test parses the syntax of every row");
    reply.bulk(command.full_name.as_bytes());
    // What few may use is a command of the system: DEBUG.
    let marks =
        [("deprecated", spec.deprecated.is_some()), ("syscmd", spec.flags.has(Flags::PROTECTED))];
    let marks: Vec<&str> = marks.iter().filter_map(|(name, is)| is.then_some(*name)).collect();
    let fields = [
        true,
        true,
        true,
        !spec.complexity.is_empty(),
        !marks.is_empty(),
        spec.deprecated.is_some(),
        spec.deprecated.is_some(),
        !spec.history.is_empty(),
        !arguments.is_empty(),
        !command.subcommands.is_empty(),
    ];
    reply.map(fields.iter().filter(|is_there| **is_there).count());
    text(reply, "summary", spec.summary);
    text(reply, "since", spec.since);
    text(reply, "group", spec.group.name());
    if !spec.complexity.is_empty() {
        text(reply, "complexity", spec.complexity);
    }
    if !marks.is_empty() {
        flags(reply, "doc_flags", &marks);
    }
    if let Some(deprecated) = spec.deprecated {
        text(reply, "deprecated_since", deprecated.since);
        text(reply, "replaced_by", deprecated.replaced_by);
    }
    if !spec.history.is_empty() {
        reply.bulk(b"history");
        reply.set(spec.history.len());
        for (version, change) in spec.history {
            reply.array(2);
            reply.bulk(version.as_bytes());
            reply.bulk(change.as_bytes());
        }
    }
    if !arguments.is_empty() {
        reply.bulk(b"arguments");
        describe_arguments(reply, &arguments);
    }
    if !command.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(command.subcommands.len());
        for id in &command.subcommands {
            describe(reply, table().command(*id));
        }
    }
}

fn text(reply: &mut Writer, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

fn flags(reply: &mut Writer, name: &str, set: &[&str]) {
    reply.bulk(name.as_bytes());
    reply.set(set.len());
    for flag in set {
        reply.simple(flag);
    }
}

fn describe_arguments(reply: &mut Writer, arguments: &[Argument]) {
    reply.array(arguments.len());
    for argument in arguments {
        let (kind, display, inner) = match &argument.shape {
            Shape::Value(kind) => (kind.name(), Some(&argument.name), None),
            Shape::PureToken => ("pure-token", Some(&argument.name), None),
            Shape::OneOf(all) => ("oneof", None, Some(all)),
            Shape::Block(all) => ("block", None, Some(all)),
        };
        let set: Vec<&str> = [
            ("optional", argument.optional),
            ("multiple", argument.multiple),
            ("multiple_token", argument.multiple_token),
        ]
        .iter()
        .filter_map(|(name, is_set)| is_set.then_some(*name))
        .collect();
        let fields = 2
            + usize::from(display.is_some())
            + usize::from(argument.key_spec.is_some())
            + usize::from(argument.token.is_some())
            + usize::from(argument.since.is_some())
            + usize::from(argument.deprecated_since.is_some())
            + usize::from(!set.is_empty())
            + usize::from(inner.is_some());
        reply.map(fields);
        text(reply, "name", &argument.name);
        text(reply, "type", kind);
        if let Some(display) = display {
            text(reply, "display_text", display);
        }
        if let Some(index) = argument.key_spec {
            reply.bulk(b"key_spec_index");
            reply.count(index);
        }
        if let Some(token) = &argument.token {
            text(reply, "token", token);
        }
        if let Some(version) = &argument.since {
            text(reply, "since", version);
        }
        if let Some(version) = &argument.deprecated_since {
            text(reply, "deprecated_since", version);
        }
        if !set.is_empty() {
            flags(reply, "flags", &set);
        }
        if let Some(inner) = inner {
            reply.bulk(b"arguments");
            describe_arguments(reply, inner);
        }
    }
}
