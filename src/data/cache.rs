//! Where unpacked archives live, and how processes take turns there.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::DataError;

/// The environment variable that names another cache folder.
pub const CACHE_VARIABLE: &str = "MNIST_FROM_SCRATCH_CACHE";

/// The folder that archives are unpacked to.
///
/// It is the one that the environment variable [`CACHE_VARIABLE`] names; without it, the user's
/// cache folder: `$XDG_CACHE_HOME/mnist_from_scratch`, as a rule `~/.cache/mnist_from_scratch`,
/// and the like on Windows. It need not exist yet.
///
/// # Errors
/// If the variable is not set and the user has no home folder.
///
/// ```
/// let cache = mnist_from_scratch::data::cache_folder()?;
/// assert!(cache.is_absolute());
/// # Ok::<(), mnist_from_scratch::data::DataError>(())
/// ```
pub fn cache_folder() -> Result<PathBuf, DataError> {
    choose(std::env::var_os(CACHE_VARIABLE), || {
        etcetera::choose_base_strategy().ok().map(|strategy| strategy.cache_dir())
    })
}

fn choose(
    variable: Option<OsString>,
    user_cache: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, DataError> {
    let folder = match variable {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => user_cache().ok_or(DataError::NoHome)?.join("mnist_from_scratch"),
    };
    // The program may change its folder later on.
    std::path::absolute(&folder).map_err(|source| DataError::Cache { folder, source })
}

/// Who may hold a lock at the same time.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Any number of readers.
    Shared,
    /// One writer and nobody else.
    Exclusive,
}

/// Waits until this process may use the archive `name`, across all processes. The lock lasts as
/// long as the returned file is open; the operating system gives it back if the process dies.
pub(super) fn lock(cache: &Path, name: &str, access: Access) -> Result<File, DataError> {
    let locked = || -> io::Result<File> {
        std::fs::create_dir_all(cache)?;
        let path = cache.join(format!(".{name}.lock"));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // Someone else may have filled a cache that this user can only read.
        let file = options.open(&path).or_else(|error| File::open(&path).map_err(|_| error))?;
        match access {
            Access::Shared => file.lock_shared()?,
            Access::Exclusive => file.lock()?,
        }
        Ok(file)
    };
    locked().map_err(|source| DataError::Cache { folder: cache.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_comes_first() {
        let folder = std::env::temp_dir().join("digits");
        assert_eq!(choose(Some(folder.clone().into()), || None).unwrap(), folder);
        assert!(choose(Some("digits".into()), || None).unwrap().is_absolute());
    }

    #[test]
    fn without_it_the_users_cache_is_taken() {
        let user_cache = std::env::temp_dir();
        let expected = user_cache.join("mnist_from_scratch");
        for variable in [None, Some(OsString::new())] {
            assert_eq!(choose(variable, || Some(user_cache.clone())).unwrap(), expected);
        }
        let error = choose(None, || None).unwrap_err().to_string();
        assert!(error.contains("set the environment variable MNIST_FROM_SCRATCH_CACHE"), "{error}");
    }

    #[test]
    fn readers_share_a_writer_waits() {
        let cache = tempfile::tempdir().unwrap();
        let one = lock(cache.path(), "digits", Access::Shared).unwrap();
        let two = lock(cache.path(), "digits", Access::Shared).unwrap();
        let path = cache.path().join(".digits.lock");
        assert!(File::open(&path).unwrap().try_lock().is_err());
        drop((one, two));
        let writer = lock(cache.path(), "digits", Access::Exclusive).unwrap();
        assert!(File::open(&path).unwrap().try_lock_shared().is_err());
        drop(writer);
    }
}
