//! From an archive to its unpacked folder: unpacked once, checked on every call, repaired.

use std::path::{Path, PathBuf};

use super::cache::cache_folder;
use super::compare::{Paths, differing, unpack};
use super::lock::{self, Access, TryLock, lock};
use super::obstacles::{Aside, rename};
use super::stored::Stored;
use super::temporary::Temporary;
use super::{Archive, DataError};

/// The folder with the archive's files, in the user's [cache folder](super::cache_folder).
///
/// The first call unpacks the archive, after downloading it if it has an address. Each further
/// call compares every file with the archive, whose checksum is checked, too, and restores what
/// is missing, cut short or changed; it writes nothing if all is well. Files that you add to the
/// folder stay; one that is where the archive has a folder, or the other way round, is moved to
/// `.NAME.aside` beside it, which standard error tells. Any number of processes may call it at the same
/// time; those that wait for another one say so on standard error. A complete folder need not be
/// writable.
///
/// # Errors
/// If the cache can't be written, the archive has another checksum than expected, is damaged, or
/// is refused: a path that leads out of its folder, a link, a device, two names that are one
/// on some systems, or more than its [`Limits`](super::Limits). See [`DataError`]; a download adds its
/// own. Then the folder is as it was before the call.
///
/// ```
/// use mnist_from_scratch::data::{Urls, untar_data};
///
/// # #[cfg(feature = "mnist-sample")] {
/// let path = untar_data(Urls::MNIST_SAMPLE)?;
/// assert!(path.join("train/3/10.png").is_file());
/// # }
/// # Ok::<(), mnist_from_scratch::data::DataError>(())
/// ```
pub fn untar_data(archive: Archive) -> Result<PathBuf, DataError> {
    crate::stdout::ends_quietly();
    untar_data_in(&archive, cache_folder()?)
}

/// [`untar_data`] with a cache folder of your choice, which is made if it is missing.
///
/// # Errors
/// Those of [`untar_data`].
///
/// ```no_run
/// use mnist_from_scratch::data::{Urls, untar_data_in};
///
/// # #[cfg(feature = "mnist-sample")] {
/// let path = untar_data_in(&Urls::MNIST_SAMPLE, "target/cache")?;
/// assert!(path.ends_with("target/cache/mnist_sample"));
/// # }
/// # Ok::<(), mnist_from_scratch::data::DataError>(())
/// ```
pub fn untar_data_in(archive: &Archive, cache: impl AsRef<Path>) -> Result<PathBuf, DataError> {
    untar(archive, cache.as_ref(), &lock::try_lock)
}

fn untar(archive: &Archive, cache: &Path, try_lock: &TryLock) -> Result<PathBuf, DataError> {
    let cache = &std::path::absolute(cache)
        .map_err(|source| DataError::Cache { folder: cache.into(), source })?;
    archive.check()?;
    let folder = cache.join(archive.name());

    // As a rule all is well: then many processes can look at the same time.
    let shared = lock(cache, archive.name(), Access::Shared, try_lock)?;
    if folder.is_dir()
        && let Some(stored) = Stored::at_hand(archive, cache)?
        && differing(archive, &stored, &folder)?.is_empty()
    {
        return Ok(folder);
    }
    drop(shared);

    let lock = lock(cache, archive.name(), Access::Exclusive, try_lock)?;
    let stored = Stored::fetch(archive, cache, &lock)?;
    lock.say("unpacking it");
    let temporary = Temporary::new(cache, archive.name(), &lock)?;
    let aside = Aside::new(cache, archive.name());
    aside.clear_for_folder(&folder)?;
    if !folder.is_dir() {
        unpack(archive, &stored, temporary.path(), |_| true, || temporary.clear())?;
        match rename(temporary.path(), &folder) {
            Ok(()) => return Ok(folder),
            // Without locks, another process may have been faster.
            Err(_) if folder.is_dir() => temporary.clear()?,
            Err(error) => return Err(error),
        }
    }
    // Another process may have repaired it while this one waited: look again.
    let broken = differing(archive, &stored, &folder)?;
    if !broken.is_empty() {
        let wanted = |path: &Path| broken.contains(path);
        unpack(archive, &stored, temporary.path(), wanted, || temporary.clear())?;
        replace(temporary.path(), &folder, &broken, &aside)?;
        if let Some(path) = differing(archive, &stored, &folder)?.into_iter().min() {
            return Err(DataError::Unstable { path: folder.join(path) });
        }
    }
    Ok(folder)
}

/// Moves each broken item, written beside the folder, into its place, so that no reader ever sees half
/// a file.
fn replace(
    temporary: &Path,
    folder: &Path,
    broken: &Paths,
    aside: &Aside,
) -> Result<(), DataError> {
    // Folders come before what is in them.
    let mut broken: Vec<_> = broken.iter().collect();
    broken.sort();
    let mut last_parent = None;
    for path in broken {
        let (from, to) = (temporary.join(path), folder.join(path));
        let parent = path.parent();
        if parent != last_parent {
            let folders = parent.into_iter().flat_map(Path::ancestors).collect::<Vec<_>>();
            for ancestor in folders.iter().rev() {
                aside.for_folder(&folder.join(ancestor))?;
            }
            last_parent = parent;
        }
        if from.is_dir() {
            aside.for_folder(&to)?;
        } else {
            aside.for_file(&to)?;
            rename(&from, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, TryLockError};
    use std::io;

    use super::*;

    #[test]
    #[cfg(feature = "mnist-sample")]
    fn a_file_system_without_locks_will_do() {
        let cache = tempfile::tempdir().unwrap();
        let unsupported = |_: &File, _| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        let untar = || untar(&super::super::Urls::MNIST_SAMPLE, cache.path(), &unsupported);
        // Nobody waits for anybody, and still all is well.
        std::thread::scope(|scope| {
            for thread in (0..3).map(|_| scope.spawn(untar)).collect::<Vec<_>>() {
                assert_eq!(thread.join().unwrap().unwrap(), cache.path().join("mnist_sample"));
            }
        });
        std::fs::remove_file(untar().unwrap().join("train/3/10.png")).unwrap();
        assert!(untar().unwrap().join("train/3/10.png").is_file());
        let left = std::fs::read_dir(cache.path()).unwrap().count();
        assert_eq!(left, 2, "the folder and the lock's file");
    }
}
