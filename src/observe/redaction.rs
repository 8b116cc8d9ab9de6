//! Which arguments of a command are secrets, and must not be shown in the slow log.
//!
//! The same as in Redis, except that an AUTH with too many arguments is redacted as well: somebody
//! who forgot to quote a pass phrase should not find it in the log.

/// What is shown in place of a secret.
pub const REDACTED: &[u8] = b"(redacted)";

/// Directives whose values are secrets.
const SECRET_DIRECTIVES: [&str; 5] =
    ["requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass"];

/// Replaces the secrets among a request's arguments by `REDACTED`. `args` starts with the command's
/// name; it may be the beginning of a longer request.
pub fn redact(args: &mut [&[u8]]) {
    let Some((name, rest)) = args.split_first_mut() else { return };
    if is(name, "auth") {
        rest.fill(REDACTED);
    } else if is(name, "hello") {
        redact_hello(rest.get_mut(1..).unwrap_or_default());
    } else if is(name, "config") && rest.first().is_some_and(|word| is(word, "set")) {
        redact_directives(&mut rest[1..]);
    } else if is(name, "acl") && rest.first().is_some_and(|word| is(word, "setuser")) {
        rest[1..].fill(REDACTED);
    } else if is(name, "migrate") {
        redact_migrate(rest.get_mut(5..).unwrap_or_default());
    }
}

fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// `options` are the words after the protocol version: `AUTH user password` and `SETNAME name`.
fn redact_hello(mut options: &mut [&[u8]]) {
    while let [option, values @ ..] = options {
        let taken = if is(option, "auth") { 2 } else { 1 };
        let taken = taken.min(values.len());
        if is(option, "auth") {
            values[..taken].fill(REDACTED);
        }
        options = &mut values[taken..];
    }
}

fn redact_directives(pairs: &mut [&[u8]]) {
    for pair in pairs.chunks_exact_mut(2) {
        if SECRET_DIRECTIVES.iter().any(|directive| is(pair[0], directive)) {
            pair[1] = REDACTED;
        }
    }
}

/// `options` are the words after the time limit; `KEYS` ends them.
fn redact_migrate(mut options: &mut [&[u8]]) {
    while let [option, values @ ..] = options {
        if is(option, "keys") {
            return;
        }
        let secrets = usize::from(is(option, "auth")) + 2 * usize::from(is(option, "auth2"));
        let secrets = secrets.min(values.len());
        values[..secrets].fill(REDACTED);
        options = &mut values[secrets..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(line: &str) -> String {
        let mut args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        redact(&mut args);
        String::from_utf8(args.join(&b' ')).unwrap()
    }

    #[test]
    fn secrets_are_redacted_as_in_redis() {
        // Pairs of a request and its entry in the slow log of redis-server 7.0.15.
        for (request, entry) in [
            ("auth foo bar", "auth (redacted) (redacted)"),
            ("AUTH foo", "AUTH (redacted)"),
            ("hello 3 setname x auth def pw", "hello 3 setname x auth (redacted) (redacted)"),
            ("hello 3 auth def pw setname x", "hello 3 auth (redacted) (redacted) setname x"),
            ("acl setuser foo on", "acl setuser (redacted) (redacted)"),
            ("acl getuser foo", "acl getuser foo"),
            ("acl deluser foo", "acl deluser foo"),
            (
                "config set requirepass a timeout 0 MasterAuth b",
                "config set requirepass (redacted) timeout 0 MasterAuth (redacted)",
            ),
            ("migrate h 1 k 0 1 auth pw", "migrate h 1 k 0 1 auth (redacted)"),
            ("migrate h 1 k 0 1 auth2 u pw", "migrate h 1 k 0 1 auth2 (redacted) (redacted)"),
            ("get auth", "get auth"),
            ("config get requirepass", "config get requirepass"),
        ] {
            assert_eq!(redacted(request), entry);
        }
    }

    #[test]
    fn an_incomplete_or_overlong_request_shows_no_secret_either() {
        for (request, entry) in [
            ("auth a b c", "auth (redacted) (redacted) (redacted)"),
            ("hello 3 auth def", "hello 3 auth (redacted)"),
            ("hello 3 setname", "hello 3 setname"),
            ("hello", "hello"),
            ("config set requirepass", "config set requirepass"),
            ("migrate h 1 k 0 1 copy auth2 u", "migrate h 1 k 0 1 copy auth2 (redacted)"),
            ("migrate h 1 k 0 1 keys auth auth", "migrate h 1 k 0 1 keys auth auth"),
        ] {
            assert_eq!(redacted(request), entry);
        }
        redact(&mut []);
    }
}
