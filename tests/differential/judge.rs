//! When two replies count as equal: byte for byte, except for what `LOOSE` lists with a reason.
//!
//! An error is always compared exactly. Not here: where the replies come from (`duel.rs`), and how
//! a loose reply is brought into a form that can be compared (`canon.rs`).

use crate::canon::{
    client_fields, command_entries, hello_fields, help_frame, in_any_order, keyspace_lines, kind,
    kind_only, nothing, object_fields, scanned_pairs, sorted, sorted_pairs,
};
use crate::sequence::Argv;
use crate::support::Frame;

/// How much slack a command's reply gets.
enum Slack {
    /// Integers at most this far apart, and both not negative (-1 and -2 mean something).
    Near(i64),
    /// Only the kinds of the reply and of its elements.
    Shape,
    /// Equal after both went through this.
    Canon(fn(Frame) -> Frame),
}

/// Where a rule applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Anywhere,
    /// Only to the command's reply among those of EXEC.
    InExec,
    /// As `InExec`, and for a SCAN that does not begin at cursor 0.
    MidScan,
}

struct Loose {
    /// The command, or command and subcommand, in capitals.
    name: &'static str,
    scope: Scope,
    slack: Slack,
    /// Why the bytes may differ.
    #[allow(dead_code, reason = "the reason is for readers")]
    why: &'static str,
}

const fn loose(name: &'static str, scope: Scope, slack: Slack, why: &'static str) -> Loose {
    Loose { name, scope, slack, why }
}

use Scope::{Anywhere, InExec, MidScan};
use Slack::{Canon, Near, Shape};

/// Every exception there is.
const LOOSE: &[Loose] = &[
    loose(
        "TTL",
        Anywhere,
        Near(1),
        "rounded seconds, and the two servers are asked one after the other",
    ),
    loose("PTTL", Anywhere, Near(300), "the two servers are asked one after the other"),
    loose("EXPIRETIME", Anywhere, Near(1), "relative times are set one after the other"),
    loose("PEXPIRETIME", Anywhere, Near(300), "relative times are set one after the other"),
    loose(
        "OBJECT IDLETIME",
        Anywhere,
        Shape,
        "a clock of one second, not in step; Redis's small integers share one object and its clock",
    ),
    loose("KEYS", Anywhere, Canon(sorted), "the order of keys is that of a hash table"),
    loose("HGETALL", Anywhere, Canon(sorted_pairs), "the order of fields is that of a hash table"),
    loose("HKEYS", Anywhere, Canon(sorted), "the order of fields is that of a hash table"),
    loose("HVALS", Anywhere, Canon(sorted), "the order of fields is that of a hash table"),
    loose("HSCAN", MidScan, Shape, "cursors mean nothing to another server"),
    loose("HSCAN", Anywhere, Canon(scanned_pairs), "the order of fields is that of a hash table"),
    loose("OBJECT REFCOUNT", InExec, Near(1), "Redis counts the reference of its queue"),
    loose("HRANDFIELD", Anywhere, Shape, "random"),
    loose("SCAN", MidScan, Shape, "cursors mean nothing to another server"),
    loose("RANDOMKEY", InExec, Shape, "random; outside EXEC the key is asked for (duel.rs)"),
    loose(
        "DBSIZE",
        InExec,
        Shape,
        "counts keys that are due but still there; swept first outside EXEC",
    ),
    loose("CLIENT ID", Anywhere, Shape, "numbers of connections, which include the tests' own"),
    loose("CLIENT INFO", Anywhere, Canon(client_fields), "ports, ages and buffer sizes"),
    loose("CLIENT LIST", Anywhere, Canon(client_fields), "ports, ages and buffer sizes"),
    loose(
        "CONFIG GET",
        Anywhere,
        Canon(sorted_pairs),
        "Redis answers in the order of a hash table",
    ),
    loose("COMMAND ", Anywhere, Canon(kind_only), "all commands there are, which are not the same"),
    loose("COMMAND COUNT", Anywhere, Shape, "all commands there are, which are not the same"),
    loose(
        "COMMAND LIST",
        Anywhere,
        Canon(kind_only),
        "all commands there are, which are not the same",
    ),
    loose(
        "COMMAND INFO",
        Anywhere,
        Canon(command_entries),
        "flags and categories are sets; 7.4 has other hints and more subcommands",
    ),
    loose(
        "HELLO",
        Anywhere,
        Canon(hello_fields),
        "the version is 7.4 and ids are numbers of connections",
    ),
    loose("INFO", Anywhere, Canon(keyspace_lines), "avg_ttl is sampled, and 7.4 has a field more"),
    loose("TIME", Anywhere, Shape, "the time"),
    loose(
        "MEMORY USAGE",
        Anywhere,
        Canon(nothing),
        "bytes of another memory layout, and Redis still sees a key whose time is over",
    ),
    loose("MEMORY STATS", Anywhere, Canon(kind_only), "fields of another memory layout"),
    loose("MEMORY DOCTOR", Anywhere, Shape, "prose about the memory of this server"),
    loose("LATENCY DOCTOR", Anywhere, Shape, "prose about the latency of this server"),
    loose("LATENCY HISTOGRAM", Anywhere, Canon(kind_only), "measured times"),
    loose("SLOWLOG GET", Anywhere, Canon(kind_only), "measured times"),
    loose(
        "DEBUG OBJECT",
        Anywhere,
        Canon(object_fields),
        "addresses, clocks, and sizes in a dump file",
    ),
    loose("DEBUG DIGEST", Anywhere, Shape, "a digest is compared with one of the same server"),
    loose(
        "DEBUG DIGEST-VALUE",
        Anywhere,
        Shape,
        "a digest is compared with one of the same server",
    ),
    loose("DEBUG HTSTATS", Anywhere, Shape, "prose about hash tables"),
    loose("CLIENT HELP", Anywhere, Canon(help_frame), "7.4 has more subcommands"),
    loose("COMMAND HELP", Anywhere, Canon(help_frame), "7.4 has more subcommands"),
    loose("CONFIG HELP", Anywhere, Canon(help_frame), "7.4 has more subcommands"),
    loose("DEBUG HELP", Anywhere, Canon(help_frame), "most subcommands concern Redis's insides"),
    loose("PUBSUB CHANNELS", Anywhere, Canon(sorted), "the order is that of a hash table"),
    loose("PUBSUB SHARDCHANNELS", Anywhere, Canon(sorted), "the order is that of a hash table"),
    loose("LATENCY HELP", Anywhere, Canon(help_frame), "7.4 words it differently"),
    loose("MEMORY HELP", Anywhere, Canon(help_frame), "7.4 words it differently"),
];

