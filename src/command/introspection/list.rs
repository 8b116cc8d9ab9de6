//! COMMAND LIST: names of commands and subcommands.

use crate::base::glob::{self, Case};
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::spec::{Acl, Outcome};
use crate::command::table::{Command, table};

/// FILTERBY.
enum Filter<'r> {
    Everything,
    /// There are no modules, so nothing comes from one.
    Module,
    /// A category of ACLs; nothing is in one that does not exist.
    Category(Option<Acl>),
    Pattern(&'r [u8]),
}

impl<'r> Filter<'r> {
    fn parse(mut args: Args<'r>) -> Result<Self, CommandError> {
        if args.left() == 0 {
            return Ok(Self::Everything);
        }
        if args.left() != 3 || !args.take_keyword("filterby") {
            return Err(CommandError::SYNTAX);
        }
        let (kind, value) = (args.take()?, args.take()?);
        match &*kind.to_ascii_lowercase() {
            b"module" => Ok(Self::Module),
            b"aclcat" => Ok(Self::Category(Acl::named(value))),
            b"pattern" => Ok(Self::Pattern(value)),
            _ => Err(CommandError::SYNTAX),
        }
    }

    fn takes(&self, command: &Command) -> bool {
        match self {
            Self::Everything => true,
            Self::Module | Self::Category(None) => false,
            Self::Category(Some(category)) => command.spec.acl.has(*category),
            Self::Pattern(pattern) => {
                glob::matches(pattern, command.full_name.as_bytes(), Case::Ignored)
            }
        }
    }
}

pub(super) fn list(cx: &mut Context<'_>, args: Args<'_>) -> Outcome {
    let filter = Filter::parse(args)?;
    let taken: Vec<_> = table().commands().iter().filter(|it| filter.takes(it)).collect();
    cx.reply.array(taken.len());
    for command in taken {
        cx.reply.bulk(command.full_name.as_bytes());
    }
    Ok(())
}
