//! CLIENT KILL: which connections to close.

use crate::base::number::parse_i64;
use crate::base::time::Mono;
use crate::clients::{Client, ClientId, DEFAULT_USER, Kill};
use crate::command::args::Args;
use crate::command::client::list::Class;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::Outcome;

/// What a connection must be like to be closed; what is not said does not matter.
#[derive(Debug, Default)]
struct Filter<'r> {
    id: Option<ClientId>,
    class: Option<Class>,
    user: Option<&'r [u8]>,
    address: Option<&'r [u8]>,
    local_address: Option<&'r [u8]>,
    /// Seconds since it connected, at least.
    age_s: Option<u64>,
    /// Whom to leave alone: the caller, unless SKIPME NO.
    spare: Option<ClientId>,
}

impl<'r> Filter<'r> {
    fn parse(caller: ClientId, mut args: Args<'r>) -> Result<Self, CommandError> {
        let mut filter = Self { spare: Some(caller), ..Self::default() };
        while let Some(option) = args.take_option() {
            let value = args.take()?;
            match &*option.to_ascii_lowercase() {
                b"id" => {
                    let text = "ERR client-id should be greater than 0";
                    filter.id = Some(ClientId(positive(value).ok_or(CommandError::fixed(text))?));
                }
                b"maxage" => filter.age_s = Some(age(value)?),
                b"type" => filter.class = Some(Class::named(value)?),
                b"addr" => filter.address = Some(value),
                b"laddr" => filter.local_address = Some(value),
                b"user" if value == DEFAULT_USER => filter.user = Some(value),
                b"user" => {
                    return Err(CommandError::quoting("ERR No such user '", value, "'"));
                }
                b"skipme" if value.eq_ignore_ascii_case(b"yes") => filter.spare = Some(caller),
                b"skipme" if value.eq_ignore_ascii_case(b"no") => filter.spare = None,
                _ => return Err(CommandError::SYNTAX),
            }
        }
        Ok(filter)
    }

    fn takes(&self, client: &Client, now: Mono) -> bool {
        let age_s = now.since(client.origin.since) / 1_000;
        self.id.is_none_or(|id| client.id == id)
            && self.class.is_none_or(|class| Class::of(client) == class)
            && self.user.is_none_or(|user| client.user() == user)
            && self.address.is_none_or(|it| client.origin.address.as_bytes() == it)
            && self.local_address.is_none_or(|it| client.origin.local_address.as_bytes() == it)
            && self.age_s.is_none_or(|least| age_s >= least)
            && self.spare != Some(client.id)
    }
}

fn positive(text: &[u8]) -> Option<u64> {
    parse_i64(text).and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0)
}

fn age(text: &[u8]) -> Result<u64, CommandError> {
    if parse_i64(text).is_none() {
        return Err(CommandError::fixed("ERR maxage is not an integer or out of range"));
    }
    positive(text).ok_or(CommandError::fixed("ERR maxage should be greater than 0"))
}

pub(super) fn kill(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let by_address_only = args.left() == 1;
    let caller = cx.caller.client.id;
    let filter = if by_address_only {
        // The old form; one may close oneself with it.
        Filter { address: Some(args.take()?), ..Filter::default() }
    } else {
        Filter::parse(caller, args)?
    };
    let (mut closed, mut subscribers) = (0, false);
    for client in cx.node.clients.all() {
        if filter.takes(&client, cx.keys.now.mono) {
            // The caller gets its answer first.
            client.kill(if client.id == caller { Kill::AfterReply } else { Kill::Now });
            closed += 1;
            subscribers |= !client.subscribed().is_nothing();
        }
    }
    if subscribers {
        // Their own cores may take a moment to notice, and nobody shall see them until then.
        cx.node.pubsub.retain(|client| client.killed() != Kill::Now);
    }
    match (by_address_only, closed) {
        (true, 0) => return Err(CommandError::fixed("ERR No such client")),
        (true, _) => cx.reply.ok(),
        (false, closed) => cx.reply.int(closed),
    }
    Ok(())
}
