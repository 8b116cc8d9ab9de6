//! Where the server listens and how it treats connections.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::{COUNT, PORT, why};

pub(super) const SECTION: Section = Section {
    title: "network",
    rows: &[
        row(
            "bind",
            Kind::Addresses,
            "127.0.0.1 -::1",
            "Addresses to listen on: IPv4, IPv6, '*' for every IPv4 and '::*' for every IPv6 \
             address. An address after '-' may be missing on this machine.",
        ),
        row("port", PORT, "6379", "TCP port. 0 means not to listen on TCP."),
        row(
            "unixsocket",
            Kind::Text,
            "",
            "Path of a Unix socket to listen on as well. Empty means none.",
        )
        .at_start(),
        row(
            "unixsocketperm",
            Kind::Octal { max: 0o777 },
            "0",
            "File mode of the Unix socket, in octal. 0 leaves what the umask gives.",
        )
        .at_start(),
        row(
            "protected-mode",
            Kind::Flag,
            "yes",
            "Refuse clients from other machines as long as no password is set.",
        ),
        row(
            "tcp-backlog",
            COUNT,
            "511",
            "Connections that may wait to be accepted. The kernel caps it at net.core.somaxconn.",
        )
        .at_start(),
        row(
            "timeout",
            COUNT,
            "0",
            "Close clients that are idle for so many seconds. 0 means never.",
        ),
        row(
            "tcp-keepalive",
            COUNT,
            "300",
            "Seconds between TCP keep-alive probes, which find dead peers. 0 sends none.",
        ),
        row("bind-source-addr", Kind::Text, "", "Local address of outgoing connections.")
            .inert(why::NO_REPLICAS),
        row(
            "socket-mark-id",
            Kind::Integer { min: 0, max: u32::MAX as i64 },
            "0",
            "Mark of listening sockets for the kernel's packet filter.",
        )
        .at_start()
        .inert("sockets are not marked"),
        row(
            "max-new-connections-per-cycle",
            Kind::Integer { min: 1, max: 1000 },
            "10",
            "Connections accepted in one turn of the event loop.",
        )
        .inert("every core accepts what is waiting"),
    ],
};
