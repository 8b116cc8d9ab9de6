//! The report of `LATENCY DOCTOR`: what the latency monitor saw, and what to do about it.
//!
//! The texts are Redis's own, since people and tests know them. Absent are those that speak of what
//! latchd does not have: `fork`, the append-only file and its rewriting, and a choice of
//! allocators.

use std::fmt::Write as _;

use super::latency::{LatencyEvent, Series, unix_s};
use crate::base::time::Wall;

/// What the advice depends on, besides the spikes.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// `latency-monitor-threshold`.
    pub threshold_ms: u64,
    /// `slowlog-log-slower-than`.
    pub slowlog_slower_than_us: i64,
    /// `hz`.
    pub hz: u32,
    /// Bytes of the process in anonymous huge pages (`AnonHugePages` of `/proc/self/smaps`).
    pub huge_page_bytes: u64,
    /// When the report is written.
    pub now: Wall,
}

/// Something to try. The order is that of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    EnableSlowLog,
    TuneSlowLog,
    InspectSlowLog,
    FreeTheProcessor,
    RaiseHz,
    SplitLargeObjects,
    AvoidMassEviction,
    DisableHugePages,
}

/// The text of `LATENCY DOCTOR` about `all` events that had spikes.
#[must_use]
pub fn report(all: &[Series], around: &Circumstances) -> String {
    if all.is_empty() && around.threshold_ms == 0 {
        return MONITORING_IS_OFF.to_owned();
    }
    let mut report = String::new();
    let mut advices = Vec::new();
    for (at, series) in all.iter().enumerate() {
        if at == 0 {
            report.push_str(SPIKES_WERE_SEEN);
        }
        describe(at + 1, series, around.now, &mut report);
        advices.extend(advices_for(series.event, around));
    }
    if around.huge_page_bytes > 0 {
        advices.push(Advice::DisableHugePages);
    }
    if advices.is_empty() {
        report.push_str(if all.is_empty() { NOTHING_WAS_SEEN } else { NOTHING_TO_ADVISE });
        return report;
    }
    advices.sort_unstable();
    advices.dedup();
    report.push_str("\nI have a few advices for you:\n\n");
    for advice in advices {
        explain(advice, around, &mut report);
    }
    report
}

/// The line about one event: mean, mean deviation and how often, in whole numbers as in Redis.
fn describe(number: usize, series: &Series, now: Wall, report: &mut String) {
    let spikes = &series.spikes;
    let count = spikes.len() as u64;
    let mean_ms = spikes.iter().map(|spike| spike.took_ms).sum::<u64>() / count;
    let deviation_ms =
        spikes.iter().map(|spike| spike.took_ms.abs_diff(mean_ms)).sum::<u64>() / count;
    let oldest_s = spikes.iter().map(|spike| spike.unix_s).min().unwrap_or(0);
    let period_s = match unix_s(now) - oldest_s {
        0 => 1,
        passed_s => passed_s,
    };
    writeln!(
        report,
        "{number}. {}: {count} latency spikes (average {mean_ms}ms, mean deviation \
         {deviation_ms}ms, period {:.2} sec). Worst all time event {}ms.",
        series.event.name(),
        period_s as f64 / count as f64,
        series.worst_ms,
    )
    .expect("a String takes everything");
}

fn advices_for(event: LatencyEvent, around: &Circumstances) -> Vec<Advice> {
    match event {
        LatencyEvent::Command => {
            let slow_log = match u64::try_from(around.slowlog_slower_than_us) {
                Err(_) => Some(Advice::EnableSlowLog),
                Ok(us) if us / 1000 > around.threshold_ms => Some(Advice::TuneSlowLog),
                Ok(_) => None,
            };
            let others = [Advice::InspectSlowLog, Advice::SplitLargeObjects];
            slow_log.into_iter().chain(others).collect()
        }
        LatencyEvent::FastCommand => vec![Advice::FreeTheProcessor],
        LatencyEvent::CommandUnblocking => vec![],
        LatencyEvent::ExpireCycle => vec![Advice::RaiseHz, Advice::SplitLargeObjects],
        LatencyEvent::EvictionCycle => vec![Advice::AvoidMassEviction],
        LatencyEvent::EvictionDel => vec![Advice::SplitLargeObjects],
    }
}

