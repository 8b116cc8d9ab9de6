//! A million keys that end within the same second: no step of the timers may keep a shard for long.
//!
//! Counts work instead of time, so the bounds hold on any machine; `benches/expiry.rs` has the
//! times.

use latchd::base::slot::SlotId;
use latchd::base::time::Mono;
use latchd::coord::token::Epoch;
use latchd::keyspace::borrow::{Alarm, Keyspace, Layout, ShardId};
use latchd::keyspace::edit::Expiry;
use latchd::keyspace::event;
use latchd::keyspace::shard::{Shard, Tick, Use};
use latchd::keyspace::value::NewValue;
use latchd::keyspace::{Db, Key};

const KEYS: u64 = 1_000_000;
const SHARDS: u16 = 32;
const DB: Db = Db(0);
/// The second in which they end.
const END_MS: u64 = 60_000;
/// As the worker's: timers handled before others get the shard.
const TICK_STEPS: usize = 256;
/// Entries that tables may move in one step when they shrink: each removal pays for two at most,
/// and one slot's table may have been about to.
const MOVED_MAX: usize = 2 * TICK_STEPS + 256;
/// Steps that a timer may take from list to list until it is due.
const STEPS_PER_KEY_MAX: u64 = 4;

struct NoAlarm;

impl Alarm for NoAlarm {
    fn ring(&self, _: ShardId, _: Mono) {}
}

fn filled() -> Keyspace {
    let layout =
        Layout { shards: SHARDS, databases: 1, epoch: Epoch::default(), seed: 7, now: Mono(0) };
    let keyspace = Keyspace::new(layout, Box::new(NoAlarm));
    for number in 0..KEYS {
        let name = number.to_string();
        let key = Key::new(name.as_bytes());
        let ends = Expiry::At(Mono(END_MS + number % 1_000));
        let mut borrowed = keyspace.borrow(&[key.slot]);
        borrowed.shard(key.slot).edit(DB, key, Mono(0)).set(
            NewValue::Text(b"v"),
            ends,
            &event::SET,
        );
    }
    keyspace
}

/// Sizes of all tables, and what is in them.
fn sizes(shard: &Shard) -> Vec<(usize, usize)> {
    let size = |slot: SlotId| {
        let table = shard.table(DB, slot);
        (table.bucket_count(), table.len())
    };
    shard.slot_ids().map(size).collect()
}

/// Entries that were moved at most when tables shrank.
fn moved(before: &[(usize, usize)], after: &[(usize, usize)]) -> usize {
    let shrunk = |((old, entries), (new, _)): (&(usize, usize), &(usize, usize))| {
        if new < old { *entries } else { 0 }
    };
    before.iter().zip(after).map(shrunk).sum()
}

/// Ends everything in a shard; how many steps it took.
fn end_everything(shard: &mut Shard) -> u64 {
    let now = Mono(END_MS + 1_000);
    let (mut steps, mut before) = (0, sizes(shard));
    loop {
        let keys = shard.totals(DB).keys;
        let tick = shard.tick(now, TICK_STEPS);
        steps += TICK_STEPS as u64;
        let ended = keys - shard.totals(DB).keys;
        assert!(ended <= TICK_STEPS as u64, "{ended} keys ended in one step");
        let after = sizes(shard);
        let moved = moved(&before, &after);
        assert!(moved <= MOVED_MAX, "{moved} entries moved in one step");
        before = after;
        match tick {
            Tick::More => {}
            Tick::Until(next) => panic!("nothing ends later, not even at {next:?}"),
            Tick::Idle => return steps,
        }
    }
}

#[test]
fn a_million_keys_that_end_in_one_second_end_in_many_short_steps() {
    let keyspace = filled();
    let mut steps = 0;
    for number in 0..SHARDS {
        let mut borrowed = keyspace.borrow_shard(ShardId(number));
        let shard = borrowed.shards().next().expect("one shard is borrowed");
        assert!(shard.totals(DB).keys > KEYS / u64::from(SHARDS) / 2, "keys are spread evenly");
        assert_eq!(shard.tick(Mono(END_MS - 1), usize::MAX), Tick::Until(Mono(END_MS)));
        steps += end_everything(shard);
        shard.assert_invariants();
    }
    assert!(steps <= KEYS * STEPS_PER_KEY_MAX, "{steps} steps for {KEYS} keys");
}

/// Lazy expiry does not wait for the timers: whoever looks sees the key end at its millisecond.
#[test]
fn a_key_that_has_ended_is_not_seen_however_far_behind_the_timers_are() {
    let keyspace = filled();
    for number in (0..KEYS).step_by(997) {
        let name = number.to_string();
        let (key, ends) = (Key::new(name.as_bytes()), END_MS + number % 1_000);
        let mut borrowed = keyspace.borrow(&[key.slot]);
        let shard = borrowed.shard(key.slot);
        assert!(shard.read(DB, key, Use::Touch, Mono(ends - 1)).is_some());
        assert!(shard.read(DB, key, Use::Touch, Mono(ends)).is_none());
    }
}
