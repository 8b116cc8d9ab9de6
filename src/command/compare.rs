//! Compare and delete, compare and set: DELEX, DELIFEQ, DIGEST, CAD, CAS, and the comparison that
//! SET shares.
//!
//! Not here: SET itself (`string_set`).

use crate::base::number::DECIMAL_MAX;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lifetime::{Beside, Lifetime, write_until};
use crate::command::spec::{Acl, Flags, KeyFlags, KeySpec, Outcome, Run, Spec};
use crate::command::string::{BASE, FAST_WRITE, READ_AND_UPDATE, SLOW_WRITE};
use crate::keyspace::edit::Expiry;
use crate::keyspace::event;
use crate::keyspace::value::{NewValue, Text};
use xxhash_rust::xxh3::xxh3_64;

/// DELEX DELIFEQ DIGEST CAD CAS
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "delex",
        arity: -2,
        keys: &[KeySpec::one(1, KeyFlags::RW.and(KeyFlags::DELETE).and(KeyFlags::VARIABLE_FLAGS))],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Conditionally removes the specified key based on value or digest comparison.",
        since: "8.4.0",
        complexity: "O(1) for IFEQ/IFNE, O(N) for IFDEQ/IFDNE where N is the length of the string \
                     value.",
        syntax: "key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | \
                 IFDNE ifdne-digest]{condition}",
        run: Run::Plain(delex),
        ..BASE
    },
    Spec {
        name: "delifeq",
        arity: 3,
        keys: &[KeySpec::one(1, DELETES_IF)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Deletes a key if its value is the given string, as Valkey 9.0.",
        since: "0.1.0",
        syntax: "key value",
        run: Run::Plain(delifeq),
        ..BASE
    },
    Spec {
        name: "digest",
        arity: 2,
        keys: &[KeySpec::one(1, KeyFlags::RO.and(KeyFlags::ACCESS))],
        flags: Flags::READONLY.and(Flags::FAST),
        acl: Acl::READ.and(Acl::STRING).and(Acl::FAST),
        summary: "Returns the XXH3 hash of a string value.",
        since: "8.4.0",
        complexity: "O(N) where N is the length of the string value.",
        syntax: "key",
        run: Run::Plain(digest),
        ..BASE
    },
    Spec {
        name: "cad",
        arity: 3,
        keys: &[KeySpec::one(1, DELETES_IF)],
        flags: Flags::WRITE.and(Flags::FAST),
        acl: FAST_WRITE,
        summary: "Deletes a key if its value is the given string; -1 if there is no key, \
                  as Kvrocks and Tair.",
        since: "0.1.0",
        syntax: "key value",
        run: Run::Plain(cad),
        ..BASE
    },
    Spec {
        name: "cas",
        arity: -4,
        keys: &[KeySpec::one(1, READ_AND_UPDATE)],
        flags: Flags::WRITE.and(Flags::DENYOOM),
        acl: SLOW_WRITE,
        summary: "Replaces a value if it is the given string; -1 if there is no key, \
                  as Kvrocks and Tair.",
        since: "0.1.0",
        syntax: "key old-value new-value [EX seconds | PX milliseconds | EXAT unix-time-seconds | \
                 PXAT unix-time-milliseconds]{expiration}",
        run: Run::Plain(cas),
        ..BASE
    },
];

const DELETES_IF: KeyFlags = KeyFlags::RW.and(KeyFlags::DELETE);
/// A digest is 64 bits in hexadecimal.
const DIGEST_DIGITS: usize = 16;
const BAD_DIGEST: CommandError =
    CommandError::fixed("ERR must be exactly 16 hexadecimal characters");

/// What a value is compared with. A key that does not exist is different from everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison<'r> {
    /// `IFEQ`
    Equal(&'r [u8]),
    /// `IFNE`
    Different(&'r [u8]),
    /// `IFDEQ`
    DigestEqual(u64),
    /// `IFDNE`
    DigestDifferent(u64),
}

impl<'r> Comparison<'r> {
    /// Takes the value or digest behind `word`, if that names a comparison.
    ///
    /// # Errors
    /// There is nothing behind it, or no digest.
    pub(super) fn take(word: &[u8], args: &mut Args<'r>) -> Result<Option<Self>, CommandError> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        Ok(Some(if is("IFEQ") {
            Self::Equal(args.take()?)
        } else if is("IFNE") {
            Self::Different(args.take()?)
        } else if is("IFDEQ") {
            Self::DigestEqual(parse_digest(args.take()?)?)
        } else if is("IFDNE") {
            Self::DigestDifferent(parse_digest(args.take()?)?)
        } else {
            return Ok(None);
        }))
    }

    /// Whether it is true of `value`.
    pub(super) fn holds(self, value: Option<Text<'_>>) -> bool {
        let mut space = [0; DECIMAL_MAX];
        let text = value.as_ref().map(|value| value.bytes(&mut space));
        match self {
            Self::Equal(wanted) => text == Some(wanted),
            Self::Different(unwanted) => text != Some(unwanted),
            Self::DigestEqual(wanted) => text.map(xxh3_64) == Some(wanted),
            Self::DigestDifferent(unwanted) => text.map(xxh3_64) != Some(unwanted),
        }
    }
}

