//! The sections about data: what there is, where it is kept, who else has it.

use super::{Facts, Lines};
use crate::keyspace::shard::Totals;

/// Data is in memory only: the fields say that nothing is being loaded or saved.
pub(super) fn persistence(facts: &Facts<'_>, out: &mut Lines) {
    out.line("loading", 0);
    out.line("async_loading", 0);
    out.line("rdb_changes_since_last_save", facts.shards.changes);
    out.line("rdb_bgsave_in_progress", 0);
    out.line("rdb_saves", 0);
    out.line("aof_enabled", 0);
    out.line("aof_rewrite_in_progress", 0);
    out.line("aof_rewrite_scheduled", 0);
}

/// A primary without replicas.
pub(super) fn replication(facts: &Facts<'_>, out: &mut Lines) {
    out.line("role", "master");
    out.line("connected_slaves", 0);
    out.line("master_failover_state", "no-failover");
    out.line("master_replid", facts.node.replication_id());
    out.line("master_replid2", "0".repeat(40));
    out.line("master_repl_offset", 0);
    out.line("second_repl_offset", -1);
    out.line("repl_backlog_active", 0);
}

/// There are none, so there is only the heading.
pub(super) const fn modules(_: &Facts<'_>, _: &mut Lines) {}

pub(super) fn cluster(_: &Facts<'_>, out: &mut Lines) {
    out.line("cluster_enabled", 0);
}

pub(super) fn keyspace(facts: &Facts<'_>, out: &mut Lines) {
    for (db, totals) in facts.shards.totals.iter().enumerate().filter(|(_, of)| of.keys > 0) {
        let Totals { keys, expiring, deadlines_ms } = *totals;
        let mean_deadline_ms = deadlines_ms.checked_div(u128::from(expiring)).unwrap_or(0);
        let ttl_ms = mean_deadline_ms.saturating_sub(u128::from(facts.now.mono.0));
        let line = format_args!("keys={keys},expires={expiring},avg_ttl={ttl_ms}");
        out.line(&format!("db{db}"), line);
    }
}
