//! Sequences of rules and what becomes of them. The texts are those of redis-server 7.0.15, but for
//! the rules about commands: those are kept as they were said, as Redis does from 7.2 on.

#![cfg(test)]

use super::*;

const READ: u32 = 1;
const WRITE: u32 = 2;

fn catalogue() -> Catalogue {
    let entry = |name: &str, categories, container, subcommands: &[u16]| Entry {
        name: name.to_owned(),
        categories,
        container,
        subcommands: subcommands.to_vec(),
    };
    let commands = vec![
        entry("get", READ, None, &[]),
        entry("set", WRITE, None, &[]),
        entry("select", 0, None, &[]),
        entry("config", 0, None, &[4, 5]),
        entry("config|get", 0, Some(3), &[]),
        entry("config|set", 0, Some(3), &[]),
    ];
    Catalogue { commands, categories: vec![("read", READ), ("write", WRITE)] }
}

fn user(rules: &str) -> Result<User, RuleError> {
    let (mut user, catalogue) = (User::new(false), catalogue());
    let rules = join_selectors(rules.split_ascii_whitespace().map(str::as_bytes)).unwrap();
    rules.iter().try_for_each(|rule| user.apply(rule, &catalogue, false))?;
    Ok(user)
}

#[track_caller]
fn assert_becomes(rules: &str, text: &str) {
    let described = user(rules).unwrap().describe();
    assert_eq!(String::from_utf8_lossy(&described), text, "{rules}");
    // What is described makes the same user again.
    let again = user(text).unwrap().describe();
    assert_eq!(String::from_utf8_lossy(&again), text, "{rules}");
}

#[test]
fn a_user_is_described_as_redis_describes_it() {
    const A: &str = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
    const B: &str = "#ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    for (rules, text) in [
        ("", "off resetchannels -@all"),
        ("ON nopass", "on nopass resetchannels -@all"),
        (">a nopass >b", &format!("off #{A} resetchannels -@all")),
        (">a >a", &format!("off {B} resetchannels -@all")),
        ("nopass >b resetpass", "off resetchannels -@all"),
        (">a <a", "off resetchannels -@all"),
        ("%R~x %W~x", "off ~x resetchannels -@all"),
        ("%RW~x %rw~x", "off ~x resetchannels -@all"),
        ("%r~x %w~y", "off %R~x %W~y resetchannels -@all"),
        ("~ &", "off ~ resetchannels & -@all"),
        ("%RW~*", "off ~* resetchannels -@all"),
        ("~* ~*", "off ~* resetchannels -@all"),
        ("~x allkeys", "off ~* resetchannels -@all"),
        ("allkeys resetkeys ~x", "off ~x resetchannels -@all"),
        ("allchannels", "off &* -@all"),
        ("allchannels resetchannels &x &x", "off resetchannels &x -@all"),
        ("skip-sanitize-payload", "off skip-sanitize-payload resetchannels -@all"),
        ("on (+get) reset", "off sanitize-payload resetchannels -@all"),
        ("(+get ~x ~y)", "off resetchannels -@all (~x ~y resetchannels -@all +get)"),
        (
            "( +get ) (~y)",
            "off resetchannels -@all (resetchannels -@all +get) (~y resetchannels -@all)",
        ),
        ("()", "off resetchannels -@all (resetchannels -@all)"),
        ("(+get) clearselectors", "off resetchannels -@all"),
    ] {
        assert_becomes(rules, text);
    }
}

#[test]
fn rules_about_commands_stay_in_their_order_and_replace_those_about_the_same() {
    for (rules, commands) in [
        ("+get +get", "-@all +get"),
        ("+GET", "-@all +get"),
        ("+get -get", "-@all -get"),
        ("+@all -get +get", "+@all +get"),
        ("+@all -@READ +get", "+@all -@read +get"),
        ("+@read +set +@read", "-@all +set +@read"),
        ("+config -config|get", "-@all +config -config|get"),
        ("+config|get +config", "-@all +config"),
        ("+config|get -config +config|set", "-@all -config +config|set"),
        ("+select|0 +select|1", "-@all +select|0 +select|1"),
        ("+select|0 -select", "-@all -select"),
        ("+get -@all", "-@all"),
        ("allcommands -get nocommands +get", "-@all +get"),
    ] {
        assert_becomes(rules, &format!("off resetchannels {commands}"));
    }
}

#[test]
fn what_is_no_rule_is_refused_for_redis_reason() {
    for (rules, error) in [
        (">a <b", RuleError::NoSuchPassword),
        (
            "!3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
            RuleError::NoSuchPassword,
        ),
        ("#abc", RuleError::MalformedHash),
        ("!abc", RuleError::MalformedHash),
        (
            "#3E23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
            RuleError::MalformedHash,
        ),
        ("%~x", RuleError::Syntax),
        ("%RR~x", RuleError::Syntax),
        ("%Rx", RuleError::Syntax),
        ("%", RuleError::Syntax),
        ("~* ~x", RuleError::AllKeys),
        ("allkeys %R~*", RuleError::AllKeys),
        ("&* &x", RuleError::AllChannels),
        ("+", RuleError::Unknown),
        ("-", RuleError::Unknown),
        ("+@", RuleError::Unknown),
        ("+nosuch", RuleError::Unknown),
        ("+@nosuch", RuleError::Unknown),
        ("-select|0", RuleError::Unknown),
        ("+config|nosuch", RuleError::Unknown),
        ("+config|get|x", RuleError::WordOfSubcommand),
        ("+select|0|1", RuleError::Unknown),
        ("+get|", RuleError::Syntax),
        ("+config|", RuleError::Syntax),
        ("foo", RuleError::Syntax),
        ("(foo)", RuleError::Syntax),
        ("(>a)", RuleError::Syntax),
        ("(on)", RuleError::Syntax),
        ("(~x (y))", RuleError::Syntax),
    ] {
        assert_eq!(user(rules).unwrap_err(), error, "{rules}");
    }
    let mut spaces = User::new(false);
    for rule in ["~a b", "&a\tb", "~a\0", "%R~a\u{b}"] {
        assert_eq!(spaces.apply(rule.as_bytes(), &catalogue(), false), Err(RuleError::Syntax));
    }
}