fn explain(advice: Advice, around: &Circumstances, report: &mut String) {
    let threshold_us = around.threshold_ms.saturating_mul(1000);
    match advice {
        Advice::EnableSlowLog => writeln!(
            report,
            "- There are latency issues with potentially slow commands you are using. Try to \
             enable the Slow Log Redis feature using the command 'CONFIG SET \
             slowlog-log-slower-than {threshold_us}'. If the Slow log is disabled Redis is not \
             able to log slow commands execution for you."
        )
        .expect("a String takes everything"),
        Advice::TuneSlowLog => writeln!(
            report,
            "- Your current Slow Log configuration only logs events that are slower than your \
             configured latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than \
             {threshold_us}'."
        )
        .expect("a String takes everything"),
        Advice::InspectSlowLog => report.push_str(INSPECT_SLOW_LOG),
        Advice::FreeTheProcessor => report.push_str(FREE_THE_PROCESSOR),
        // Redis counts this advice even where it then has nothing to say.
        Advice::RaiseHz if around.hz >= 100 => {}
        Advice::RaiseHz => report.push_str(RAISE_HZ),
        Advice::SplitLargeObjects => report.push_str(SPLIT_LARGE_OBJECTS),
        Advice::AvoidMassEviction => report.push_str(AVOID_MASS_EVICTION),
        Advice::DisableHugePages => report.push_str(DISABLE_HUGE_PAGES),
    }
}

const MONITORING_IS_OFF: &str = "\
I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may \
use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't \
in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n";

const SPIKES_WERE_SEEN: &str = "\
Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do \
you Dave?\n\n";

const NOTHING_WAS_SEEN: &str = "\
Dave, no latency spike was observed during the lifetime of this Redis instance, not in the \
slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think \
things over.\n";

const NOTHING_TO_ADVISE: &str = "\n\
While there are latency events logged, I'm not able to suggest any easy fix. Please use the Redis \
community to get some help, providing this report in your help request.\n";

const INSPECT_SLOW_LOG: &str = "\
- Check your Slow Log to understand what are the commands you are running which are too slow to \
execute. Please check https://redis.io/commands/slowlog for more information.\n";

const FREE_THE_PROCESSOR: &str = "\
- The system is slow to execute Redis code paths not containing system calls. This usually means \
the system does not provide Redis CPU time to run for long periods. You should try to:
  1) Lower the system load.
  2) Use a computer / VM just for Redis if you are running other software in the same system.
  3) Check if you have a \"noisy neighbour\" problem.
  4) Check with 'redis-cli --intrinsic-latency 100' what is the intrinsic latency in your \
system.\n";

const RAISE_HZ: &str = "\
- In order to make the Redis keys expiring process more incremental, try to set the 'hz' \
configuration parameter to 100 using 'CONFIG SET hz 100'.\n";

const SPLIT_LARGE_OBJECTS: &str = "\
- Deleting, expiring or evicting (because of maxmemory policy) large objects is a blocking \
operation. If you have very large objects that are often deleted, expired, or evicted, try to \
fragment those objects into multiple smaller objects.\n";

const AVOID_MASS_EVICTION: &str = "\
- Sudden changes to the 'maxmemory' setting via 'CONFIG SET', or allocation of large objects via \
sets or sorted sets intersections, STORE option of SORT, Redis Cluster large keys migrations \
(RESTORE command), may create sudden memory pressure forcing the server to block trying to evict \
keys. \n";