fn parse_digest(text: &[u8]) -> Result<u64, CommandError> {
    if text.len() != DIGEST_DIGITS || !text.iter().all(u8::is_ascii_hexdigit) {
        return Err(BAD_DIGEST);
    }
    let digits = std::str::from_utf8(text).map_err(|_| BAD_DIGEST)?;
    u64::from_str_radix(digits, 16).map_err(|_| BAD_DIGEST)
}

fn delex(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.key()?;
    if !matches!(args.left(), 0 | 2) {
        return Err(CommandError::arity(&cx.command.full_name));
    }
    let comparison = match args.take_option() {
        None => None,
        Some(word) => Some(Comparison::take(word, &mut args)?.ok_or(CommandError::SYNTAX)?),
    };
    let edit = cx.keys.edit(key)?;
    let wanted = match comparison {
        None => true,
        Some(comparison) => edit.exists() && comparison.holds(edit.text()?),
    };
    let deleted = wanted && edit.remove();
    cx.reply.int(i64::from(deleted));
    Ok(())
}

fn delifeq(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, wanted) = (args.key()?, args.take()?);
    let edit = cx.keys.edit(key)?;
    let deleted = Comparison::Equal(wanted).holds(edit.text()?) && edit.remove();
    cx.reply.int(i64::from(deleted));
    Ok(())
}

fn digest(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    match cx.keys.string(args.key()?)? {
        None => cx.reply.null(),
        Some(value) => {
            let digest = xxh3_64(value.bytes(&mut [0; DECIMAL_MAX]));
            cx.reply.bulk(format!("{digest:016x}").as_bytes());
        }
    }
    Ok(())
}

fn cad(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, wanted) = (args.key()?, args.take()?);
    let edit = cx.keys.edit(key)?;
    let answer = match edit.text()? {
        None => -1,
        value if Comparison::Equal(wanted).holds(value) => i64::from(edit.remove()),
        Some(_) => 0,
    };
    cx.reply.int(answer);
    Ok(())
}

fn cas(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let (key, wanted, value) = (args.key()?, args.take()?, args.take()?);
    let mut lifetime = Lifetime::Unsaid;
    while let Some(word) = args.take_option() {
        if !lifetime.take(word, &mut args, Beside::Nothing)? {
            return Err(CommandError::SYNTAX);
        }
    }
    let expiry = lifetime.expiry(Expiry::Never, cx.command, cx.keys.now)?;
    let now = cx.keys.now.mono;
    let edit = cx.keys.edit(key)?;
    let answer = match edit.text()? {
        None => -1,
        old if Comparison::Equal(wanted).holds(old) => {
            write_until(edit, NewValue::Text(value), expiry, now, &event::SET);
            1
        }
        Some(_) => 0,
    };
    cx.reply.int(answer);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_in_either_case_and_has_sixteen_digits() {
        assert_eq!(parse_digest(b"00006C38adf31777"), Ok(0x6c38_adf3_1777));
        for text in
            ["", "6c38adf31777", "000006c38adf31777", "+0006c38adf31777", "0x006c38adf31777"]
        {
            assert_eq!(parse_digest(text.as_bytes()), Err(BAD_DIGEST), "{text}");
        }
    }

    #[test]
    fn a_missing_key_is_different_from_everything() {
        let empty = xxh3_64(b"");
        assert!(!Comparison::Equal(b"").holds(None));
        assert!(Comparison::Different(b"").holds(None));
        assert!(!Comparison::DigestEqual(empty).holds(None));
        assert!(Comparison::DigestDifferent(empty).holds(None));
    }

    #[test]
    fn a_number_is_compared_by_its_digits() {
        assert!(Comparison::Equal(b"-12").holds(Some(Text::Int(-12))));
        assert!(Comparison::Different(b"-012").holds(Some(Text::Int(-12))));
        assert!(Comparison::DigestEqual(xxh3_64(b"-12")).holds(Some(Text::Int(-12))));
    }
}
