//! A script's view of the server: its keys and arguments, and the commands that it calls, with
//! their checks in Redis's order.

use crate::base::number::{DECIMAL_MAX, parse_i64};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lifetime::{Lifetime, write_until};
use crate::command::spec::Outcome;
use crate::command::table::table;
use crate::command::{counter, hash_counter};
use crate::keyspace::edit::Expiry;
use crate::keyspace::entry::Entry;
use crate::keyspace::event;
use crate::keyspace::value::NewValue;
use crate::keyspace::{Db, Key};
use crate::script::operation::{Answer, Answers, Unit};
use crate::types::hash::Hash;
use smallvec::SmallVec;

/// A script hands `nil` to a command: the request has too few keys or arguments.
pub(super) const BAD_ARGUMENT: CommandError =
    CommandError::fixed("ERR Lua redis lib command arguments must be strings or integers");
/// A script for several keys has none.
pub(super) const NO_KEYS: CommandError =
    CommandError::fixed("ERR Wrong number of args calling Redis command from script");
/// A script compares a number with one that is missing.
pub(super) const COMPARES_NIL: CommandError =
    CommandError::fixed("ERR user_script: attempt to compare number with nil");
/// A script reckons with an argument that is no number.
pub(super) const RECKONS_WITH_TEXT: CommandError =
    CommandError::fixed("ERR user_script: attempt to perform arithmetic on a string value");
/// A script calls a command by a name that it was given.
const UNKNOWN_COMMAND: CommandError =
    CommandError::fixed("ERR Unknown Redis command called from script");
const READ_ONLY: CommandError =
    CommandError::fixed("ERR Write commands are not allowed from read-only scripts.");
const FULL: CommandError =
    CommandError::fixed("OOM command not allowed when used memory > 'maxmemory'.");

/// What a script may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Permission {
    /// EVAL_RO, EVALSHA_RO.
    Read,
    /// EVAL, EVALSHA.
    Write,
}

/// Whose a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// Its value is the caller's.
    Own,
    /// It does not exist.
    Nobody,
    /// Its value is another.
    Other,
}

impl Holder {
    pub(super) const fn choose(self, answers: Answers) -> Answer {
        match self {
            Self::Own => answers.own,
            Self::Nobody => answers.free,
            Self::Other => answers.taken,
        }
    }
}

/// See the module's documentation.
pub(in crate::command) struct Call<'c, 'a, 'r> {
    cx: &'c mut Context<'a>,
    keys: SmallVec<[Key<'r>; 4]>,
    args: SmallVec<[&'r [u8]; 4]>,
    permission: Permission,
    callers_db: Db,
}

impl Drop for Call<'_, '_, '_> {
    /// A database that a script selects is its own.
    fn drop(&mut self) {
        self.cx.keys.db = self.callers_db;
    }
}

impl<'c, 'a, 'r> Call<'c, 'a, 'r> {
    /// Takes the keys, and then the arguments.
    ///
    /// # Errors
    /// There are fewer than `keys`.
    pub(in crate::command) fn new(
        cx: &'c mut Context<'a>,
        mut args: Args<'r>,
        keys: usize,
        permission: Permission,
    ) -> Result<Self, CommandError> {
        let keys = (0..keys).map(|_| args.key()).collect::<Result<_, _>>()?;
        let args = std::iter::from_fn(|| args.take_option()).collect();
        let callers_db = cx.keys.db;
        Ok(Self { cx, keys, args, permission, callers_db })
    }

