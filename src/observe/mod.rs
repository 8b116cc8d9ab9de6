//! Seeing the server: counters, histograms, the slow log, the latency monitor and the log lines.
//!
//! Not here: commands, replies and sockets (the command layer writes these figures as RESP), and
//! clocks: every time is an argument. Everything has a bound, and what the hot path touches is one
//! worker's own memory.

pub mod calendar;
pub mod commands;
pub mod counters;
pub mod doctor;
pub mod errors;
pub mod histogram;
pub mod latency;
pub mod log;
pub mod log_line;
pub mod rates;
pub mod redaction;
pub mod slowlog;
pub mod sparkline;
pub mod tally;
