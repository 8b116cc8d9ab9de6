//! A Rust file as the rules see it: its text, and the same text without comments and literals.
//!
//! Not here: the rules. The lexer knows comments, strings, characters and brackets, which is enough
//! for code that rustfmt has laid out.

/// One file of the repository.
pub(crate) struct Source {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    /// As it stands on disk.
    pub(crate) text: String,
    /// `text` with comments blanked and the inside of literals replaced by `x`, so that lines and
    /// columns stay where they are.
    pub(crate) code: String,
    test_lines: Vec<bool>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { without_literals(text) } else { String::new() };
        let mut test_lines = vec![is_test_file(path, &code); text.lines().count() + 1];
        for (at, _) in code.match_indices("#[cfg(test)]") {
            let end = item_end(&code, at);
            test_lines[line_of(&code, at)..=line_of(&code, end)].fill(true);
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, test_lines }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// `src/server/session.rs` is of layer `server`; a file directly in `src` is of none.
    pub(crate) fn layer(&self) -> Option<&str> {
        let (layer, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        Some(layer)
    }

    /// Whether the byte at `at` belongs to an item that only tests compile.
    pub(crate) fn is_test_code(&self, at: usize) -> bool {
        self.test_lines[line_of(&self.code, at)]
    }

    /// How many modules lie between the crate's root and the byte at `at`, its own included:
    /// `src/a/b.rs` is 2 deep, and its `mod tests` is 3 deep.
    pub(crate) fn module_depth(&self, at: usize) -> usize {
        let own_name = usize::from(!self.path.ends_with("/mod.rs"));
        let inline = self.words("mod").filter(|&module| {
            body_start(&self.code, module).is_some_and(|body| {
                self.code[body..].starts_with('{')
                    && (body..closing(&self.code, body)).contains(&at)
            })
        });
        self.path.matches('/').count() - 1 + own_name + inline.count()
    }

    /// Line number as people count.
    pub(crate) fn line(&self, at: usize) -> usize {
        line_of(&self.code, at) + 1
    }

    /// The leading `//!` lines.
    pub(crate) fn preamble(&self) -> impl Iterator<Item = &str> {
        self.text.lines().map_while(|line| line.strip_prefix("//!"))
    }

    /// Where `word` stands in the code, not as a part of a longer identifier.
    pub(crate) fn words(&self, word: &str) -> impl Iterator<Item = usize> {
        words_in(&self.code, word)
    }
}

pub(crate) fn words_in(code: &str, word: &str) -> impl Iterator<Item = usize> {
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let starts = !word.starts_with(is_word) || !before.is_some_and(is_word);
        let ends = !word.ends_with(is_word) || !after.is_some_and(is_word);
        starts && ends
    })
}

pub(crate) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The byte after the bracket that closes the one at `open`.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code[open..].char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return open + at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// The first `{` or `;` after `from` that is not inside brackets: where an item's body begins.
pub(crate) fn body_start(code: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(letter) = code[at..].chars().next() {
        match letter {
            '{' | ';' => return Some(at),
            '(' | '[' => at = closing(code, at),
            _ => at += letter.len_utf8(),
        }
    }
    None
}

fn item_end(code: &str, attribute: usize) -> usize {
    match body_start(code, attribute) {
        Some(body) if code[body..].starts_with('{') => closing(code, body) - 1,
        Some(semicolon) => semicolon,
        None => code.len(),
    }
}

fn is_test_file(path: &str, code: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || code.contains("#![cfg(test)]")
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count()
}

/// Blanks comments and the inside of literals, byte for byte.
fn without_literals(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, filler) = token(rest, out.last().copied());
        if length == 0 {
            out.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let keep = |&byte: &u8| if byte == b'\n' { b'\n' } else { filler };
        out.extend(rest.as_bytes()[..length].iter().map(keep));
        rest = &rest[length..];
    }
    String::from_utf8(out).expect("whole tokens are replaced by ASCII, the rest is copied")
}

/// The length of the comment or literal at the start of `rest` (0 if it is neither) and what it is
/// replaced by. `before` is the byte in front, which tells `r"` from the end of `bar"`.
fn token(rest: &str, before: Option<u8>) -> (usize, u8) {
    let in_word = before.is_some_and(|byte| is_word(char::from(byte)));
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), b' ')
    } else if rest.starts_with("/*") {
        (block_comment(rest), b' ')
    } else if rest.starts_with('"') {
        (quoted(rest, '"'), b'x')
    } else if rest.starts_with('\'') {
        (character(rest), b'x')
    } else if !in_word {
        (raw_string(rest), b'x')
    } else {
        (0, b'x')
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}

/// `'x'` and `'\n'` are characters, `'a` in `&'a str` is not.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    let Some((_, first)) = letters.next() else { return 0 };
    match letters.next() {
        Some(_) if first == '\\' => quoted(rest, '\''),
        Some((at, '\'')) => at + 1,
        Some(_) | None => 0,
    }
}

fn raw_string(rest: &str) -> usize {
    let after_prefix = rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr"));
    let Some(hashes_on) = after_prefix.or_else(|| rest.strip_prefix('r')) else { return 0 };
    let inside = hashes_on.trim_start_matches('#');
    let hashes = hashes_on.len() - inside.len();
    if !inside.starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let opened = rest.len() - inside.len() + 1;
    rest[opened..].find(&end).map_or(rest.len(), |at| opened + at + end.len())
}
