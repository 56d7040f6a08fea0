//! An archive's bytes, where they can be read, with the right checksum.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::lock::Lock;
use super::progress::watched;
use super::{Archive, DataError, Source};
use crate::files;

/// Something that an archive can be read from.
pub(super) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// An archive whose checksum is right.
pub(super) enum Stored {
    Memory(&'static [u8]),
    Disk(PathBuf, File),
}

impl Stored {
    /// The archive if it needs no download.
    pub(super) fn at_hand(archive: &Archive, cache: &Path) -> Result<Option<Stored>, DataError> {
        match &archive.source {
            Source::Embedded(bytes) => {
                check(archive, archive.name(), &hex(&Sha256::digest(bytes)))?;
                Ok(Some(Stored::Memory(bytes)))
            }
            Source::File(path) => Stored::file(archive, path).map(Some),
            Source::Http(_) => {
                let path = place(archive, cache);
                let Some(mut file) = open_file(&path)? else { return Ok(None) };
                let right = sha256(&path, &mut file)? == archive.sha256();
                Ok(right.then(|| Stored::Disk(path, file)))
            }
        }
    }

    /// The archive, downloaded if need be.
    #[cfg_attr(not(feature = "download"), expect(unused_variables, reason = "nothing is fetched"))]
    pub(super) fn fetch(archive: &Archive, cache: &Path, lock: &Lock) -> Result<Stored, DataError> {
        if let Some(stored) = Stored::at_hand(archive, cache)? {
            return Ok(stored);
        }
        match &archive.source {
            #[cfg(feature = "download")]
            Source::Http(address) => {
                let (path, file) = super::download::fetch(archive, address, cache, lock)?;
                Ok(Stored::Disk(path, file))
            }
            #[cfg(not(feature = "download"))]
            Source::Http(address) => Err(DataError::NoDownload { url: address.shown() }),
            _ => unreachable!("all other archives are at hand"),
        }
    }

    fn file(archive: &Archive, path: &Path) -> Result<Stored, DataError> {
        let unreadable = |source| DataError::Read { path: path.into(), source };
        let limit = archive.limits.archive_bytes;
        let mut file = files::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        if bytes > limit {
            return Err(DataError::TooLarge {
                archive: path.display().to_string(),
                what: format!("it has {bytes} bytes"),
                limit,
                field: "archive_bytes",
            });
        }
        check(archive, &path.display().to_string(), &sha256(path, &mut file)?)?;
        Ok(Stored::Disk(path.into(), file))
    }

    /// A reader of the whole archive, of that name. There may be one at a time.
    pub(super) fn reader(&self, name: &str) -> Result<Box<dyn ReadSeek + '_>, DataError> {
        match self {
            Stored::Memory(bytes) => Ok(watched(Cursor::new(*bytes), bytes.len() as u64, name)),
            Stored::Disk(path, file) => {
                let mut file: &File = file;
                let bytes = file.metadata().and_then(|metadata| {
                    file.rewind()?;
                    Ok(metadata.len())
                });
                let bytes =
                    bytes.map_err(|source| DataError::Read { path: path.clone(), source })?;
                Ok(watched(BufReader::new(file), bytes, name))
            }
        }
    }
}

/// Where a downloaded archive lies in the cache.
pub(super) fn place(archive: &Archive, cache: &Path) -> PathBuf {
    cache.join("archives").join(format!("{}.tgz", archive.name()))
}

/// Opens a file, or says `None` where there is none, but a folder, a pipe or nothing. A pipe
/// is never opened: that would wait for somebody who writes.
pub(super) fn open_file(path: &Path) -> Result<Option<File>, DataError> {
    if !path.is_file() {
        return Ok(None);
    }
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(source) => Err(DataError::Read { path: path.into(), source }),
    }
}

/// Refuses an archive with another checksum.
fn check(archive: &Archive, shown: &str, found: &str) -> Result<(), DataError> {
    if found.eq_ignore_ascii_case(archive.sha256()) {
        return Ok(());
    }
    Err(DataError::Checksum {
        archive: shown.into(),
        expected: archive.sha256().into(),
        found: found.into(),
    })
}

/// The SHA-256 of a file in hexadecimal digits.
pub(super) fn sha256(path: &Path, file: &mut File) -> Result<String, DataError> {
    let mut hash = || -> io::Result<String> {
        file.rewind()?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hex(&hasher.finalize())),
                Ok(n) => hasher.update(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
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
    fn hexadecimal_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&Sha256::digest(b"")), empty);
    }
}
