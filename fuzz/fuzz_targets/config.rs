//! Configuration text: no text makes the reader panic, an error says where it is, and what CONFIG
//! REWRITE makes of a text means what the text meant.
#![no_main]

use latchd::config::{Config, Files, Invocation};
use libfuzzer_sys::fuzz_target;
use std::cell::Cell;
use std::io;
use std::path::Path;

const PATH: &str = "/etc/latchd.conf";

/// A file that includes itself twice would be read 2^16 times.
const READS_MAX: u32 = 20;

/// One file, and no other.
struct OneFile<'t> {
    text: &'t str,
    reads: Cell<u32>,
}

impl Files for OneFile<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.reads.set(self.reads.get() + 1);
        let there = path == Path::new(PATH) && self.reads.get() <= READS_MAX;
        if there { Ok(self.text.to_owned()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn stdin(&self) -> io::Result<String> {
        Ok(String::new())
    }
}

fn load(text: &str) -> Result<Config, String> {
    match Config::load(&[PATH], &OneFile { text, reads: Cell::new(0) }) {
        Ok((Invocation::Run(config), _)) => Ok(config),
        Ok(_) => unreachable!("a path asks to run"),
        Err(error) => Err(error.to_string()),
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let config = match load(text) {
        Ok(config) => config,
        Err(error) => return assert!(error.contains(PATH), "an error names the file: {error}"),
    };
    let rewritten = config.rewrite(Some(text));
    let again = load(&rewritten).unwrap_or_else(|error| panic!("{error}\n{rewritten}"));
    assert_eq!(again.get(&[b"*"]), config.get(&[b"*"]), "\n{rewritten}");
    assert_eq!(again.rewrite(Some(&rewritten)), rewritten, "a second rewrite changes nothing");
});
