//! Making room in the cache: for a file where a folder, a pipe or a dangling link is, and so on.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::DataError;

/// Where what stands in the way is moved, if somebody may need it: `.NAME.aside` beside the folder
/// that an archive is unpacked to.
pub(super) struct Aside {
    folder: PathBuf,
    base: PathBuf,
}

impl Aside {
    pub(super) fn new(cache: &Path, name: &str) -> Aside {
        Aside { folder: cache.join(format!(".{name}.aside")), base: cache.into() }
    }

    /// Makes room for a file that is to be moved to `path`.
    pub(super) fn for_file(&self, path: &Path) -> Result<(), DataError> {
        let in_the_way = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if in_the_way && std::fs::remove_dir(path).is_err() { self.put(path) } else { Ok(()) }
    }

    /// Makes room for a file that is to be written at `path`: only a file may be there, and no link,
    /// which would be written through.
    #[cfg(feature = "download")]
    pub(super) fn for_writing(&self, path: &Path) -> Result<(), DataError> {
        self.for_file(path)?;
        match path.symlink_metadata() {
            Ok(metadata) if !metadata.is_file() => remove(path),
            _ => Ok(()),
        }
    }

    /// Makes room for a folder, and makes it if it is missing. One that a link leads to will do.
    pub(super) fn for_folder(&self, path: &Path) -> Result<(), DataError> {
        self.clear_for_folder(path)?;
        std::fs::create_dir_all(path)
            .map_err(|source| DataError::Write { path: path.into(), source })
    }

    /// Makes room for a folder.
    pub(super) fn clear_for_folder(&self, path: &Path) -> Result<(), DataError> {
        let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
        if path.is_dir() {
            Ok(())
        } else if metadata.is_file() && metadata.len() > 0 {
            self.put(path)
        } else {
            remove(path)
        }
    }

    fn put(&self, path: &Path) -> Result<(), DataError> {
        let wanted = self.folder.join(path.strip_prefix(&self.base).unwrap_or(path));
        let numbered = (1..).map(|number| {
            let mut name = wanted.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        });
        let to = std::iter::once(wanted.clone())
            .chain(numbered)
            .find(|to| to.symlink_metadata().is_err())
            .expect("the numbers do not end");
        let parent = to.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::rename(path, &to))
            .map_err(|source| DataError::Write { path: to.clone(), source })?;
        let _ = writeln!(
            io::stderr(),
            "{} was in the way of the archive's own files and is now {}",
            path.display(),
            to.display()
        );
        Ok(())
    }
}

/// Removes a file, a link or a pipe.
pub(super) fn remove(path: &Path) -> Result<(), DataError> {
    std::fs::remove_file(path).map_err(|source| DataError::Write { path: path.into(), source })
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), DataError> {
    std::fs::rename(from, to).map_err(|source| DataError::Write { path: to.into(), source })
}
