//! From an archive to its unpacked folder: unpacked once, checked on every call, repaired.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::archive::Source;
use super::cache::{Access, cache_folder, lock};
use super::unpack::{Item, for_each_item};
use super::{Archive, DataError};

/// The folder with the archive's files, in the user's [cache folder](super::cache_folder).
///
/// The first call unpacks the archive, after downloading it if it has an address. Each further
/// call compares every file with the archive, whose checksum is checked, too, and restores what
/// is missing, cut short or changed; it writes nothing if all is well. Files that you add to the
/// folder stay. Any number of processes may call it at the same time.
///
/// # Errors
/// If the cache can't be written, the archive has another checksum than expected, is damaged, or
/// is refused: a path that leads out of its folder, a link, a device, or more than its
/// [`Limits`](super::Limits). See [`DataError`]; a download adds its own. Then the folder is as it
/// was before the call.
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
    let cache = cache.as_ref();
    let cache = &std::path::absolute(cache)
        .map_err(|source| DataError::Cache { folder: cache.into(), source })?;
    archive.check()?;
    let folder = cache.join(archive.name());

    // As a rule all is well: then many processes can look at the same time.
    let shared = lock(cache, archive.name(), Access::Shared)?;
    if folder.is_dir()
        && let Some(stored) = Stored::at_hand(archive, cache)?
        && differing(archive, &stored, &folder)?.is_empty()
    {
        return Ok(folder);
    }
    drop(shared);

    let _exclusive = lock(cache, archive.name(), Access::Exclusive)?;
    let stored = Stored::fetch(archive, cache)?;
    let temporary = Temporary::new(cache.join(format!(".{}.unpacking", archive.name())))?;
    if !folder.exists() {
        unpack(archive, &stored, &temporary.0, |_| true)?;
        rename(&temporary.0, &folder)?;
        return Ok(folder);
    }
    // Another process may have repaired it while this one waited: look again.
    let broken = differing(archive, &stored, &folder)?;
    if !broken.is_empty() {
        repair(archive, &stored, &folder, &temporary.0, &broken)?;
        if let Some(path) = differing(archive, &stored, &folder)?.into_iter().next() {
            return Err(DataError::Unstable { path: folder.join(path) });
        }
    }
    Ok(folder)
}

/// An archive whose checksum is right.
enum Stored {
    Memory(&'static [u8]),
    #[cfg(feature = "download")]
    Disk(PathBuf),
}

impl Stored {
    /// The archive if it needs no download.
    fn at_hand(archive: &Archive, cache: &Path) -> Result<Option<Stored>, DataError> {
        match &archive.source {
            Source::Embedded(_) => Stored::fetch(archive, cache).map(Some),
            #[cfg(feature = "download")]
            Source::Http(_) => {
                let path = super::download::place(archive, cache);
                let right = path.is_file() && sha256_of_file(&path)? == archive.sha256();
                Ok(right.then_some(Stored::Disk(path)))
            }
        }
    }

    /// The archive, downloaded if need be.
    #[cfg_attr(not(feature = "download"), expect(unused_variables, reason = "nothing to store"))]
    fn fetch(archive: &Archive, cache: &Path) -> Result<Stored, DataError> {
        match &archive.source {
            Source::Embedded(bytes) => {
                let found = hex(&Sha256::digest(bytes));
                if !found.eq_ignore_ascii_case(archive.sha256()) {
                    return Err(DataError::Checksum {
                        archive: archive.name().into(),
                        expected: archive.sha256().into(),
                        found,
                    });
                }
                Ok(Stored::Memory(bytes))
            }
            #[cfg(feature = "download")]
            Source::Http(url) => super::download::fetch(archive, url, cache).map(Stored::Disk),
        }
    }

    fn reader(&self) -> Result<Box<dyn Read + '_>, DataError> {
        match self {
            Stored::Memory(bytes) => Ok(Box::new(*bytes)),
            #[cfg(feature = "download")]
            Stored::Disk(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(io::BufReader::new(file))),
                Err(source) => Err(DataError::Read { path: path.clone(), source }),
            },
        }
    }
}

