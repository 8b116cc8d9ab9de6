//! Who waits for whom, in small.
