//! Archives: which one, where it comes from, its checksum and its limits.

mod address;
mod cache;
mod compare;
#[cfg(feature = "download")]
mod download;
mod entries;
mod error;
mod format;
mod limits;
mod lock;
mod memory;
mod obstacles;
mod progress;
mod stored;
mod temporary;
mod unpack;
mod untar;
#[cfg(feature = "xz")]
mod xz;
mod zip;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use address::Address;
pub use cache::{CACHE_VARIABLE, cache_folder};
pub use error::DataError;
pub use limits::Limits;
pub use untar::{untar_data, untar_data_in};

/// An archive (`.tgz`, `.tar` or `.zip`; with the feature `xz` also `.tar.xz`) that [`untar_data`](super::untar_data) unpacks.
///
/// Its files come to lie in a folder of the cache that has the archive's [name](Archive::name). If
/// everything in it lies in one top folder, as a rule, that folder's own name is left out. So is
/// what a Mac adds: `__MACOSX`, `.DS_Store` and files whose names begin with `._`.
#[derive(Clone)]
pub struct Archive {
    name: Cow<'static, str>,
    source: Source,
    sha256: Cow<'static, str>,
    /// How large the archive may be. Change it for an archive that you trust:
    ///
    /// ```
    /// use mnist_from_scratch::data::Archive;
    ///
    /// let mut archive = Archive::embedded("digits", &[], "00");
    /// archive.limits.files = 1_000_000;
    /// ```
    pub limits: Limits,
}

/// Where an archive's bytes are.
#[derive(Clone)]
enum Source {
    /// In the program.
    Embedded(&'static [u8]),
    /// In a file.
    File(PathBuf),
    /// At an address.
    Http(Address),
}

/// Without the bytes of an embedded one, which are millions.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Embedded(bytes) => write!(f, "Embedded({} bytes)", bytes.len()),
            Source::File(path) => f.debug_tuple("File").field(path).finish(),
            Source::Http(address) => f.debug_tuple("Http").field(address).finish(),
        }
    }
}

impl Archive {
    /// An archive inside the program, as `include_bytes!` puts it there.
    ///
    /// `name` is the name of its folder in the cache. Two archives with the same name would
    /// take turns in overwriting each other's files: give each its own.
    ///
    /// ```
    /// use mnist_from_scratch::data::Archive;
    ///
    /// let bytes = b"in place of include_bytes!(\"digits.tgz\")";
    /// let archive = Archive::embedded("digits", bytes, "what `sha256sum digits.tgz` prints");
    /// assert_eq!(archive.name(), "digits");
    /// ```
    pub const fn embedded(
        name: &'static str,
        bytes: &'static [u8],
        sha256: &'static str,
    ) -> Archive {
        Archive {
            name: Cow::Borrowed(name),
            source: Source::Embedded(bytes),
            sha256: Cow::Borrowed(sha256),
            limits: Limits::DEFAULT,
        }
    }

    /// An archive that is a file of yours. It is read, and neither moved nor copied.
    ///
    /// Its folder in the cache has the file's name and the first eight digits of the checksum.
    ///
    /// ```
    /// use mnist_from_scratch::data::Archive;
    ///
    /// let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    /// let archive = Archive::file("Downloads/letters.tar", sha256);
    /// assert_eq!(archive.name(), "letters-5891b5b5");
    /// ```
    pub fn file(path: impl Into<PathBuf>, sha256: impl Into<String>) -> Archive {
        let path = path.into();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Archive::named_after(&stem(&name), Source::File(path.clone()), sha256.into())
    }

    /// An archive that is downloaded from an address (`https://` or `http://`).
    ///
    /// Its folder is named after the last part of the address and the first eight digits of the
    /// checksum, so that two versions of an archive never mix. A user name, a password and a query
    /// in the address are for the server alone: no message and no file's name has them.
    ///
    /// To fetch it, [`untar_data`](super::untar_data) needs this crate's feature `download`, which is off unless you
    /// ask for it: a TLS library takes a while to compile.
    ///
    /// ```
    /// use mnist_from_scratch::data::Archive;
    ///
    /// let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    /// let archive = Archive::http("https://example.org/data/letters.tgz", sha256);
    /// assert_eq!(archive.name(), "letters-5891b5b5");
    /// ```
    pub fn http(url: impl Into<String>, sha256: impl Into<String>) -> Archive {
        let address = Address(url.into());
        Archive::named_after(&address.stem(), Source::Http(address), sha256.into())
    }

    fn named_after(stem: &str, source: Source, sha256: String) -> Archive {
        let sha256 = sha256.to_lowercase();
        // What is no checksum is refused later on, and does not get into a name.
        let start = if is_sha256(&sha256) { &sha256[..8] } else { "unknown" };
        let name = format!("{stem}-{start}").into();
        Archive { name, source, sha256: sha256.into(), limits: Limits::DEFAULT }
    }

