//! The rules of the lock, each with both sides of its boundary.
