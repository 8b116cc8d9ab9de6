//! The notation of a row's `syntax` into a tree of arguments.
//!
//! It is the notation of the Redis documentation: `word` is a value, `WORD` a keyword, `[...]` may
//! be left out, `<a | b>` is a choice, and `key [key ...]` says that what stands before is
//! repeated. What that notation cannot say stands in braces, and [`usage`] leaves it out:
//! `increment{double}` is the type of a word, `[NX | XX]{condition}` the name of a group. Behind
//! it, or alone, stand versions: `[GET]{since 6.2.0}`, `ip:port{deprecated 2.8.12}`.

use crate::command::docs::argument::{Argument, Shape, Type};

/// A `syntax` that does not follow the notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake(pub(crate) String);

/// What stands in braces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Note<'s> {
    /// The type of a word, or the name of a group.
    name: Option<&'s str>,
    since: Option<&'s str>,
    deprecated: Option<&'s str>,
}

impl<'s> Note<'s> {
    fn parse(text: &'s str) -> Result<Self, Mistake> {
        let mut note = Self::default();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let part = match word {
                "since" => &mut note.since,
                "deprecated" => &mut note.deprecated,
                name if note == Self::default() => {
                    note.name = Some(name);
                    continue;
                }
                other => return Err(Mistake(format!("{other} in {{{text}}}"))),
            };
            let version = words.next().filter(|_| part.is_none());
            *part = Some(version.ok_or_else(|| Mistake(format!("{word} in {{{text}}}")))?);
        }
        Ok(note)
    }

    /// Tells an argument from which version to which it is recommended.
    fn date(self, argument: &mut Argument) {
        let text = |version: Option<&str>| version.map(str::to_owned);
        if let since @ Some(_) = text(self.since) {
            argument.since = since;
        }
        if let deprecated @ Some(_) = text(self.deprecated) {
            argument.deprecated_since = deprecated;
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'s> {
    Word {
        text: &'s str,
        note: Note<'s>,
    },
    Group {
        optional: bool,
        choices: Vec<Vec<Self>>,
        note: Note<'s>,
    },
    /// `...`
    Again,
}

/// The arguments that `syntax` describes.
///
/// # Errors
/// It does not follow the notation.
pub(crate) fn parse(syntax: &str) -> Result<Vec<Argument>, Mistake> {
    let mut reader = Reader { rest: syntax };
    let mut choices = reader.choices()?;
    match (choices.len(), reader.rest.is_empty()) {
        (1, true) => row(&choices.remove(0)),
        _ => Err(Mistake(format!("{:?} is outside of any group", reader.rest))),
    }
}

/// The notation as people read it.
pub(crate) fn usage(syntax: &str) -> String {
    let mut out = String::with_capacity(syntax.len());
    for part in syntax.split_inclusive('}') {
        out.push_str(part.split('{').next().unwrap_or_default());
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Reader<'s> {
    rest: &'s str,
}

impl<'s> Reader<'s> {
    /// Up to the bracket that closes the group, or the end.
    fn choices(&mut self) -> Result<Vec<Vec<Part<'s>>>, Mistake> {
        let mut choices = vec![Vec::new()];
        loop {
            self.rest = self.rest.trim_start();
            let parts = choices.last_mut().expect("it starts with one");
            match self.rest.chars().next() {
                None | Some(']' | '>') => return Ok(choices),
                Some('|') => {
                    self.rest = &self.rest[1..];
                    choices.push(Vec::new());
                }
                Some(open @ ('[' | '<')) => parts.push(self.group(open)?),
                Some(_) => parts.push(self.word()?),
            }
        }
    }

    fn group(&mut self, open: char) -> Result<Part<'s>, Mistake> {
        let close = if open == '[' { ']' } else { '>' };
        self.rest = &self.rest[1..];
        let choices = self.choices()?;
        let Some(rest) = self.rest.strip_prefix(close) else {
            return Err(Mistake(format!("no {close} before {:?}", self.rest)));
        };
        self.rest = rest;
        if choices.iter().any(Vec::is_empty) {
            return Err(Mistake("a choice of nothing".to_owned()));
        }
        Ok(Part::Group { optional: open == '[', choices, note: self.note()? })
    }

    fn word(&mut self) -> Result<Part<'s>, Mistake> {
        let end = self
            .rest
            .find(|it: char| it.is_whitespace() || "[]<>|{}".contains(it))
            .unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        match text {
            "" => Err(Mistake(format!("{:?} where a word should be", self.rest))),
            "..." => Ok(Part::Again),
            text => Ok(Part::Word { text, note: self.note()? }),
        }
    }

    /// `{...}`
    fn note(&mut self) -> Result<Note<'s>, Mistake> {
        let Some(inside) = self.rest.strip_prefix('{') else { return Ok(Note::default()) };
        let Some((note, rest)) = inside.split_once('}') else {
            return Err(Mistake("a brace that is not closed".to_owned()));
        };
        self.rest = rest;
        Note::parse(note)
    }
}

/// Whether a word is a keyword: it has no lower-case letter.
fn is_token(text: &str) -> bool {
    !text.contains(|it: char| it.is_ascii_lowercase())
}

fn token_of<'s>(part: &Part<'s>) -> Option<&'s str> {
    match part {
        Part::Word { text, .. } => is_token(text).then_some(*text),
        Part::Group { .. } | Part::Again => None,
    }
}

