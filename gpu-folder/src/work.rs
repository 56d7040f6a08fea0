//! The folder where the programs run.

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A new folder in `parent` that no other user can enter, and that goes with the returned value. Its name
/// can't be known before: nobody can have put a link there.
///
/// # Errors
/// If it cannot be made.
pub fn folder(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("gpu-folder-");
    #[cfg(unix)]
    let only_me = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
    #[cfg(unix)]
    builder.permissions(only_me);
    builder.tempdir_in(parent)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_folder_is_new_and_private_and_goes() {
        let parent = tempfile::tempdir().unwrap();
        let (parent, victim) = (parent.path(), parent.path().join("of somebody else"));
        fs::create_dir(&victim).unwrap();
        // Where this once was: anybody could guess it.
        symlink(&victim, parent.join(format!("gpu-folder-{}", std::process::id()))).unwrap();
        let (one, two) = (folder(parent).unwrap(), folder(parent).unwrap());
        assert_ne!(one.path(), two.path());
        for work in [one, two] {
            let metadata = fs::symlink_metadata(work.path()).unwrap();
            assert!(metadata.is_dir());
            assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
            fs::write(work.path().join("header.cuh"), "").unwrap();
        }
        assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);
        assert_eq!(fs::read_dir(parent).unwrap().count(), 2, "the link and where it leads");
    }
}
