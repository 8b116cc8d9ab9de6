//! The kinds of values, and how each is read from the words of a line or of `CONFIG SET`.
//!
//! Error texts are Redis's, byte for byte, and never contain the value: it may be a password.

use crate::base::events::EventClasses;
use crate::base::number::parse_i64;

use super::size;
use super::value::{OutputLimit, OutputLimits, SavePoint, Secret, Value};

/// Most addresses that `bind` takes, as in Redis.
const ADDRESSES_MAX: usize = 16;

/// What values a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Flag,
    /// A whole number in a range, both ends included.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A file mode in octal, up to `max`.
    Octal {
        /// The largest.
        max: u32,
    },
    /// A number of bytes with an optional unit, in a range.
    Memory {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number of bytes, or `n%` of all memory.
    MemoryOrPercent,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words; the first one stands for none of the others.
    Choices(&'static [&'static str]),
    /// Any text in UTF-8.
    Text,
    /// A password: any bytes, never shown.
    Secret,
    /// Addresses to listen on; a leading `-` makes an address optional.
    Addresses,
    /// Pairs of seconds and changes.
    SavePoints,
    /// Groups of class, hard limit, soft limit and seconds.
    OutputLimits,
    /// The three values of `oom-score-adj-values`.
    OomScores,
    /// Letters of event classes.
    Events,
    /// Numbers from 0 to 100.
    Percentiles,
    /// `host port` of a primary, or `no one`.
    Primary,
}

impl Kind {
    /// Whether a line may have any number of words. Other kinds take exactly one.
    #[must_use]
    pub const fn takes_words(self) -> bool {
        match self {
            Self::Choices(_)
            | Self::Addresses
            | Self::SavePoints
            | Self::OutputLimits
            | Self::OomScores
            | Self::Percentiles
            | Self::Primary => true,
            Self::Flag
            | Self::Integer { .. }
            | Self::Octal { .. }
            | Self::Memory { .. }
            | Self::MemoryOrPercent
            | Self::Choice(_)
            | Self::Text
            | Self::Secret
            | Self::Events => false,
        }
    }

    /// The words that one argument of `CONFIG SET`, or one in quotes on a line, stands for.
    #[must_use]
    pub fn split(self, argument: &[u8]) -> Vec<&[u8]> {
        match self.takes_words() {
            true if argument.is_empty() => Vec::new(),
            true => argument.split(|byte| *byte == b' ').collect(),
            false => vec![argument],
        }
    }