    /// The name of the archive's folder in the cache.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 that the archive must have, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Refuses a name or a checksum that can't be right.
    fn check(&self) -> Result<(), DataError> {
        let name = self.name();
        let odd = |c: char| c.is_control() || "/\\:".contains(c);
        // The folder `archives` holds the downloads.
        if name.is_empty() || name.starts_with('.') || name.contains(odd) || name == "archives" {
            return Err(DataError::Name { name: name.into() });
        }
        if !is_sha256(&self.sha256) {
            return Err(DataError::ChecksumForm {
                archive: name.into(),
                // Somebody may have mixed up the arguments.
                sha256: address::shown(&self.sha256),
            });
        }
        Ok(())
    }
}

/// Without what may be secret in an address.
impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("name", &self.name)
            .field("source", &self.source)
            .field("sha256", &address::shown(&self.sha256))
            .field("limits", &self.limits)
            .finish()
    }
}

/// Whether a text has the form of a SHA-256.
fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A file's name without its ending, safe as a file name.
fn stem(file: &str) -> String {
    let endings = [".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar", ".zip"];
    let stem = endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file);
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let stem: String = stem.trim_start_matches('.').chars().map(safe).take(64).collect();
    if stem.is_empty() { "archive".into() } else { stem }
}

/// The archives that this course uses, under the names that fastai's `URLs` gives them.
#[derive(Debug)]
pub enum Urls {}

impl Urls {
    /// Every 3 and 7 of MNIST: 14,434 images in `train/3`, `train/7`, `valid/3`, `valid/7`, and
    /// `labels.csv`.
    ///
    /// It is embedded in this library (feature `mnist-sample`, on by default): nothing is
    /// downloaded, and a program finds it wherever it runs.
    #[cfg(feature = "mnist-sample")]
    pub const MNIST_SAMPLE: Archive = {
        const FILE: &[u8] =
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist_sample.tgz"));
        // The bytes themselves in a `static`, so that the program holds them once. A reference would be
        // copied, with what it refers to, to wherever the archive is named.
        static BYTES: [u8; FILE.len()] =
            *include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist_sample.tgz"));
        Archive::embedded(
            "mnist_sample",
            &BYTES,
            "831fcad6e98a3ca165d932324c8874c8b9f864eaee5f225053bae480d2a5a110",
        )
    };

    /// All of MNIST: 60,000 images in `training`, 10,000 in `testing`, both as MNIST's own files, whose names are
    /// those that torchvision's `datasets.MNIST` has: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same
    /// with `t10k`.
    ///
    /// It is embedded in the crate `mnist_from_scratch_data`, which the feature `mnist` brings in: nothing is
    /// downloaded. (fastai's `URLs.MNIST` has a PNG file for each image. A folder of these files is opened in the same way:
    /// by [`from_folder_with`](crate::vision::ImageDataLoaders::from_folder_with).)
    ///
    /// ```no_run
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let path = untar_data(Urls::MNIST)?;
    /// let options = FolderOptions::new().train("training").valid("testing");
    /// let dls = ImageDataLoaders::<1, 28, 28>::from_folder_with(&path, &options)?;
    /// assert_eq!((dls.train.dataset().len(), dls.valid.dataset().len()), (60_000, 10_000));
    /// # anyhow::Ok(())
    /// ```
    #[cfg(feature = "mnist")]
    pub const MNIST: Archive = Archive::embedded(
        "mnist",
        mnist_from_scratch_data::TAR_XZ,
        mnist_from_scratch_data::SHA256,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

    #[test]
    fn a_download_is_named_after_its_address_and_checksum() {
        for (url, name) in [
            ("https://example.org/data/letters.tgz", "letters-5891b5b5"),
            ("https://example.org/letters-1.0.tar.gz?download=1", "letters-1.0-5891b5b5"),
            ("https://example.org/a/..", "archive-5891b5b5"),
            ("https://example.org/a b%2F", "a_b_2F-5891b5b5"),
            ("", "archive-5891b5b5"),
        ] {
            let archive = Archive::http(url, SHA256.to_uppercase());
            assert_eq!(archive.name(), name);
            archive.check().unwrap();
        }
    }

    #[test]
    fn a_file_gives_its_name() {
        for (path, name) in [
            ("a/letters.zip", "letters-5891b5b5"),
            ("-rf.tar.gz", "-rf-5891b5b5"),
            ("a b/..", "archive-5891b5b5"),
        ] {
            let archive = Archive::file(path, SHA256);
            assert_eq!(archive.name(), name);
            archive.check().unwrap();
        }
    }

    #[test]
    fn a_name_must_not_lead_out_of_the_cache() {
        for name in ["", ".", "..", "a/b", "a\\b", "/a", "c:a", "archives", "a\n", "a\0"] {
            let error = Archive::embedded(name, &[], SHA256).check().unwrap_err();
            assert!(matches!(error, DataError::Name { .. }), "{error}");
        }
    }

    #[test]
    fn a_checksum_has_64_digits() {
        for sha256 in ["", "abc", &SHA256.replace('5', "x")] {
            let archive = Archive::embedded("digits", &[], sha256.to_string().leak());
            let error = archive.check().unwrap_err().to_string();
            assert!(error.contains("must be 64 hexadecimal digits"), "{error}");
        }
    }

    #[test]
    fn an_address_in_the_checksums_place_keeps_its_secret() {
        let archive = Archive::http(SHA256, "https://user:secret@example.org/a?secret");
        let error = archive.check().unwrap_err();
        for text in [format!("{error} {error:?}"), archive.name().into()] {
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
