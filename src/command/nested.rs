//! A request inside another one (FENCE.EXEC, ONCE.EXEC): which may stand there, and how it runs.
//!
//! It runs with the shard that the outer one has borrowed, so that nobody sees one of them without
//! the other. Its keys share the slot of the outer one's key and are others than that one: what the
//! outer command remembers there is its own. Without keys there is nothing that the two could
//! have in common, so commands without keys are refused.

use crate::command::args::Args;
use crate::command::context::{Context, NestedCall, Patience};
use crate::command::error::CommandError;
use crate::command::named::named;
use crate::command::spec::{Flags, Group, KeyFlags, Outcome, Reach, Run, Spec};
use crate::command::table::{Command, key_positions, nested_from};
use crate::keyspace::Key;
use crate::observe::commands::CallEnd;

/// What is done with the keys of the command inside depends on it.
pub(super) const NESTED_KEYS: KeyFlags = KeyFlags::RW
    .and(KeyFlags::ACCESS)
    .and(KeyFlags::UPDATE)
    .and(KeyFlags::INCOMPLETE)
    .and(KeyFlags::VARIABLE_FLAGS);

const CROSS_SLOT: CommandError =
    CommandError::fixed("CROSSSLOT Keys in request don't hash to the same slot");
const INVALID_KEYS: CommandError =
    CommandError::fixed("ERR the command does not have the keys that it says it has");

type Function = fn(&mut Context<'_>, Args<'_>) -> Outcome;

/// A request that may run inside another one.
pub(super) struct Nested<'r> {
    command: &'static Command,
    function: Function,
    args: Args<'r>,
}

impl<'r> Nested<'r> {
    /// The arguments that are left of `outer`, whose key is `key`, as a request.
    ///
    /// # Errors
    /// What a plain request of these words would get, or that this one may not stand there.
    /// No shard has been touched.
    pub(super) fn take(
        args: &Args<'r>,
        outer: &Command,
        key: Key<'_>,
    ) -> Result<Self, CommandError> {
        let argv = args.nested(0).argv();
        let command = named(argv)?;
        if !command.spec.accepts(argv.len()) {
            return Err(CommandError::arity(&command.full_name));
        }
        let function = nestable(command.spec).ok_or_else(|| refused(command, outer))?;
        let args = args.nested(1 + usize::from(command.container.is_some()));
        let positions = key_positions(command.spec, argv).map_err(|_| INVALID_KEYS)?;
        if positions.iter().any(|position| argv.get(*position) == Some(key.bytes)) {
            return Err(own_key(outer));
        }
        if args.slots().iter().any(|slot| *slot != key.slot) {
            return Err(CROSS_SLOT);
        }
        Ok(Self { command, function, args })
    }

    /// The words of the request, its name first.
    pub(super) fn words(&self) -> impl Iterator<Item = &'r [u8]> {
        self.args.argv().iter()
    }

    /// Runs it; it never waits.
    pub(super) fn run(self, cx: &mut Context<'_>) -> Outcome {
        let (outer, patience) = (cx.command, cx.patience);
        let (start, start_ns) = (cx.reply.out.len(), cx.node.clock.nanos());
        (cx.command, cx.patience) = (self.command, Patience::None);
        let outcome = (self.function)(cx, self.args);
        (cx.command, cx.patience) = (outer, patience);
        let took_ns = cx.node.clock.nanos().saturating_sub(start_ns);
        let failed = outcome.is_err() || cx.reply.out.get(start) == Some(&b'-');
        let end = if failed { CallEnd::Failed } else { CallEnd::Done };
        cx.nested = Some(NestedCall { command: self.command.id, took_ns, end });
        outcome
    }
}

/// The function of a command that may run with nothing but the shard of its keys, on behalf of any
/// client.
fn nestable(spec: &Spec) -> Option<Function> {
    const NEVER: [Flags; 3] = [Flags::NO_MULTI, Flags::PROTECTED, Flags::ADMIN];
    let Run::Plain(function) = spec.run else { return None };
    let has_all_it_needs = spec.has_keys()
        && nested_from(spec).is_none()
        && spec.reach == Reach::Keys
        && spec.group != Group::Connection
        && !NEVER.iter().any(|flag| spec.flags.has(*flag));
    has_all_it_needs.then_some(function)
}

fn refused(command: &Command, outer: &Command) -> CommandError {
    let name = command.full_name.to_ascii_uppercase().replace('|', " ");
    CommandError::new(format!("ERR {name} does not run inside {}", upper_name(outer)))
}

fn own_key(outer: &Command) -> CommandError {
    let outer = upper_name(outer);
    CommandError::new(format!("ERR the key of {outer} is not for the command inside it"))
}

fn upper_name(command: &Command) -> String {
    command.full_name.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::table::table;

    #[test]
    fn what_runs_inside_another_command_has_keys_and_needs_nothing_else() {
        let rows = table().commands().iter().filter(|command| nestable(command.spec).is_some());
        let nesting: Vec<&str> = rows.map(|command| &*command.full_name).collect();
        for name in ["get", "set", "del", "lock.acquire", "object|encoding", "cl.throttle"] {
            assert!(nesting.contains(&name), "{name}");
        }
        for name in ["fence.exec", "once.exec", "multi", "exec", "watch", "select", "ping"] {
            assert!(!nesting.contains(&name), "{name}");
        }
        for name in ["flushall", "keys", "scan", "config|set", "debug|object", "shutdown"] {
            assert!(!nesting.contains(&name), "{name}");
        }
    }
}
