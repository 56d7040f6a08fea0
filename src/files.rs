//! Files that are either complete or not there at all, and are files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a file as a whole: whoever opens `path` meanwhile, and whatever goes wrong, finds what was there
/// before or all of `bytes`.
///
/// The bytes go into a new file in the same folder, under a name that nobody else has, and to the disk;
/// then it takes the place of the old one. Where `path` is a symbolic link, the file that it leads to is
/// replaced and the link stays. Something that is no file, such as `/dev/stdout`, is written to as it is.
///
/// # Errors
/// If the folder is missing or full, if a folder is in the file's place, or if the file may not be changed.
/// Nothing is left of the attempt.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &end_of_links(path)?;
    let before = match fs::metadata(path) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match &before {
        Some(before) if before.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Some(before) if !before.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Some(before) if before.permissions().readonly() => {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
        }
        _ => {}
    }
    let (mut part, mut file) = Part::new(path)?;
    file.write_all(bytes)?;
    if let Some(before) = before {
        file.set_permissions(before.permissions())?;
    }
    file.sync_all()?;
    // Some systems do not rename a file that is open.
    drop(file);
    fs::rename(&part.path, path)?;
    part.renamed = true;
    // So that the new name, too, outlives a loss of power. Not every file system can do it, and the file is
    // complete without.
    #[cfg(unix)]
    let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Opens a file to be read.
///
/// # Errors
/// If it cannot be, or is no file: to open a pipe is to wait for somebody who writes, and a device may have no end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::other("it is a folder or a device, not a file")),
    }
}

/// Where a chain of symbolic links ends, also if nothing is there yet.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("its symbolic links lead round in a circle"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The new file while it is written; it is removed unless it has been renamed.
struct Part {
    path: PathBuf,
    renamed: bool,
}

impl Part {
    /// An empty file beside `path`.
    fn new(path: &Path) -> io::Result<(Self, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if path.file_name().is_none() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            // Short, for the names of files that are as long as they may be.
            let name = format!(".{}-{number}.part", std::process::id());
            let path = folder_of(path).join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path, renamed: false }, file)),
                // Of a process with the same number on another machine, or one that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.renamed {
            // That it cannot be removed is not the error to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        fs::write(folder.path().join("model.part"), "precious").unwrap();
        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read(folder.path().join("model.part")).unwrap(), b"precious");
        assert_eq!(names_in(folder.path()), ["model", "model.part"]);
    }

    #[test]
    fn the_name_may_be_as_long_as_names_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m".repeat(255));
        write(&path, b"numbers").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"numbers");
    }

    #[test]
    fn what_goes_wrong_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert_eq!(write(&taken, b"x").unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let nowhere = folder.path().join("no/folder");
        assert_eq!(write(&nowhere, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(write(Path::new(""), b"x").is_err());
        assert!(write(Path::new("/"), b"x").is_err());
        assert_eq!(names_in(folder.path()), ["taken"]);
        assert!(names_in(&taken).is_empty());
    }

    #[test]
    fn a_read_only_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        assert_eq!(write(&path, b"new").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names_in(folder.path()), ["model"]);
    }

    /// `/dev/full` is a device for which every disk is full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_to_and_stays_a_device() {
        let error = write(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        write(Path::new("/dev/null"), b"x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        fs::write(at("elsewhere/model"), "old").unwrap();
        fs::set_permissions(at("elsewhere/model"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("elsewhere/model", at("second")).unwrap();
        symlink("second", at("first")).unwrap();
        write(&at("first"), b"new").unwrap();
        assert!(fs::symlink_metadata(at("first")).unwrap().is_symlink());
        assert_eq!(fs::read(at("elsewhere/model")).unwrap(), b"new");
        let mode = fs::metadata(at("elsewhere/model")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(names_in(&at("elsewhere")), ["model"]);
        // A link to nothing: the file is made where it leads.
        symlink("elsewhere/later", at("third")).unwrap();
        write(&at("third"), b"new").unwrap();
        assert_eq!(names_in(&at("elsewhere")), ["later", "model"]);
        symlink("round", at("round")).unwrap();
        assert!(write(&at("round"), b"new").unwrap_err().to_string().contains("circle"));
    }
}
