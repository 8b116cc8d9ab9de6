//! The report of MEMORY DOCTOR: what is odd about the memory, and what to do about it.
//!
//! The texts and thresholds are Redis's own (`getMemoryDoctorReport`), since people and tests know
//! them. Absent are those about replicas, scripts and the active defragmentation, which this server
//! does not have.

use crate::command::figures::{Footprint, Overhead};

/// With less than this beyond what an empty server needs, figures say nothing.
const ENOUGH_BYTES: u64 = 5 * 1024 * 1024;
/// An overhead of less than this is not worth a word, whatever its ratio.
const WASTE_BYTES_MIN: i64 = 10 * 1024 * 1024;
const CLIENT_BYTES_MAX: u64 = 200 * 1024;

/// The report about `memory`.
pub(super) fn report(memory: &Footprint, allocator: &str) -> String {
    if memory.now.allocated.saturating_sub(memory.startup) < ENOUGH_BYTES {
        return TOO_LITTLE.to_owned();
    }
    let wasteful = |of: Overhead, ratio: f64| of.ratio > ratio && of.bytes > WASTE_BYTES_MIN;
    let mut issues = String::new();
    if memory.peak * 2 > memory.now.allocated * 3 {
        issues.push_str(BIG_PEAK);
    }
    if wasteful(memory.fragmentation(), 1.4) {
        issues.push_str(HIGH_RSS);
        issues.push_str(&format!("\"{allocator}\".\n\n"));
    }
    if wasteful(memory.allocator_fragmentation(), 1.1) {
        issues.push_str(HIGH_FRAGMENTATION);
    }
    if wasteful(memory.allocator_rss(), 1.1) {
        issues.push_str(HIGH_ALLOCATOR_RSS);
    }
    if wasteful(memory.rss_overhead(), 1.1) {
        issues.push_str(HIGH_PROCESS_RSS);
    }
    if memory.clients.checked_div(memory.connected).is_some_and(|mean| mean > CLIENT_BYTES_MAX) {
        issues.push_str(BIG_CLIENT_BUFFERS);
    }
    if issues.is_empty() {
        return NO_ISSUE.to_owned();
    }
    format!("{ISSUES}{issues}{GOODBYE}")
}

const TOO_LITTLE: &str = "\
Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used \
in these conditions. Please, leave for your mission on Earth and fill it with some data. The new \
Sam and I will be back to our programming as soon as I finished rebooting.\n";

const NO_ISSUE: &str = "\
Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on \
this base.\n";

const ISSUES: &str = "\
Sam, I detected a few issues in this Redis instance memory implants:\n\n";

const GOODBYE: &str = "I'm here to keep you safe, Sam. I want to help you.\n";

const BIG_PEAK: &str = " \
* Peak memory: In the past this instance used more than 150% the memory that is currently using. \
The allocator is normally not able to release memory after a peak, so you can expect to see a big \
fragmentation ratio, however this is actually harmless and is only due to the memory peak, and if \
the Redis instance Resident Set Size (RSS) is currently bigger than expected, the memory will be \
used as soon as you fill the Redis instance with more data. If the memory peak was only \
occasional and you want to try to reclaim memory, please try the MEMORY PURGE command, otherwise \
the only other option is to shutdown and restart the instance.\n\n";

const HIGH_RSS: &str = " \
* High total RSS: This instance has a memory fragmentation and RSS overhead greater than 1.4 \
(this means that the Resident Set Size of the Redis process is much larger than the sum of the \
logical allocations Redis performed). This problem is usually due either to a large peak memory \
(check if there is a peak memory entry above in the report) or may result from a workload that \
causes the allocator to fragment memory a lot. If the problem is a large peak memory, then there \
is no issue. Otherwise, make sure you are using the Jemalloc allocator and not the default libc \
malloc. Note: The currently used allocator is ";

const HIGH_FRAGMENTATION: &str = " \
* High allocator fragmentation: This instance has an allocator external fragmentation greater \
than 1.1. This problem is usually due either to a large peak memory (check if there is a peak \
memory entry above in the report) or may result from a workload that causes the allocator to \
fragment memory a lot.\n\n";

const HIGH_ALLOCATOR_RSS: &str = " \
* High allocator RSS overhead: This instance has an RSS memory overhead is greater than 1.1 (this \
means that the Resident Set Size of the allocator is much larger than the sum what the allocator \
actually holds). This problem is usually due to a large peak memory (check if there is a peak \
memory entry above in the report), you can try the MEMORY PURGE command to reclaim it.\n\n";

const HIGH_PROCESS_RSS: &str = " \
* High process RSS overhead: This instance has non-allocator RSS memory overhead is greater than \
1.1 (this means that the Resident Set Size of the Redis process is much larger than the RSS the \
allocator holds).\n\n";

const BIG_CLIENT_BUFFERS: &str = " \
* Big client buffers: The clients output buffers in this instance are greater than 200K per \
client (on average). This may result from different causes, like clients sending commands with \
large replies or very large sequences of commands in the same pipeline. Please use the CLIENT \
LIST command in order to investigate the issue if it causes problems in your instance, or to \
understand better why certain clients are using a big amount of memory.\n\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::node::MemoryFigures;

    const MIB: u64 = 1024 * 1024;

    fn footprint(allocated: u64, peak: u64, rss: u64) -> Footprint {
        let now = MemoryFigures {
            allocated,
            active: allocated,
            resident: allocated,
            rss,
            ..MemoryFigures::default()
        };
        Footprint { now, peak, startup: 0, dataset: 0, clients: 0, connected: 1, keys: 0 }
    }

    #[test]
    fn little_memory_and_healthy_memory_have_no_issues() {
        assert_eq!(report(&footprint(5 * MIB - 1, 5 * MIB, 5 * MIB), "x"), TOO_LITTLE);
        assert_eq!(report(&footprint(5 * MIB, 5 * MIB, 5 * MIB), "x"), NO_ISSUE);
        assert_eq!(report(&footprint(100 * MIB, 150 * MIB, 109 * MIB), "x"), NO_ISSUE);
    }

    #[test]
    fn a_peak_and_a_large_resident_set_are_issues() {
        let peak = report(&footprint(100 * MIB, 151 * MIB, 100 * MIB), "x");
        assert!(
            peak.starts_with(ISSUES) && peak.contains("* Peak memory") && peak.ends_with(GOODBYE)
        );
        assert!(!peak.contains("* High"));
        let rss = report(&footprint(100 * MIB, 100 * MIB, 150 * MIB), "jemalloc-5.3.0");
        assert!(rss.contains("* High total RSS") && rss.contains("is \"jemalloc-5.3.0\".\n\n"));
        assert!(rss.contains("* High process RSS overhead"));
    }
}