    /// The value that `words` stand for. `before` is what the words change, for the one kind
    /// (`OutputLimits`) whose lines name only some of its parts.
    ///
    /// # Errors
    /// Redis's text for what is wrong.
    pub fn parse(self, words: &[&[u8]], before: Option<&Value>) -> Result<Value, String> {
        let word = match words {
            [word] => *word,
            [] | [_, _, ..] if self.takes_words() => b"",
            [] | [_, _, ..] => return Err("wrong number of arguments".into()),
        };
        // A single empty word is an empty list.
        let list = if words == [b"".as_slice()] { &[] } else { words };
        match self {
            Self::Flag => flag(word),
            Self::Integer { min, max } => integer(word, min, max),
            Self::Octal { max } => octal(word, max),
            Self::Memory { min, max } => memory(word, min, max),
            Self::MemoryOrPercent => memory_or_percent(word),
            Self::Choice(names) => choice(word, names).map(Value::Choice),
            Self::Choices(names) => choices(list, names),
            Self::Text => text(word).map(Value::Text),
            Self::Secret => Ok(Value::Secret(Secret::new(word))),
            Self::Addresses => addresses(list),
            Self::SavePoints => save_points(list),
            Self::OutputLimits => output_limits(list, before),
            Self::OomScores => oom_scores(list),
            Self::Events => EventClasses::parse(word)
                .map(Value::Events)
                .ok_or_else(|| "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
            Self::Percentiles => percentiles(list),
            Self::Primary => primary(list),
        }
    }
}

fn flag(word: &[u8]) -> Result<Value, String> {
    if word.eq_ignore_ascii_case(b"yes") {
        Ok(Value::Flag(true))
    } else if word.eq_ignore_ascii_case(b"no") {
        Ok(Value::Flag(false))
    } else {
        Err("argument must be 'yes' or 'no'".into())
    }
}

fn integer(word: &[u8], min: i64, max: i64) -> Result<Value, String> {
    let number = parse_i64(word).ok_or("argument couldn't be parsed into an integer")?;
    let in_range = (min..=max).contains(&number);
    in_range
        .then_some(Value::Integer(number))
        .ok_or_else(|| format!("argument must be between {min} and {max} inclusive"))
}

fn octal(word: &[u8], max: u32) -> Result<Value, String> {
    let mode = c_integer(word, 8).ok_or("argument couldn't be parsed as an octal number")?;
    let mode = u32::try_from(mode).ok().filter(|mode| *mode <= max);
    mode.map(Value::Octal)
        .ok_or_else(|| format!("argument must be between 0 and {max:o} inclusive"))
}

fn memory(word: &[u8], min: u64, max: u64) -> Result<Value, String> {
    let bytes = size::parse(word).ok_or("argument must be a memory value")?;
    let in_range = (min..=max).contains(&bytes);
    in_range
        .then_some(Value::Memory(bytes))
        .ok_or_else(|| format!("argument must be between {min} and {max} inclusive"))
}

fn memory_or_percent(word: &[u8]) -> Result<Value, String> {
    // Redis keeps a share as a negative number, so a size beyond the signed range is one too large.
    let too_much = || "percentage argument must be less or equal to 100".to_owned();
    if let Some(bytes) = size::parse(word) {
        return i64::try_from(bytes).map(|_| Value::Memory(bytes)).map_err(|_| too_much());
    }
    let share = word.strip_suffix(b"%").and_then(parse_i64);
    match share.and_then(|share| u64::try_from(share).ok()) {
        Some(0) => Ok(Value::Memory(0)),
        Some(share @ 1..=100) => Ok(Value::Percent(share)),
        Some(_) => Err(too_much()),
        None => Err("argument must be a memory or percent value".into()),
    }
}

fn choice(word: &[u8], names: &[&'static str]) -> Result<&'static str, String> {
    let known = names.iter().find(|name| name.as_bytes().eq_ignore_ascii_case(word));
    known
        .copied()
        .ok_or_else(|| format!("argument(s) must be one of the following: {}", names.join(", ")))
}

fn choices(words: &[&[u8]], names: &[&'static str]) -> Result<Value, String> {
    // No word at all is as wrong as an unknown one.
    let words = if words.is_empty() { &[b"".as_slice()] } else { words };
    let given: Vec<&str> =
        words.iter().map(|word| choice(word, names)).collect::<Result<_, _>>()?;
    let (none, others) = names.split_first().expect("a kind of choices has names");
    let mut chosen: Vec<&str> =
        others.iter().filter(|name| given.contains(name)).copied().collect();
    if chosen.is_empty() {
        chosen.push(none);
    }
    Ok(Value::Choices(chosen))
}

fn text(word: &[u8]) -> Result<String, String> {
    String::from_utf8(word.to_vec()).map_err(|_| "argument must be valid UTF-8".into())
}

fn addresses(words: &[&[u8]]) -> Result<Value, String> {
    if words.len() > ADDRESSES_MAX {
        return Err("Too many bind addresses specified.".into());
    }
    words.iter().map(|word| text(word)).collect::<Result<_, _>>().map(Value::Addresses)
}

fn save_points(words: &[&[u8]]) -> Result<Value, String> {
    let wrong = || "Invalid save parameters".to_owned();
    let pairs = words.chunks(2).map(|pair| {
        let [seconds, changes] = pair else { return Err(wrong()) };
        let seconds = c_integer(seconds, 10).filter(|seconds| *seconds >= 1).ok_or_else(wrong)?;
        let changes = c_integer(changes, 10).filter(|changes| *changes >= 0).ok_or_else(wrong)?;
        Ok(SavePoint { seconds, changes })
    });
    pairs.collect::<Result<_, _>>().map(Value::SavePoints)
}

fn output_limits(words: &[&[u8]], before: Option<&Value>) -> Result<Value, String> {
    let mut limits = match before {
        Some(Value::OutputLimits(limits)) => *limits,
        Some(_) | None => OutputLimits::NONE,
    };
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for group in words.chunks_exact(4) {
        let class = group[0].to_ascii_lowercase();
        let limit = match class.as_slice() {
            b"normal" => &mut limits.normal,
            b"replica" | b"slave" => &mut limits.replica,
            b"pubsub" => &mut limits.pubsub,
            _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
        };
        let seconds = c_integer(group[3], 10).and_then(|seconds| i32::try_from(seconds).ok());
        let (Some(hard_bytes), Some(soft_bytes), Some(Ok(soft_seconds))) =
            (size::parse(group[1]), size::parse(group[2]), seconds.map(u32::try_from))
        else {
            return Err("Error in hard, soft or soft_seconds setting in buffer limit \
                        configuration."
                .into());
        };
        *limit = OutputLimit { hard_bytes, soft_bytes, soft_seconds };
    }
    Ok(Value::OutputLimits(limits))
}

fn oom_scores(words: &[&[u8]]) -> Result<Value, String> {
    if words.len() != 3 {
        return Err("wrong number of arguments".into());
    }
    let score = |word: &&[u8]| c_integer(word, 10).filter(|score| (-2000..=2000).contains(score));
    words.iter().map(score).collect::<Option<_>>().map(Value::Integers).ok_or_else(|| {
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into()
    })
}

fn percentiles(words: &[&[u8]]) -> Result<Value, String> {
    let one = |word: &&[u8]| {
        let number: Option<f64> = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
        match number {
            Some(percentile) if (0.0..=100.0).contains(&percentile) => Ok(percentile),
            Some(number) if !number.is_nan() => {
                Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
            }
            Some(_) | None => Err("Invalid latency-tracking-info-percentiles parameters"),
        }
    };
    words.iter().map(one).collect::<Result<_, _>>().map(Value::Percentiles).map_err(str::to_owned)
}

fn primary(words: &[&[u8]]) -> Result<Value, String> {
    match words {
        [] => Ok(Value::Text(String::new())),
        [no, one] if no.eq_ignore_ascii_case(b"no") && one.eq_ignore_ascii_case(b"one") => {
            Ok(Value::Text(String::new()))
        }
        [host, port] => {
            let port = c_integer(port, 10).filter(|port| (0..=65_535).contains(port));
            let port = port.ok_or("Invalid master port")?;
            Ok(Value::Text(format!("{} {port}", text(host)?)))
        }
        [_] | [_, _, _, ..] => Err("wrong number of arguments".into()),
    }
}

/// A whole number as C's `strtoll` reads it, where Redis uses that: leading white space and `+` are
/// fine, no digits at all are 0, and too many are the largest number.
fn c_integer(word: &[u8], base: i64) -> Option<i64> {
    if word.is_empty() {
        return Some(0);
    }
    let digits = word.trim_ascii_start();
    let (negative, digits) = match digits {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number = 0i64;
    for digit in digits {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        if digit >= base {
            return None;
        }
        let signed = if negative { -digit } else { digit };
        number = number.saturating_mul(base).saturating_add(signed);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: Kind, words: &[&str]) -> Result<String, String> {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        kind.parse(&words, None).map(|value| String::from_utf8(value.text()).unwrap())
    }

    #[test]
    fn one_word_kinds_take_exactly_one_word() {
        for words in [&[][..], &["1", "2"]] {
            assert_eq!(
                parsed(Kind::Integer { min: 0, max: 9 }, words),
                Err("wrong number of arguments".into())
            );
        }
    }

    #[test]
    fn octal_modes_are_read_as_c_does() {
        let mode = Kind::Octal { max: 0o777 };
        for (given, shown) in [("700", "700"), ("", "0"), (" 7", "7"), ("0777", "777")] {
            assert_eq!(parsed(mode, &[given]).unwrap(), shown);
        }
        assert_eq!(
            parsed(mode, &["1000"]),
            Err("argument must be between 0 and 777 inclusive".into())
        );
        assert_eq!(
            parsed(mode, &["8"]),
            Err("argument couldn't be parsed as an octal number".into())
        );
    }

    #[test]
    fn choices_are_shown_in_the_order_of_the_kind() {
        let kind = Kind::Choices(&["default", "save", "now", "force"]);
        assert_eq!(parsed(kind, &["FORCE", "save"]).unwrap(), "save force");
        assert_eq!(parsed(kind, &["default", "now"]).unwrap(), "now");
        assert_eq!(parsed(kind, &["default"]).unwrap(), "default");
        assert!(parsed(kind, &[""]).is_err() && parsed(kind, &[]).is_err());
    }

    #[test]
    fn output_limits_change_only_the_classes_they_name() {
        let before = Kind::OutputLimits.parse(&[b"pubsub", b"1mb", b"2", b"3"], None).unwrap();
        let after = Kind::OutputLimits.parse(&[b"SLAVE", b"4", b"5", b"6"], Some(&before)).unwrap();
        assert_eq!(after.text(), b"normal 0 0 0 slave 4 5 6 pubsub 1048576 2 3");
        assert_eq!(after.lines(), ["normal 0 0 0", "replica 4 5 6", "pubsub 1mb 2 3"]);
    }

    #[test]
    fn percentiles_keep_six_decimals_at_most() {
        let shown = parsed(Kind::Percentiles, &["50.50", "99.99999999", "1e1", "0.0000001"]);
        assert_eq!(shown.unwrap(), "50.5 100 10 0");
        assert_eq!(
            parsed(Kind::Percentiles, &["nan"]),
            Err("Invalid latency-tracking-info-percentiles parameters".into())
        );
    }
}
