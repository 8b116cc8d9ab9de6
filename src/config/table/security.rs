//! Who may do what.

use super::super::choice::ProtectedAction;
use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::{LONG_COUNT, why};

pub(super) const SECTION: Section = Section {
    title: "security",
    rows: &[
        row(
            "requirepass",
            Kind::Secret,
            "",
            "The password that clients send with AUTH. Empty means that none is asked for.",
        ),
        row(
            "enable-protected-configs",
            Kind::Choice(ProtectedAction::NAMES),
            "no",
            "Who may change protected directives ('dir') with CONFIG SET; 'local' means clients on \
             this machine.",
        )
        .at_start(),
        row(
            "enable-debug-command",
            Kind::Choice(ProtectedAction::NAMES),
            "no",
            "Who may use the DEBUG command; 'local' means clients on this machine.",
        )
        .at_start(),
        row(
            "enable-module-command",
            Kind::Choice(ProtectedAction::NAMES),
            "no",
            "Who may use the MODULE command.",
        )
        .at_start()
        .inert("there are no modules"),
        row("aclfile", Kind::Text, "", "File of ACL users.").at_start().refused(why::NO_ACL),
        row("acllog-max-len", LONG_COUNT, "128", "Entries of ACL LOG.").inert(why::NO_ACL),
        row(
            "acl-pubsub-default",
            Kind::Choice(&["allchannels", "resetchannels"]),
            "resetchannels",
            "Channels that a new ACL user may use.",
        )
        .inert(why::NO_ACL),
        row(
            "sanitize-dump-payload",
            Kind::Choice(&["no", "yes", "clients"]),
            "no",
            "Whether RESTORE checks what it is given.",
        )
        .inert("this version has no RESTORE"),
    ],
};