#[test]
fn a_selector_that_does_not_end_is_found() {
    let join = |words: &[&'static str]| join_selectors(words.iter().map(|word| word.as_bytes()));
    assert_eq!(join(&["on", "(+get", "~x)", "~y"]).unwrap(), [&b"on"[..], b"(+get ~x)", b"~y"]);
    assert_eq!(join(&["on", "(+get"]), Err(Unmatched(1)));
    assert_eq!(join(&["(~x) "]), Err(Unmatched(0)));
    assert_eq!(join(&["("]), Err(Unmatched(0)));
}

#[test]
fn only_an_enabled_user_with_its_password_comes_in() {
    let may = |rules, password: &str| user(rules).unwrap().accepts(password.as_bytes());
    assert!(may("on >a >b", "a") && may("on >a >b", "b"));
    assert!(!may("on >a", "A") && !may("on >a", "") && !may("on", "") && !may(">a", "a"));
    assert!(may("on nopass", "anything") && !may("nopass", "anything"));
    assert!(may("on >", "") && !may("on nopass >a", "b"));
}

const NOTHING: Wish<'_> =
    Wish { command: None, first_word: None, keys: &[], channels: &[], are_patterns: false };

#[test]
fn commands_subcommands_and_first_words() {
    let may = |rules, name: &str, word: Option<&'static str>| {
        let command = catalogue().command(name.as_bytes());
        let first_word = word.map(str::as_bytes);
        user(rules).unwrap().permits(&Wish { command, first_word, ..NOTHING }) == Ok(())
    };
    assert!(may("+@all", "get", None) && !may("", "get", None));
    assert!(may("+@read", "get", None) && !may("+@read", "set", None));
    assert!(!may("+@all -@write", "set", None) && may("+@all -@write +set", "set", None));
    assert!(may("+config", "config|get", None) && !may("+config -config|get", "config|get", None));
    assert!(may("+config|get", "config|get", None) && !may("+config|get", "config|set", None));
    assert!(may("+select|0 +select|1", "select", Some("1")));
    assert!(!may("+select|0", "select", Some("2")) && !may("+select|0", "select", None));
    assert!(!may("+select|0 -select", "select", Some("0")));
    assert_eq!(user("").unwrap().permits(&NOTHING), Ok(()), "AUTH is for everybody");
}

#[test]
fn keys_by_what_is_done_with_them_and_channels() {
    let read = KeyAccess { read: true, write: false };
    let write = KeyAccess { read: false, write: true };
    let key =
        |rules, key: &str, access| user(rules).unwrap().root().permits_key(key.as_bytes(), access);
    assert!(key("~a*", "ab", KeyAccess::FULL) && !key("~a*", "b", read));
    assert!(key("%R~a", "a", read) && !key("%R~a", "a", write));
    assert!(!key("%R~a* %W~*a", "a", KeyAccess::FULL), "one pattern has to allow all of it");
    assert!(key("%R~a %W~a", "a", KeyAccess::FULL), "but these two are one");
    let channel = |rules, name: &str, is_pattern| {
        user(rules).unwrap().root().permits_channel(name.as_bytes(), is_pattern)
    };
    assert!(channel("&a*", "ab", false) && !channel("&a*", "b", false));
    assert!(channel("&a*", "a*", true) && !channel("&a*", "ab*", true));
    assert!(channel("allchannels", "ab*", true));
}

#[test]
fn one_selector_has_to_allow_all_of_a_request_and_the_one_that_got_furthest_says_what_is_missing() {
    let keys = [(&b"a"[..], KeyAccess::FULL), (&b"b"[..], KeyAccess::FULL)];
    let wish = Wish { command: catalogue().command(b"get"), keys: &keys, ..NOTHING };
    let asked = |rules| user(rules).unwrap().permits(&wish);
    assert_eq!(asked("~*"), Err(Denied::Command));
    assert_eq!(asked("+get"), Err(Denied::Key(0)));
    assert_eq!(asked("~* (+get ~a)"), Err(Denied::Key(1)));
    assert_eq!(asked("+get ~a (+get ~b)"), Err(Denied::Key(1)));
    assert_eq!(asked("(+get ~a ~b)"), Ok(()));
    let wish = Wish { channels: &[b"x", b"y"], ..NOTHING };
    assert_eq!(user("&x").unwrap().permits(&wish), Err(Denied::Channel(1)));
}

#[test]
fn what_is_new_may_allow_all_channels() {
    let mut user = User::new(true);
    for rule in ["(+get)", "resetchannels"] {
        user.apply(rule.as_bytes(), &catalogue(), true).unwrap();
    }
    assert_eq!(user.describe(), b"off resetchannels -@all (&* -@all +get)");
    user.apply(b"reset", &catalogue(), true).unwrap();
    assert_eq!(user.describe(), b"off sanitize-payload &* -@all");
}
