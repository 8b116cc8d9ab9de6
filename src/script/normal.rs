//! The normal form of a script: what is left when everything is gone that does not change what it
//! does. Two scripts with one normal form do the same.
//!
//! Gone are comments, white space, the choice of quotes and escapes, the spelling of numbers, the
//! case of command names, the names of local variables, `server` for `redis`, and separators and
//! parentheses that only please the eye. It is found in one pass after the other over the words,
//! each of them linear. Not here: whether Lua takes the script; of one that it refuses the normal
//! form says nothing.

use crate::script::lexer::{Token, tokens};
use crate::script::number;
use crate::script::parentheses;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// Longer scripts have no normal form: no lock script comes near.
pub const SCRIPT_BYTES_MAX: usize = 64 * 1024;

/// What Lua and Redis bring along, and what Lua declares by itself inside a function. A variable
/// with such a name keeps it, as it may mean theirs.
const NOT_RENAMED: &str = "\
    ARGV KEYS _G _VERSION arg assert bit cjson cmsgpack collectgarbage coroutine debug dofile \
    error gcinfo getfenv getmetatable io ipairs load loadfile loadstring math module newproxy \
    next os package pairs pcall print rawequal rawget rawset require select self setfenv \
    setmetatable string struct table tonumber tostring type unpack";

/// How local variables are called here: `local0`, `local1`, ... in the order in which they appear.
const LOCAL: &str = "local";

/// The normal form of `script`, in words of Lua with one space between. `None` if it is too long,
/// has something in it that is no word of Lua, or brackets that do not match, or calls a variable
/// what only the normal form may call it, or puts words in an order that Lua refuses, so that what
/// is left means something else than before.
#[must_use]
pub fn normal_form(script: &[u8]) -> Option<String> {
    let form = reduced(script)?;
    // Of what is Lua nothing more can be left out. Of what is not, a word may have gone that kept
    // others apart: `for ; a` declares nothing, `for a` does.
    (reduced(form.as_bytes())? == form).then_some(form)
}

/// The script without all that does not change what it does.
fn reduced(script: &[u8]) -> Option<String> {
    if script.len() > SCRIPT_BYTES_MAX {
        return None;
    }
    let mut words = tokens(script)?;
    let inside = surroundings(&words)?;
    rename(&mut words, &inside)?;
    fold_command_names(&mut words);
    let words = without_separators(words, &inside);
    let superfluous = parentheses::superfluous(&words)?;
    let kept = words.iter().zip(superfluous).filter(|(_, superfluous)| !superfluous);
    Some(text(kept.map(|(word, _)| word)))
}

/// What stands directly around a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Block,
    Table,
    Brackets,
}

