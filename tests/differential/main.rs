//! The same requests to latchd and to a real `redis-server`, replies compared byte for byte.
//!
//! - `seeds`: random sequences. `LATCHD_SEEDS=5000` runs more of them, `LATCHD_SEED=17` one alone.
//! - `regressions`: sequences that failed once (`regressions/*.txt`).
//! - `cases`: what was written by hand, a file a family (`cases/*.txt`); it can be read as a
//!   specification of the corners.
//!
//! What may differ, and why, is the table in `judge.rs`. `LATCHD_BIN` names another binary to test,
//! and `LATCHD_TRANSCRIPT=1` prints (with `--nocapture`) what the oracle answers to each step.
#![allow(unreachable_pub, reason = "a test binary has no outside")]
#![allow(clippy::disallowed_methods, reason = "tests run on real time and threads")]

mod canon;
mod cases;
mod duel;
mod expand;
#[cfg(test)]
mod frames;
mod generate;
mod judge;
mod seeds;
mod sequence;
mod shrink;
#[path = "../support/mod.rs"]
mod support;
