//! The process: threads, directory, log, start and stop.

use super::super::choice::{LogFormat, LogLevel};
use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::super::value::Value;
use super::{COUNT, why};

/// What a supervisor can ask for; the first word is none of the others.
const SHUTDOWN: Kind = Kind::Choices(&["default", "save", "nosave", "now", "force"]);

pub(super) const SECTION: Section = Section {
    title: "general",
    rows: &[
        row(
            "threads",
            Kind::Integer { min: 0, max: 256 },
            "0",
            "Threads that serve clients. 0 means one for each core, to which it is pinned then.",
        )
        .at_start(),
        row(
            "databases",
            Kind::Integer { min: 1, max: 256 },
            "16",
            "How many databases SELECT can choose from, 256 at most.",
        )
        .at_start(),
        row(
            "dir",
            Kind::Text,
            ".",
            "The working directory: 'node.state' is kept here, and relative paths start here.",
        )
        .protected(),
        row("pidfile", Kind::Text, "", "Write the process id to this file. Empty means none.")
            .at_start(),
        row(
            "loglevel",
            Kind::Choice(LogLevel::NAMES),
            "notice",
            "How much to log: each level includes those after it.",
        ),
        row("logfile", Kind::Text, "", "Log to this file. Empty means to standard output.")
            .at_start(),
        row(
            "log-format",
            Kind::Choice(LogFormat::NAMES),
            "text",
            "How a log line looks: for people, or one JSON object a line.",
        )
        .at_start(),
        row(
            "hide-user-data-from-log",
            Kind::Flag,
            "no",
            "Keep keys, values and other data of clients out of the log.",
        ),
        row(
            "always-show-logo",
            Kind::Flag,
            "no",
            "Print the start-up banner even if the log does not go to a terminal.",
        )
        .at_start(),
        row(
            "shutdown-timeout",
            COUNT,
            "10",
            "Seconds that a shutdown waits for clients that are taking their last replies.",
        ),
        row("daemonize", Kind::Flag, "no", "Run in the background.")
            .at_start()
            .inert(why::SUPERVISED),
        row(
            "supervised",
            Kind::Choice(&["upstart", "systemd", "auto", "no"]),
            "no",
            "How to tell a supervisor that the server is ready.",
        )
        .at_start()
        .inert(why::SUPERVISED),
        row("set-proc-title", Kind::Flag, "yes", "Show the address in the title of the process.")
            .at_start()
            .inert("the title of the process is its command line"),
        row(
            "proc-title-template",
            Kind::Text,
            "{title} {listen-addr} {server-mode}",
            "What the title of the process is made of.",
        )
        .rule(title_template)
        .inert("the title of the process is its command line"),
        row("syslog-enabled", Kind::Flag, "no", "Log to syslog.").at_start().inert(why::NO_SYSLOG),
        row("syslog-ident", Kind::Text, "redis", "Name in syslog.")
            .at_start()
            .inert(why::NO_SYSLOG),
        row(
            "syslog-facility",
            Kind::Choice(&[
                "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
                "local7",
            ]),
            "local0",
            "Facility in syslog.",
        )
        .at_start()
        .inert(why::NO_SYSLOG),
        row("crash-log-enabled", Kind::Flag, "yes", "Log a report when the server crashes.")
            .inert("a panic is always logged"),
        row("crash-memcheck-enabled", Kind::Flag, "yes", "Test the memory after a crash.")
            .inert("memory is not tested after a crash"),
        row("shutdown-on-sigint", SHUTDOWN, "default", "Options of the shutdown on SIGINT.")
            .rule(save_or_not)
            .inert(why::MEMORY_ONLY),
        row("shutdown-on-sigterm", SHUTDOWN, "default", "Options of the shutdown on SIGTERM.")
            .rule(save_or_not)
            .inert(why::MEMORY_ONLY),
        row("locale-collate", Kind::Text, "", "Locale of string comparison.")
            .inert("strings are compared as bytes"),
        row("ignore-warnings", Kind::Text, "", "Start-up warnings to leave out.")
            .inert("there is no warning that it could name"),
        row("io-threads", Kind::Integer { min: 1, max: 128 }, "1", "Threads that read and write.")
            .at_start()
            .inert("every thread reads, executes and writes, see 'threads'"),
        row("io-threads-do-reads", Kind::Flag, "no", "Read in I/O threads too.")
            .at_start()
            .inert("every thread reads, executes and writes, see 'threads'"),
        row("server-cpulist", Kind::Text, "", "Cores of the server's threads.")
            .alias("server_cpulist")
            .at_start()
            .inert(why::PINNED),
        row("bio-cpulist", Kind::Text, "", "Cores of background threads.")
            .alias("bio_cpulist")
            .at_start()
            .inert(why::PINNED),
        row("aof-rewrite-cpulist", Kind::Text, "", "Cores of the process that rewrites the AOF.")
            .alias("aof_rewrite_cpulist")
            .at_start()
            .inert(why::NO_FORK),
        row("bgsave-cpulist", Kind::Text, "", "Cores of the process that writes an RDB file.")
            .alias("bgsave_cpulist")
            .at_start()
            .inert(why::NO_FORK),
        row("hz", COUNT, "10", "How often Redis runs its background tasks, times a second.")
            .rule(frequency)
            .inert(why::TIMERS),
        row("dynamic-hz", Kind::Flag, "yes", "Raise 'hz' with the number of clients.")
            .inert(why::TIMERS),
        row("watchdog-period", COUNT, "0", "Milliseconds after which Redis reports a stuck loop.")
            .hidden()
            .inert(why::TEST_AID),
        row("use-exit-on-panic", Kind::Flag, "no", "Exit instead of abort.")
            .hidden()
            .inert(why::TEST_AID),
    ],
};

/// Redis takes any frequency and keeps one from 1 to 500.
fn frequency(value: Value) -> Result<Value, &'static str> {
    let Value::Integer(hz) = value else { return Ok(value) };
    Ok(Value::Integer(hz.clamp(1, 500)))
}

fn save_or_not(value: Value) -> Result<Value, &'static str> {
    let Value::Choices(words) = &value else { return Ok(value) };
    if words.contains(&"save") && words.contains(&"nosave") {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously");
    }
    Ok(value)
}

/// Names in braces have to be those that Redis knows; `{{` is a brace.
fn title_template(value: Value) -> Result<Value, &'static str> {
    const INVALID: &str = "template format is invalid or contains unknown variables";
    const KNOWN: [&str; 7] =
        ["title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"];
    let Value::Text(template) = &value else { return Ok(value) };
    if template.trim().is_empty() {
        return Err(INVALID);
    }
    let mut rest = template.as_str();
    while let Some((_, after)) = rest.split_once('{') {
        if let Some(literal) = after.strip_prefix('{') {
            rest = literal;
            continue;
        }
        let name = after.split_once('}').filter(|(name, _)| KNOWN.contains(name));
        let Some((_, after)) = name else {
            return Err(INVALID);
        };
        rest = after;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_template_uses_known_names_only() {
        let accepted = |text: &str| title_template(Value::Text(text.into())).is_ok();
        assert!(accepted("{title} {config-file}") && accepted("plain") && accepted("{{x"));
        assert!(!accepted("{foo}") && !accepted("{title") && !accepted(""));
    }
}
