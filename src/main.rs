//! The `latchd` binary: parses the command line and hands over to `runtime`.

fn main() {}
