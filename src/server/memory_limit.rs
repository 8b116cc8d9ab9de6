//! `maxmemory`: makes room before a request runs, as Redis does for every request, and says when
//! there is none to be made (Redis documentation, "Key eviction").
//!
//! Not here: which key of a shard goes (`keyspace/evict.rs`).

use crate::base::time::Mono;
use crate::command::error::CommandError;
use crate::config::{EvictionPolicy, Settings};
use crate::keyspace::evict::{Among, First, Rule};
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
    settings.maxmemory > 0 && exceeds(core) && !make_room(core, now)
}

fn exceeds(core: &Core) -> bool {
    core.node.keyspace.memory_in_use() as u64 > core.settings().maxmemory
}

/// Whether there is room, or there will be soon.
#[cold]
fn make_room(core: &Core, now: Mono) -> bool {
    let Some(rule) = rule(core.settings()) else { return false };
    for _ in 0..EVICTIONS_MAX {
        if !core.node.keyspace.evict(rule, now) {
            return false;
        }
        if !exceeds(core) {
            return true;
        }
    }
    true
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
