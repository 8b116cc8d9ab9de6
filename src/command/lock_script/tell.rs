//! Scripts that give one key back and tell the others on a channel.

use crate::command::lock_script::call::{BAD_ARGUMENT, Call, Holder};
use crate::command::spec::Outcome;
use crate::script::operation::{Answer, Telling};

/// Lua's `string.format` hands texts shorter than this to C, for which they end at a zero byte.
const LUA_TEXT_BYTES: usize = 100;

pub(super) fn release_and_tell(call: &mut Call<'_, '_, '_>, telling: Telling) -> Outcome {
    let key = call.key(1)?;
    let is_own = call.holder(key, call.arg(1))? == Holder::Own;
    if is_own {
        call.delete(key)?;
        match telling {
            Telling::Name => {
                call.tell(call.arg(2).ok_or(BAD_ARGUMENT)?, key.bytes)?;
            }
            Telling::Record => {
                let value = call.arg(1).ok_or(BAD_ARGUMENT)?;
                let record = [
                    &b"{ \"key\": \""[..],
                    lua_text(key.bytes),
                    b"\", \"value\": \"",
                    lua_text(value),
                    b"\" }",
                ];
                call.tell(call.key(2)?.bytes, &record.concat())?;
            }
        }
    }
    call.answer(match telling {
        Telling::Name if is_own => Answer::Number(1),
        Telling::Name | Telling::Record => Answer::Nothing,
    })
}

/// A text as `%s` writes it.
fn lua_text(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| byte == 0);
    match end {
        Some(end) if text.len() < LUA_TEXT_BYTES => &text[..end],
        Some(_) | None => text,
    }
}
