//! The option `LEASE id`: the lease that something is to hang on.
//!
//! A command checks it with [`Context::live_lease`] when it knows that it will run, and then hangs
//! what it has granted or parked there (`Edit::hang_grant`, `hang_waiter`, `hang_text`). The id is
//! no key of the row: it is in the slot of one that is.

use crate::base::slot::SlotId;
use crate::command::context::Context;
use crate::command::error::CommandError;
use crate::command::lease::GONE;
use crate::keyspace::Key;
use crate::keyspace::leases::Lease;

const OTHER_SLOT: CommandError = CommandError::fixed(
    "CROSSSLOT a key and its lease have to be in the same slot: give them the same hash tag",
);

impl Context<'_> {
    /// The lease that shall carry `key`, if the request names one.
    ///
    /// # Errors
    /// The lease is not there, or in another slot than the key.
    pub(in crate::command) fn live_lease<'r>(
        &mut self,
        key: Key<'_>,
        id: Option<&'r [u8]>,
    ) -> Result<Option<&'r [u8]>, CommandError> {
        let Some(id) = id else { return Ok(None) };
        if SlotId::of(id) != key.slot {
            return Err(OTHER_SLOT);
        }
        let now = self.keys.now.mono;
        let edit = self.keys.edit_any(Key { bytes: id, slot: key.slot });
        match edit.machine::<Lease>()?.and_then(|lease| lease.live(now)) {
            Some(_) => Ok(Some(id)),
            None => Err(GONE),
        }
    }
}
