//! CLIENT: rows of its subcommands. What they do is beside this file, by concept.
//!
//! Not here: tracking of keys for client-side caches (CLIENT TRACKING, CACHING, TRACKINGINFO).

mod kill;
mod list;
mod modes;
mod names;
mod pause;

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::help;
use crate::command::spec::{Acl, Flags, Group, Outcome, Run, Spec};

pub(super) use names::{check_name, set_name};

const BASE: Spec = Spec {
    group: Group::Connection,
    flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE),
    acl: Acl::SLOW.and(Acl::CONNECTION),
    ..Spec::BASE
};

const ADMIN: Spec = Spec {
    flags: BASE.flags.and(Flags::ADMIN),
    acl: BASE.acl.and(Acl::ADMIN).and(Acl::DANGEROUS),
    ..BASE
};

/// CLIENT
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "client",
    arity: -2,
    flags: Flags::NONE,
    acl: Acl::SLOW,
    summary: "A container for client connection commands.",
    since: "2.4.0",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..BASE
}];

const SUBCOMMANDS: &[Spec] = &[
    Spec {
        name: "getname",
        arity: 2,
        summary: "Returns the name of the connection.",
        since: "2.6.9",
        run: Run::Plain(names::getname),
        ..BASE
    },
    Spec {
        name: "getredir",
        arity: 2,
        summary: "Returns the client ID to which the connection's tracking notifications are \
                  redirected.",
        since: "6.0.0",
        run: Run::Plain(modes::getredir),
        ..BASE
    },
    Spec {
        name: "help",
        arity: 2,
        flags: Flags::LOADING.and(Flags::STALE),
        summary: "Returns helpful text about the different subcommands.",
        since: "5.0.0",
        run: Run::Plain(help_text),
        ..BASE
    },
    Spec {
        name: "id",
        arity: 2,
        summary: "Returns the unique client ID of the connection.",
        since: "5.0.0",
        run: Run::Plain(names::id),
        ..BASE
    },
    Spec {
        name: "info",
        arity: 2,
        summary: "Returns information about the connection.",
        since: "6.2.0",
        tips: &["nondeterministic_output"],
        run: Run::Plain(list::info),
        ..BASE
    },
    Spec {
        name: "kill",
        arity: -3,
        summary: "Terminates open connections.",
        since: "2.4.0",
        complexity: "O(N) where N is the number of client connections",
        syntax: "<ip:port{deprecated 2.8.12} | <ID client-id{since 2.8.12} | \
                 TYPE <NORMAL | MASTER{since 3.2.0} | SLAVE | REPLICA{since 5.0.0} | PUBSUB>\
                 {client-type since 2.8.12} | USER username | ADDR ip:port | \
                 LADDR ip:port{since 6.2.0} | SKIPME <YES | NO>{yes/no} | \
                 MAXAGE maxage{since 7.4.0}>{filter} [...]>{filter}",
        history: &[
            ("2.8.12", "Added new filter format."),
            ("2.8.12", "`ID` option."),
            ("3.2.0", "Added `master` type in for `TYPE` option."),
            (
                "5.0.0",
                "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward \
                 compatibility.",
            ),
            ("6.2.0", "`LADDR` option."),
            ("7.4.0", "`MAXAGE` option."),
        ],
        run: Run::Plain(kill::kill),
        ..ADMIN
    },
    Spec {
        name: "list",
        arity: -2,
        summary: "Lists open connections.",
        since: "2.4.0",
        complexity: "O(N) where N is the number of client connections",
        syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>{client-type since 5.0.0}] \
                 [ID client-id [client-id ...]]{since 6.2.0}",
        tips: &["nondeterministic_output"],
        history: &[
            ("2.8.12", "Added unique client `id` field."),
            ("5.0.0", "Added optional `TYPE` filter."),
            ("6.0.0", "Added `user` field."),
            (
                "6.2.0",
                "Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` \
                 filter.",
            ),
            ("7.0.0", "Added `resp`, `multi-mem`, `rbs` and `rbp` fields."),
            ("7.0.3", "Added `ssub` field."),
        ],
        run: Run::Plain(list::list),
        ..ADMIN
    },
    Spec {
        name: "no-evict",
        arity: 3,
        summary: "Sets the client eviction mode of the connection.",
        since: "7.0.0",
        syntax: "<ON | OFF>{enabled}",
        run: Run::Plain(modes::no_evict),
        ..ADMIN
    },
    Spec {
        name: "no-touch",
        arity: 3,
        summary: "Controls whether commands sent by the client affect the LRU/LFU of accessed \
                  keys.",
        since: "7.2.0",
        syntax: "<ON | OFF>{enabled}",
        run: Run::Plain(modes::no_touch),
        ..BASE
    },
    Spec {
        name: "pause",
        arity: -3,
        summary: "Suspends commands processing.",
        since: "2.9.50",
        syntax: "timeout [WRITE | ALL]{mode since 6.2.0}",
        history: &[("6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option.")],
        run: Run::Plain(pause::pause),
        ..ADMIN
    },
    Spec {
        name: "reply",
        arity: 3,
        summary: "Instructs the server whether to reply to commands.",
        since: "3.2.0",
        syntax: "<ON | OFF | SKIP>{action}",
        run: Run::Plain(modes::reply),
        ..BASE
    },
    Spec {
        name: "setinfo",
        arity: 4,
        summary: "Sets information specific to the client or connection.",
        since: "7.2.0",
        syntax: "<LIB-NAME libname | LIB-VER libver>{attr}",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        run: Run::Plain(names::setinfo),
        ..BASE
    },
    Spec {
        name: "setname",
        arity: 3,
        summary: "Sets the connection name.",
        since: "2.6.9",
        syntax: "connection-name",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        run: Run::Plain(names::setname),
        ..BASE
    },
    Spec {
        name: "unblock",
        arity: -3,
        summary: "Unblocks a client blocked by a blocking command from a different connection.",
        since: "5.0.0",
        complexity: "O(log N) where N is the number of client connections",
        syntax: "client-id [TIMEOUT | ERROR]{unblock-type}",
        run: Run::Plain(modes::unblock),
        ..ADMIN
    },
    Spec {
        name: "unpause",
        arity: 2,
        summary: "Resumes processing commands from paused clients.",
        since: "6.2.0",
        complexity: "O(N) Where N is the number of paused clients",
        run: Run::Plain(pause::unpause),
        ..ADMIN
    },
];

const HELP: &[&str] = &[
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "    * ID <client-id>",
    "      Kill connections by client id.",
    "    * MAXAGE <maxage>",
    "      Kill connections older than the specified age.",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "SETINFO <option> <value>",
    "    Set client meta attr. Options are:",
    "    * LIB-NAME: the client lib name.",
    "    * LIB-VER: the client lib version.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "NO-TOUCH (ON|OFF)",
    "    Will not touch LRU/LFU stats when this mode is on.",
];

fn help_text(cx: &mut Context<'_>, _args: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}
