//! Reading an archive: every entry is checked, then handed out, on all cores.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::{Archive, DataError};

/// An entry of an archive that has passed all checks.
pub(super) enum Item {
    Folder,
    File(Vec<u8>),
}

/// Entries that travel to another thread together; one by one they would cost more than the work.
type Batch = Vec<(PathBuf, Item)>;

/// Bytes after which a batch is sent.
const BATCH: usize = 256 << 10;
/// Bytes that may come between two files' contents: headers and padding.
const HEADERS: u64 = 1 << 20;

/// Reads a `.tgz` archive from its beginning to its end and calls `visit` for each file and
/// folder in it, with the path below the archive's top folder.
///
/// Entries are visited on several threads at once and in no fixed order. Whatever is wrong with
/// an entry is found before `visit` sees it, but others may have been visited by then.
pub(super) fn for_each_item(
    archive: &Archive,
    bytes: impl Read,
    visit: impl Fn(&Path, &Item) -> Result<(), DataError> + Sync,
) -> Result<(), DataError> {
    let visit = &visit;
    let workers = thread::available_parallelism().map_or(1, usize::from).min(8);
    thread::scope(|scope| {
        // Bounded, so that a slow disk does not fill the memory.
        let (sender, receiver) = sync_channel::<Batch>(2 * workers);
        let receiver = Arc::new(Mutex::new(receiver));
        let workers: Vec<_> = (0..workers)
            .map(|_| {
                let receiver = Arc::clone(&receiver);
                scope.spawn(move || visit_batches(&receiver, visit))
            })
            .collect();
        drop(receiver);

        // The sender goes with this call: that ends the workers.
        let read = read_items(archive, bytes, sender);
        let visited: Vec<_> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        read?;
        visited.into_iter().collect()
    })
}

fn visit_batches(
    receiver: &Mutex<Receiver<Batch>>,
    visit: &impl Fn(&Path, &Item) -> Result<(), DataError>,
) -> Result<(), DataError> {
    loop {
        // In a statement of its own: the others may receive while this thread works. The lock
        // is poisoned only if a thread panicked while it waited.
        let batch = receiver.lock().expect("receiving does not panic").recv();
        let Ok(batch) = batch else { return Ok(()) };
        for (path, item) in &batch {
            visit(path, item)?;
        }
    }
}

fn read_items(
    archive: &Archive,
    bytes: impl Read,
    sender: SyncSender<Batch>,
) -> Result<(), DataError> {
    let damaged = |source| DataError::Damaged { archive: archive.name().into(), source };
    let allowance = Cell::new(HEADERS);
    let metered = Metered { inner: MultiGzDecoder::new(bytes), allowance: &allowance };
    let mut tar = tar::Archive::new(metered);
    let mut checks = Checks::new(archive);
    let mut batch = Batch::new();
    let mut batch_bytes = 0;
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let Some(path) =
            checks.path(&entry.path_bytes(), entry.header().entry_type(), entry.size())?
        else {
            continue;
        };
        let item = if entry.header().entry_type().is_dir() {
            Item::Folder
        } else {
            let size = entry.size();
            allowance.set(size + HEADERS);
            let mut content = Vec::with_capacity(size.min(HEADERS) as usize);
            entry.read_to_end(&mut content).map_err(damaged)?;
            if content.len() as u64 != size {
                return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
            }
            Item::File(content)
        };
        allowance.set(HEADERS);
        if let Item::File(content) = &item {
            batch_bytes += content.len();
        }
        batch.push((path, item));
        if batch_bytes >= BATCH {
            batch_bytes = 0;
            if sender.send(std::mem::take(&mut batch)).is_err() {
                // All workers have stopped, each with an error that the caller reports.
                return Ok(());
            }
        }
    }
    // What follows the last entry is padding; reading it also checks gzip's checksum.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(damaged)?;
    if checks.seen.is_empty() {
        return Err(damaged(io::Error::other("there is no file in it")));
    }
    // As above: if nobody receives, the caller has the reason.
    let _ = sender.send(batch);
    Ok(())
}

/// A reader that stops at an allowance, so that a small archive can't unpack to endless headers,
/// which the tar reader keeps in memory.
struct Metered<'a, R> {
    inner: R,
    allowance: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let allowed = self.allowance.get();
        let length = buffer.len().min(usize::try_from(allowed).unwrap_or(usize::MAX));
        if length == 0 && !buffer.is_empty() {
            return Err(io::Error::other("more than 1 MiB between two files"));
        }
        let read = self.inner.read(&mut buffer[..length])?;
        self.allowance.set(allowed - read as u64);
        Ok(read)
    }
}

/// What must hold for each entry, and what has been seen so far.
struct Checks<'a> {
    archive: &'a Archive,
    top: Option<PathBuf>,
    seen: HashSet<PathBuf>,
    total_bytes: u64,
}

