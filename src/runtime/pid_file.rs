//! The file that names this process, for start scripts: there as long as the server runs
//! (`pidfile`).

use crate::command::node::system_text;
use std::path::PathBuf;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file. As in Redis the server starts without it if that fails.
    pub(crate) fn write(path: PathBuf, pid: u32) -> Option<Self> {
        // Absolute, because CONFIG SET may change the working directory.
        let absolute = std::path::absolute(&path);
        let written = absolute.and_then(|path| {
            std::fs::write(&path, format!("{pid}\n"))?;
            Ok(path)
        });
        match written {
            Ok(path) => Some(Self(path)),
            Err(error) => {
                let path = path.display();
                tracing::warn!("Failed to write PID file {path}: {}", system_text(&error));
                None
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        tracing::info!("Removing the pid file.");
        // Somebody may have removed it already.
        let _ = std::fs::remove_file(&self.0);
    }
}