fn surroundings(words: &[Token<'_>]) -> Option<Vec<Inside>> {
    let mut open = vec![Inside::Block];
    let mut inside = Vec::with_capacity(words.len());
    for word in words {
        let closes = match word {
            Token::Sign("}") => Some(Inside::Table),
            Token::Sign(")" | "]") => Some(Inside::Brackets),
            Token::Keyword("end" | "until") => Some(Inside::Block),
            Token::Sign(_) | Token::Keyword(_) => None,
            Token::Name(_) | Token::Text(_) | Token::Number(_) => None,
        };
        if let Some(closed) = closes
            && open.pop() != Some(closed)
        {
            return None;
        }
        inside.push(*open.last()?);
        match word {
            Token::Sign("{") => open.push(Inside::Table),
            Token::Sign("(" | "[") => open.push(Inside::Brackets),
            Token::Keyword("function" | "do" | "if" | "repeat") => open.push(Inside::Block),
            Token::Sign(_) | Token::Keyword(_) => {}
            Token::Name(_) | Token::Text(_) | Token::Number(_) => {}
        }
    }
    (open == [Inside::Block]).then_some(inside)
}

/// Gives every local variable a name by the order of first appearance, wherever its name stands.
///
/// All variables of one name change together, and no two names become one, so the scopes stay as
/// they are. A name that is declared nowhere is a global's, and stays.
fn rename(words: &mut [Token<'_>], inside: &[Inside]) -> Option<()> {
    let declared = declared(words);
    if ["redis", "server"].iter().any(|name| declared.contains(name.as_bytes())) {
        return None;
    }
    let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
    for at in 0..words.len() {
        let Token::Name(name) = &words[at] else { continue };
        if is_field(words, inside, at) {
            continue;
        }
        if declared.contains(name.as_ref()) {
            let next = numbers.len();
            let number = *numbers.entry(name.to_vec()).or_insert(next);
            words[at] = Token::Name(Cow::Owned(format!("{LOCAL}{number}").into_bytes()));
        } else if name.as_ref() == b"server" {
            words[at] = Token::Name(Cow::Borrowed(b"redis"));
        } else if is_ours(name) {
            return None;
        }
    }
    Some(())
}

/// Whether a name looks like one that renaming gives.
fn is_ours(name: &[u8]) -> bool {
    let number = name.strip_prefix(LOCAL.as_bytes());
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// Whether the name at `at` is no variable: it stands behind a dot or a colon, or before the `=` in
/// a table.
fn is_field(words: &[Token<'_>], inside: &[Inside], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &words[before]);
    let of_something = before.is_some_and(|word| word.is_sign(".") || word.is_sign(":"));
    let has_value = words.get(at + 1).is_some_and(|word| word.is_sign("="));
    let starts = before.is_some_and(|word| ["{", ",", ";"].iter().any(|sign| word.is_sign(sign)));
    of_something || inside[at] == Inside::Table && has_value && starts
}

/// The names that some `local`, `for` or `function` declares, except those that are not renamed.
fn declared(words: &[Token<'_>]) -> HashSet<Vec<u8>> {
    let mut declared = HashSet::new();
    let mut at = 0;
    while at < words.len() {
        let (keyword, before) = (&words[at], at.checked_sub(1).map(|before| &words[before]));
        at += 1;
        if keyword.is_keyword("function") {
            if before.is_some_and(|word| word.is_keyword("local")) {
                declare(words, at, &mut declared);
            }
            // Over what the function is called, to what it is given.
            at += words[at..].iter().take_while(|word| !word.is_sign("(")).count() + 1;
        } else if !keyword.is_keyword("local") && !keyword.is_keyword("for") {
            continue;
        }
        while declare(words, at, &mut declared) {
            at += 1 + usize::from(words.get(at + 1).is_some_and(|word| word.is_sign(",")));
        }
    }
    declared
}

/// Notes the name at `at`, if there is one.
fn declare(words: &[Token<'_>], at: usize, declared: &mut HashSet<Vec<u8>>) -> bool {
    let Some(Token::Name(name)) = words.get(at) else { return false };
    if !NOT_RENAMED.split(' ').any(|kept| kept.as_bytes() == name.as_ref()) {
        declared.insert(name.to_vec());
    }
    true
}

/// `redis.call('GET', ..)` is `redis.call('get', ..)`.
fn fold_command_names(words: &mut [Token<'_>]) {
    for at in 4..words.len() {
        let [redis, dot, call, open, command] = &mut words[at - 4..=at] else { continue };
        if redis.is_name(&["redis"])
            && dot.is_sign(".")
            && call.is_name(&["call", "pcall"])
            && open.is_sign("(")
            && let Token::Text(command) = command
        {
            command.make_ascii_lowercase();
        }
    }
}

/// Without the semicolons that only separate statements, with commas in tables, and without the
/// separator behind a table's last field.
fn without_separators<'s>(words: Vec<Token<'s>>, inside: &[Inside]) -> Vec<Token<'s>> {
    let kept = |at: usize| {
        let (before, next) = (at.checked_sub(1).map(|it| &words[it]), words.get(at + 1));
        let separates = words[at].is_sign(";") || words[at].is_sign(",");
        match inside[at] {
            Inside::Table => !separates || next.is_none_or(|next| !next.is_sign("}")),
            Inside::Block if words[at].is_sign(";") => {
                // Before a bracket it says where a statement ends, and behind `return` that there
                // is nothing to return.
                let ends = before.is_some_and(|it| it.is_keyword("return"));
                let is_last = next.is_none_or(|next| {
                    ["end", "else", "elseif", "until"].iter().any(|it| next.is_keyword(it))
                });
                next.is_some_and(|next| next.is_sign("(")) || ends && !is_last
            }
            Inside::Block | Inside::Brackets => true,
        }
    };
    let flags: Vec<bool> = (0..words.len()).map(kept).collect();
    let words = words.into_iter().zip(flags).zip(inside);
    words
        .filter(|((_, kept), _)| *kept)
        .map(|((word, _), inside)| {
            let separates = word.is_sign(";") && *inside == Inside::Table;
            if separates { Token::Sign(",") } else { word }
        })
        .collect()
}

fn text<'w, 's: 'w>(words: impl Iterator<Item = &'w Token<'s>>) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        match word {
            Token::Name(name) => out.push_str(&String::from_utf8_lossy(name)),
            Token::Keyword(word) | Token::Sign(word) => out.push_str(word),
            Token::Number(number) => out.push_str(&number::format(*number)),
            Token::Text(text) => quote(text, &mut out),
        }
    }
    out
}

fn quote(text: &[u8], out: &mut String) {
    out.push('"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => write!(out, "\\{byte:03}").expect("a string takes everything"),
        }
    }
    out.push('"');
}

#[cfg(test)]
#[path = "normal_tests.rs"]
mod tests;
