//! Requests read ahead of a pipeline, so that their keys are on the way into the cache before they
//! run.
//!
//! A look-up in a large keyspace is three dependent cache misses (slot, bucket, entry), which cost
//! more than the rest of a pipelined command. Not here: running the requests (`session`).
//! Nothing is decided ahead: a request may still change what the next ones mean. A lone request has
//! nothing to read ahead; its key is fetched while other connections are read from
//! (`net/connection.rs`).

use crate::base::slot::SlotId;
use crate::command::spec::{KeyRange, Spec};
use crate::command::table::{Command, table};
use crate::keyspace::Db;
use crate::resp::request::{Argv, Bounds, Found, Parsed, Parser, ProtocolError};
use crate::server::core::Core;
use smallvec::SmallVec;

/// Requests read ahead: enough to hide a miss, few enough to stay in the first-level cache.
const AHEAD_MAX: usize = 16;

/// A key whose bucket is being fetched.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    slot: SlotId,
    hash: u64,
}

impl Expected {
    /// The first step: starts fetching the bucket.
    #[inline]
    pub(super) fn fetch(core: &Core, key: &[u8]) -> Self {
        let slot = SlotId::of(key);
        Self { slot, hash: core.node.keyspace.prefetch_bucket(slot, key) }
    }

    /// The second step, once the bucket is there: starts fetching the entry.
    #[inline]
    pub fn fetch_entry(self, core: &Core, db: Db) {
        core.node.keyspace.prefetch_entry(db, self.slot, self.hash);
    }
}

/// A request that was read ahead, with its place relative to the window's first byte.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    pub(super) found: Found,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The command, if its first word is enough to tell.
    pub(super) command: Option<&'static Command>,
    key: Option<Expected>,
}

impl Ahead {
    /// The slot of its first key, if it has been computed.
    pub(super) fn slot(&self) -> Option<SlotId> {
        self.key.map(|key| key.slot)
    }
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Window {
    requests: SmallVec<[Ahead; AHEAD_MAX]>,
    end: usize,
}

impl Window {
    /// Reads the next requests of `bytes`. `Some` is how many more bytes are needed for the one
    /// after them.
    #[inline]
    pub(super) fn fill(
        &mut self,
        parser: &mut Parser,
        bytes: &[u8],
        bounds: Bounds,
        core: &Core,
    ) -> Result<Option<usize>, ProtocolError> {
        parser.forget();
        self.requests.clear();
        self.end = 0;
        // What an unauthenticated client may send changes with its next request.
        let most = if bounds.authenticated { AHEAD_MAX } else { 1 };
        while self.requests.len() < most {
            let start = self.end;
            match parser.parse(&bytes[start..], bounds)? {
                Parsed::Request(found, length) => {
                    self.end += length;
                    // A lone request is looked up at once, so there is nothing to hide.
                    let alone = start == 0 && self.end == bytes.len();
                    let argv = parser.argv(found, &bytes[start..]);
                    let command = argv.get(0).and_then(|name| table().by_name(name));
                    let command = command.filter(|command| command.subcommands.is_empty());
                    let key = match command {
                        Some(command) if !alone => expect(core, command.spec, argv),
                        Some(_) | None => None,
                    };
                    self.requests.push(Ahead { found, start, end: self.end, command, key });
                    if found.is_inline() {
                        break;
                    }
                }
                Parsed::Nothing(length) => self.end += length,
                Parsed::Incomplete(wanted) => return Ok(Some(wanted)),
            }
        }
        Ok(None)
    }

    /// The second step for keys whose buckets have arrived by now.
    #[inline]
    pub(super) fn prefetch_entries(&self, core: &Core, db: Db) {
        for key in self.requests.iter().filter_map(|ahead| ahead.key) {
            key.fetch_entry(core, db);
        }
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = &Ahead> {
        self.requests.iter()
    }

    /// Where the bytes that were used end.
    pub(super) const fn end(&self) -> usize {
        self.end
    }
}

/// Starts fetching the bucket of a request's first key, if it has one.
#[inline]
fn expect(core: &Core, spec: &Spec, argv: Argv<'_>) -> Option<Expected> {
    let [keys, ..] = spec.keys else { return None };
    let KeyRange::Words { first, .. } = keys.range else { return None };
    Some(Expected::fetch(core, argv.get(usize::from(first))?))
}
