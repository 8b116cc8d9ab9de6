//! The words of a Lua 5.1 script. Comments and white space end here.
//!
//! Not here: what the words mean. A script that has something else than Lua's words in it has no
//! words at all.

use crate::script::number;
use std::borrow::Cow;

/// A word of a script.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'s> {
    /// A name.
    Name(Cow<'s, [u8]>),
    /// A keyword.
    Keyword(&'static str),
    /// A string, with its escapes taken apart.
    Text(Vec<u8>),
    /// A number.
    Number(f64),
    /// An operator, a bracket or a separator.
    Sign(&'static str),
}

impl Token<'_> {
    /// Whether it is this sign.
    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(it) if *it == sign)
    }

    /// Whether it is one of these names.
    pub(super) fn is_name(&self, names: &[&str]) -> bool {
        let Self::Name(name) = self else { return false };
        names.iter().any(|known| known.as_bytes() == name.as_ref())
    }

    /// Whether it is this keyword.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Keyword(it) if *it == keyword)
    }
}

const KEYWORDS: [&str; 21] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Longer ones first: the first that fits is taken.
const SIGNS: [&str; 26] = [
    "...", "..", "==", "~=", "<=", ">=", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=", "(",
    ")", "{", "}", "[", "]", ";", ":", ",", ".",
];

/// The words of `script`, or `None` if there is something in it that is no word of Lua.
pub(super) fn tokens(script: &[u8]) -> Option<Vec<Token<'_>>> {
    let mut lexer = Lexer { rest: script };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Some(tokens)
}

struct Lexer<'s> {
    rest: &'s [u8],
}

impl<'s> Lexer<'s> {
    /// The next word; the inner `None` is the end, the outer one is a mistake.
    fn next(&mut self) -> Option<Option<Token<'s>>> {
        self.skip_blanks()?;
        let Some(&first) = self.rest.first() else { return Some(None) };
        let second_is_digit = self.rest.get(1).is_some_and(u8::is_ascii_digit);
        Some(Some(match first {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => self.name(),
            b'0'..=b'9' => self.number()?,
            b'.' if second_is_digit => self.number()?,
            b'"' | b'\'' => self.short_text(first)?,
            b'[' if long_bracket(self.rest).is_some() => Token::Text(self.long_text()?.to_vec()),
            _ => self.sign()?,
        }))
    }

    fn take(&mut self, count: usize) -> &'s [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, is_in: impl Fn(u8) -> bool) -> &'s [u8] {
        let count = self.rest.iter().take_while(|&&byte| is_in(byte)).count();
        self.take(count)
    }

    fn skip_blanks(&mut self) -> Option<()> {
        loop {
            self.take_while(|byte| b" \t\n\r\x0b\x0c".contains(&byte));
            let Some(comment) = self.rest.strip_prefix(b"--") else { return Some(()) };
            self.rest = comment;
            if long_bracket(comment).is_some() {
                self.long_text()?;
            } else {
                self.take_while(|byte| byte != b'\n' && byte != b'\r');
            }
        }
    }

    fn name(&mut self) -> Token<'s> {
        let name = self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match KEYWORDS.iter().find(|keyword| keyword.as_bytes() == name) {
            Some(keyword) => Token::Keyword(keyword),
            None => Token::Name(Cow::Borrowed(name)),
        }
    }

    /// Takes what Lua takes (`read_numeral`): digits and dots, an exponent with its sign, and any
    /// letters behind, which then make it malformed or hexadecimal.
    fn number(&mut self) -> Option<Token<'s>> {
        let start = self.rest;
        self.take_while(|byte| byte.is_ascii_digit() || byte == b'.');
        if matches!(self.rest, [b'e' | b'E', b'+' | b'-', ..]) {
            self.take(2);
        }
        self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let text = &start[..start.len() - self.rest.len()];
        number::parse(text).filter(|number| number.is_finite()).map(Token::Number)
    }

    fn sign(&mut self) -> Option<Token<'s>> {
        let sign = SIGNS.iter().find(|sign| self.rest.starts_with(sign.as_bytes()))?;
        self.take(sign.len());
        Some(Token::Sign(sign))
    }

    fn short_text(&mut self, quote: u8) -> Option<Token<'s>> {
        self.take(1);
        let mut text = Vec::new();
        loop {
            text.extend_from_slice(
                self.take_while(|byte| byte != quote && !b"\\\n\r".contains(&byte)),
            );
            match self.rest {
                [b'\\', ..] => text.push(self.escape()?),
                [byte, ..] if *byte == quote => {
                    self.take(1);
                    return Some(Token::Text(text));
                }
                // A line ends inside the string, or the script does.
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<u8> {
        let named = *self.rest.get(1)?;
        if named.is_ascii_digit() {
            self.take(1);
            let digits = self.rest.iter().take(3).take_while(|digit| digit.is_ascii_digit());
            let count = digits.count();
            let value =
                self.take(count).iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
            return u8::try_from(value).ok();
        }
        // A line end of two bytes is one line end.
        let line_end = matches!(self.rest[1..], [b'\r', b'\n', ..] | [b'\n', b'\r', ..]);
        self.take(if line_end { 3 } else { 2 });
        Some(match named {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' | b'\r' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            other => other,
        })
    }

    /// What stands between long brackets, without the line end right behind the first. Line ends of
    /// other systems in it would become `\n`, so a text with a `\r` in it is not taken.
    fn long_text(&mut self) -> Option<&'s [u8]> {
        let level = long_bracket(self.rest)?;
        self.take(level + 2);
        let mut close = vec![b'='; level + 2];
        close[0] = b']';
        close[level + 1] = b']';
        let end = find(self.rest, &close)?;
        let text = self.take(end);
        self.take(close.len());
        let text = text.strip_prefix(b"\n").unwrap_or(text);
        (!text.contains(&b'\r')).then_some(text)
    }
}

