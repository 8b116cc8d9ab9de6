//! Snapshots and the append-only file.

use super::super::directive::{Section, row};
use super::super::kind::Kind;
use super::super::value::Value;
use super::{COUNT, INT, SIZE, why};

pub(super) const SECTION: Section = Section {
    title: "persistence",
    rows: &[
        row(
            "save",
            Kind::SavePoints,
            "",
            "Seconds and changes after which a snapshot is written. Lines add up; \"\" is none.",
        )
        .inert(why::MEMORY_ONLY),
        row("dbfilename", Kind::Text, "dump.rdb", "Name of the RDB file.")
            .protected()
            .rule(|value| base_name(value, "dbfilename can't be a path, just a filename"))
            .inert(why::MEMORY_ONLY),
        row("rdbcompression", Kind::Flag, "yes", "Compress strings in RDB files.")
            .inert(why::MEMORY_ONLY),
        row("rdbchecksum", Kind::Flag, "yes", "End RDB files with a checksum.")
            .at_start()
            .inert(why::MEMORY_ONLY),
        row("rdb-save-incremental-fsync", Kind::Flag, "yes", "Sync RDB files piece by piece.")
            .inert(why::MEMORY_ONLY),
        row(
            "stop-writes-on-bgsave-error",
            Kind::Flag,
            "yes",
            "Refuse writes while snapshots cannot be written.",
        )
        .inert(why::MEMORY_ONLY),
        row("appendonly", Kind::Flag, "no", "Write every change to an append-only file.")
            .inert(why::MEMORY_ONLY),
        row("appendfilename", Kind::Text, "appendonly.aof", "Name of the append-only file.")
            .at_start()
            .rule(|value| {
                let value = not_empty(value, "appendfilename can't be empty")?;
                base_name(value, "appendfilename can't be a path, just a filename")
            })
            .inert(why::MEMORY_ONLY),
        row("appenddirname", Kind::Text, "appendonlydir", "Directory of append-only files.")
            .at_start()
            .rule(|value| {
                let value = not_empty(value, "appenddirname can't be empty")?;
                base_name(value, "appenddirname can't be a path, just a dirname")
            })
            .inert(why::MEMORY_ONLY),
        row(
            "appendfsync",
            Kind::Choice(&["everysec", "always", "no"]),
            "everysec",
            "When the append-only file is synced to disk.",
        )
        .inert(why::MEMORY_ONLY),
        row("no-appendfsync-on-rewrite", Kind::Flag, "no", "Do not sync while rewriting.")
            .inert(why::MEMORY_ONLY),
        row("auto-aof-rewrite-percentage", COUNT, "100", "Growth at which the file is rewritten.")
            .inert(why::MEMORY_ONLY),
        row("auto-aof-rewrite-min-size", SIZE, "64mb", "Size below which it is never rewritten.")
            .inert(why::MEMORY_ONLY),
        row("aof-load-truncated", Kind::Flag, "yes", "Start with an append-only file cut short.")
            .inert(why::MEMORY_ONLY),
        row("aof-use-rdb-preamble", Kind::Flag, "yes", "Rewrite as an RDB file with a tail.")
            .inert(why::MEMORY_ONLY),
        row("aof-timestamp-enabled", Kind::Flag, "no", "Put timestamps into the file.")
            .inert(why::MEMORY_ONLY),
        row("aof-rewrite-incremental-fsync", Kind::Flag, "yes", "Sync a rewrite piece by piece.")
            .inert(why::MEMORY_ONLY),
        row("aof-disable-auto-gc", Kind::Flag, "no", "Keep old append-only files.")
            .inert(why::MEMORY_ONLY),
        row(
            "loading-process-events-interval-bytes",
            Kind::Integer { min: 1024, max: i32::MAX as i64 },
            "2097152",
            "Bytes to load before clients are looked at.",
        )
        .hidden()
        .inert(why::TEST_AID),
        row("rdb-key-save-delay", INT, "0", "Microseconds to sleep for each saved key.")
            .hidden()
            .inert(why::TEST_AID),
    ],
};

fn not_empty(value: Value, otherwise: &'static str) -> Result<Value, &'static str> {
    if value == Value::Text(String::new()) { Err(otherwise) } else { Ok(value) }
}

fn base_name(value: Value, otherwise: &'static str) -> Result<Value, &'static str> {
    let Value::Text(name) = &value else { return Ok(value) };
    if name.contains(['/', '\\']) { Err(otherwise) } else { Ok(value) }
}
