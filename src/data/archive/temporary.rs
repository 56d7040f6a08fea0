//! A folder beside the archive's own, where files are written before they get their place.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::DataError;
use super::lock::Lock;

/// A folder that is gone when this goes.
pub(super) struct Temporary(PathBuf);

impl Temporary {
    /// A new folder, empty, with a name that nobody else has.
    pub(super) fn new(cache: &Path, name: &str, lock: &Lock) -> Result<Temporary, DataError> {
        let start = format!(".{name}.unpacking");
        if lock.keeps_others_out() {
            remove_left_ones(cache, &start);
        }
        loop {
            let path = cache.join(format!("{start}{}", unique()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Temporary(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(DataError::Write { path, source }),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes what is in it.
    pub(super) fn clear(&self) -> Result<(), DataError> {
        std::fs::remove_dir_all(&self.0)
            .and_then(|()| std::fs::create_dir(&self.0))
            .map_err(|source| DataError::Write { path: self.0.clone(), source })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If it was moved into its place, there is nothing to remove.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The end of a name that no other process and no other thread takes: `-PROCESS-NUMBER`.
pub(super) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// What killed processes left is nobody's while the lock is held.
fn remove_left_ones(cache: &Path, start: &str) {
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(end) = name.to_str().and_then(|name| name.strip_prefix(start)) else { continue };
        if end.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            let path = entry.path();
            let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        }
    }
}
