//! The sections about what has been counted since the start or the last CONFIG RESETSTAT.

use super::{Facts, Lines};
use crate::command::table::table;
use crate::observe::commands::CommandId;
use crate::observe::counters::Count;
use crate::pubsub::Kind;

fn name_of(id: CommandId) -> &'static str {
    &table().command(id).full_name
}

pub(super) fn stats(facts: &Facts<'_>, out: &mut Lines) {
    let counted = facts.node.tallies.counters();
    let rates = facts.node.tallies.instantaneous();
    let of_shards = &facts.shards.counters;
    let count = |out: &mut Lines, count: Count| out.line(count.name(), counted[count]);
    count(out, Count::ConnectionsReceived);
    count(out, Count::CommandsRun);
    out.line("instantaneous_ops_per_sec", rates.ops_per_sec);
    count(out, Count::NetInputBytes);
    count(out, Count::NetOutputBytes);
    out.line("instantaneous_input_kbps", format_args!("{:.2}", rates.input_kbps));
    out.line("instantaneous_output_kbps", format_args!("{:.2}", rates.output_kbps));
    count(out, Count::ConnectionsRejected);
    out.line("expired_keys", of_shards.expired);
    out.line("evicted_keys", of_shards.evicted);
    out.line("keyspace_hits", of_shards.hits);
    out.line("keyspace_misses", of_shards.misses);
    let channels = |kind| facts.node.pubsub.count(kind);
    out.line("pubsub_channels", channels(Kind::Channel));
    out.line("pubsub_patterns", channels(Kind::Pattern));
    out.line("pubsubshard_channels", channels(Kind::ShardChannel));
    count(out, Count::ErrorReplies);
    count(out, Count::Reads);
    count(out, Count::Writes);
    count(out, Count::InputLimitClosed);
    count(out, Count::OutputLimitClosed);
}

pub(super) fn commands(facts: &Facts<'_>, out: &mut Lines) {
    facts.node.tallies.commands().print_commandstats(name_of, &mut out.0);
}

pub(super) fn errors(facts: &Facts<'_>, out: &mut Lines) {
    facts.node.tallies.errors().print(&mut out.0);
}

pub(super) fn latencies(facts: &Facts<'_>, out: &mut Lines) {
    let percentiles = &facts.settings.latency_tracking_info_percentiles;
    facts.node.tallies.commands().print_latencystats(name_of, percentiles, &mut out.0);
}
