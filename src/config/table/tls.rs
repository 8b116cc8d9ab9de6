//! Encrypted connections.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::{COUNT, PORT, why};

pub(super) const SECTION: Section = Section {
    title: "tls",
    rows: &[
        row("tls-port", PORT, "0", "TCP port for TLS. 0 means none.").refused(why::NO_TLS),
        row("tls-replication", Kind::Flag, "no", "Use TLS between primary and replica.")
            .refused(why::NO_TLS),
        row("tls-cluster", Kind::Flag, "no", "Use TLS between nodes.").refused(why::NO_TLS),
        row("tls-cert-file", Kind::Text, "", "Certificate of the server.").inert(why::NO_TLS),
        row("tls-key-file", Kind::Text, "", "Private key of the server.").inert(why::NO_TLS),
        row("tls-key-file-pass", Kind::Secret, "", "Password of the private key.")
            .inert(why::NO_TLS),
        row("tls-client-cert-file", Kind::Text, "", "Certificate of outgoing connections.")
            .inert(why::NO_TLS),
        row("tls-client-key-file", Kind::Text, "", "Private key of outgoing connections.")
            .inert(why::NO_TLS),
        row("tls-client-key-file-pass", Kind::Secret, "", "Password of that private key.")
            .inert(why::NO_TLS),
        row("tls-dh-params-file", Kind::Text, "", "Diffie-Hellman parameters.").inert(why::NO_TLS),
        row("tls-ca-cert-file", Kind::Text, "", "Certificates to trust.").inert(why::NO_TLS),
        row("tls-ca-cert-dir", Kind::Text, "", "Directory of certificates to trust.")
            .inert(why::NO_TLS),
        row(
            "tls-auth-clients",
            Kind::Choice(&["no", "yes", "optional"]),
            "yes",
            "Whether clients need a certificate.",
        )
        .inert(why::NO_TLS),
        row("tls-protocols", Kind::Text, "", "Versions of TLS.").inert(why::NO_TLS),
        row("tls-ciphers", Kind::Text, "", "Ciphers up to TLS 1.2.").inert(why::NO_TLS),
        row("tls-ciphersuites", Kind::Text, "", "Cipher suites of TLS 1.3.").inert(why::NO_TLS),
        row("tls-prefer-server-ciphers", Kind::Flag, "no", "Let the server choose the cipher.")
            .inert(why::NO_TLS),
        row("tls-session-caching", Kind::Flag, "yes", "Let clients resume sessions.")
            .inert(why::NO_TLS),
        row("tls-session-cache-size", COUNT, "20480", "Sessions that are kept.").inert(why::NO_TLS),
        row("tls-session-cache-timeout", COUNT, "300", "Seconds that a session is kept.")
            .inert(why::NO_TLS),
        row(
            "max-new-tls-connections-per-cycle",
            Kind::Integer { min: 1, max: 1000 },
            "1",
            "TLS connections accepted in one turn of the event loop.",
        )
        .inert(why::NO_TLS),
    ],
};
