//! MEMORY: where the memory of the process is (Redis documentation, "MEMORY STATS").
//!
//! Not here: the size of one key (`memory_usage`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::figures::{Footprint, Overhead, ShardSums};
use crate::command::spec::{Acl, Flags, Outcome, Reach, Run, Spec};
use crate::command::{help, memory_doctor, memory_usage};

const BASE: Spec = Spec {
    arity: 2,
    acl: Acl::SLOW,
    since: "4.0.0",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..Spec::BASE
};

/// MEMORY DOCTOR|HELP|MALLOC-STATS|PURGE|STATS|USAGE
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "memory",
    arity: -2,
    summary: "A container for memory diagnostics commands.",
    complexity: "Depends on subcommand.",
    tips: &[],
    subcommands: &[
        Spec {
            name: "doctor",
            reach: Reach::AllShards,
            summary: "Outputs a memory problems report.",
            run: Run::Plain(doctor),
            ..BASE
        },
        Spec {
            name: "help",
            flags: Flags::LOADING.and(Flags::STALE),
            summary: "Returns helpful text about the different subcommands.",
            tips: &[],
            run: Run::Plain(help),
            ..BASE
        },
        Spec {
            name: "malloc-stats",
            summary: "Returns the allocator statistics.",
            complexity: "Depends on how much memory is allocated, could be slow",
            run: Run::Plain(malloc_stats),
            ..BASE
        },
        Spec {
            name: "purge",
            summary: "Asks the allocator to release memory.",
            complexity: "Depends on how much memory is allocated, could be slow",
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            run: Run::Plain(purge),
            ..BASE
        },
        Spec {
            name: "stats",
            reach: Reach::AllShards,
            summary: "Returns details about memory usage.",
            run: Run::Plain(stats),
            ..BASE
        },
        memory_usage::USAGE,
    ],
    run: Run::Container,
    ..BASE
}];

const HELP: &[&str] = &[
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn footprint(cx: &mut Context<'_>) -> Footprint {
    let sums = ShardSums::of(&mut cx.keys.shards, cx.node.keyspace.databases());
    if !cx.in_transaction {
        cx.keys.shards.give_back();
    }
    Footprint::of(cx.node, &sums)
}

enum Figure {
    Count(u64),
    Real(f64),
    Signed(i64),
}

fn stats(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    use Figure::{Count, Real, Signed};
    let memory = footprint(cx);
    let now = &memory.now;
    let bytes_per_key =
        now.allocated.saturating_sub(memory.startup).checked_div(memory.keys).unwrap_or(0);
    let ratios = |of: Overhead| [Real(of.ratio), Signed(of.bytes)];
    let [allocator, allocator_bytes] = ratios(memory.allocator_fragmentation());
    let [allocator_rss, allocator_rss_bytes] = ratios(memory.allocator_rss());
    let [rss, rss_bytes] = ratios(memory.rss_overhead());
    let [fragmentation, fragmentation_bytes] = ratios(memory.fragmentation());
    let figures = [
        ("peak.allocated", Count(memory.peak)),
        ("total.allocated", Count(now.allocated)),
        ("startup.allocated", Count(memory.startup)),
        ("clients.normal", Count(memory.clients)),
        ("overhead.total", Count(memory.overhead())),
        ("keys.count", Count(memory.keys)),
        ("keys.bytes-per-key", Count(bytes_per_key)),
        ("dataset.bytes", Count(memory.dataset)),
        ("dataset.percentage", Real(memory.dataset_percent())),
        ("peak.percentage", Real(memory.peak_percent())),
        ("allocator.allocated", Count(now.allocated)),
        ("allocator.active", Count(now.active)),
        ("allocator.resident", Count(now.resident)),
        ("allocator-fragmentation.ratio", allocator),
        ("allocator-fragmentation.bytes", allocator_bytes),
        ("allocator-rss.ratio", allocator_rss),
        ("allocator-rss.bytes", allocator_rss_bytes),
        ("rss-overhead.ratio", rss),
        ("rss-overhead.bytes", rss_bytes),
        ("fragmentation", fragmentation),
        ("fragmentation.bytes", fragmentation_bytes),
    ];
    cx.reply.map(figures.len());
    for (name, figure) in figures {
        cx.reply.bulk(name.as_bytes());
        match figure {
            Count(count) => cx.reply.int(count as i64),
            Real(real) => cx.reply.double(real),
            Signed(signed) => cx.reply.int(signed),
        }
    }
    Ok(())
}

fn doctor(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let memory = footprint(cx);
    let report = memory_doctor::report(&memory, &cx.node.identity.allocator);
    cx.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

fn malloc_stats(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.reply.verbatim("txt", cx.node.platform.allocator_report().as_bytes());
    Ok(())
}

fn purge(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    cx.node.platform.purge_memory();
    cx.reply.ok();
    Ok(())
}
