//! The options that all requests for a grant have: `PX milliseconds | LEASE id` and `WAIT
//! milliseconds`, in any order and among others.
//!
//! Not here: the options that one family has besides.

use crate::command::args::Args;
use crate::command::duration::{take_ms, take_ms_or_none};
use crate::command::error::CommandError;
use crate::coord::grant::Lasting;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Terms<'r> {
    lasting: Option<Lasting>,
    /// The lease that the grant shall hang on.
    pub(super) lease: Option<&'r [u8]>,
    /// How long the request may wait, 0 for ever.
    pub(super) wait_ms: Option<u64>,
}

impl<'r> Terms<'r> {
    /// Takes the next option if it is one of these; whether it was.
    ///
    /// # Errors
    /// Its value is none, or it has been there before.
    pub(super) fn take(&mut self, args: &mut Args<'r>) -> Result<bool, CommandError> {
        let repeated = if args.take_keyword("px") {
            self.lasting.replace(Lasting::Ms(take_ms(args)?)).is_some()
        } else if args.take_keyword("wait") {
            self.wait_ms.replace(take_ms_or_none(args)?).is_some()
        } else if args.take_keyword("lease") {
            self.lease = Some(args.take()?);
            self.lasting.replace(Lasting::Lease).is_some()
        } else {
            return Ok(false);
        };
        if repeated { Err(CommandError::SYNTAX) } else { Ok(true) }
    }

    /// How long the grant is to last.
    ///
    /// # Errors
    /// The request does not say.
    pub(super) fn lasting(&self) -> Result<Lasting, CommandError> {
        self.lasting.ok_or(CommandError::SYNTAX)
    }
}