/// The number of `=` in the long bracket that `text` begins with.
fn long_bracket(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"[")?;
    let level = inside.iter().take_while(|&&byte| byte == b'=').count();
    (inside.get(level) == Some(&b'[')).then_some(level)
}

/// Where `wanted`, which begins and ends with `]` and has only `=` between, first occurs.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|&byte| byte == b']') {
        if text[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(script: &str) -> Vec<u8> {
        match tokens(script.as_bytes()).unwrap().as_slice() {
            [Token::Text(text)] => text.clone(),
            other => panic!("{script}: {other:?}"),
        }
    }

    #[test]
    fn a_string_is_its_bytes_however_it_is_quoted() {
        for script in ["'get'", "\"get\"", "[[get]]", "[==[\nget]==]", r"'\103e\116'"] {
            assert_eq!(text(script), b"get", "{script}");
        }
        assert_eq!(text("'a\\\nb'"), b"a\nb");
        assert_eq!(text(r"'\a\b\f\n\r\t\v\\\x'"), b"\x07\x08\x0c\n\r\t\x0b\\x");
    }

    #[test]
    fn comments_and_white_space_are_no_words() {
        let plain = tokens(b"return 1").unwrap();
        for script in ["--a\nreturn--[[b\n]]\t1--", "\r\nreturn --[==[ ]] ]==] 1 -- --"] {
            assert_eq!(tokens(script.as_bytes()).unwrap(), plain, "{script:?}");
        }
    }

    #[test]
    fn operators_are_taken_as_long_as_they_go() {
        let signs = |script: &str| tokens(script.as_bytes()).unwrap().len();
        assert_eq!((signs("a..b"), signs("a...b"), signs("a==b"), signs("a= =b")), (3, 3, 3, 4));
        assert_eq!(signs("a.b"), 3);
        assert_eq!(signs("{.5}"), 3);
    }

    #[test]
    fn what_is_no_word_of_lua_has_no_words() {
        for script in [
            "'a", "'a\nb'", "[[a", "--[[a", "a ~ b", "a ! b", "3x", "1e", r"'\300'", "a$", "é",
            "#!lua",
        ] {
            assert_eq!(tokens(script.as_bytes()), None, "{script:?}");
        }
    }
}
