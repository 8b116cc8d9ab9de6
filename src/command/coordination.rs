//! What the rows of all coordination families have in common.

use crate::command::spec::{Group, KeyFlags, Spec};

/// A row of ours.
pub(super) const BASE: Spec = Spec { group: Group::Coordination, since: "0.1.0", ..Spec::BASE };
/// A key whose machine is looked at and changed.
pub(super) const CHANGES: KeyFlags = KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE);
/// A key whose machine is only looked at.
pub(super) const LOOKS: KeyFlags = KeyFlags::RO.and(KeyFlags::ACCESS);
