//! Comparing an unpacked folder with its archive, and writing what is wanted of it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::entries::Layout;
use super::stored::Stored;
use super::unpack::{Content, Item, for_each_item};
use super::{Archive, DataError};

/// Bytes that are read at a time.
const PIECE: usize = 16 << 10;

/// Paths below the archive's folder.
pub(super) type Paths = HashSet<PathBuf>;

/// The paths below `folder` that are not as the archive has them.
pub(super) fn differing(
    archive: &Archive,
    stored: &Stored,
    folder: &Path,
) -> Result<Paths, DataError> {
    let differing = |layout| {
        let differing = Mutex::new(HashSet::new());
        let all = for_each_item(archive, stored, layout, |path, item| {
            let on_disk = folder.join(path);
            let same = match item {
                Item::Folder => on_disk.is_dir(),
                Item::File(content) => has_content(archive, &on_disk, content)?,
            };
            if !same {
                differing.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into());
            }
            Ok(())
        })?;
        Ok(all.map(|()| differing.into_inner().unwrap_or_else(PoisonError::into_inner)))
    };
    match differing(Layout::InTopFolder)? {
        Some(differing) => Ok(differing),
        None => Ok(differing(Layout::Flat)?.unwrap_or_default()),
    }
}

/// Writes the archive's items that are `wanted` into an empty folder, which `clear` empties if the
/// archive has to be read once more.
pub(super) fn unpack(
    archive: &Archive,
    stored: &Stored,
    folder: &Path,
    wanted: impl Fn(&Path) -> bool + Sync,
    clear: impl FnOnce() -> Result<(), DataError>,
) -> Result<(), DataError> {
    let unpack = |layout| {
        for_each_item(archive, stored, layout, |path, item| {
            if !wanted(path) {
                return Ok(());
            }
            let path = folder.join(path);
            let unwritten = |source| DataError::Write { path: path.clone(), source };
            match item {
                Item::Folder => std::fs::create_dir_all(&path).map_err(unwritten),
                Item::File(content) => {
                    let file = create(&path).map_err(unwritten)?;
                    copy(archive, content, |piece| (&file).write_all(piece).map_err(unwritten))
                }
            }
        })
    };
    if unpack(Layout::InTopFolder)?.is_none() {
        clear()?;
        unpack(Layout::Flat)?;
    }
    Ok(())
}

/// Hands out a file's content in pieces, all of it.
fn copy(
    archive: &Archive,
    content: Content,
    mut piece: impl FnMut(&[u8]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut buffer = [0; PIECE];
    let mut left = content.size;
    while left > 0 {
        let most = left.min(PIECE as u64) as usize;
        let read = read(archive, content.bytes, &mut buffer[..most])?;
        piece(&buffer[..read])?;
        left -= read as u64;
    }
    Ok(())
}

/// Some more bytes of an archive: at least one.
fn read(archive: &Archive, bytes: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, DataError> {
    let damaged = |source| DataError::Damaged { archive: archive.name().into(), source };
    loop {
        match bytes.read(buffer) {
            Ok(0) => return Err(damaged(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => return Ok(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(error)),
        }
    }
}

/// Whether a file has exactly this content. What can't be read has not: it is written anew, and if that
/// fails, too, the user learns why.
fn has_content(archive: &Archive, path: &Path, content: Content) -> Result<bool, DataError> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(false) };
    // To open a pipe could take for ever.
    if !metadata.is_file() || metadata.len() != content.size {
        return Ok(false);
    }
    let Ok(mut file) = File::open(path) else { return Ok(false) };
    let mut found = [0; PIECE];
    let mut same = true;
    copy(archive, content, |piece| {
        let found = &mut found[..piece.len()];
        same = same && file.read_exact(found).is_ok() && found == piece;
        Ok(())
    })?;
    Ok(same)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_compared_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..50_000).map(|i| i as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let archive = Archive::embedded("digits", &[], "");
        let has_content = |mut bytes: &[u8]| {
            let size = bytes.len() as u64;
            has_content(&archive, &path, Content { size, bytes: &mut bytes }).unwrap()
        };
        assert!(has_content(&content));
        assert!(!has_content(&content[..49_999]));
        assert!(!has_content(&[&content[..], &[0]].concat()));
        let mut changed = content.clone();
        changed[49_000] ^= 1;
        assert!(!has_content(&changed));
    }
}
