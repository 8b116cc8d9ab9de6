//! What both variants are given to do: connections, the keys that they ask for, and where those are
//! at home.

use latchd::base::slot::SlotId;
use latchd::base::time::Mono;
use latchd::keyspace::shard::{Shard, Use};
use latchd::keyspace::{Db, Key};
use latchd::resp::reply::Writer;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::support::{SHARDS, key, scaled};

/// Two are enough to show what crossing costs, and every machine has them.
pub(crate) const CORES: usize = 2;
pub(crate) const CONNECTIONS: usize = 50;
pub(crate) const KEYS: usize = 100_000;
pub(crate) const DB: Db = Db(0);
/// No key ends.
pub(crate) const NOW: Mono = Mono(1);
const SLOTS_PER_SHARD: usize = (SlotId::COUNT / SHARDS) as usize;

/// How deep pipelines are, and how many every connection sends.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) depth: usize,
    pub(crate) rounds: u64,
}

/// A connection: its keys, and how far it has come.
pub(crate) struct Connection {
    keys: Vec<usize>,
    /// Where the pipeline starts in `keys`.
    start: usize,
    /// Commands of the pipeline that have been answered.
    answered: usize,
    rounds_left: u64,
    load: Load,
    pub(crate) replies: Writer,
}

/// The core whose timers and messages a slot's shard belongs to, as in `runtime::alarms`.
pub(crate) fn home(slot: SlotId) -> usize {
    shard_index(slot) % CORES
}

pub(crate) fn shard_index(slot: SlotId) -> usize {
    slot.index() / SLOTS_PER_SHARD
}

/// A key's value: what it answers tells which key it was.
pub(crate) fn value(number: usize) -> Vec<u8> {
    format!("v{number:07}").into_bytes()
}

/// All keys there are.
pub(crate) fn keys() -> Vec<Vec<u8>> {
    (0..KEYS).map(key).collect()
}

/// GET, once the shard is there.
pub(crate) fn get(shard: &mut Shard, key: Key<'_>, replies: &mut Writer) {
    match shard.read(DB, key, Use::Touch, NOW).and_then(|entry| entry.value().text().ok()) {
        Some(value) => replies.bulk(value.bytes(&mut [0; latchd::base::number::DECIMAL_MAX])),
        None => replies.null(),
    }
}

impl Connection {
    /// The connections of core number `core`.
    pub(crate) fn of_core(core: usize, load: Load) -> Vec<Self> {
        let numbers = (0..CONNECTIONS).filter(|number| number % CORES == core);
        numbers.map(|number| Self::new(number as u64, load)).collect()
    }

    fn new(seed: u64, load: Load) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let pipelines = scaled(4_096).next_multiple_of(load.depth);
        let keys = (0..pipelines).map(|_| rng.usize(..KEYS)).collect();
        let replies = Writer::default();
        Self { keys, start: 0, answered: 0, rounds_left: load.rounds, load, replies }
    }

    /// The keys of the pipeline's commands that have not been answered.
    pub(crate) fn asked(&self) -> &[usize] {
        &self.keys[self.start + self.answered..self.start + self.load.depth]
    }

    /// Notes that the next commands have been answered. At the end of a pipeline the replies are
    /// sent, and the next pipeline arrives.
    pub(crate) fn answered(&mut self, commands: usize) -> Progress {
        self.answered += commands;
        if self.answered < self.load.depth {
            return Progress::Inside;
        }
        if self.rounds_left == self.load.rounds {
            self.check();
        }
        self.rounds_left -= 1;
        self.replies.out.clear();
        (self.start, self.answered) = ((self.start + self.load.depth) % self.keys.len(), 0);
        if self.rounds_left == 0 { Progress::Finished } else { Progress::NextPipeline }
    }

    /// The first pipeline's replies are looked at: complete, and in order.
    fn check(&self) {
        let mut expected = Writer::default();
        let pipeline = &self.keys[self.start..self.start + self.load.depth];
        pipeline.iter().for_each(|&number| expected.bulk(&value(number)));
        assert_eq!(self.replies.out, expected.out, "replies come in the order of the commands");
    }
}

/// What comes next for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More commands of the same pipeline.
    Inside,
    /// Another pipeline, when the others have had their turn.
    NextPipeline,
    /// Nothing.
    Finished,
}

/// Runs `work` for every core on its own pinned thread, all starting together; how long it took.
pub(crate) fn on_every_core<W: Send>(
    work: impl Iterator<Item = W>,
    run: impl Fn(W) + Sync,
) -> Duration {
    let pins = core_affinity::get_core_ids().unwrap_or_default();
    let (together, run) = (Barrier::new(CORES), &run);
    let times: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let threads = work.enumerate().map(|(core, work)| {
            let (pin, together) = (pins.get(core).copied(), &together);
            scope.spawn(move || {
                pin.map(core_affinity::set_for_current);
                together.wait();
                let start = Instant::now();
                run(work);
                (start, Instant::now())
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().expect("a core does not panic")).collect()
    });
    let first = times.iter().map(|(start, _)| *start).min();
    let last = times.iter().map(|(_, end)| *end).max();
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
}
