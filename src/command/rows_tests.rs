//! What holds for every row, so that a mistake in one is found before a client finds it.

use crate::command::spec::{Acl, Flags, KeyFlags, KeyRange, KeySpec, Run, Spec};
use crate::command::table::{Command, table};

/// Calls `check` for every row; the name is for the message.
fn every_row(check: impl Fn(&str, &Spec, &Command)) {
    for command in table().commands() {
        check(&command.full_name, command.spec, command);
    }
}

fn is_version(text: &str) -> bool {
    let numbers: Vec<&str> = text.split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u16>().is_ok())
}

#[test]
fn a_row_says_what_the_command_is() {
    every_row(|name, spec, _| {
        assert!(
            spec.name.bytes().all(|it| it.is_ascii_lowercase() || b"-_.".contains(&it)),
            "{name}"
        );
        assert!(spec.summary.len() > 10, "{name}: {}", spec.summary);
        assert!(is_version(spec.since), "{name}: since {}", spec.since);
        for (version, change) in spec.history {
            assert!(is_version(version) && !change.is_empty(), "{name}: {version} {change}");
        }
        if let Some(deprecated) = spec.deprecated {
            assert!(is_version(deprecated.since), "{name}");
        }
        assert_ne!(spec.arity, 0, "{name}");
    });
}

#[test]
fn flags_and_categories_agree() {
    every_row(|name, spec, _| {
        let (flags, acl) = (spec.flags, spec.acl);
        assert!(!(flags.has(Flags::WRITE) && flags.has(Flags::READONLY)), "{name}");
        assert_eq!(flags.has(Flags::WRITE), acl.has(Acl::WRITE), "{name}: write");
        assert_eq!(flags.has(Flags::FAST), acl.has(Acl::FAST), "{name}: fast");
        assert_ne!(acl.has(Acl::FAST), acl.has(Acl::SLOW), "{name} is fast or slow");
        assert!(!flags.has(Flags::ADMIN) || acl.has(Acl::ADMIN), "{name}: admin");
        assert!(!acl.has(Acl::ADMIN) || acl.has(Acl::DANGEROUS), "{name}: admin is dangerous");
        let script = acl.has(Acl::SCRIPTING);
        assert!(!flags.has(Flags::READONLY) || acl.has(Acl::READ) || script, "{name}: read");
        assert!(!flags.has(Flags::DENYOOM) || flags.has(Flags::WRITE), "{name}: memory");
    });
}

#[test]
fn keys_are_words_that_the_arity_guarantees() {
    every_row(|name, spec, command| {
        // A row may say that its requests need no key.
        let optional = usize::from(spec.flags.has(Flags::NO_MANDATORY_KEYS));
        let words = usize::from(spec.arity.unsigned_abs()) + optional;
        let name_words = 1 + usize::from(command.container.is_some());
        let is_key = |keys: &&KeySpec| !keys.flags.has(KeyFlags::NOT_KEY);
        for keys in spec.keys.iter().filter(is_key) {
            let (first, step) = match keys.range {
                KeyRange::Words { first, last, step } => {
                    let beyond = usize::try_from(last).unwrap_or_default();
                    assert!(usize::from(first) + beyond < words, "{name}");
                    (usize::from(first), step)
                }
                KeyRange::Counted { count, step } => (usize::from(count), step),
                KeyRange::Nested { first } => (usize::from(first), 1),
            };
            assert!((name_words..words).contains(&first) && step > 0, "{name}");
        }
        assert!(spec.keys.is_empty() || spec.subcommands.is_empty(), "{name}");
    });
}

#[test]
fn who_only_reads_changes_no_key_and_the_reverse() {
    every_row(|name, spec, _| {
        let changes = |flags: KeyFlags| {
            [KeyFlags::RW, KeyFlags::OW, KeyFlags::RM].iter().any(|it| flags.has(*it))
        };
        for keys in spec.keys {
            if keys.flags == KeyFlags::NOT_KEY {
                continue;
            }
            assert_ne!(keys.flags.has(KeyFlags::RO), changes(keys.flags), "{name}: one of four");
            // A script may write and need not.
            let writes = spec.flags.has(Flags::WRITE) || spec.flags.has(Flags::MAY_REPLICATE);
            assert!(!changes(keys.flags) || writes, "{name} writes");
        }
        let any = spec.keys.iter().any(|keys| changes(keys.flags));
        let writes_keys = spec.flags.has(Flags::WRITE) && !spec.keys.is_empty();
        assert!(!writes_keys || any, "{name} writes no key");
    });
}

/// Clients that know no key specifications look at `movablekeys`.
#[test]
fn counted_and_nested_keys_are_movable() {
    every_row(|name, spec, _| {
        let counted = |range| !matches!(range, KeyRange::Words { .. });
        let movable = spec.keys.iter().any(|keys| counted(keys.range))
            || spec.keys.iter().any(|keys| keys.flags.has(KeyFlags::INCOMPLETE));
        assert_eq!(spec.flags.has(Flags::MOVABLEKEYS), movable, "{name}");
    });
}

#[test]
fn a_container_has_subcommands_and_nobody_else() {
    every_row(|name, spec, command| {
        if matches!(spec.run, Run::Container) {
            assert!(!spec.subcommands.is_empty(), "{name}");
        }
        assert!(command.container.is_none() || spec.subcommands.is_empty(), "{name}");
    });
}
