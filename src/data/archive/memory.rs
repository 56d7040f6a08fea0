//! The files of an archive in memory, for programs that have no disk.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::entries::{Checks, Kind, Layout, Todo};
use super::format::{Next, for_each_entry};
use super::stored::Stored;
use super::{Archive, DataError};

impl Archive {
    /// All files of the archive, by their paths below its folder; nothing is unpacked to a disk. It is for programs that
    /// have none, as those in a web page.
    ///
    /// # Errors
    /// If the archive is damaged, has another checksum, exceeds the [limits](Self::limits), or is not at hand: nothing
    /// is downloaded.
    ///
    /// # Example
    /// ```
    /// use mnist_from_scratch::data::Urls;
    /// use std::path::Path;
    ///
    /// # #[cfg(feature = "mnist-sample")] {
    /// let files = Urls::MNIST_SAMPLE.files()?;
    /// assert!(files[Path::new("train/3/10.png")].starts_with(b"\x89PNG"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn files(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>, DataError> {
        self.check()?;
        // Without a cache, what would have to be downloaded is not there.
        let stored = Stored::at_hand(self, Path::new(""))?.ok_or_else(|| {
            let source = io::Error::other("it is at an address: `untar_data` downloads it");
            DataError::Read { path: self.name().into(), source }
        })?;
        match self.files_as(&stored, Layout::InTopFolder)? {
            Some(files) => Ok(files),
            None => Ok(self.files_as(&stored, Layout::Flat)?.unwrap_or_default()),
        }
    }

    /// `None` if there should be one top folder, and isn't.
    fn files_as(
        &self,
        stored: &Stored,
        layout: Layout,
    ) -> Result<Option<BTreeMap<PathBuf, Vec<u8>>>, DataError> {
        let mut checks = Checks::new(self, layout);
        let mut files = BTreeMap::new();
        let damaged = |source| DataError::Damaged { archive: self.name().into(), source };
        let ended = for_each_entry(self, stored.reader(self.name())?, &mut |entry| match checks
            .check(entry.path, entry.kind, entry.size)?
        {
            Todo::Unpack(path) if entry.kind == Kind::File => {
                let mut bytes = Vec::new();
                entry.content.take(entry.size).read_to_end(&mut bytes).map_err(damaged)?;
                if bytes.len() as u64 != entry.size {
                    return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
                }
                files.insert(path, bytes);
                Ok(Next::Go)
            }
            Todo::Unpack(_) | Todo::Skip => Ok(Next::Go),
            Todo::ReadAsFlat => Ok(Next::Stop),
        })?;
        if ended == Next::Go && checks.is_empty() {
            return Err(damaged(io::Error::other("there is no file in it")));
        }
        Ok((ended == Next::Go).then_some(files))
    }
}
