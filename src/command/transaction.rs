//! Rows of the transaction commands. What they do is in `server/transaction.rs`, because it changes
//! how the session treats requests.

use crate::command::spec::{Acl, Flags, Group, KeyFlags, KeySpec, Run, SessionVerb, Spec};

const ANY_TIME: Flags = Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE);

const BASE: Spec = Spec { group: Group::Transactions, ..Spec::BASE };

/// MULTI EXEC DISCARD WATCH UNWATCH.
pub(super) const ROWS: &[Spec] = &[
    Spec {
        name: "multi",
        arity: 1,
        flags: ANY_TIME.and(Flags::FAST).and(Flags::ALLOW_BUSY),
        acl: Acl::FAST.and(Acl::TRANSACTION),
        summary: "Starts a transaction.",
        since: "1.2.0",
        run: Run::Session(SessionVerb::Multi),
        ..BASE
    },
    Spec {
        name: "exec",
        arity: 1,
        flags: ANY_TIME.and(Flags::SKIP_SLOWLOG),
        acl: Acl::SLOW.and(Acl::TRANSACTION),
        summary: "Executes all commands in a transaction.",
        since: "1.2.0",
        complexity: "Depends on commands in the transaction",
        run: Run::Session(SessionVerb::Exec),
        ..BASE
    },
    Spec {
        name: "discard",
        arity: 1,
        flags: ANY_TIME.and(Flags::FAST).and(Flags::ALLOW_BUSY),
        acl: Acl::FAST.and(Acl::TRANSACTION),
        summary: "Discards a transaction.",
        since: "2.0.0",
        complexity: "O(N), when N is the number of queued commands",
        run: Run::Session(SessionVerb::Discard),
        ..BASE
    },
    Spec {
        name: "watch",
        arity: -2,
        keys: &[KeySpec::words(1, -1, 1, KeyFlags::RO)],
        flags: ANY_TIME.and(Flags::FAST).and(Flags::ALLOW_BUSY),
        acl: Acl::FAST.and(Acl::TRANSACTION),
        summary: "Monitors changes to keys to determine the execution of a transaction.",
        since: "2.2.0",
        complexity: "O(1) for every key.",
        syntax: "key [key ...]",
        run: Run::Session(SessionVerb::Watch),
        ..BASE
    },
    Spec {
        name: "unwatch",
        arity: 1,
        flags: ANY_TIME.and(Flags::FAST).and(Flags::ALLOW_BUSY),
        acl: Acl::FAST.and(Acl::TRANSACTION),
        summary: "Forgets about watched keys of a transaction.",
        since: "2.2.0",
        run: Run::Session(SessionVerb::Unwatch),
        ..BASE
    },
];
