//! `lock-lost`: what a connection that speaks RESP3 hears when a lock that it has acquired ends
//! other than by release.
//!
//! Not here: who listens (`keyspace/listeners.rs`).

use crate::clients::{Client, Push};
use crate::command::context::Context;
use crate::coord::ask::Cause;
use crate::coord::grant::Owner;
use crate::keyspace::Key;
use crate::keyspace::listeners::Lost;
use crate::resp::reply::{Protocol, Writer};

/// Lets the caller hear when it loses what `owner` has just got.
pub(super) fn listen(cx: &mut Context<'_>, key: Key<'_>, owner: &Owner) {
    if cx.reply.protocol == Protocol::Resp3 {
        let notice = cx.caller.notice();
        cx.keys.edit_any(key).listen(owner, &notice);
    }
}

/// Pushes `lock-lost key owner token reason`. A connection that has gone back to RESP2 cannot tell
/// it from a reply, and hears nothing.
pub(in crate::command) fn push(client: &Client, lost: &Lost) {
    if client.figures().protocol != Protocol::Resp3.number() as u8 {
        return;
    }
    let reason: &[u8] = match lost.cause {
        Cause::Release => return,
        Cause::Expiry => b"expired",
        Cause::Break => b"broken",
        Cause::Deletion => b"deleted",
    };
    let mut message = Writer { protocol: Protocol::Resp3, ..Writer::default() };
    message.push(5);
    message.bulk(b"lock-lost");
    message.bulk(&lost.key);
    message.bulk(lost.owner.name());
    message.int(lost.token.get() as i64);
    message.bulk(reason);
    client.push(Push::Notice(message.out.into()));
}