/// The paths below `folder` that are not as the archive has them.
fn differing(
    archive: &Archive,
    stored: &Stored,
    folder: &Path,
) -> Result<HashSet<PathBuf>, DataError> {
    let differing = Mutex::new(HashSet::new());
    for_each_item(archive, stored.reader()?, |path, item| {
        let on_disk = folder.join(path);
        let same = match item {
            Item::Folder => on_disk.is_dir(),
            // What can't be read is written anew; if that fails, too, the user learns why.
            Item::File(content) => has_content(&on_disk, content).unwrap_or(false),
        };
        if !same {
            differing.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into());
        }
        Ok(())
    })?;
    Ok(differing.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Whether a file has exactly these bytes.
fn has_content(path: &Path, mut expected: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut buffer = [0; 4096];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(expected.is_empty()),
            n => match expected.strip_prefix(&buffer[..n]) {
                Some(rest) => expected = rest,
                None => return Ok(false),
            },
        }
    }
}

/// Writes the archive's items that are `wanted` into a folder.
fn unpack(
    archive: &Archive,
    stored: &Stored,
    folder: &Path,
    wanted: impl Fn(&Path) -> bool + Sync,
) -> Result<(), DataError> {
    for_each_item(archive, stored.reader()?, |path, item| {
        if !wanted(path) {
            return Ok(());
        }
        let path = folder.join(path);
        let written = match item {
            Item::Folder => std::fs::create_dir_all(&path),
            Item::File(content) => create(&path).and_then(|mut file| file.write_all(content)),
        };
        written.map_err(|source| DataError::Write { path, source })
    })
}

/// Creates a file, and its folder if that is missing: as a rule it is there already, and asking
/// each time would cost as much as creating the file.
fn create(path: &Path) -> io::Result<File> {
    File::create(path).or_else(|error| match path.parent() {
        Some(parent) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent)?;
            File::create(path)
        }
        _ => Err(error),
    })
}

/// Writes the broken items beside the folder and moves each into its place, so that no reader
/// ever sees half a file.
fn repair(
    archive: &Archive,
    stored: &Stored,
    folder: &Path,
    temporary: &Path,
    broken: &HashSet<PathBuf>,
) -> Result<(), DataError> {
    unpack(archive, stored, temporary, |path| broken.contains(path))?;
    for path in broken {
        let (from, to) = (temporary.join(path), folder.join(path));
        let parent = if from.is_dir() { Some(to.as_path()) } else { to.parent() };
        if let Some(parent) = parent {
            std::fs::create_dir_all(parent)
                .map_err(|source| DataError::Write { path: parent.into(), source })?;
        }
        if !from.is_dir() {
            rename(&from, &to)?;
        }
    }
    Ok(())
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), DataError> {
    std::fs::rename(from, to).map_err(|source| DataError::Write { path: to.into(), source })
}

/// A folder that is gone when this goes. Its name is always the same: what a killed process left
/// there is removed first. Only who holds the exclusive lock may have one.
struct Temporary(PathBuf);

impl Temporary {
    fn new(path: PathBuf) -> Result<Temporary, DataError> {
        let made = match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => std::fs::create_dir(&path),
        };
        match made {
            Ok(()) => Ok(Temporary(path)),
            Err(source) => Err(DataError::Write { path, source }),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If it was moved into its place, there is nothing to remove.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The SHA-256 of a file in hexadecimal digits.
#[cfg(feature = "download")]
pub(super) fn sha256_of_file(path: &Path) -> Result<String, DataError> {
    let hash = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&hasher.finalize())),
                n => hasher.update(&buffer[..n]),
            }
        }
    };
    hash().map_err(|source| DataError::Read { path: path.into(), source })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_compared_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..10_000).map(|i| i as u8).collect();
        std::fs::write(&path, &content).unwrap();
        assert!(has_content(&path, &content).unwrap());
        assert!(!has_content(&path, &content[..9_999]).unwrap());
        assert!(!has_content(&path, &[&content[..], &[0]].concat()).unwrap());
        let mut changed = content.clone();
        changed[9_000] ^= 1;
        assert!(!has_content(&path, &changed).unwrap());
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&Sha256::digest(b"")), empty);
    }
}
