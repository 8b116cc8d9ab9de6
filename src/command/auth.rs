//! AUTH and HELLO: who a client is, and which protocol it wants to speak.
//!
//! There is one user, `default`; its password is the directive `requirepass`.

use crate::base::REDIS_VERSION;
use crate::base::number::parse_i64;
use crate::clients::DEFAULT_USER;
use crate::command::args::Args;
use crate::command::client::set_name;
use crate::command::connection::ANY_TIME;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Group, Outcome, Run, Spec};
use crate::resp::reply::Protocol;

const BASE: Spec = Spec {
    group: Group::Connection,
    flags: ANY_TIME,
    acl: Acl::FAST.and(Acl::CONNECTION),
    ..Spec::BASE
};

/// AUTH HELLO
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "auth",
        arity: -2,
        summary: "Authenticates the connection.",
        complexity: "O(N) where N is the number of passwords defined for the user",
        syntax: "[username]{since 6.0.0} password",
        history: &[("6.0.0", "Added ACL style (username and password).")],
        run: Run::Plain(auth),
        ..BASE
    },
    Spec {
        name: "hello",
        arity: -1,
        summary: "Handshakes with the Redis server.",
        since: "6.0.0",
        syntax: "[protover [AUTH username password] [SETNAME clientname]]{arguments}",
        history: &[(
            "6.2.0",
            "`protover` made optional; when called without arguments the command reports the \
             current connection's context.",
        )],
        run: Run::Plain(hello),
        ..BASE
    },
];

const WRONG_PASSWORD: CommandError =
    CommandError::fixed("WRONGPASS invalid username-password pair or user is disabled.");
const NO_PASSWORD_SET: CommandError = CommandError::fixed(
    "ERR AUTH <password> called without any password configured for the default user. Are you \
     sure your configuration is correct?",
);
const HELLO_BEFORE_AUTH: CommandError = CommandError::fixed(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
     <proto> AUTH <user> <pass> option can be used to authenticate the client and select the \
     RESP protocol version at the same time",
);

fn auth(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let first = args.take()?;
    let (user, password) = match args.take_option() {
        Some(second) => (first, second),
        None => (DEFAULT_USER, first),
    };
    args.end()?;
    if args.argv().len() == 2 && cx.node.settings().requirepass.is_none() {
        return Err(NO_PASSWORD_SET);
    }
    authenticate(cx, user, password)?;
    cx.reply.ok();
    Ok(())
}

/// Checks a name and a password; the connection stays what it was when they are wrong.
fn authenticate(cx: &mut Context<'_>, user: &[u8], password: &[u8]) -> Outcome {
    let settings = cx.node.settings();
    let right = settings.requirepass.as_ref().is_none_or(|wanted| same(password, wanted.expose()));
    if !right || user != DEFAULT_USER {
        return Err(WRONG_PASSWORD);
    }
    cx.caller.authenticated = true;
    cx.caller.client.set_user(DEFAULT_USER);
    Ok(())
}

/// Whether two texts are the same, in a time that depends only on the length of `given`, so that
/// nobody can find a password out byte by byte.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    let mut difference = given.len() ^ wanted.len();
    for (index, byte) in given.iter().enumerate() {
        let other = wanted.get(index % wanted.len().max(1)).copied().unwrap_or_default();
        difference = std::hint::black_box(difference | usize::from(byte ^ other));
    }
    difference == 0
}

/// What the options of HELLO ask for.
#[derive(Default)]
struct Handshake<'r> {
    protocol: Option<Protocol>,
    credentials: Option<(&'r [u8], &'r [u8])>,
    name: Option<&'r [u8]>,
}

impl<'r> Handshake<'r> {
    fn parse(mut args: Args<'r>) -> Result<Self, CommandError> {
        let mut wanted = Self::default();
        if let Some(version) = args.take_option() {
            wanted.protocol = Some(match parse_i64(version) {
                Some(2) => Protocol::Resp2,
                Some(3) => Protocol::Resp3,
                Some(_) => {
                    return Err(CommandError::fixed("NOPROTO unsupported protocol version"));
                }
                None => {
                    let text = "ERR Protocol version is not an integer or out of range";
                    return Err(CommandError::fixed(text));
                }
            });
        }
        while let Some(option) = args.take_option() {
            if option.eq_ignore_ascii_case(b"auth") && args.left() >= 2 {
                wanted.credentials = Some((args.take()?, args.take()?));
            } else if option.eq_ignore_ascii_case(b"setname") && args.left() >= 1 {
                let name = args.take()?;
                crate::command::client::check_name(name)?;
                wanted.name = Some(name);
            } else {
                let before = "ERR Syntax error in HELLO option '";
                return Err(CommandError::quoting(before, option, "'"));
            }
        }
        Ok(wanted)
    }
}

fn hello(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let wanted = Handshake::parse(args)?;
    if let Some((user, password)) = wanted.credentials {
        authenticate(cx, user, password)?;
    }
    if !cx.caller.authenticated {
        return Err(HELLO_BEFORE_AUTH);
    }
    if let Some(name) = wanted.name {
        set_name(cx, name)?;
    }
    if let Some(protocol) = wanted.protocol {
        cx.reply.protocol = protocol;
    }
    let reply = &mut *cx.reply;
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.int(reply.protocol.number());
    reply.bulk(b"id");
    reply.int(cx.caller.client.id.0 as i64);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(b"master");
    reply.bulk(b"modules");
    reply.array(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_is_the_same() {
        assert!(same(b"secret", b"secret"));
        for other in ["", "s", "secre", "secret1", "secretsecret", "Secret"] {
            assert!(!same(other.as_bytes(), b"secret"), "{other}");
        }
        assert!(!same(b"x", b""));
    }
}
