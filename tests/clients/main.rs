//! Real clients, unmodified, against a freshly started server: what their users would run.
//!
//! `./check` installs the clients below `.check/`. A test here fails when they are missing; it is
//! never skipped.

mod benchmark;
mod cli;
mod cli_modes;
mod locks;
mod node;
mod program;
mod python;
mod scripts;
#[path = "../support/mod.rs"]
mod support;
