//! The variant that was not chosen: a core owns its shards alone, and is asked for what they hold.
//!
//! Built to do well: commands in turn for the same core travel in one message, messages and their
//! buffers are used again, mailboxes are lock-free, and nobody sleeps.

use crate::load::{
    CORES, Connection, DB, KEYS, Load, NOW, Progress, get, home, keys, on_every_core, shard_index,
    value,
};
use crate::support::{SHARDS, key};
use latchd::base::slot::SlotId;
use latchd::coord::token::Epoch;
use latchd::keyspace::Key;
use latchd::keyspace::edit::Expiry;
use latchd::keyspace::event;
use latchd::keyspace::shard::{Shard, ShardSetup};
use latchd::keyspace::value::NewValue;
use latchd::resp::reply::Writer;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// The shards that one core owns, by their number over all cores.
pub(crate) type Shards = Vec<Option<Shard>>;

/// Turns without work before the thread lets another have the processor.
const SPINS: u32 = 1_000;

/// Commands on their way to the core that owns their keys, or their replies on the way back.
#[derive(Default)]
struct Message {
    is_reply: bool,
    /// The connection, by its number on its own core.
    connection: usize,
    keys: Vec<usize>,
    replies: Writer,
}

/// One core: shards, connections, and the way to the other.
struct Core<'k> {
    number: usize,
    keys: &'k [Vec<u8>],
    shards: &'k mut Shards,
    connections: Vec<Connection>,
    /// Connections that may go on, and how many replies they have got from the other core.
    ready: VecDeque<(usize, usize)>,
    inbox: Receiver<Message>,
    other: Sender<Message>,
    /// Messages to use again.
    spare: Vec<Message>,
}

/// The shards of every core, with all keys.
pub(crate) fn cores() -> Vec<Shards> {
    let slots = SlotId::COUNT / SHARDS;
    let shard = |number: u16| {
        let first = SlotId::new(number * slots).expect("shards have slots");
        let epoch = Epoch::default();
        Shard::new(ShardSetup { first, slots, databases: 16, epoch, seed: 7, now: NOW })
    };
    let mine = |core, number: u16| (usize::from(number) % CORES == core).then(|| shard(number));
    let mut cores: Vec<Shards> =
        (0..CORES).map(|core| (0..SHARDS).map(|number| mine(core, number)).collect()).collect();
    for number in 0..KEYS {
        let (name, text) = (key(number), value(number));
        let key = Key::new(&name);
        let shard = cores[home(key.slot)][shard_index(key.slot)].as_mut();
        let shard = shard.expect("a core owns the shards that are at home there");
        shard.edit(DB, key, NOW).set(NewValue::Text(&text), Expiry::Never, &event::SET);
    }
    cores
}

/// Runs the load; how long it took.
pub(crate) fn run(shards: &mut [Shards], load: Load) -> Duration {
    let (keys, finished) = (keys(), AtomicUsize::new(0));
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..CORES).map(|_| channel()).unzip();
    let core = |(number, (shards, inbox))| {
        let connections = Connection::of_core(number, load);
        Core {
            number,
            keys: &keys,
            shards,
            ready: (0..connections.len()).map(|connection| (connection, 0)).collect(),
            connections,
            inbox,
            other: senders[(number + 1) % CORES].clone(),
            spare: Vec::new(),
        }
    };
    let cores: Vec<Core<'_>> = shards.iter_mut().zip(receivers).enumerate().map(core).collect();
    on_every_core(cores.into_iter(), |mut core: Core<'_>| core.serve(&finished))
}

impl Core<'_> {
    /// Serves its connections and the other core until both have no more to do.
    fn serve(&mut self, finished: &AtomicUsize) {
        let (mut unfinished, mut idle) = (self.connections.len(), 0);
        while finished.load(Ordering::Acquire) < CORES {
            let mut busy = false;
            while let Ok(message) = self.inbox.try_recv() {
                self.receive(message);
                busy = true;
            }
            if let Some((connection, replies)) = self.ready.pop_front() {
                busy = true;
                if self.take_turn(connection, replies) == Progress::Finished {
                    unfinished -= 1;
                    if unfinished == 0 {
                        finished.fetch_add(1, Ordering::AcqRel);
                    }
                }
            }
            idle = if busy { 0 } else { idle + 1 };
            if idle > SPINS {
                // Only where two threads share a processor.
                std::thread::yield_now();
            }
        }
    }

    fn receive(&mut self, mut message: Message) {
        if message.is_reply {
            let connection = &mut self.connections[message.connection];
            connection.replies.out.extend_from_slice(&message.replies.out);
            self.ready.push_back((message.connection, message.keys.len()));
            self.spare.push(message);
            return;
        }
        let Message { keys, replies, .. } = &mut message;
        replies.out.clear();
        for &number in keys.iter() {
            let key = Key::new(&self.keys[number]);
            let shard = self.shards[shard_index(key.slot)].as_mut();
            get(shard.expect("a message goes to the owner of its keys"), key, replies);
        }
        message.is_reply = true;
        self.send(message);
    }

    /// Goes on with a pipeline until it ends or needs the other core.
    fn take_turn(&mut self, number: usize, replies: usize) -> Progress {
        let mut answered = replies;
        loop {
            let connection = &mut self.connections[number];
            let progress =
                if answered > 0 { connection.answered(answered) } else { Progress::Inside };
            match progress {
                Progress::Inside => {}
                Progress::NextPipeline => {
                    // The others first.
                    self.ready.push_back((number, 0));
                    return progress;
                }
                Progress::Finished => return progress,
            }
            let key = Key::new(&self.keys[connection.asked()[0]]);
            if home(key.slot) != self.number {
                self.ask(number);
                return progress;
            }
            let shard = self.shards[shard_index(key.slot)].as_mut();
            get(shard.expect("a core owns what is at home there"), key, &mut connection.replies);
            answered = 1;
        }
    }

    /// Sends the commands that come next and belong to the other core.
    fn ask(&mut self, number: usize) {
        let mut message = self.spare.pop().unwrap_or_default();
        (message.is_reply, message.connection) = (false, number);
        message.keys.clear();
        let theirs = |key: &&usize| home(SlotId::of(&self.keys[**key])) != self.number;
        message.keys.extend(self.connections[number].asked().iter().take_while(theirs));
        self.send(message);
    }

    fn send(&self, message: Message) {
        self.other.send(message).expect("no core leaves before both have finished");
    }
}
