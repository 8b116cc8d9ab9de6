//! The real file system, for reading the configuration.

use crate::config::Files;
use std::io::{self, Read};
use std::path::Path;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(path)?.map(|entry| {
            let name = entry?.file_name();
            name.into_string().map_err(|_| io::ErrorKind::InvalidData.into())
        });
        names.collect()
    }

    fn stdin(&self) -> io::Result<String> {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        Ok(text)
    }
}