/// Two errors that are both right: a request has two mistakes, and 7.4 finds another one first.
struct OtherError {
    name: &'static str,
    /// How the oracle's text begins.
    oracle: &'static str,
    /// How latchd's does.
    latchd: &'static str,
    /// Why both are right.
    #[allow(dead_code, reason = "the reason is for readers")]
    why: &'static str,
}

impl OtherError {
    fn allows(&self, argv: &Argv, oracle: &Frame, subject: &Frame) -> bool {
        let begins = |frame: &Frame, text: &str| {
            frame.as_bytes().is_some_and(|bytes| bytes.starts_with(text.as_bytes()))
        };
        argv.first().is_some_and(|name| name.eq_ignore_ascii_case(self.name.as_bytes()))
            && is_error(oracle)
            && is_error(subject)
            && begins(oracle, self.oracle)
            && begins(subject, self.latchd)
    }
}

/// Every such pair there is.
const OTHER_ERRORS: &[OtherError] = &[
    OtherError {
        name: "HELLO",
        oracle: "WRONGPASS",
        latchd: "ERR Syntax error in HELLO option",
        why: "7.4 reads all options before it looks at the password",
    },
    OtherError {
        name: "HELLO",
        oracle: "WRONGPASS",
        latchd: "ERR Client names cannot contain",
        why: "7.4 reads all options before it looks at the password",
    },
    OtherError {
        name: "COMMAND",
        oracle: "ERR wrong number of arguments for 'command|getkeys",
        latchd: "ERR ",
        why: "7.0 asks for two words behind GETKEYS, 7.4 for one",
    },
];

/// Whether the subject's reply to `argv` is as good as the oracle's. `queue` are the requests that
/// an EXEC answers, if it is one.
pub fn agree(argv: &Argv, queue: &[Argv], oracle: &[u8], subject: &[u8]) -> bool {
    if oracle == subject {
        return true;
    }
    let (Ok(Some((oracle, _))), Ok(Some((subject, _)))) =
        (Frame::parse(oracle), Frame::parse(subject))
    else {
        return false;
    };
    let exec = argv.first().is_some_and(|name| name.eq_ignore_ascii_case(b"EXEC"));
    if !exec {
        return frames_agree(argv, false, oracle, subject);
    }
    let (Some(left), Some(right)) = (oracle.as_list(), subject.as_list()) else { return false };
    left.len() == queue.len()
        && right.len() == queue.len()
        && queue
            .iter()
            .zip(left.iter().zip(right))
            .all(|(argv, (left, right))| frames_agree(argv, true, left.clone(), right.clone()))
}

/// Whether two connections have been sent the same. Redis goes through patterns, and through the
/// names that somebody leaves, in the order of a hash table.
pub fn same_heard(oracle: &[u8], subject: &[u8]) -> bool {
    let (oracle, subject) = (Frame::parse_all(oracle), Frame::parse_all(subject));
    oracle.1 == subject.1 && in_any_order(oracle.0) == in_any_order(subject.0)
}

fn frames_agree(argv: &Argv, in_exec: bool, oracle: Frame, subject: Frame) -> bool {
    if oracle == subject {
        return true;
    }
    if is_error(&oracle) || is_error(&subject) {
        return OTHER_ERRORS.iter().any(|other| other.allows(argv, &oracle, &subject));
    }
    let Some(slack) = slack(argv, in_exec) else { return false };
    match slack {
        Near(distance) => match (oracle.as_int(), subject.as_int()) {
            (Some(left), Some(right)) => {
                left >= 0 && right >= 0 && left.abs_diff(right) <= distance.unsigned_abs()
            }
            _ => false,
        },
        Shape => same_shape(&oracle, &subject),
        Canon(canon) => canon(oracle) == canon(subject),
    }
}

