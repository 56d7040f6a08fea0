//! Listing a folder, and printing paths relative to a base path.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use super::L;
use crate::show::Show;

/// Why a folder could not be listed.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot list the folder {}: is the path complete, and has the data been unpacked (`untar_data`)?",
    path.display()
)]
#[non_exhaustive]
pub struct LsError {
    /// The folder.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

/// What fastai adds to Python's paths, for Rust's.
pub trait PathExt {
    /// The files and folders in a folder, with their whole paths, sorted by name: byte by byte,
    /// as Python's `sorted` does it, so `10.png` comes before `7.png`.
    ///
    /// # Errors
    /// If the folder cannot be read; the message names it.
    ///
    /// ```
    /// use std::path::Path;
    /// use mnist_from_scratch::data::PathExt;
    ///
    /// let error = Path::new("no/such/folder").ls().unwrap_err();
    /// assert!(error.to_string().starts_with("cannot list the folder no/such/folder: "));
    /// ```
    fn ls(&self) -> Result<L<PathBuf>, LsError>;
}

impl PathExt for Path {
    fn ls(&self) -> Result<L<PathBuf>, LsError> {
        let entries = || -> io::Result<L<PathBuf>> {
            std::fs::read_dir(self)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()
        };
        match entries() {
            Ok(entries) => Ok(entries.sorted()),
            Err(source) => Err(LsError { path: self.into(), source }),
        }
    }
}

static BASE_PATH: RwLock<Option<PathBuf>> = RwLock::new(None);

/// From now on, paths in this process print relative to `path`: fastai's `Path.BASE_PATH = path`.
///
/// This changes what [`L`] and [`relative_to_base`] print, and no path.
///
/// ```
/// use std::path::PathBuf;
/// use mnist_from_scratch::data::{L, set_base_path};
///
/// set_base_path("/data/mnist_sample");
/// let list = L::from(vec![PathBuf::from("/data/mnist_sample/train/3/10.png")]);
/// assert_eq!(list.to_string(), "(#1) [train/3/10.png]");
/// ```
pub fn set_base_path(path: impl Into<PathBuf>) {
    // A panic elsewhere can't leave half a path behind.
    *BASE_PATH.write().unwrap_or_else(PoisonError::into_inner) = Some(path.into());
}

/// A path as it prints: relative to the [base path](set_base_path) if it lies below it, with
/// forward slashes on every system. The base path itself is `.`.
///
/// ```
/// use mnist_from_scratch::data::{relative_to_base, set_base_path};
///
/// set_base_path("/data/mnist_sample");
/// assert_eq!(relative_to_base("/data/mnist_sample/labels.csv"), "labels.csv");
/// assert_eq!(relative_to_base("/data/mnist_sample"), ".");
/// assert_eq!(relative_to_base("/elsewhere/a.png"), "/elsewhere/a.png");
/// ```
pub fn relative_to_base(path: impl AsRef<Path>) -> String {
    let base = BASE_PATH.read().unwrap_or_else(PoisonError::into_inner);
    relative(path.as_ref(), base.as_deref())
}

/// Relative to the [base path](set_base_path), as in a list.
impl Show for Path {
    fn text(&self) -> String {
        relative_to_base(self)
    }
}

impl Show for PathBuf {
    fn text(&self) -> String {
        self.as_path().text()
    }
}

fn relative(path: &Path, base: Option<&Path>) -> String {
    let Some(rest) = base.and_then(|base| path.strip_prefix(base).ok()) else {
        return path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    };
    let parts: Vec<_> =
        rest.components().map(Component::as_os_str).map(|part| part.to_string_lossy()).collect();
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sorted_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["7.png", "train", "10000.png", "10.png", "Z"];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let expected = ["10.png", "10000.png", "7.png", "Z", "train"];
        let expected: L<_> = expected.iter().map(|name| folder.path().join(name)).collect();
        assert_eq!(folder.path().ls().unwrap(), expected);
    }

    #[test]
    fn a_file_is_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("7.png");
        std::fs::write(&file, "").unwrap();
        let error = file.ls().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot list the folder {}: ", file.display())),
            "{error}"
        );
        assert!(error.ends_with("has the data been unpacked (`untar_data`)?"), "{error}");
    }

    #[test]
    fn paths_below_the_base_are_short() {
        let base = Some(Path::new("/data/mnist/"));
        let printed = |path: &str| relative(Path::new(path), base);
        assert_eq!(printed("/data/mnist/train/3/10.png"), "train/3/10.png");
        assert_eq!(printed("/data/mnist"), ".");
        assert_eq!(printed("/data/mnist_2/a.png"), "/data/mnist_2/a.png");
        assert_eq!(relative(Path::new("a/b"), None), "a/b");
    }
}