impl<'a> Checks<'a> {
    fn new(archive: &'a Archive) -> Self {
        Checks { archive, top: None, seen: HashSet::new(), total_bytes: 0 }
    }

    /// The entry's path below the top folder, or `None` if there is nothing to unpack.
    fn path(
        &mut self,
        raw: &[u8],
        kind: EntryType,
        size: u64,
    ) -> Result<Option<PathBuf>, DataError> {
        let limits = &self.archive.limits;
        let printed = String::from_utf8_lossy(raw);
        let refused = |reason: &str| DataError::Refused {
            archive: self.archive.name().into(),
            entry: printed.clone().into_owned(),
            reason: reason.into(),
        };
        let too_large = |what: String, limit: u64, field| DataError::TooLarge {
            archive: self.archive.name().into(),
            what,
            limit,
            field,
        };
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::Directory => {}
            // What `git archive` writes first: a comment.
            EntryType::XGlobalHeader => return Ok(None),
            EntryType::Symlink => return Err(refused("a symbolic link")),
            EntryType::Link => return Err(refused("a hard link")),
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                return Err(refused("a device or a pipe"));
            }
            _ => return Err(refused("neither a file nor a folder")),
        }
        if size > limits.file_bytes {
            let what = format!("{printed:?} has {size} bytes");
            return Err(too_large(what, limits.file_bytes, "file_bytes"));
        }
        self.total_bytes += size;
        if self.total_bytes > limits.total_bytes {
            let what = format!("its files have {} bytes and more", self.total_bytes);
            return Err(too_large(what, limits.total_bytes, "total_bytes"));
        }

        let path = inner_path(raw).map_err(refused)?;
        let mut parts = path.components();
        let Some(top) = parts.next() else { return Ok(None) }; // the entry "./"
        let below = parts.as_path();
        let top = Path::new(&top);
        if self.top.get_or_insert_with(|| top.into()) != top {
            return Err(refused("which lies outside of the archive's one top folder"));
        }
        if below.as_os_str().is_empty() {
            return match kind {
                EntryType::Directory => Ok(None),
                _ => Err(refused("a file that lies in no folder")),
            };
        }
        // The last one would win on the disk, and the first one would look damaged ever after.
        if !self.seen.insert(below.into()) {
            return Err(refused("which is there twice"));
        }
        if self.seen.len() as u64 > limits.files {
            let what = format!("it has {} files and folders and more", self.seen.len());
            return Err(too_large(what, limits.files, "files"));
        }
        Ok(Some(below.into()))
    }
}

/// An entry's path if it stays inside the folder that it is unpacked to.
fn inner_path(raw: &[u8]) -> Result<PathBuf, &'static str> {
    let text = std::str::from_utf8(raw).map_err(|_| "a name that is not UTF-8")?;
    let mut path = PathBuf::new();
    for part in Path::new(text).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => return Err("a path with `..` in it"),
            Component::RootDir | Component::Prefix(_) => return Err("an absolute path"),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(inner_path(b"./sample/3/7.png"), Ok(PathBuf::from("sample/3/7.png")));
        assert_eq!(inner_path(b"./"), Ok(PathBuf::new()));
        assert_eq!(inner_path(b"sample/../../x"), Err("a path with `..` in it"));
        assert_eq!(inner_path(b"/etc/x"), Err("an absolute path"));
        assert_eq!(inner_path(b"sample/\xff"), Err("a name that is not UTF-8"));
    }

    #[test]
    fn one_top_folder_and_no_name_twice() {
        let archive = Archive::embedded("digits", &[], "");
        let mut checks = Checks::new(&archive);
        let mut file = |path: &str| checks.path(path.as_bytes(), EntryType::Regular, 1);
        assert_eq!(file("top/a").unwrap(), Some("a".into()));
        assert_eq!(file("top/b/c").unwrap(), Some("b/c".into()));
        let error = file("top/./a").unwrap_err().to_string();
        assert!(error.contains("refusing \"top/./a\", which is there twice;"), "{error}");
        let error = file("other/a").unwrap_err().to_string();
        assert!(error.contains("outside of the archive's one top folder"), "{error}");
        let error = file("top").unwrap_err().to_string();
        assert!(error.contains("a file that lies in no folder"), "{error}");
    }

    #[test]
    fn an_allowance_ends_a_reader() {
        let allowance = Cell::new(3);
        let mut reader = Metered { inner: io::repeat(7), allowance: &allowance };
        let mut buffer = [0; 8];
        assert_eq!(reader.read(&mut buffer).unwrap(), 3);
        assert!(reader.read(&mut buffer).is_err());
        allowance.set(1);
        assert_eq!(reader.read(&mut buffer).unwrap(), 1);
    }
}
