//! The formats of archives: which one it is, and its entries one after the other.

use std::cell::Cell;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::entries::Kind;
use super::stored::ReadSeek;
use super::{Archive, DataError};

/// One entry of an archive, as it stands there.
pub(super) struct Entry<'a> {
    pub(super) path: &'a [u8],
    pub(super) kind: Kind,
    /// How many bytes it has, by its own account.
    pub(super) size: u64,
    pub(super) content: &'a mut dyn Read,
}

/// What a reader of entries wants next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    Stop,
}

/// Bytes that may come between two files' contents: headers and padding.
const HEADERS: u64 = 1 << 20;

/// The beginnings of files that are known and can't be read.
const OTHERS: &[(&[u8], &str)] = &[
    #[cfg(not(feature = "xz"))]
    (b"\xfd7zXZ\0", "it is compressed with xz: turn on the feature `xz`, or pack it anew as .tgz"),
    (b"BZh", "it is compressed with bzip2: pack it anew as .tgz"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: pack it anew as .tgz"),
    (b"7z\xbc\xaf\x27\x1c", "it is a .7z file: pack it anew as .tgz"),
    (b"Rar!", "it is a .rar file: pack it anew as .tgz"),
    (b"<", "it looks like a web page"),
];

/// Calls `each` for every entry of an archive of any format, as long as it wants more.
pub(super) fn for_each_entry(
    archive: &Archive,
    mut bytes: Box<dyn ReadSeek + '_>,
    each: &mut dyn FnMut(Entry) -> Result<Next, DataError>,
) -> Result<Next, DataError> {
    let damaged = |source| DataError::Damaged { archive: archive.name().into(), source };
    let mut start = Vec::new();
    bytes.by_ref().take(8).read_to_end(&mut start).map_err(damaged)?;
    bytes.rewind().map_err(damaged)?;
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(damaged(io::Error::other(*what)));
    }
    if start.starts_with(b"PK") {
        return super::zip::for_each_zip_entry(bytes, each, &damaged);
    }
    if start.starts_with(b"\x1f\x8b") {
        return for_each_tar_entry(MultiGzDecoder::new(bytes), each, &damaged);
    }
    #[cfg(feature = "xz")]
    if start.starts_with(b"\xfd7zXZ\0") {
        return for_each_tar_entry(super::xz::decoder(bytes), each, &damaged);
    }
    for_each_tar_entry(bytes, each, &damaged)
}

fn for_each_tar_entry(
    bytes: impl Read,
    each: &mut dyn FnMut(Entry) -> Result<Next, DataError>,
    damaged: &dyn Fn(io::Error) -> DataError,
) -> Result<Next, DataError> {
    let allowance = Cell::new(HEADERS);
    let mut tar = tar::Archive::new(Metered { inner: bytes, allowance: &allowance });
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let (size, path) = (entry.size(), entry.path_bytes().into_owned());
        let kind = match entry.header().entry_type() {
            // What `git archive` writes first: a comment.
            EntryType::XGlobalHeader => continue,
            // As old programs wrote folders.
            EntryType::Regular if path.ends_with(b"/") && size == 0 => Kind::Folder,
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Folder,
            EntryType::Symlink => Kind::Refused("a symbolic link"),
            EntryType::Link => Kind::Refused("a hard link"),
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                Kind::Refused("a device or a pipe")
            }
            _ => Kind::Refused("neither a file nor a folder"),
        };
        // Nothing of it is read before it has been checked, its size included. What is skipped is
        // read with the next header.
        allowance.set(size.saturating_add(HEADERS));
        if each(Entry { path: &path, kind, size, content: &mut entry })? == Next::Stop {
            return Ok(Next::Stop);
        }
    }
    // What follows the last entry is padding; reading it also checks gzip's checksum.
    allowance.set(allowance.get().min(HEADERS));
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(Next::Go)
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

#[cfg(test)]
mod tests {
    use super::*;

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
