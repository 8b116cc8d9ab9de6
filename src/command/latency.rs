//! LATENCY: spikes of the server's parts, and how long commands take (Redis documentation,
//! "Latency monitoring").
//!
//! Not here: what is recorded (`server/dispatch.rs`, `runtime/worker.rs`) and the texts of GRAPH
//! and DOCTOR (`observe`).

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::help;
use crate::command::spec::{Acl, Flags, Outcome, Run, Spec};
use crate::command::table::{Command, table};
use crate::config::Value;
use crate::observe::commands::CommandTotals;
use crate::observe::doctor::{self, Circumstances};
use crate::observe::latency::LatencyEvent;

const BASE: Spec = Spec {
    arity: 2,
    flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
    acl: Acl::ADMIN.and(Acl::SLOW).and(Acl::DANGEROUS),
    since: "2.8.13",
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    ..Spec::BASE
};

/// LATENCY DOCTOR|GRAPH|HELP|HISTOGRAM|HISTORY|LATEST|RESET
pub(super) const ROWS: &[Spec] = &[Spec {
    name: "latency",
    arity: -2,
    flags: Flags::NONE,
    acl: Acl::SLOW,
    summary: "A container for latency diagnostics commands.",
    complexity: "Depends on subcommand.",
    tips: &[],
    subcommands: &[
        Spec {
            name: "doctor",
            summary: "Returns a human-readable latency analysis report.",
            run: Run::Plain(doctor),
            ..BASE
        },
        Spec {
            name: "graph",
            arity: 3,
            summary: "Returns a latency graph for an event.",
            syntax: "event",
            run: Run::Plain(graph),
            ..BASE
        },
        Spec {
            name: "help",
            flags: Flags::LOADING.and(Flags::STALE),
            acl: Acl::SLOW,
            summary: "Returns helpful text about the different subcommands.",
            tips: &[],
            run: Run::Plain(help),
            ..BASE
        },
        Spec {
            name: "histogram",
            arity: -2,
            summary: "Returns the cumulative distribution of latencies of a subset or all \
                      commands.",
            since: "7.0.0",
            complexity: "O(N) where N is the number of commands with latency information being \
                         retrieved.",
            syntax: "[command [command ...]]",
            run: Run::Plain(histogram),
            ..BASE
        },
        Spec {
            name: "history",
            arity: 3,
            summary: "Returns timestamp-latency samples for an event.",
            syntax: "event",
            run: Run::Plain(history),
            ..BASE
        },
        Spec {
            name: "latest",
            summary: "Returns the latest latency samples for all events.",
            run: Run::Plain(latest),
            ..BASE
        },
        Spec {
            name: "reset",
            arity: -2,
            summary: "Resets the latency data for one or more events.",
            syntax: "[event [event ...]]",
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            run: Run::Plain(reset),
            ..BASE
        },
    ],
    run: Run::Container,
    ..BASE
}];

const HELP: &[&str] = &[
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the \
     specified command names.",
    "    If no commands are specified then all histograms are replied.",
];

fn help(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    help::help(cx, HELP)
}

fn latest(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let all = cx.node.latency.all();
    cx.reply.array(all.len());
    for series in all {
        cx.reply.array(4);
        cx.reply.bulk(series.event.name().as_bytes());
        cx.reply.int(series.latest().unix_s);
        cx.reply.int(series.latest().took_ms as i64);
        cx.reply.int(series.worst_ms as i64);
    }
    Ok(())
}

fn history(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let event = LatencyEvent::named(args.take()?);
    let series = event.and_then(|event| cx.node.latency.series(event));
    let spikes = series.map(|series| series.spikes).unwrap_or_default();
    cx.reply.array(spikes.len());
    for spike in spikes {
        cx.reply.array(2);
        cx.reply.int(spike.unix_s);
        cx.reply.int(spike.took_ms as i64);
    }
    Ok(())
}

fn reset(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let monitor = &cx.node.latency;
    let forgotten = if args.left() == 0 {
        monitor.reset_all()
    } else {
        std::iter::from_fn(|| args.take_option()).map(|event| monitor.reset(event)).sum()
    };
    cx.reply.count(forgotten);
    Ok(())
}

fn graph(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let name = args.take()?;
    let series = LatencyEvent::named(name).and_then(|event| cx.node.latency.series(event));
    let Some(series) = series else {
        let mut text = b"ERR No samples available for event '".to_vec();
        text.extend_from_slice(name);
        text.push(b'\'');
        return Err(CommandError::new(text));
    };
    cx.reply.verbatim("txt", series.graph(cx.keys.now.wall).as_bytes());
    Ok(())
}

fn doctor(cx: &mut Context<'_>, _: Args<'_>) -> Outcome {
    let hz = match cx.node.config().value("hz") {
        Some((Value::Integer(hz), _)) => u32::try_from(*hz).unwrap_or_default(),
        Some(_) | None => 0,
    };
    let around = Circumstances {
        threshold_ms: cx.node.latency.threshold_ms(),
        slowlog_slower_than_us: cx.node.slow_log.slower_than_us(),
        hz,
        huge_page_bytes: cx.node.platform.huge_page_bytes(),
        now: cx.keys.now.wall,
    };
    let report = doctor::report(&cx.node.latency.all(), &around);
    cx.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

fn histogram(cx: &mut Context<'_>, mut args: Args<'_>) -> Outcome {
    let totals = cx.node.tallies.commands();
    let mut shown: Vec<&Command> = Vec::new();
    if args.left() == 0 {
        shown.extend(table().commands());
    }
    while let Some(name) = args.take_option() {
        shown.extend(named(name));
    }
    shown.retain(|command| measured(&totals, command));
    cx.reply.map(shown.len());
    for command in shown {
        let durations = &totals.of(command.id).expect("it was measured").durations;
        let steps = durations.cumulative_us();
        cx.reply.bulk(command.full_name.as_bytes());
        cx.reply.map(2);
        cx.reply.bulk(b"calls");
        cx.reply.int(durations.count() as i64);
        cx.reply.bulk(b"histogram_usec");
        cx.reply.map(steps.len());
        for (us, count) in steps {
            cx.reply.int(us as i64);
            cx.reply.int(count as i64);
        }
    }
    Ok(())
}

fn measured(totals: &CommandTotals, command: &Command) -> bool {
    totals.of(command.id).is_some_and(|total| total.durations.count() > 0)
}

/// The command of this name (`get`, `config|get`), and its subcommands; none if there is no such
/// command.
fn named(name: &[u8]) -> impl Iterator<Item = &'static Command> {
    let (container, sub) = match name.iter().position(|&byte| byte == b'|') {
        Some(bar) => (&name[..bar], Some(&name[bar + 1..])),
        None => (name, None),
    };
    let command = table().by_name(container).and_then(|command| match sub {
        None => Some(command),
        Some(sub) => table().subcommand(command.id, sub),
    });
    let subcommands = command.map(|command| &*command.subcommands).unwrap_or_default();
    command.into_iter().chain(subcommands.iter().map(|&id| table().command(id)))
}