/// What a part repeats, if it is `[something ...]`.
fn repetition<'p, 's>(part: &'p Part<'s>) -> Option<&'p [Part<'s>]> {
    match part {
        Part::Group { optional: true, choices, .. } => match &choices[..] {
            [only] => only.strip_suffix(&[Part::Again]),
            [..] => None,
        },
        Part::Group { .. } | Part::Word { .. } | Part::Again => None,
    }
}

/// Arguments that stand beside each other.
fn row(parts: &[Part<'_>]) -> Result<Vec<Argument>, Mistake> {
    // With each argument, the number of the part that it starts with.
    let mut out: Vec<(usize, Argument)> = Vec::new();
    let mut next = 0;
    while let Some(part) = parts.get(next) {
        let start = next;
        next += 1;
        if let Some(repeated) = repetition(part) {
            repeat(&mut out, &parts[..start], repeated)?;
            continue;
        }
        let mut argument = single(part)?;
        if let (Some(token), Some(value)) = (token_of(part), parts.get(next))
            && takes_token(value)
        {
            argument = single(value)?;
            argument.token = Some(token.to_owned());
            next += 1;
        }
        out.push((start, argument));
    }
    Ok(out.into_iter().map(|(_, argument)| argument).collect())
}

/// Whether a keyword before this part belongs to it.
fn takes_token(part: &Part<'_>) -> bool {
    match part {
        Part::Word { .. } => token_of(part).is_none(),
        Part::Group { optional, .. } => !optional,
        Part::Again => false,
    }
}

/// Notes that what `repeated` says, the end of `before`, may come again.
fn repeat(
    out: &mut Vec<(usize, Argument)>,
    before: &[Part<'_>],
    repeated: &[Part<'_>],
) -> Result<(), Mistake> {
    let is_again = before.ends_with(repeated);
    if !is_again {
        // `[word ...]` without the word before it: none, one or many.
        let mut argument = together(repeated)?;
        (argument.optional, argument.multiple) = (true, true);
        out.push((before.len(), argument));
        return Ok(());
    }
    // Without words of its own, `[...]` repeats the last argument, whatever that is.
    let from = before.len() - repeated.len();
    let at = out.iter().position(|(start, _)| *start >= from).unwrap_or(out.len());
    match out.len() - at {
        0 => {
            let Some((_, last)) = out.last_mut() else {
                return Err(Mistake("a repetition of nothing".to_owned()));
            };
            last.multiple = true;
        }
        1 => {
            out[at].1.multiple = true;
            out[at].1.multiple_token = out[at].1.token.is_some();
        }
        _ => {
            let members = out.split_off(at).into_iter().map(|(_, argument)| argument).collect();
            let mut block = block(members);
            block.multiple = true;
            out.push((from, block));
        }
    }
    Ok(())
}

/// One part as one argument.
fn single(part: &Part<'_>) -> Result<Argument, Mistake> {
    match part {
        Part::Again => Err(Mistake("... outside of brackets".to_owned())),
        Part::Word { text, note } if is_token(text) && note.name.is_none() => {
            let mut argument = Argument::new(&text.to_ascii_lowercase(), Shape::PureToken);
            argument.token = Some((*text).to_owned());
            note.date(&mut argument);
            Ok(argument)
        }
        Part::Word { text, note } => {
            let kind = match note.name {
                None => Type::usual(text),
                Some(name) => Type::named(name)
                    .ok_or_else(|| Mistake(format!("{name} is not a type of arguments")))?,
            };
            let mut argument = Argument::new(text, Shape::Value(kind));
            note.date(&mut argument);
            Ok(argument)
        }
        Part::Group { optional, choices, note } => {
            let mut argument = match &choices[..] {
                [only] => together(only)?,
                [..] => {
                    let all = choices.iter().map(|parts| together(parts));
                    one_of(all.collect::<Result<_, _>>()?)
                }
            };
            argument.optional |= *optional;
            if let Some(name) = note.name {
                argument.name = name.to_owned();
            }
            note.date(&mut argument);
            Ok(argument)
        }
    }
}

/// Parts of a group as one argument: a keyword before them is that of the whole.
fn together(parts: &[Part<'_>]) -> Result<Argument, Mistake> {
    if let [whole @ .., last] = parts
        && repetition(last).is_some_and(|repeated| !repeated.is_empty() && repeated == whole)
    {
        let mut argument = together(whole)?;
        argument.multiple = true;
        argument.multiple_token = argument.token.is_some();
        return Ok(argument);
    }
    if let [first, rest @ ..] = parts
        && let Some(token) = token_of(first)
        && !rest.is_empty()
    {
        let mut members = row(rest)?;
        let alone = members.len() == 1 && !members[0].optional && members[0].token.is_none();
        if alone || (members.len() > 1 && members[0].words_min() > 0) {
            let mut argument = if alone { members.remove(0) } else { block(members) };
            if !alone {
                argument.name = token.to_ascii_lowercase();
            }
            argument.token = Some(token.to_owned());
            return Ok(argument);
        }
    }
    let mut members = row(parts)?;
    if members.len() == 1 { Ok(members.remove(0)) } else { Ok(block(members)) }
}

fn joined(members: &[Argument], with: &str) -> String {
    members.iter().map(|member| &*member.name).collect::<Vec<_>>().join(with)
}

fn block(members: Vec<Argument>) -> Argument {
    Argument::new(&joined(&members, "_"), Shape::Block(members))
}

fn one_of(choices: Vec<Argument>) -> Argument {
    Argument::new(&joined(&choices, "_"), Shape::OneOf(choices))
}
