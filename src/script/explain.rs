//! What can be said of a script in words: for `--explain-script`, and for the errors that EVAL
//! answers.

use crate::script::Sha;
use crate::script::catalogue::{self, Row};
use crate::script::lexer::{Token, tokens};
use crate::script::normal::normal_form;
use std::fmt::Write as _;

/// What `--explain-script` prints of the script with this text.
#[must_use]
pub fn explain(text: &[u8]) -> String {
    let sha = Sha::of(text);
    let mut out = format!("sha1: {sha}\n");
    if let Some(form) = normal_form(text) {
        line(&mut out, "normal form", &Sha::of(form.as_bytes()).to_string());
    }
    let exact = catalogue::by_sha(sha);
    let row = exact.map(|(_, row, _)| row).or_else(|| catalogue::by_normal_form(text));
    let Some(row) = row else {
        line(&mut out, "recognised", "no; there is no Lua interpreter, so EVAL answers an error");
        if let Some(native) = guess(text) {
            line(&mut out, "instead", native);
        }
        return out;
    };
    match exact {
        Some((_, _, known)) => {
            let by = format!("by its SHA-1 as {} of {}", known.name, known.library);
            line(&mut out, "recognised", &by);
        }
        None => line(&mut out, "recognised", "by its normal form"),
    }
    line(&mut out, "class", row.class);
    line(&mut out, "does", row.operation.meaning());
    if let Some(native) = row.operation.native() {
        line(&mut out, "instead", native);
    }
    line(&mut out, "the same as", &senders(row));
    out
}

fn line(out: &mut String, head: &str, text: &str) {
    writeln!(out, "{head}: {text}").expect("a string takes everything");
}

/// Who sends the scripts of a row.
fn senders(row: &Row) -> String {
    let names = row.scripts.iter().map(|known| format!("{} of {}", known.name, known.library));
    names.collect::<Vec<_>>().join("; ")
}

/// The command that may do what a script does that is not known, by the commands that it calls.
#[must_use]
pub fn guess(text: &[u8]) -> Option<&'static str> {
    let words = tokens(text)?;
    let mut called: Vec<Vec<u8>> = Vec::new();
    for at in 3..words.len() {
        if let [dot, call, open, Token::Text(command)] = &words[at - 3..=at]
            && dot.is_sign(".")
            && call.is_name(&["call", "pcall"])
            && open.is_sign("(")
        {
            called.push(command.to_ascii_lowercase());
        }
    }
    let calls = |name: &str| called.iter().any(|command| command == name.as_bytes());
    let only = |names: &[&str]| {
        called.iter().all(|command| names.iter().any(|name| name.as_bytes() == command.as_slice()))
    };
    if only(&["get", "del", "unlink", "exists"]) && calls("get") && called.len() > 1 {
        Some("DELEX key IFEQ value")
    } else if only(&["get", "expire", "pexpire", "ttl", "pttl"]) && calls("get") && called.len() > 1
    {
        Some("PEXPIRE key milliseconds IFEQ value")
    } else if only(&["set", "setnx", "exists", "expire", "pexpire"])
        && (calls("set") || calls("setnx"))
    {
        Some("SET key value NX PX milliseconds")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_guessed_from_those_that_are_called() {
        let guess = |text: &str| guess(text.as_bytes());
        let release = "if redis.call('GET', 'k') == 'a' then redis.call('UNLINK', 'k') end";
        assert_eq!(guess(release), Some("DELEX key IFEQ value"));
        let extend = "local v = redis.call('get', 'k') redis.call('EXPIRE', 'k', 1)";
        assert_eq!(guess(extend), Some("PEXPIRE key milliseconds IFEQ value"));
        let claim = "if redis.call('setnx', 'k', 1) == 1 then redis.call('expire', 'k', 1) end";
        assert_eq!(guess(claim), Some("SET key value NX PX milliseconds"));
        assert_eq!(guess("return redis.call('get', 'k')"), None);
        assert_eq!(guess("redis.call('get', 'k') redis.call('incr', 'k')"), None);
        assert_eq!(guess("return 1"), None);
    }

    #[test]
    fn a_copy_is_explained_with_whom_it_resembles() {
        let copy = b"if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) \
                     else return 0 end";
        let explained = explain(copy);
        assert!(explained.contains("recognised: by its normal form\nclass: A1\n"), "{explained}");
        assert!(explained.contains("\ninstead: DELEX key IFEQ value\n"), "{explained}");
        let unknown = explain(b"return 1");
        assert!(unknown.contains("recognised: no"), "{unknown}");
    }
}
