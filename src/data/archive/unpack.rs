//! Reading an archive: every entry is checked, then handed out, on all cores.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::entries::{Checks, Kind, Layout, Todo};
use super::format::{Entry, Next, for_each_entry};
use super::stored::Stored;
use super::{Archive, DataError};

/// An entry of an archive that has passed all checks.
pub(super) enum Item<'a> {
    Folder,
    File(Content<'a>),
}

/// What is in a file of an archive.
pub(super) struct Content<'a> {
    pub(super) size: u64,
    pub(super) bytes: &'a mut dyn Read,
}

/// What is to be done with an item.
pub(super) trait Visit: Fn(&Path, Item) -> Result<(), DataError> + Sync {}

impl<F: Fn(&Path, Item) -> Result<(), DataError> + Sync> Visit for F {}

/// Entries that travel to another thread together; one by one they would cost more than the work.
/// `None` stands for a folder.
type Batch = Vec<(PathBuf, Option<Vec<u8>>)>;

/// Bytes after which a batch is sent.
const BATCH: usize = 256 << 10;
/// Entries after which it is, however small they are.
const BATCH_ENTRIES: usize = 1024;
/// Bytes above which a file is not held in memory, but goes through in pieces.
const LARGE: u64 = 1 << 20;
/// With the batches that wait, those at work and the one that grows, each of at most `BATCH + LARGE`
/// bytes, there are at most 32 MiB in memory.
const WORKERS: usize = 8;

/// Reads an archive from its beginning to its end and calls `visit` for each file and folder in it,
/// with the path below the archive's top folder, or as it is if the layout says that there is none.
/// Returns `None` if there should be one, and isn't.
///
/// Entries are visited on several threads at once and in no fixed order. Whatever is wrong with
/// an entry is found before `visit` sees it, but others may have been visited by then.
pub(super) fn for_each_item(
    archive: &Archive,
    stored: &Stored,
    layout: Layout,
    visit: impl Visit,
) -> Result<Option<()>, DataError> {
    let visit = &visit;
    let workers = thread::available_parallelism().map_or(1, usize::from).min(WORKERS);
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

        let mut reader = Reader {
            archive,
            checks: Checks::new(archive, layout),
            visit,
            sender,
            batch: vec![],
            batch_bytes: 0,
        };
        let read = reader.read(stored);
        // The sender goes with the reader: that ends the workers.
        drop(reader);
        let visited: Vec<_> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        let read = read?;
        visited.into_iter().collect::<Result<(), DataError>>()?;
        Ok(read)
    })
}

fn visit_batches(receiver: &Mutex<Receiver<Batch>>, visit: &impl Visit) -> Result<(), DataError> {
    loop {
        // In a statement of its own: the others may receive while this thread works. The lock
        // is poisoned only if a thread panicked while it waited.
        let batch = receiver.lock().expect("receiving does not panic").recv();
        let Ok(batch) = batch else { return Ok(()) };
        for (path, content) in &batch {
            match content {
                None => visit(path, Item::Folder)?,
                Some(content) => {
                    let size = content.len() as u64;
                    visit(path, Item::File(Content { size, bytes: &mut content.as_slice() }))?;
                }
            }
        }
    }
}

struct Reader<'a, V> {
    archive: &'a Archive,
    checks: Checks<'a>,
    visit: &'a V,
    sender: SyncSender<Batch>,
    batch: Batch,
    batch_bytes: usize,
}

impl<V: Visit> Reader<'_, V> {
    fn read(&mut self, stored: &Stored) -> Result<Option<()>, DataError> {
        let mut is_flat = false;
        let reader = stored.reader(self.archive.name())?;
        let ended = for_each_entry(self.archive, reader, &mut |entry| match self
            .checks
            .check(entry.path, entry.kind, entry.size)?
        {
            Todo::Unpack(path) => self.hand_out(path, entry),
            Todo::Skip => Ok(Next::Go),
            Todo::ReadAsFlat => {
                is_flat = true;
                Ok(Next::Stop)
            }
        })?;
        if is_flat {
            return Ok(None);
        }
        if ended == Next::Go {
            if self.checks.is_empty() {
                return Err(self.damaged(io::Error::other("there is no file in it")));
            }
            self.send();
        }
        Ok(Some(()))
    }

    fn hand_out(&mut self, path: PathBuf, entry: Entry) -> Result<Next, DataError> {
        let Entry { kind, size, content, .. } = entry;
        if kind == Kind::File && size > LARGE {
            (self.visit)(&path, Item::File(Content { size, bytes: content }))?;
            return Ok(Next::Go);
        }
        let content = match kind {
            Kind::File => Some(self.content(size, content)?),
            _ => None,
        };
        self.batch_bytes += content.as_ref().map_or(0, Vec::len);
        self.batch.push((path, content));
        if self.batch_bytes < BATCH && self.batch.len() < BATCH_ENTRIES {
            return Ok(Next::Go);
        }
        Ok(self.send())
    }

    /// The content of a small file.
    fn content(&self, size: u64, bytes: &mut dyn Read) -> Result<Vec<u8>, DataError> {
        let mut content = Vec::with_capacity(size as usize);
        bytes.take(size).read_to_end(&mut content).map_err(|error| self.damaged(error))?;
        if content.len() as u64 != size {
            return Err(self.damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(content)
    }

    fn send(&mut self) -> Next {
        self.batch_bytes = 0;
        match self.sender.send(std::mem::take(&mut self.batch)) {
            Ok(()) => Next::Go,
            // All workers have stopped, each with an error that the caller reports.
            Err(_) => Next::Stop,
        }
    }

    fn damaged(&self, source: io::Error) -> DataError {
        DataError::Damaged { archive: self.archive.name().into(), source }
    }
}
