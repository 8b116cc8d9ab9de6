//! The memory of one idempotency key: which command ran under it, and what it replied.
//!
//! Not here: running the command. The caller runs it, changes the keyspace and calls `keep` in one
//! atomic step, so there is no state between "not yet" and "done".
//! Invariant: a reply that is kept is not an error.

use crate::base::time::Mono;
use std::mem;

/// A command, so that two of them can be told apart: all its arguments, each after its length. Not
/// a hash of them: two commands with the same hash would be one command, and the second client
/// would get the reply of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Box<[u8]>);

impl Fingerprint {
    /// Of a command's name and arguments. The name counts without regard to case, as it does when
    /// it is looked up.
    pub fn of<'a>(name: &[u8], args: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut bytes = Vec::new();
        push(&mut bytes, &name.to_ascii_uppercase());
        for arg in args {
            push(&mut bytes, arg);
        }
        Self(bytes.into())
    }
}

fn push(bytes: &mut Vec<u8>, arg: &[u8]) {
    bytes.extend_from_slice(&arg.len().to_le_bytes());
    bytes.extend_from_slice(arg);
}

/// What the command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It did something, or nothing, and said so.
    Done(Box<[u8]>),
    /// It failed and has changed nothing: the next try may run it.
    Failed,
}

/// Answer to [`Once::begin`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin<'a> {
    /// It has not run: run it, then `keep`.
    Run,
    /// It has run, and this is what it replied.
    Replay(&'a [u8]),
    /// Another command ran under this key.
    Mismatch,
}

#[derive(Clone, Debug)]
struct Memo {
    command: Fingerprint,
    reply: Box<[u8]>,
    until: Mono,
}

/// The memory of one key, empty or not.
#[derive(Clone, Debug, Default)]
pub struct Once {
    memo: Option<Box<Memo>>,
}

impl Once {
    /// Decides what to do with a command, and changes nothing. A repeat does not put the end off.
    pub fn begin(&self, command: &Fingerprint, now: Mono) -> Begin<'_> {
        match &self.memo {
            Some(memo) if memo.until <= now => Begin::Run,
            Some(memo) if memo.command == *command => Begin::Replay(&memo.reply),
            Some(_) => Begin::Mismatch,
            None => Begin::Run,
        }
    }

    /// Remembers what the command replied for `ms` from now, unless it failed.
    ///
    /// # Panics
    /// If another reply is remembered: then `begin` did not say `Run`.
    pub fn keep(&mut self, command: Fingerprint, reply: Reply, ms: u64, now: Mono) {
        self.tick(now);
        assert!(self.memo.is_none(), "a command runs once");
        match reply {
            Reply::Done(reply) => {
                let until = now.plus(ms);
                self.memo = Some(Box::new(Memo { command, reply, until }));
            }
            Reply::Failed => {}
        }
    }

    /// Forgets what is due.
    pub fn tick(&mut self, now: Mono) {
        if self.memo.as_ref().is_some_and(|memo| memo.until <= now) {
            self.memo = None;
        }
    }

    /// When to call `tick` next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.memo.as_ref().map(|memo| memo.until)
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.memo.is_none()
    }

    /// Heap bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let bytes = |memo: &Memo| memo.command.0.len() + memo.reply.len();
        self.memo.as_deref().map_or(0, |memo| mem::size_of::<Memo>() + bytes(memo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn command(words: &[&str]) -> Fingerprint {
        Fingerprint::of(words[0].as_bytes(), words[1..].iter().map(|word| word.as_bytes()))
    }

    fn done(reply: &str) -> Reply {
        Reply::Done(reply.as_bytes().into())
    }

    #[test]
    fn a_repeat_gets_the_same_reply_until_the_time_is_over() {
        let (mut once, incr) = (Once::default(), command(&["INCR", "k"]));
        assert_eq!(once.begin(&incr, Mono(0)), Begin::Run);
        once.keep(incr.clone(), done(":1\r\n"), 5000, Mono(0));
        assert_eq!(once.begin(&incr, Mono(4999)), Begin::Replay(b":1\r\n"));
        assert_eq!(once.begin(&incr, Mono(5000)), Begin::Run);
        assert_eq!(once.next_deadline(), Some(Mono(5000)));
        once.tick(Mono(4999));
        assert!(!once.is_idle());
        once.tick(Mono(5000));
        assert!(once.is_idle() && once.memory() == 0);
    }

    #[test]
    fn another_command_under_the_key_is_a_mismatch() {
        let mut once = Once::default();
        once.keep(command(&["SET", "k", "1"]), done("+OK\r\n"), 5000, Mono(0));
        for other in [&["SET", "k", "2"][..], &["SET", "k1", ""], &["SET", "k", "1", "NX"]] {
            assert_eq!(once.begin(&command(other), Mono(1)), Begin::Mismatch);
        }
        let lower_case = command(&["set", "k", "1"]);
        assert_eq!(once.begin(&lower_case, Mono(1)), Begin::Replay(b"+OK\r\n"));
    }

    #[test]
    fn an_error_is_not_kept() {
        let (mut once, incr) = (Once::default(), command(&["INCR", "k"]));
        once.keep(incr.clone(), Reply::Failed, 5000, Mono(0));
        assert!(once.is_idle());
        assert_eq!(once.begin(&incr, Mono(1)), Begin::Run);
    }

    #[test]
    fn after_its_time_another_command_may_use_the_key() {
        let (mut once, set) = (Once::default(), command(&["SET", "k", "1"]));
        once.keep(command(&["INCR", "k"]), done(":1\r\n"), 10, Mono(0));
        assert_eq!(once.begin(&set, Mono(10)), Begin::Run);
        once.keep(set.clone(), done("+OK\r\n"), 10, Mono(10));
        assert_eq!(once.begin(&set, Mono(19)), Begin::Replay(b"+OK\r\n"));
    }

    fn words() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(0..3u8, 0..3), 0..4)
    }

    proptest! {
           #[test]
           fn two_commands_are_one_only_if_all_arguments_are(one in words(), other in words()) {
               let print = |words: &[Vec<u8>]| {
                   Fingerprint::of(b"SET", words.iter().map(Vec::as_slice))
               };
               prop_assert_eq!(print(&one) == print(&other), one == other);
           }

           /// Each try: which of three commands, whether it fails, and how long after the last one.
           #[test]
           fn within_the_time_a_command_takes_effect_once(
               tries in prop::collection::vec((0..3usize, any::<bool>(), 0..8u64), 1..60)
           ) {
               let names = ["INCR", "DECR", "APPEND"];
               let (mut once, mut now) = (Once::default(), Mono(0));
               // The command that took effect, when, and its reply.
               let mut effect: Option<(usize, Mono, usize)> = None;
               for (number, (which, fails, pause)) in tries.into_iter().enumerate() {
                   now = now.plus(pause);
                   let print = command(&[names[which]]);
                   let recent = effect.filter(|(_, at, _)| now.since(*at) < 20);
                   let reply = number.to_string();
                   match once.begin(&print, now) {
                       Begin::Run => {
                           prop_assert_eq!(recent, None);
                           let outcome = if fails { Reply::Failed } else { done(&reply) };
                           once.keep(print, outcome, 20, now);
                           effect = if fails { None } else { Some((which, now, number)) };
                       }
                       Begin::Replay(bytes) => {
                           let (same, _, number) = recent.expect("something was kept");
                           let reply = number.to_string();
                           prop_assert_eq!((same, bytes), (which, reply.as_bytes()));
                       }
                       Begin::Mismatch => {
    prop_assert!(recent.is_some_and(|(other, ..)| other != which));
    }
                   }
               }
           }
       }
}
