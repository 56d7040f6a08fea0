//! One run at a time: two that write the same files would spoil each other's.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files::Room;

/// Held until it is dropped, or the process ends in whichever way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until no other process holds the lock of this file. `work` is what then goes on, as
    /// the message says it to those who wait.
    pub(crate) fn take(room: &Room, name: impl AsRef<Path>, work: &str) -> Result<Self> {
        let (path, file) = room.lock_file(name)?;
        let outcome = match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                eprintln!(
                    "     Waiting until another process is done with {work} ({} is locked)",
                    path.display()
                );
                lock(&file)
            }
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(()),
        };
        match outcome {
            // Some file systems know no locks; as Cargo does, go on without.
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            other => other.with_context(|| format!("{} cannot be locked", path.display()))?,
        }
        Ok(Self { _file: file })
    }
}

fn lock(file: &File) -> std::io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_again_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(folder.path(), "the target folder");
        for _ in 0..2 {
            let held = Lock::take(&room, "lock", "a test").unwrap();
            let other = File::open(folder.path().join("lock")).unwrap();
            assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
            drop(held);
        }
    }
}