fn slack(argv: &Argv, in_exec: bool) -> Option<&'static Slack> {
    let word =
        |at: usize| argv.get(at).map(|word: &Vec<u8>| String::from_utf8_lossy(word).to_uppercase());
    let (name, sub) = (word(0)?, word(1).unwrap_or_default());
    // Without names COMMAND INFO is COMMAND.
    let all = name == "COMMAND" && sub == "INFO" && argv.len() == 2;
    let full = if all { "COMMAND ".into() } else { format!("{name} {sub}") };
    let mid_scan = match &*name {
        "HSCAN" => word(2).is_some_and(|cursor| cursor != "0"),
        _ => in_exec || sub != "0",
    };
    let applies = |rule: &&Loose| match rule.scope {
        Anywhere => true,
        InExec => in_exec,
        MidScan => mid_scan,
    };
    let mut rules = LOOSE.iter().filter(|rule| rule.name == name || rule.name == full);
    rules.find(applies).map(|rule| &rule.slack)
}

/// Whether a difference in the reply may be due to how much time passed between the two questions.
pub fn depends_on_time(argv: &Argv) -> bool {
    let near = |scope| matches!(slack(argv, scope), Some(Near(_)));
    near(false) || near(true)
}

fn is_error(frame: &Frame) -> bool {
    matches!(frame, Frame::Line(b'-', _) | Frame::Blob(b'!', _))
}

fn same_shape(left: &Frame, right: &Frame) -> bool {
    kind(left) == kind(right)
        && match (left.as_list(), right.as_list()) {
            (Some(left), Some(right)) => left.iter().map(kind).eq(right.iter().map(kind)),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::split_line;

    fn agreed(request: &str, oracle: &str, subject: &str) -> bool {
        agree(&split_line(request).unwrap(), &[], oracle.as_bytes(), subject.as_bytes())
    }

    #[test]
    fn times_may_be_near_but_their_absence_is_exact() {
        assert!(agreed("pttl k", ":100000\r\n", ":99800\r\n"));
        assert!(!agreed("PTTL k", ":100000\r\n", ":99000\r\n"));
        assert!(!agreed("PTTL k", ":-1\r\n", ":-2\r\n"));
        assert!(!agreed("PTTL k", ":0\r\n", ":-1\r\n"));
        assert!(!agreed("STRLEN k", ":1\r\n", ":2\r\n"));
    }

    #[test]
    fn a_remaining_time_depends_on_when_it_is_asked_for() {
        let depends = |request: &str| depends_on_time(&split_line(request).unwrap());
        assert!(depends("pttl k") && depends("EXPIRETIME k"));
        assert!(!depends("GET k") && !depends("TIME"));
    }

    #[test]
    fn the_replies_of_an_exec_are_judged_by_what_was_queued() {
        let queue = [split_line("KEYS *").unwrap(), split_line("GET k").unwrap()];
        let exec = split_line("EXEC").unwrap();
        let reply =
            |keys: &str, value: &str| format!("*2\r\n*2\r\n{keys}$1\r\n{value}\r\n").into_bytes();
        let ab = reply("$1\r\na\r\n$1\r\nb\r\n", "x");
        let ba = reply("$1\r\nb\r\n$1\r\na\r\n", "x");
        assert!(agree(&exec, &queue, &ab, &ba));
        assert!(!agree(&exec, &queue, &ab, &reply("$1\r\nb\r\n$1\r\na\r\n", "y")));
        assert!(!agree(&exec, &queue[..1], &ab, &ba));
    }

    #[test]
    fn of_two_mistakes_another_one_may_be_found_first() {
        let (password, option) = ("-WRONGPASS no\r\n", "-ERR Syntax error in HELLO option 'x'\r\n");
        assert!(agreed("HELLO 2 AUTH a b x", password, option));
        assert!(!agreed("HELLO 2 AUTH a b x", option, password));
        assert!(!agreed("AUTH a b x", password, option));
    }

    #[test]
    fn one_message_may_come_by_several_patterns_in_any_order_and_two_may_not() {
        let message = |pattern: &str, text: &str| {
            let word = |word: &str| format!("${}\r\n{word}\r\n", word.len());
            ["*4\r\n".into(), word("pmessage"), word(pattern), word("c"), word(text)].concat()
        };
        let heard = |all: [&str; 2]| all.concat().into_bytes();
        let [a, b, c] = [message("a", "1"), message("b", "1"), message("c", "2")];
        assert!(same_heard(&heard([&a, &b]), &heard([&b, &a])));
        assert!(!same_heard(&heard([&b, &c]), &heard([&c, &b])));
        assert!(!same_heard(&heard([&a, &b]), &heard([&a, ""])));
    }

    #[test]
    fn an_error_is_never_loose() {
        assert!(!agreed("TIME x", "-ERR a\r\n", "-ERR b\r\n"));
        assert!(!agreed("TIME", "*0\r\n", "-ERR b\r\n"));
    }
}
