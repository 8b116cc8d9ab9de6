//! `node.state`: who this node is and how often it has started. Written and synced before the first
//! client is served, because the boot epoch is the high half of every fencing token
//! (docs/adr/0002-token-layout.md).
//!
//! A damaged file stops the server: guessing an epoch could hand out a token twice.

use crate::coord::token::Epoch;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "node.state";
const LOCK_FILE: &str = "node.lock";
const HEADER: &str = "latchd node.state 1";
const ID_DIGITS: usize = 40;

/// What the file says, after this start has been counted.
#[derive(Debug)]
pub(crate) struct NodeState {
    /// 40 hexadecimal digits.
    pub(crate) id: String,
    /// 0 at the first start.
    pub(crate) epoch: Epoch,
    dir: PathBuf,
    /// Keeps a second server out of the directory as long as this one runs.
    _lock: File,
}

/// Why the directory cannot be used: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeStateError {
    #[error(
        "cannot write {path}: {source}\nlatchd keeps its boot epoch there, so that fencing tokens \
         never go back. Make the directory writable or choose another one with --dir."
    )]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{path} is damaged: {problem}\nRestore it from a backup. If the old fencing tokens do not \
         matter any more, remove it: the server then starts as a new node, at epoch 0."
    )]
    Damaged { path: PathBuf, problem: &'static str },
    #[error(
        "{path} is locked: another latchd is running in this directory.\nStop it, or choose \
         another directory with --dir."
    )]
    InUse { path: PathBuf },
    #[error("{path} says that this node has started 2^21 times; its fencing tokens are used up.")]
    Exhausted { path: PathBuf },
}

impl NodeState {
    /// Puts `epoch` on disk: the next start begins above it.
    pub(crate) fn reserve(&self, epoch: Epoch) -> io::Result<()> {
        write(&self.dir, &self.dir.join(FILE), &self.id, epoch)
    }
}

/// Counts this start. `fresh_id` names the node if it is new.
pub(crate) fn open(dir: &Path, fresh_id: &str) -> Result<NodeState, NodeStateError> {
    // CONFIG SET dir may change what a relative path means, and the file stays where it is. Who
    // reads an error sees where that is.
    let dir = std::path::absolute(dir)
        .map_err(|source| NodeStateError::Io { path: dir.join(FILE), source })?;
    let path = dir.join(FILE);
    let failed = |source| NodeStateError::Io { path: path.clone(), source };
    let lock = lock(&dir)?;
    let (id, boots) = match std::fs::read_to_string(&path) {
        Ok(text) => {
            let (id, epoch) = parse(&text)
                .map_err(|problem| NodeStateError::Damaged { path: path.clone(), problem })?;
            (id, epoch.get() + 1)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (fresh_id.to_owned(), 0),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(NodeStateError::Damaged { path, problem: "it is not text" });
        }
        Err(error) => return Err(failed(error)),
    };
    let epoch = Epoch::new(boots).ok_or(NodeStateError::Exhausted { path: path.clone() })?;
    write(&dir, &path, &id, epoch).map_err(failed)?;
    Ok(NodeState { id, epoch, dir, _lock: lock })
}

fn lock(dir: &Path) -> Result<File, NodeStateError> {
    let path = dir.join(LOCK_FILE);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|source| NodeStateError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NodeStateError::InUse { path }),
        Err(TryLockError::Error(source)) => Err(NodeStateError::Io { path, source }),
    }
}

fn parse(text: &str) -> Result<(String, Epoch), &'static str> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err("its first line is not that of a node.state file");
    }
    let id = lines.next().and_then(|line| line.strip_prefix("node-id "));
    let id =
        id.filter(|id| id.len() == ID_DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let epoch = lines.next().and_then(|line| line.strip_prefix("boot-epoch "));
    let epoch = epoch.and_then(|epoch| epoch.parse().ok()).and_then(Epoch::new);
    match (id, epoch, text.ends_with('\n')) {
        (Some(id), Some(epoch), true) => Ok((id.to_owned(), epoch)),
        (None, _, _) => Err("it has no line `node-id` with 40 hexadecimal digits"),
        (_, None, _) | (_, _, false) => {
            Err("it has no whole line `boot-epoch` with a number below 2^21")
        }
    }
}

/// Replaces the file in one step: after a crash it is the old one or the new one.
fn write(dir: &Path, path: &Path, id: &str, epoch: Epoch) -> io::Result<()> {
    let text = format!("{HEADER}\nnode-id {id}\nboot-epoch {}\n", epoch.get());
    let next = path.with_extension("state.new");
    let mut file = File::create(&next)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("latchd-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn every_start_has_a_higher_epoch_and_the_same_name() {
        let dir = Directory::new("epochs");
        for boot in 0..3 {
            let state = open(&dir.0, if boot == 0 { ID } else { "another" }).unwrap();
            assert_eq!((state.epoch.get(), &*state.id), (boot, ID));
        }
    }

    #[test]
    fn a_second_server_in_the_directory_is_refused() {
        let dir = Directory::new("lock");
        let first = open(&dir.0, ID).unwrap();
        assert!(matches!(open(&dir.0, ID), Err(NodeStateError::InUse { .. })));
        drop(first);
        open(&dir.0, ID).unwrap();
    }

    #[test]
    fn a_file_cut_at_any_byte_is_refused() {
        let dir = Directory::new("cut");
        drop(open(&dir.0, ID).unwrap());
        let path = dir.0.join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let refused = matches!(open(&dir.0, ID), Err(NodeStateError::Damaged { .. }));
            assert!(refused, "{length} bytes");
        }
    }
}