    /// `KEYS[number]`, for a command.
    pub(super) fn key(&self, number: usize) -> Result<Key<'r>, CommandError> {
        self.keys.get(number - 1).copied().ok_or(BAD_ARGUMENT)
    }

    /// All of `KEYS`.
    pub(super) fn keys(&self) -> SmallVec<[Key<'r>; 4]> {
        self.keys.clone()
    }

    /// `ARGV[number]`.
    pub(super) fn arg(&self, number: usize) -> Option<&'r [u8]> {
        self.args.get(number - 1).copied()
    }

    /// What the databases of this server are.
    pub(super) fn databases(&self) -> u16 {
        self.cx.node.keyspace.databases()
    }

    /// SELECT, for the rest of the script.
    pub(super) fn select(&mut self, db: Db) {
        self.cx.keys.db = db;
    }

    /// GET, compared with a value; no value is equal to nothing at all.
    pub(super) fn holder(
        &mut self,
        key: Key<'_>,
        value: Option<&[u8]>,
    ) -> Result<Holder, CommandError> {
        let mut space = [0; DECIMAL_MAX];
        Ok(match self.cx.keys.string(key)? {
            None => Holder::Nobody,
            Some(held) if Some(held.bytes(&mut space)) == value => Holder::Own,
            Some(_) => Holder::Other,
        })
    }

    /// GET.
    pub(super) fn value(&mut self, key: Key<'_>) -> Result<Option<Vec<u8>>, CommandError> {
        Ok(self.cx.keys.string(key)?.map(|value| value.to_vec()))
    }

    /// EXISTS.
    pub(super) fn exists(&mut self, key: Key<'_>) -> bool {
        self.cx.keys.read(key).is_some()
    }

    /// TTL or PTTL.
    pub(super) fn time_left(&mut self, key: Key<'_>, unit: Unit) -> i64 {
        let now = self.cx.keys.now.mono;
        let Some(entry) = self.cx.keys.peek(key) else { return -2 };
        let Some(timer) = Entry::timer(entry) else { return -1 };
        let ms = timer.deadline.since(now);
        match unit {
            Unit::Seconds => ms.saturating_add(500) as i64 / 1_000,
            Unit::Millis => ms as i64,
        }
    }

    /// DEL.
    pub(super) fn delete(&mut self, key: Key<'_>) -> Result<bool, CommandError> {
        self.may_write()?;
        Ok(self.cx.keys.edit_any(key).remove())
    }

    /// SET, with EX or PX and its number.
    pub(super) fn set(
        &mut self,
        key: Key<'_>,
        value: Option<&[u8]>,
        lifetime: Option<(Unit, Option<&[u8]>)>,
    ) -> Outcome {
        let (value, expiry) = self.checked(value, lifetime)?;
        let now = self.cx.keys.now.mono;
        let edit = self.cx.keys.edit(key)?;
        write_until(edit, NewValue::Text(value), expiry, now, &event::SET);
        Ok(())
    }

    /// SET with NX, SETNX, or MSETNX with one value for all keys; whether all were free.
    pub(super) fn set_if_free(
        &mut self,
        keys: &[Key<'_>],
        value: Option<&[u8]>,
        lifetime: Option<(Unit, Option<&[u8]>)>,
    ) -> Result<bool, CommandError> {
        let (value, expiry) = self.checked(value, lifetime)?;
        if keys.iter().any(|key| self.exists(*key)) {
            return Ok(false);
        }
        let now = self.cx.keys.now.mono;
        for key in keys {
            let edit = self.cx.keys.edit(*key)?;
            write_until(edit, NewValue::Text(value), expiry, now, &event::SET);
        }
        Ok(true)
    }

    /// What a SET is given, if it may run.
    fn checked<'v>(
        &self,
        value: Option<&'v [u8]>,
        lifetime: Option<(Unit, Option<&[u8]>)>,
    ) -> Result<(&'v [u8], Expiry), CommandError> {
        let value = value.ok_or(BAD_ARGUMENT)?;
        let lifetime = match lifetime {
            None => Lifetime::Unsaid,
            Some((Unit::Seconds, number)) => Lifetime::seconds(number.ok_or(BAD_ARGUMENT)?),
            Some((Unit::Millis, number)) => Lifetime::millis(number.ok_or(BAD_ARGUMENT)?),
        };
        self.may_write()?;
        self.may_grow()?;
        let command = table().by_name(b"set").expect("SET has a row");
        let expiry = lifetime.expiry(Expiry::Never, command, self.cx.keys.now)?;
        Ok((value, expiry))
    }

    /// HEXISTS.
    pub(super) fn has_field(
        &mut self,
        key: Key<'_>,
        field: Option<&[u8]>,
    ) -> Result<bool, CommandError> {
        let field = field.ok_or(BAD_ARGUMENT)?;
        Ok(self.cx.keys.collection::<Hash>(key)?.is_some_and(|hash| hash.contains(field)))
    }

    /// HINCRBY; what the field has then.
    pub(super) fn count_field(
        &mut self,
        key: Key<'_>,
        field: Option<&[u8]>,
        delta: i64,
    ) -> Result<i64, CommandError> {
        let field = field.ok_or(BAD_ARGUMENT)?;
        self.may_write()?;
        self.may_grow()?;
        hash_counter::add(self.cx, key, field, delta)
    }

    /// INCR.
    pub(super) fn increment(&mut self, key: Key<'_>) -> Result<i64, CommandError> {
        self.may_write()?;
        self.may_grow()?;
        counter::add(self.cx, key, 1)
    }

    /// PUBLISH.
    pub(super) fn tell(&mut self, channel: &[u8], message: &[u8]) -> Outcome {
        self.may_write()?;
        self.cx.node.pubsub.publish(channel, message);
        Ok(())
    }

    /// PUBLISH or SPUBLISH, whichever `command` names.
    pub(super) fn publish(
        &mut self,
        command: Option<&[u8]>,
        channel: Key<'_>,
        message: Option<&[u8]>,
    ) -> Outcome {
        let command = command.ok_or(BAD_ARGUMENT)?;
        let message = message.ok_or(BAD_ARGUMENT)?;
        let is = |name: &[u8]| command.eq_ignore_ascii_case(name);
        if is(b"publish") {
            self.tell(channel.bytes, message)?;
        } else if is(b"spublish") {
            self.may_write()?;
            self.cx.node.pubsub.publish_to_shard(channel.bytes, message);
        } else {
            return Err(UNKNOWN_COMMAND);
        }
        Ok(())
    }

    /// EXPIRE or PEXPIRE; whether the key was there.
    pub(super) fn expire(
        &mut self,
        key: Key<'_>,
        unit: Unit,
        amount: Option<&[u8]>,
    ) -> Result<bool, CommandError> {
        let amount = amount.ok_or(BAD_ARGUMENT)?;
        self.may_write()?;
        let (name, scale) = match unit {
            Unit::Seconds => ("expire", 1_000),
            Unit::Millis => ("pexpire", 1),
        };
        let amount = parse_i64(amount).ok_or(CommandError::NOT_AN_INTEGER)?;
        let now = self.cx.keys.now;
        let ms = amount.checked_mul(scale).filter(|ms| ms.checked_add(now.wall.0).is_some());
        let ms = ms.ok_or_else(|| CommandError::invalid_expire(name))?;
        let usage = self.cx.keys.usage;
        let mut edit = self.cx.keys.edit(key)?;
        edit.used(usage);
        if !edit.exists() {
            return Ok(false);
        }
        match u64::try_from(ms) {
            Ok(ms) if ms > 0 => {
                edit.set_expiry(Expiry::At(now.mono.plus(ms)));
            }
            Ok(_) | Err(_) => {
                edit.remove();
            }
        }
        Ok(true)
    }

    fn may_write(&self) -> Outcome {
        match self.permission {
            Permission::Write => Ok(()),
            Permission::Read => Err(READ_ONLY),
        }
    }

    /// The session has made room already, if any can be made.
    fn may_grow(&self) -> Outcome {
        let limit = self.cx.node.settings().maxmemory;
        let full = limit > 0 && self.cx.node.keyspace.memory_in_use() as u64 > limit;
        if full { Err(FULL) } else { Ok(()) }
    }

    /// Writes the reply.
    pub(super) fn answer(&mut self, answer: Answer) -> Outcome {
        match answer {
            Answer::Number(number) => self.number(number),
            Answer::Ok => self.cx.reply.ok(),
            Answer::Nothing => self.nothing(),
            Answer::Refusal => return Err(CommandError::fixed("ERR ERROR")),
        }
        Ok(())
    }

    /// An integer.
    pub(super) fn number(&mut self, number: i64) {
        self.cx.reply.int(number);
    }

    /// Null.
    pub(super) fn nothing(&mut self) {
        self.cx.reply.null();
    }

    /// A table of numbers.
    pub(super) fn numbers(&mut self, numbers: &[i64]) {
        self.cx.reply.array(numbers.len());
        numbers.iter().for_each(|number| self.cx.reply.int(*number));
    }

    /// A table of a value, or `false`, and a number.
    pub(super) fn value_and_number(&mut self, value: Option<&[u8]>, number: i64) {
        self.cx.reply.array(2);
        self.cx.reply.bulk_or_null(value);
        self.cx.reply.int(number);
    }
}
