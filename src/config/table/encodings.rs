//! Sizes at which Redis changes how it keeps a value.

use super::super::directive::{Section, row};
use super::{COUNT, INT, LONG_COUNT, SIZE, why};

pub(super) const SECTION: Section = Section {
    title: "encodings",
    rows: &[
        row("hash-max-listpack-entries", LONG_COUNT, "512", "Fields of a compact hash.")
            .alias("hash-max-ziplist-entries"),
        row("hash-max-listpack-value", SIZE, "64", "Longest field or value of a compact hash.")
            .alias("hash-max-ziplist-value"),
        row(
            "list-max-listpack-size",
            INT,
            "-2",
            "Elements of a list's node, or -1 to -5 for 4, 8, 16, 32 or 64 kilobytes.",
        )
        .alias("list-max-ziplist-size")
        .inert(why::ONE_TYPE),
        row("list-compress-depth", COUNT, "0", "Nodes at the ends of a list left uncompressed.")
            .inert(why::ONE_TYPE),
        row("set-max-intset-entries", LONG_COUNT, "512", "Members of a compact set of integers.")
            .inert(why::ONE_TYPE),
        row("set-max-listpack-entries", LONG_COUNT, "128", "Members of a compact set.")
            .inert(why::ONE_TYPE),
        row("set-max-listpack-value", SIZE, "64", "Longest member of a compact set.")
            .inert(why::ONE_TYPE),
        row("zset-max-listpack-entries", LONG_COUNT, "128", "Members of a compact sorted set.")
            .alias("zset-max-ziplist-entries")
            .inert(why::ONE_TYPE),
        row("zset-max-listpack-value", SIZE, "64", "Longest member of a compact sorted set.")
            .alias("zset-max-ziplist-value")
            .inert(why::ONE_TYPE),
        row("hll-sparse-max-bytes", SIZE, "3000", "Size of a sparse HyperLogLog.")
            .inert(why::ONE_TYPE),
        row("stream-node-max-bytes", SIZE, "4096", "Size of a stream's node.").inert(why::ONE_TYPE),
        row("stream-node-max-entries", LONG_COUNT, "100", "Entries of a stream's node.")
            .inert(why::ONE_TYPE),
    ],
};
