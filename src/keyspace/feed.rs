//! The change feed of one slot: the last changes, each with a number, and who waits for more.
//!
//! Not here: which slots have a feed, and what is recorded (`feeds`).
//! Invariant: the numbers of the changes follow each other without a gap and end with `last`.

use crate::base::number::parse_i64;
use crate::base::time::Mono;
use crate::coord::grant::WaiterId;
use crate::coord::token::Epoch;
use crate::keyspace::Db;
use std::collections::VecDeque;
use std::fmt;

/// A place between two changes of a slot: behind change `seq` of this epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision {
    /// Changes with every start of the server.
    pub epoch: Epoch,
    /// Grows with every change.
    pub seq: u64,
}

impl Revision {
    /// The revision that is written as `text`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let dash = text.iter().position(|&byte| byte == b'-')?;
        let epoch = u32::try_from(parse_i64(&text[..dash])?).ok().and_then(Epoch::new)?;
        let seq = u64::try_from(parse_i64(&text[dash + 1..])?).ok()?;
        Some(Self { epoch, seq })
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch.get(), self.seq)
    }
}

/// Something that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The event's name.
    pub name: &'static str,
    /// In this database.
    pub db: Db,
    /// The key; `None` if it is all keys of the database.
    pub key: Option<Box<[u8]>>,
    /// What the key has now, or what else there is to say.
    pub value: Option<Box<[u8]>>,
}

impl Change {
    /// Heap bytes.
    fn heap(&self) -> usize {
        [&self.key, &self.value].into_iter().flatten().map(|bytes| bytes.len()).sum()
    }

    /// All bytes.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.heap()
    }
}

/// Which changes a reader wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Those of this database.
    pub db: Db,
    /// Those of keys that begin so.
    pub prefix: Box<[u8]>,
}

impl Want {
    /// Whether this is one of them. What happens to all keys happens to these as well.
    #[must_use]
    pub fn takes(&self, change: &Change) -> bool {
        let begins = |key: &[u8]| key.starts_with(&self.prefix);
        self.db == change.db && change.key.as_deref().is_none_or(begins)
    }
}

/// What a reader gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'f> {
    /// Everything up to here that the reader wants is among `changes`, or was read before.
    pub upto: u64,
    /// The changes with their numbers.
    pub changes: Vec<(u64, &'f Change)>,
}

/// The changes behind a revision are not there any more, or never were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted;

/// A request that waits for a change.
#[derive(Debug)]
struct Reader {
    waiter: WaiterId,
    want: Want,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Feed {
    changes: VecDeque<Change>,
    last: u64,
    /// Bytes of the changes.
    bytes: usize,
    read_at: Mono,
    readers: Vec<Reader>,
}

impl Feed {
    /// A feed whose next change has the number behind `last`.
    #[must_use]
    pub const fn starting_behind(last: u64, now: Mono) -> Self {
        Self { changes: VecDeque::new(), last, bytes: 0, read_at: now, readers: Vec::new() }
    }

    /// The number of the last change.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// The number behind which everything is there.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.last - self.changes.len() as u64
    }

    /// When somebody read last, or never if somebody waits.
    #[must_use]
    pub fn unread_since(&self) -> Option<Mono> {
        self.readers.is_empty().then_some(self.read_at)
    }

    /// Somebody reads.
    pub const fn touch(&mut self, now: Mono) {
        self.read_at = now;
    }

    /// Adds a change and forgets the oldest ones beyond `limit` bytes. Who has waited for it waits
    /// no more.
    pub fn record(&mut self, change: Change, limit: usize) -> Vec<WaiterId> {
        let woken = self.readers.extract_if(.., |reader| reader.want.takes(&change));
        let woken = woken.map(|reader| reader.waiter).collect();
        self.bytes += change.bytes();
        self.changes.push_back(change);
        self.last += 1;
        while self.bytes > limit
            && let Some(oldest) = self.changes.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
        woken
    }

    /// At most `count` changes behind number `since`, oldest first.
    ///
    /// # Errors
    /// They are not all there, or there is no such number yet.
    pub fn read(&self, since: u64, want: &Want, count: usize) -> Result<Page<'_>, Compacted> {
        let oldest = self.oldest();
        if since < oldest || since > self.last {
            return Err(Compacted);
        }
        let mut changes = Vec::new();
        for (seq, change) in (oldest + 1..).zip(&self.changes).skip((since - oldest) as usize) {
            if want.takes(change) {
                changes.push((seq, change));
                if changes.len() == count {
                    return Ok(Page { upto: seq, changes });
                }
            }
        }
        Ok(Page { upto: self.last, changes })
    }

    /// Lets a request wait for the next change that it wants.
    pub fn park(&mut self, waiter: WaiterId, want: Want) {
        self.readers.push(Reader { waiter, want });
    }

    /// A request waits no more.
    pub fn leave(&mut self, waiter: WaiterId) {
        self.readers.retain(|reader| reader.waiter != waiter);
    }

    /// Heap bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let heap = self.bytes - self.changes.len() * size_of::<Change>();
        let prefixes: usize = self.readers.iter().map(|reader| reader.want.prefix.len()).sum();
        let readers = self.readers.capacity() * size_of::<Reader>() + prefixes;
        self.changes.capacity() * size_of::<Change>() + heap + readers
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