const DISABLE_HUGE_PAGES: &str = "\
- I detected a non zero amount of anonymous huge pages used by your process. This creates very \
serious latency events in different conditions, especially when Redis is persisting on disk. To \
disable THP support use the command 'echo never > /sys/kernel/mm/transparent_hugepage/enabled', \
make sure to also add it into /etc/rc.local so that the command will be executed again after a \
reboot. Note that even if you have already disabled THP, you still need to restart the Redis \
process to get rid of the huge pages already created.\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::latency::LatencyMonitor;

    fn around(slowlog_slower_than_us: i64, second: i64) -> Circumstances {
        Circumstances {
            threshold_ms: 1,
            slowlog_slower_than_us,
            hz: 10,
            huge_page_bytes: 0,
            now: Wall(second * 1000),
        }
    }

    fn spikes(event: LatencyEvent, seconds_and_ms: &[(i64, u64)]) -> Vec<Series> {
        let monitor = LatencyMonitor::new(1);
        for &(second, took_ms) in seconds_and_ms {
            monitor.record(event, took_ms, Wall(second * 1000));
        }
        monitor.all()
    }

    #[test]
    fn slow_commands_are_reported_as_redis_reports_them() {
        let all = spikes(LatencyEvent::Command, &[(89, 300), (90, 700), (91, 1200)]);
        // The answer of redis-server 7.0.15 with its default slow log.
        let expected = "\
Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do \
you Dave?

1. command: 3 latency spikes (average 733ms, mean deviation 311ms, period 0.67 sec). Worst all \
time event 1200ms.

I have a few advices for you:

- Your current Slow Log configuration only logs events that are slower than your configured \
latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than 1000'.
- Check your Slow Log to understand what are the commands you are running which are too slow to \
execute. Please check https://redis.io/commands/slowlog for more information.
- Deleting, expiring or evicting (because of maxmemory policy) large objects is a blocking \
operation. If you have very large objects that are often deleted, expired, or evicted, try to \
fragment those objects into multiple smaller objects.
";
        assert_eq!(report(&all, &around(10_000, 91)), expected);
    }

    #[test]
    fn a_disabled_slow_log_is_worth_an_advice() {
        let six = [(0, 30), (1, 20), (3, 100), (4, 300), (5, 5), (6, 200)];
        let text = report(&spikes(LatencyEvent::Command, &six), &around(-1, 7));
        let lines: Vec<&str> = text.lines().collect();
        // Both lines from redis-server 7.0.15.
        assert_eq!(
            lines[2],
            "1. command: 6 latency spikes (average 109ms, mean deviation 93ms, period 1.17 sec). \
             Worst all time event 300ms."
        );
        assert_eq!(
            lines[6],
            "- There are latency issues with potentially slow commands you are using. Try to \
             enable the Slow Log Redis feature using the command 'CONFIG SET \
             slowlog-log-slower-than 1000'. If the Slow log is disabled Redis is not able to log \
             slow commands execution for you."
        );
        assert!(
            !report(&spikes(LatencyEvent::Command, &six), &around(1999, 7))
                .contains("Your current")
        );
        assert!(
            report(&spikes(LatencyEvent::Command, &six), &around(2000, 7)).contains("Your current")
        );
    }

    #[test]
    fn an_advice_is_given_once() {
        let mut all = spikes(LatencyEvent::Command, &[(0, 5)]);
        all.extend(spikes(LatencyEvent::EvictionDel, &[(0, 5)]));
        let text = report(&all, &around(0, 0));
        assert_eq!(text.matches("- Deleting, expiring or evicting").count(), 1);
        assert!(text.contains(
            "2. eviction-del: 1 latency spikes (average 5ms, mean deviation 0ms, period 1.00 sec)."
        ));
    }

    #[test]
    fn each_event_has_its_own_advice() {
        let advised = |event, around: &Circumstances| report(&spikes(event, &[(0, 5)]), around);
        let usual = around(0, 1);
        for (event, text) in [
            (LatencyEvent::FastCommand, "  1) Lower the system load.\n"),
            (LatencyEvent::ExpireCycle, "'CONFIG SET hz 100'.\n"),
            (LatencyEvent::EvictionCycle, "trying to evict keys. \n"),
            (LatencyEvent::CommandUnblocking, "\nWhile there are latency events logged"),
        ] {
            assert!(advised(event, &usual).contains(text), "{event:?}");
        }
        let quick = Circumstances { hz: 100, ..usual };
        assert!(!advised(LatencyEvent::ExpireCycle, &quick).contains("hz"));
    }

    #[test]
    fn without_spikes_it_depends_on_the_threshold_and_huge_pages() {
        assert_eq!(report(&[], &around(0, 0)), NOTHING_WAS_SEEN);
        let off = Circumstances { threshold_ms: 0, ..around(0, 0) };
        assert_eq!(report(&[], &off), MONITORING_IS_OFF);
        let huge = Circumstances { huge_page_bytes: 1, ..around(0, 0) };
        let text = report(&[], &huge);
        assert!(
            text.starts_with("\nI have a few advices for you:\n\n- I detected a non zero amount")
        );
    }
}
