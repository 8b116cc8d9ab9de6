//! The subcommands of DEBUG that are about the server and the protocol.
//!
//! Not here: their names, those about keys, and who may use DEBUG at all (`debug`, `session`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;
use crate::resp::reply::{Protocol, Writer};
use std::time::Duration;

/// DEBUG SLEEP: nobody is served meanwhile. DEBUG has borrowed every shard, and the standstill
/// stops those who need none.
pub(super) fn sleep(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let seconds = leading_number(args.take()?);
    if let Ok(time) = Duration::try_from_secs_f64(seconds) {
        let standstill = cx.node.stall.begin();
        cx.node.platform.stand_still(time);
        drop(standstill);
    }
    cx.reply.ok();
    Ok(())
}

/// The number that a text starts with, 0 if it starts with none, as C's `strtod` reads it.
fn leading_number(text: &[u8]) -> f64 {
    let text = String::from_utf8_lossy(text);
    let is_part = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    (1..=end).rev().find_map(|end| text[..end].parse().ok()).unwrap_or(0.0)
}

/// DEBUG ERROR. As in Redis it is not counted as a failure: the client got what it asked for.
pub(super) fn error(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.error(args.take()?);
    Ok(())
}

/// DEBUG LOG
pub(super) fn log(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    tracing::warn!("DEBUG LOG: {}", String::from_utf8_lossy(args.take()?));
    cx.reply.ok();
    Ok(())
}

/// DEBUG CHANGE-REPL-ID
pub(super) fn change_replication_id(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    tracing::info!("Changing replication IDs after receiving change-repl-id");
    cx.node.change_replication_id();
    cx.reply.ok();
    Ok(())
}

/// DEBUG PROTOCOL: one reply of each kind, for tests of clients.
#[allow(clippy::approx_constant, reason = "the value is Redis's")]
pub(super) fn protocol(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let reply = &mut *cx.reply;
    match &*args.take()?.to_ascii_lowercase() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.int(12_345),
        b"double" => reply.double(3.141),
        b"null" => reply.null(),
        b"array" => {
            reply.array(3);
            (0..3).for_each(|number| reply.int(number));
        }
        b"set" => {
            reply.set(3);
            (0..3).for_each(|number| reply.int(number));
        }
        b"map" => {
            reply.map(3);
            for number in 0..3 {
                reply.int(number);
                reply.bool(number == 1);
            }
        }
        b"attrib" => attribute(reply),
        b"push" => push(reply)?,
        b"verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => reply.bool(true),
        b"false" => reply.bool(false),
        b"bignum" => reply.big_number("1234567999999999999999999999999999999"),
        _ => return Err(CommandError::fixed(WRONG_TYPE_NAME)),
    }
    Ok(())
}

const WRONG_TYPE_NAME: &str = "ERR Wrong protocol type name. Please use one of the following: \
                               string|integer|double|bignum|null|array|set|map|attrib|push|\
                               verbatim|true|false";

fn attribute(reply: &mut Writer) {
    if reply.protocol == Protocol::Resp3 {
        reply.attribute(1);
        reply.bulk(b"key-popularity");
        reply.array(2);
        reply.bulk(b"key:123");
        reply.int(90);
    }
    reply.bulk(b"Some real reply following the attribute");
}

fn push(reply: &mut Writer) -> Outcome {
    if reply.protocol == Protocol::Resp2 {
        return Err(CommandError::fixed("ERR RESP2 is not supported by this command"));
    }
    reply.push(2);
    reply.bulk(b"server-cpu-usage");
    reply.int(42);
    // A push message is no reply, so a real one follows.
    reply.bulk(b"Some real reply following the push reply");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_far_as_it_goes() {
        let read = [&b"0.5"[..], b"2", b".25x", b"abc", b"", b"-1", b"1e-3", b"1e"];
        let numbers = read.map(leading_number);
        assert_eq!(numbers, [0.5, 2.0, 0.25, 0.0, 0.0, -1.0, 0.001, 1.0]);
    }
}
