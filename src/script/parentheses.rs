//! Which parentheses of a script only please the eye: without them, Lua reads the same.
//!
//! Only pairs around a whole expression are looked at, never those of a call or of a function's
//! parameters. A pair goes if every operator inside binds closer than its neighbours outside, and
//! if it does not cut the many values of a call down to one.

use crate::script::lexer::Token;

/// How close an operator binds (Lua 5.1 reference manual, "Precedence").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Binding(u8);

const UNARY: Binding = Binding(7);
/// A name, a call or the like: closer than any operator.
const SIMPLE: Binding = Binding(9);

/// A pair around an expression.
#[derive(Clone, Copy, Debug)]
struct Pair {
    open: usize,
    close: usize,
    /// The loosest operator directly inside.
    loosest: Binding,
}

/// For each word whether it is a parenthesis that may go; `None` if brackets do not match.
pub(super) fn superfluous(words: &[Token<'_>]) -> Option<Vec<bool>> {
    let mut gone = vec![false; words.len()];
    let mut pairs = pairs(words)?;
    pairs.sort_unstable_by_key(|pair| pair.open);
    let doubles =
        |outer: Pair, inner: Pair| outer.open + 1 == inner.open && outer.close == inner.close + 1;
    // How many pairs stand close around the one at hand: they go, so its neighbours are theirs.
    let mut around = 0;
    for (at, &pair) in pairs.iter().enumerate() {
        if pairs.get(at + 1).is_some_and(|&inner| doubles(pair, inner)) {
            around += 1;
            (gone[pair.open], gone[pair.close]) = (true, true);
            continue;
        }
        let (before, behind) = ((pair.open - around).checked_sub(1), pair.close + around + 1);
        around = 0;
        if before.is_some_and(|before| may_go(words, pair, before, behind)) {
            (gone[pair.open], gone[pair.close]) = (true, true);
        }
    }
    Some(gone)
}

/// Whether the pair may go from between the words at `before` and `behind`.
fn may_go(words: &[Token<'_>], pair: Pair, before: usize, behind: usize) -> bool {
    let Some(left) = left_neighbour(words, before) else { return false };
    let right = match words.get(behind) {
        Some(Token::Sign("(" | "{" | "." | ":" | "[" | "=") | Token::Text(_)) => return false,
        Some(operator) => binding(operator),
        None => None,
    };
    let binds_closer = |neighbour: Option<Binding>| neighbour.is_none_or(|it| it < pair.loosest);
    let one_value = left.is_some()
        || right.is_some()
        || pair.loosest < SIMPLE
        || !may_have_many_values(&words[pair.close - 1])
        || ["if", "elseif", "while", "until"].iter().any(|it| words[before].is_keyword(it));
    pair.open + 1 < pair.close && binds_closer(left) && binds_closer(right) && one_value
}

/// The operator before an expression, or that there is none; `None` if no expression stands there
/// that parentheses could go from.
fn left_neighbour(words: &[Token<'_>], at: usize) -> Option<Option<Binding>> {
    let is_unary = || at == 0 || !ends_operand(&words[at - 1]);
    match &words[at] {
        Token::Sign("=" | "(" | "{" | "[" | ",") => Some(None),
        Token::Keyword("if" | "elseif" | "while" | "until" | "return" | "in") => Some(None),
        Token::Keyword("not") | Token::Sign("#") => Some(Some(UNARY)),
        Token::Sign("-") if is_unary() => Some(Some(UNARY)),
        operator @ (Token::Sign(_) | Token::Keyword(_)) => binding(operator).map(Some),
        Token::Name(_) | Token::Text(_) | Token::Number(_) => None,
    }
}

/// Whether an expression without operators that ends with this word may be a call or `...`.
fn may_have_many_values(last: &Token<'_>) -> bool {
    match last {
        Token::Sign(sign) => *sign != "]",
        Token::Text(_) => true,
        Token::Name(_) | Token::Keyword(_) | Token::Number(_) => false,
    }
}

/// What an operator between two operands binds like.
fn binding(word: &Token<'_>) -> Option<Binding> {
    Some(Binding(match word {
        Token::Keyword("or") => 1,
        Token::Keyword("and") => 2,
        Token::Sign("<" | ">" | "<=" | ">=" | "~=" | "==") => 3,
        Token::Sign("..") => 4,
        Token::Sign("+" | "-") => 5,
        Token::Sign("*" | "/" | "%") => 6,
        Token::Sign("^") => 8,
        Token::Sign(_) | Token::Keyword(_) => return None,
        Token::Name(_) | Token::Text(_) | Token::Number(_) => return None,
    }))
}

fn ends_operand(word: &Token<'_>) -> bool {
    match word {
        Token::Name(_) | Token::Text(_) | Token::Number(_) => true,
        Token::Sign(sign) => [")", "]", "}", "..."].contains(sign),
        Token::Keyword(word) => ["nil", "true", "false", "end"].contains(word),
    }
}

struct Frame {
    open: usize,
    is_pair: bool,
    loosest: Binding,
}

/// The pairs around expressions.
fn pairs(words: &[Token<'_>]) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut frames = vec![Frame { open: 0, is_pair: false, loosest: SIMPLE }];
    for (at, word) in words.iter().enumerate() {
        let operand_before = at > 0 && ends_operand(&words[at - 1]);
        let starts_parameters = at > 0 && words[at - 1].is_keyword("function");
        match word {
            Token::Sign("(") => {
                let is_pair = !operand_before && !starts_parameters;
                frames.push(Frame { open: at, is_pair, loosest: SIMPLE });
            }
            Token::Sign("{" | "[") | Token::Keyword("function" | "do" | "if" | "repeat") => {
                frames.push(Frame { open: at, is_pair: false, loosest: SIMPLE });
            }
            Token::Sign(")" | "}" | "]") | Token::Keyword("end" | "until") => {
                let Frame { open, is_pair, loosest } = frames.pop()?;
                if is_pair && word.is_sign(")") {
                    pairs.push(Pair { open, close: at, loosest });
                }
            }
            Token::Keyword("not") | Token::Sign("#") => loosen(&mut frames, UNARY),
            Token::Sign("-") if !operand_before => loosen(&mut frames, UNARY),
            Token::Sign(_) | Token::Keyword(_) => {
                if let Some(binding) = binding(word) {
                    loosen(&mut frames, binding);
                }
            }
            Token::Name(_) | Token::Text(_) | Token::Number(_) => {}
        }
    }
    Some(pairs)
}

fn loosen(frames: &mut [Frame], binding: Binding) {
    if let Some(frame) = frames.last_mut() {
        frame.loosest = frame.loosest.min(binding);
    }
}
