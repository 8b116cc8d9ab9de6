//! `maxmemory`: makes room before a request runs, as Redis does for every request, and says when
//! there is none to be made (Redis documentation, "Key eviction").
//!
//! Not here: which key of a shard goes (`keyspace/evict.rs`).

use crate::base::time::Mono;
use crate::command::error::CommandError;
use crate::config::{EvictionPolicy, Settings};
use crate::keyspace::evict::{Among, First, Rule};
use crate::observe::latency::LatencyEvent;
use crate::server::core::Core;

/// Memory is full and the request would need some.
pub(super) const FULL: CommandError =
    CommandError::fixed("OOM command not allowed when used memory > 'maxmemory'.");

/// So many keys go for one request at most. When the limit was lowered by much, it takes more than
/// one to get below it; meanwhile requests are served, as in Redis.
const EVICTIONS_MAX: usize = 64;

/// Makes room if there is a limit and it is exceeded; whether memory is full afterwards. Nothing
/// may be borrowed.
#[inline]
pub(super) fn is_full(core: &Core, now: Mono) -> bool {
    let settings = core.settings();
    settings.maxmemory > 0 && exceeds(core) && !is_paused(core, now) && !make_room(core, now)
}

/// A pause keeps the data as they are, so nothing goes, and nothing is refused that will wait.
fn is_paused(core: &Core, now: Mono) -> bool {
    core.node.clients.pause.at(now).is_some()
}

fn exceeds(core: &Core) -> bool {
    core.node.keyspace.memory_in_use() as u64 > core.settings().maxmemory
}

/// Whether there is room, or there will be soon.
#[cold]
fn make_room(core: &Core, now: Mono) -> bool {
    let Some(rule) = rule(core.settings()) else { return false };
    let start_ns = core.node.clock.nanos();
    let mut end_ns = start_ns;
    let mut evict = || {
        let key_ns = end_ns;
        let found = core.node.keyspace.evict(rule, now);
        end_ns = core.node.clock.nanos();
        if found {
            record(core, LatencyEvent::EvictionDel, key_ns, end_ns);
        }
        found
    };
    let mut room = true;
    for _ in 0..EVICTIONS_MAX {
        room = evict();
        if !room || !exceeds(core) {
            break;
        }
    }
    record(core, LatencyEvent::EvictionCycle, start_ns, end_ns);
    room
}

fn record(core: &Core, event: LatencyEvent, start_ns: u64, end_ns: u64) {
    let took_ms = end_ns.saturating_sub(start_ns) / 1_000_000;
    core.node.latency.record(event, took_ms, core.node.clock.at(end_ns).wall);
}

/// What the settings say about keys that may go; `None` if none may.
fn rule(settings: &Settings) -> Option<Rule> {
    let (among, first) = match settings.maxmemory_policy {
        EvictionPolicy::VolatileLru => (Among::Ending, First::LeastRecent),
        EvictionPolicy::VolatileLfu => (Among::Ending, First::LeastFrequent),
        EvictionPolicy::VolatileRandom => (Among::Ending, First::Any),
        EvictionPolicy::VolatileTtl => (Among::Ending, First::SoonestEnd),
        EvictionPolicy::AllkeysLru => (Among::All, First::LeastRecent),
        EvictionPolicy::AllkeysLfu => (Among::All, First::LeastFrequent),
        EvictionPolicy::AllkeysRandom => (Among::All, First::Any),
        EvictionPolicy::NoEviction => return None,
    };
    Some(Rule { among, first, samples: settings.maxmemory_samples })
}
