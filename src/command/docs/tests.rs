//! The notation, and that every row follows it.

use super::argument::{Argument, Shape};
use super::{arguments, syntax, usage};
use crate::command::spec::{KeyFlags, KeyRange, KeySpec, Run, Spec};
use crate::command::table::table;

/// A tree in one line: `name:type`, `TOKEN` before it, `?` optional, `+` repeated, `++` with its
/// token.
fn shown(arguments: &[Argument]) -> String {
    let one = |argument: &Argument| {
        let inside = match &argument.shape {
            Shape::Value(kind) => format!("{}:{}", argument.name, kind.name()),
            Shape::PureToken => String::new(),
            Shape::OneOf(all) => format!("{}=one({})", argument.name, shown(all)),
            Shape::Block(all) => format!("{}=all({})", argument.name, shown(all)),
        };
        let token = argument.token.iter().map(|token| format!("{token} ")).collect::<String>();
        let marks =
            [(argument.optional, "?"), (argument.multiple, "+"), (argument.multiple_token, "+")];
        let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        let key = argument.key_spec.map(|index| format!("#{index}")).unwrap_or_default();
        let since = argument.since.iter().map(|version| format!(" >={version}"));
        let until = argument.deprecated_since.iter().map(|version| format!(" <{version}"));
        let versions: String = since.chain(until).collect();
        format!("{}{key}{marks}{versions}", format!("{token}{inside}").trim_end())
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn tree(syntax: &'static str, keys: &'static [KeySpec]) -> String {
    shown(&arguments(&Spec { syntax, keys, ..Spec::BASE }, false).unwrap())
}

const FIRST: &[KeySpec] = &[KeySpec::one(1, KeyFlags::RO)];
const ALL: &[KeySpec] = &[KeySpec::words(1, -1, 1, KeyFlags::RO)];
const PAIRS: &[KeySpec] = &[KeySpec::words(1, -1, 2, KeyFlags::OW)];
const TWO: &[KeySpec] = &[KeySpec::one(1, KeyFlags::RW), KeySpec::one(2, KeyFlags::OW)];
const COUNTED: &[KeySpec] = &[KeySpec::counted(1, 2, KeyFlags::OW)];

#[test]
fn words_are_values_and_keys_are_found_by_their_place() {
    assert_eq!(tree("", &[]), "");
    assert_eq!(tree("key", FIRST), "key:key#0");
    assert_eq!(tree("key newkey", TWO), "key:key#0, newkey:key#1");
    assert_eq!(tree("key start end", FIRST), "key:key#0, start:integer, end:integer");
    assert_eq!(tree("key increment{double}", FIRST), "key:key#0, increment:double");
    assert_eq!(tree("pattern", &[]), "pattern:pattern");
}

#[test]
fn what_stands_before_dots_is_repeated() {
    assert_eq!(tree("key [key ...]", ALL), "key:key#0+");
    let pairs = tree("key value [key value ...]", PAIRS);
    assert_eq!(pairs, "key_value=all(key:key#0, value:string)+");
    let counted = tree("numkeys key value [key value ...] [NX]", COUNTED);
    assert_eq!(counted, "numkeys:integer, key_value=all(key:key#0, value:string)+, NX?");
    assert_eq!(tree("[word ...]", &[]), "word:string?+");
    assert_eq!(tree("[word [word ...]]", &[]), "word:string?+");
    assert_eq!(tree("[PREFIX word [PREFIX word ...]]", &[]), "PREFIX word:string?++");
    assert_eq!(tree("[ID client-id [client-id ...]]", &[]), "ID client-id:integer?+");
    assert_eq!(tree("PREFIX word [PREFIX word ...]", &[]), "PREFIX word:string++");
    assert_eq!(tree("<a | b> [...]", &[]), "a_b=one(a:string, b:string)+");
}

#[test]
fn groups_are_choices_blocks_and_options() {
    assert_eq!(tree("[NX | XX]", &[]), "nx_xx=one(NX, XX)?");
    assert_eq!(tree("[NX | XX]{condition}", &[]), "condition=one(NX, XX)?");
    assert_eq!(tree("<ON | OFF>", &[]), "on_off=one(ON, OFF)");
    assert_eq!(
        tree("[EX seconds | PXAT unix-time-milliseconds | KEEPTTL]{expiration}", &[]),
        "expiration=one(EX seconds:integer, PXAT unix-time-milliseconds:unix-time, KEEPTTL)?"
    );
    assert_eq!(
        tree("[LIMIT offset count]", &[]),
        "LIMIT limit=all(offset:integer, count:integer)?"
    );
    assert_eq!(tree("[TYPE <NORMAL | PUBSUB>]", &[]), "TYPE normal_pubsub=one(NORMAL, PUBSUB)?");
    assert_eq!(
        tree("[protover [AUTH username password] [SETNAME clientname]]{arguments}", &[]),
        "arguments=all(protover:integer, AUTH auth=all(username:string, password:string)?, \
         SETNAME clientname:string?)?"
    );
}

#[test]
fn braces_tell_the_versions_of_words_keywords_and_groups() {
    assert_eq!(
        tree("[NX{since 2.0.0} | XX]{condition since 7.0.0}", &[]),
        "condition=one(NX >=2.0.0, XX)? >=7.0.0"
    );
    assert_eq!(
        tree("[EX seconds{since 2.6.12} | old{deprecated 2.8.12}]{time}", &[]),
        "time=one(EX seconds:integer >=2.6.12, old:string <2.8.12)?"
    );
    assert_eq!(
        tree("a{double since 1.0.0} [b]{since 6.0.0}", &[]),
        "a:double >=1.0.0, b:string? >=6.0.0"
    );
    assert_eq!(usage("a{double since 1.0.0} [b]{since 6.0.0}"), "a [b]");
}

#[test]
fn mistakes_are_found() {
    for wrong in [
        "[a",
        "a]",
        "<a]",
        "a | b",
        "[a |]",
        "[]",
        "...",
        "a{colour}",
        "a{string",
        "{x}",
        "a{since}",
        "a{since 1 since 2}",
        "a{since 1 string}",
        "a{string double}",
    ] {
        assert!(syntax::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn people_do_not_see_what_stands_in_braces() {
    assert_eq!(usage("key increment{double} [NX | XX]{condition}"), "key increment [NX | XX]");
}

#[test]
fn every_row_follows_the_notation_and_its_arity_fits() {
    for command in table().commands() {
        let (name, spec) = (&command.full_name, command.spec);
        let nested = command.container.is_some();
        let arguments = match arguments(spec, nested) {
            Ok(arguments) => arguments,
            Err(mistake) => panic!("{name}: {mistake:?}"),
        };
        if !spec.subcommands.is_empty() {
            assert!(arguments.is_empty(), "{name} has subcommands, so they have the arguments");
            continue;
        }
        let words =
            1 + usize::from(nested) + arguments.iter().map(Argument::words_min).sum::<usize>();
        assert_eq!(usize::from(spec.arity.unsigned_abs()), words, "{name}: {}", shown(&arguments));
        let elastic = arguments.iter().any(Argument::is_elastic);
        // QUIT ignores what stands behind it.
        let takes_anything = name == "quit";
        assert_eq!(spec.arity < 0, elastic || takes_anything, "{name}: {}", shown(&arguments));
    }
}

/// Every key specification has an argument, so that no client takes a key for a plain string. Only
/// the words of a command inside the request are anything.
#[test]
fn every_key_specification_has_its_argument() {
    fn specs(arguments: &[Argument], found: &mut Vec<usize>) {
        for argument in arguments {
            found.extend(argument.key_spec);
            match &argument.shape {
                Shape::OneOf(all) | Shape::Block(all) => specs(all, found),
                Shape::Value(_) | Shape::PureToken => {}
            }
        }
    }
    for command in table().commands() {
        let arguments = arguments(command.spec, command.container.is_some()).unwrap();
        let mut found = Vec::new();
        specs(&arguments, &mut found);
        for (index, keys) in command.spec.keys.iter().enumerate() {
            let is_nested = matches!(keys.range, KeyRange::Nested { .. });
            let is_channel = keys.flags.has(KeyFlags::NOT_KEY);
            assert!(
                is_nested || is_channel || found.contains(&index),
                "{}: {}",
                command.full_name,
                shown(&arguments)
            );
        }
        assert!(command.spec.keys.is_empty() || !matches!(command.spec.run, Run::Container));
    }
}
