//! Which scripts clients have loaded: EVALSHA finds only those, as in Redis, though the server
//! knows more.
//!
//! A script that the catalogue lists costs a bit, so finding it takes no lock. Of others the SHA-1
//! is kept and what they do; their text is of no use here.

use crate::script::Sha;
use crate::script::catalogue::{self, COUNT, Number, Row};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Loaded scripts that the catalogue does not list; when there are as many, no more are loaded
/// until SCRIPT FLUSH. Each costs less than 100 bytes.
pub const OTHERS_MAX: usize = 65_536;

/// What is known of a script.
#[derive(Clone, Copy, Debug)]
pub enum Recognised {
    /// It does what this row says.
    As(&'static Row),
    /// It is somebody's own.
    No,
}

/// There are [`OTHERS_MAX`] scripts already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Scripts {
    listed: [AtomicU64; COUNT.div_ceil(64)],
    others: RwLock<HashMap<Sha, Recognised>>,
}

impl Scripts {
    /// The loaded script with this SHA-1.
    #[must_use]
    pub fn loaded(&self, sha: Sha) -> Option<Recognised> {
        if let Some((number, row, _)) = catalogue::by_sha(sha) {
            return self.is_marked(number).then_some(Recognised::As(row));
        }
        self.others.read().get(&sha).copied()
    }

    /// What the script with this text does. One that is recognised is loaded from now on, if there
    /// is room.
    pub fn evaluated(&self, text: &[u8]) -> (Sha, Recognised) {
        let sha = Sha::of(text);
        if let Some((number, row, _)) = catalogue::by_sha(sha) {
            self.mark(number);
            return (sha, Recognised::As(row));
        }
        if let Some(recognised) = self.others.read().get(&sha) {
            return (sha, *recognised);
        }
        let recognised = recognise(text);
        if let Recognised::As(_) = recognised {
            // Without room it is recognised anew each time.
            let _ = self.keep(sha, recognised);
        }
        (sha, recognised)
    }

    /// Loads the script with this text, whatever it does.
    ///
    /// # Errors
    /// There is no room.
    pub fn load(&self, text: &[u8]) -> Result<Sha, Full> {
        let sha = Sha::of(text);
        match catalogue::by_sha(sha) {
            Some((number, ..)) => self.mark(number),
            None => self.keep(sha, recognise(text))?,
        }
        Ok(sha)
    }

    /// Counts a listed script as loaded, for whoever has its SHA-1 and not its text; whether it is
    /// listed.
    pub fn assume(&self, sha: Sha) -> bool {
        let listed = catalogue::by_sha(sha);
        listed.inspect(|(number, ..)| self.mark(*number)).is_some()
    }

    /// Forgets all.
    pub fn flush(&self) {
        for word in &self.listed {
            word.store(0, Ordering::Relaxed);
        }
        *self.others.write() = HashMap::new();
    }

    fn keep(&self, sha: Sha, recognised: Recognised) -> Result<(), Full> {
        let mut others = self.others.write();
        if others.len() >= OTHERS_MAX && !others.contains_key(&sha) {
            return Err(Full);
        }
        others.insert(sha, recognised);
        Ok(())
    }

    fn is_marked(&self, number: Number) -> bool {
        let (word, bit) = self.place(number);
        word.load(Ordering::Relaxed) & bit != 0
    }

    fn mark(&self, number: Number) {
        // Looked at first: a write would take the line away from the other cores.
        if !self.is_marked(number) {
            let (word, bit) = self.place(number);
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    fn place(&self, number: Number) -> (&AtomicU64, u64) {
        (&self.listed[usize::from(number.0 / 64)], 1 << (number.0 % 64))
    }
}

fn recognise(text: &[u8]) -> Recognised {
    catalogue::by_normal_form(text).map_or(Recognised::No, Recognised::As)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_there_from_its_loading_to_the_flush() {
        let scripts = Scripts::default();
        let sha = Sha::of(b"return 1");
        assert!(scripts.loaded(sha).is_none());
        assert_eq!(scripts.load(b"return 1"), Ok(sha));
        assert!(matches!(scripts.loaded(sha), Some(Recognised::No)));
        scripts.flush();
        assert!(scripts.loaded(sha).is_none());
    }

    #[test]
    fn a_listed_script_is_not_there_until_somebody_loads_it() {
        let scripts = Scripts::default();
        for (row, known) in
            catalogue::rows().iter().flat_map(|r| r.scripts.iter().map(move |k| (r, k)))
        {
            assert!(scripts.loaded(known.sha).is_none(), "{}", known.library);
            assert!(scripts.assume(known.sha));
            match scripts.loaded(known.sha) {
                Some(Recognised::As(found)) => assert_eq!(found.operation, row.operation),
                other => panic!("{}: {other:?}", known.library),
            }
        }
        scripts.flush();
        assert!(
            catalogue::rows()
                .iter()
                .flat_map(|row| row.scripts)
                .all(|known| scripts.loaded(known.sha).is_none())
        );
    }

    #[test]
    fn what_is_not_recognised_is_not_loaded_by_its_evaluation() {
        let scripts = Scripts::default();
        let (sha, recognised) = scripts.evaluated(b"return 2");
        assert!(matches!(recognised, Recognised::No) && scripts.loaded(sha).is_none());
        let copy = b"if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) \
                     else return 0 end --copied";
        let (sha, recognised) = scripts.evaluated(copy);
        assert!(matches!(recognised, Recognised::As(_)) && scripts.loaded(sha).is_some());
    }

    #[test]
    fn the_cache_is_bounded() {
        let scripts = Scripts::default();
        for number in 0..OTHERS_MAX {
            scripts.keep(Sha::of(&number.to_le_bytes()), Recognised::No).unwrap();
        }
        assert_eq!(scripts.load(b"return 1"), Err(Full));
        assert!(scripts.keep(Sha::of(&0_usize.to_le_bytes()), Recognised::No).is_ok(), "again");
        scripts.flush();
        assert!(scripts.load(b"return 1").is_ok());
    }
}
