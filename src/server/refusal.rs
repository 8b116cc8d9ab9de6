//! Requests that no client should have sent, and what is logged about them.
//!
//! Not here: words that name no command (`command/named.rs`).

use crate::clients::Client;
use crate::command::error::CommandError;
use crate::command::table::Command;
use crate::config::Settings;
use crate::observe::counters::Count;
use crate::resp::request::ProtocolError;
use crate::server::core::Core;
use crate::server::session::Then;

/// DEBUG, for a client that `enable-debug-command` does not name.
pub(super) const PROTECTED: CommandError = CommandError::fixed(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you \
     can run it from a local connection, otherwise you need to set this option in the \
     configuration \
     file, and then restart the server.",
);

/// A subscriber that speaks RESP2 could not tell this command's reply from a message.
#[cold]
pub(super) fn subscriber(command: &Command) -> CommandError {
    CommandError::new(format!(
        "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
         allowed in this context",
        command.full_name
    ))
}

/// Whether a browser is being used to talk to the server: these words start lines of HTTP.
pub(super) fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// What becomes of a client whose transaction is too long. Queued requests have not run yet, so
/// they are a part of what `client-query-buffer-limit` limits, as in Redis from 7.2 on.
#[cold]
pub(super) fn endless_queue(core: &Core, client: &Client) -> Then {
    core.tally().counters.add(Count::InputLimitClosed, 1);
    let (id, address) = (client.id.0, &client.origin.address);
    tracing::warn!(
        id,
        address,
        "Client closed: its transaction is longer than client-query-buffer-limit"
    );
    Then::Close
}

/// Of bytes that are no request, so many at each end are logged.
const LOGGED_BYTES_MAX: usize = 128;

/// Logs which client sent bytes that are no request, as Redis does at its verbose level; the bytes
/// only if `hide-user-data-from-log` allows it.
pub(super) fn log_protocol_error(
    settings: &Settings,
    client: &Client,
    error: ProtocolError,
    bytes: &[u8],
) {
    let (id, address) = (client.id.0, &client.origin.address);
    let shown = || if settings.hide_user_data_from_log { "*redacted*".into() } else { ends(bytes) };
    let error = error.to_string();
    let error = error.trim_start_matches("Protocol error: ");
    tracing::debug!(
        "Protocol error ({error}) from client: id={id} addr={address}. \
         Query buffer during protocol error: '{}'",
        shown()
    );
}

/// The printable letters of the first and the last bytes.
fn ends(bytes: &[u8]) -> String {
    let printable = |bytes: &[u8]| -> String {
        let letter =
            |&byte: &u8| if byte == b' ' || byte.is_ascii_graphic() { byte.into() } else { '.' };
        bytes.iter().map(letter).collect()
    };
    let half = LOGGED_BYTES_MAX / 2;
    if bytes.len() <= LOGGED_BYTES_MAX {
        return printable(bytes);
    }
    let (first, last) = (&bytes[..half], &bytes[bytes.len() - half..]);
    let more = bytes.len() - LOGGED_BYTES_MAX;
    format!("{}' (... more {more} bytes ...) '{}", printable(first), printable(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_of_many_bytes_are_logged() {
        assert_eq!(ends(b"a b\r\n\xff"), "a b...");
        let many = [&b"x".repeat(100)[..], &b"y".repeat(100)].concat();
        let (x, y) = ("x".repeat(64), "y".repeat(64));
        assert_eq!(ends(&many), format!("{x}' (... more 72 bytes ...) '{y}"));
    }
}
