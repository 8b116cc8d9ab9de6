//! Commands: one row and one function each, in a file per family. Knows no connection and no
//! thread.
//!
//! A new command is a row in its family's `ROWS`; a new family is a line in `FAMILIES`.

pub mod args;
pub mod context;
pub mod error;
pub mod named;
pub mod node;
pub mod notifications;
pub mod reference;
pub mod spec;
pub mod table;

mod absent;
mod auth;
mod barrier;
mod claim;
mod client;
mod cluster;
mod compare;
mod config;
mod connection;
mod coordination;
mod count;
mod counter;
mod database;
mod dataset_digest;
mod debug;
mod debug_server;
mod docs;
mod duration;
mod election;
mod encodings;
mod expire;
mod feed;
mod fence;
mod figures;
mod hash;
mod hash_counter;
mod hash_pick;
mod hash_read;
mod help;
mod increx;
mod info;
mod introspection;
mod keys;
mod latch;
mod latency;
mod lcs;
mod lease;
mod lifetime;
mod lock;
mod lock_script;
mod lolwut;
mod memory;
mod memory_doctor;
mod memory_usage;
mod monitor;
mod nested;
mod object;
mod once;
mod picks;
mod pubsub;
mod rename;
#[cfg(test)]
mod rows_tests;
mod scan;
mod script;
mod semaphore;
mod server;
mod slowlog;
mod string;
mod string_multi;
mod string_range;
mod string_set;
mod terms;
mod throttle;
mod transaction;
mod wait;

pub use reference::reference;

use spec::Spec;

/// The rows of all families.
#[rustfmt::skip]
const FAMILIES: &[&[Spec]] = &[
    auth::ROWS,
    barrier::ROWS,
    client::ROWS,
    cluster::ROWS,
    compare::ROWS,
    config::ROWS,
    connection::ROWS,
    counter::ROWS,
    database::ROWS,
    debug::ROWS,
    election::ROWS,
    expire::ROWS,
    feed::ROWS,
    fence::ROWS,
    hash::ROWS,
    hash_counter::ROWS,
    hash_pick::ROWS,
    hash_read::ROWS,
    increx::ROWS,
    info::ROWS,
    introspection::ROWS,
    keys::ROWS,
    latch::ROWS,
    latency::ROWS,
    lcs::ROWS,
    lease::ROWS,
    lock::ROWS,
    lolwut::ROWS,
    memory::ROWS,
    monitor::ROWS,
    object::ROWS,
    once::ROWS,
    pubsub::ROWS,
    rename::ROWS,
    scan::ROWS,
    script::ROWS,
    semaphore::ROWS,
    server::ROWS,
    slowlog::ROWS,
    string::ROWS,
    string_multi::ROWS,
    string_range::ROWS,
    string_set::ROWS,
    throttle::ROWS,
    transaction::ROWS,
];
