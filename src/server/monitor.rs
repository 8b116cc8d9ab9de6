//! What MONITOR shows: `+1700000000.123456 [0 127.0.0.1:50001] "SET" "k" "v"`, byte for byte as in
//! Redis.
//!
//! Not here: who looks (`clients/monitors.rs`).

use crate::command::context::{Caller, Context, Patience};
use crate::command::spec::{Flags, Group, Run, SessionVerb, Spec};
use crate::command::table::Command;
use crate::observe::redaction::redact;
use crate::resp::request::Argv;
use crate::server::core::Core;
use std::io::Write as _;

/// Shows a request that has just run, the shards of its keys still being borrowed.
#[cold]
pub(super) fn show_run(core: &Core, cx: &Context<'_>, argv: Argv<'_>) {
    match cx.patience {
        Patience::None | Patience::Ready => show(core, cx.caller, cx.command, argv),
        // It was shown when it began to wait.
        Patience::Woken { .. } | Patience::TimedOut { .. } => {}
    }
}

/// Shows a request to all who want to see one.
pub(super) fn show(core: &Core, caller: &Caller, command: &Command, argv: Argv<'_>) {
    let monitors = &core.node.clients.monitors;
    if monitors.any() && is_shown(command.spec) {
        monitors.show(|| line(core.node.clock.wall_us(), caller, argv));
    }
}

fn is_shown(spec: &Spec) -> bool {
    // Redis keeps scripts from the usual place only to show them before what they call.
    let skipped = spec.flags.has(Flags::SKIP_MONITOR) && spec.group != Group::Scripting;
    !skipped
        && !spec.flags.has(Flags::ADMIN)
        && !matches!(spec.run, Run::Session(SessionVerb::Quit))
}

fn line(unix_us: i64, caller: &Caller, argv: Argv<'_>) -> Vec<u8> {
    let mut words: Vec<&[u8]> = argv.iter().collect();
    redact(&mut words);
    let mut out = Vec::with_capacity(64 + words.iter().map(|word| word.len() + 3).sum::<usize>());
    let (seconds, micros) = (unix_us.div_euclid(1_000_000), unix_us.rem_euclid(1_000_000));
    let origin = &caller.client.origin;
    let address = match origin.address.strip_suffix(":0") {
        Some(path) if origin.unix => format!("unix:{path}"),
        Some(_) | None => origin.address.to_string(),
    };
    append(&mut out, format_args!("+{seconds}.{micros:06} [{} {address}]", caller.db.0));
    for word in words {
        out.push(b' ');
        quote(word, &mut out);
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// As Redis's `sdscatrepr`.
fn quote(word: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in word {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => append(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push(b'"');
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_as_redis_quotes_it() {
        let mut out = Vec::new();
        quote(b"a\"b\\\r\n\t\x07\x08\x00\x7f\xff\x1b ~", &mut out);
        assert_eq!(out, br#""a\"b\\\r\n\t\a\b\x00\x7f\xff\x1b ~""#);
    }
}
