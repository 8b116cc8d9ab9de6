//! The section about memory.

use super::{Facts, Lines};
use crate::command::figures::{Footprint, Overhead, human};

pub(super) fn memory(facts: &Facts<'_>, out: &mut Lines) {
    let memory = Footprint::of(facts.node, &facts.shards);
    let now = &memory.now;
    let with_human = |out: &mut Lines, name: &str, bytes: u64| {
        out.line(name, bytes);
        out.line(&format!("{name}_human"), human(bytes));
    };
    with_human(out, "used_memory", now.allocated);
    with_human(out, "used_memory_rss", now.rss);
    with_human(out, "used_memory_peak", memory.peak);
    out.line("used_memory_peak_perc", format_args!("{:.2}%", memory.peak_percent()));
    out.line("used_memory_overhead", memory.overhead());
    out.line("used_memory_startup", memory.startup);
    out.line("used_memory_dataset", memory.dataset);
    out.line("used_memory_dataset_perc", format_args!("{:.2}%", memory.dataset_percent()));
    out.line("allocator_allocated", now.allocated);
    out.line("allocator_active", now.active);
    out.line("allocator_resident", now.resident);
    with_human(out, "total_system_memory", now.system_total);
    with_human(out, "maxmemory", facts.settings.maxmemory);
    out.line("maxmemory_policy", facts.settings.maxmemory_policy.name());
    let overhead = |out: &mut Lines, name: &str, of: Overhead| {
        out.line(&format!("{name}_ratio"), format_args!("{:.2}", of.ratio));
        out.line(&format!("{name}_bytes"), of.bytes);
    };
    overhead(out, "allocator_frag", memory.allocator_fragmentation());
    overhead(out, "allocator_rss", memory.allocator_rss());
    overhead(out, "rss_overhead", memory.rss_overhead());
    overhead(out, "mem_fragmentation", memory.fragmentation());
    out.line("mem_clients_normal", memory.clients);
    out.line("mem_allocator", &facts.node.identity.allocator);
}
