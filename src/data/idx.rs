//! MNIST's own format of files, IDX: an array of bytes with its shape.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// An array of bytes from an IDX file: images, or labels.
///
/// ```
/// use mnist_from_scratch::data::Idx;
///
/// # let path = std::env::temp_dir().join(format!("labels-{}-idx1-ubyte", std::process::id()));
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4])?;
/// let labels = Idx::open(&path)?;
/// assert_eq!((labels.shape(), labels.bytes()), (&[3][..], &[5, 0, 4][..]));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Idx {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Idx {
    /// Reads a file. What it says of its size is compared with the file's before anything is set aside
    /// for it.
    ///
    /// # Errors
    /// If it cannot be read, or is no IDX file of bytes, or is longer or shorter than its shape says.
    pub fn open(path: impl AsRef<Path>) -> Result<Idx, IdxError> {
        let path = path.as_ref();
        let unreadable = |source| IdxError::Read { path: path.into(), source };
        let other = |what: String| IdxError::Format { path: path.into(), what };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(other("it is no file".into()));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = [0; 4];
        file.read_exact(&mut start).map_err(unreadable)?;
        // Two zeros, the type of the elements (8: bytes without sign), the number of dimensions.
        let [0, 0, kind, dimensions] = start else {
            return Err(other("it does not begin as an IDX file; is it still compressed?".into()));
        };
        if kind != 8 {
            return Err(other(format!("its elements are of type {kind}, and not bytes (8)")));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            let mut size = [0; 4];
            file.read_exact(&mut size).map_err(unreadable)?;
            shape.push(u32::from_be_bytes(size) as usize);
        }
        let expected =
            shape.iter().try_fold(1, |product: u64, &size| product.checked_mul(size as u64));
        let found = metadata.len().saturating_sub(4 + 4 * u64::from(dimensions));
        if expected != Some(found) {
            return Err(other(format!("{shape:?} elements should follow, but {found} do")));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(found as usize).map_err(|_| other("it is too large".into()))?;
        file.take(found).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 != found {
            return Err(unreadable(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(Idx { shape, bytes })
    }

    /// The size in each dimension: `[60000, 28, 28]` for MNIST's training images.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// All elements, the last dimension's one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Item number `index` of the first dimension: one image, row by row, or one label.
    ///
    /// # Panics
    /// If there is none.
    pub fn item(&self, index: usize) -> &[u8] {
        let size: usize = self.shape.iter().skip(1).product();
        &self.bytes[index * size..][..size]
    }
}

/// Without the bytes, which may be millions.
impl std::fmt::Debug for Idx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Idx({:?})", self.shape)
    }
}

/// Why an IDX file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The file cannot be read.
    #[error("cannot read {}: is the path complete, and is the file there?", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("cannot read {} as an IDX file of bytes: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(bytes: &[u8]) -> Result<Idx, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("idx");
        std::fs::write(&path, bytes).unwrap();
        Idx::open(path).map_err(|error| error.to_string())
    }

    #[test]
    fn items_are_those_of_the_first_dimension() {
        let idx = open(&[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(idx.shape(), [2, 3]);
        assert_eq!(idx.item(1), [4, 5, 6]);
        assert_eq!(format!("{idx:?}"), "Idx([2, 3])");
    }

    #[test]
    fn what_is_no_idx_file_is_an_error() {
        for (bytes, what) in [
            (&[0x1f, 0x8b, 8, 0, 0][..], "is it still compressed?"),
            (&[0, 0, 13, 1, 0, 0, 0, 0], "its elements are of type 13, and not bytes (8)"),
            (&[0, 0, 8, 1, 0, 0, 0, 3, 1, 2], "[3] elements should follow, but 2 do"),
            (&[0, 0, 8, 1, 0, 0, 0, 1, 1, 2], "[1] elements should follow, but 2 do"),
            (&[0, 0, 8, 1, 255, 255, 255, 255], "[4294967295] elements should follow, but 0 do"),
            (&[0, 0, 8, 1, 0, 0], "is the file there?"),
            (b"", "is the file there?"),
        ] {
            let error = open(bytes).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
        // Sizes whose product does not fit 64 bits.
        let huge = [&[0, 0, 8, 3][..], &[255; 12]].concat();
        assert!(open(&huge).unwrap_err().contains("elements should follow, but 0 do"));
    }
}
