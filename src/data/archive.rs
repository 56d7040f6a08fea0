//! Which archive: its name, where it comes from, its checksum and its limits.

use std::borrow::Cow;

use super::DataError;

/// An archive (`.tgz`) that [`untar_data`](super::untar_data) unpacks.
///
/// Everything in it must lie in one top folder. Its files come to lie in a folder of the cache
/// that has the archive's [name](Archive::name).
#[derive(Clone, Debug)]
pub struct Archive {
    name: Cow<'static, str>,
    pub(super) source: Source,
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
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In the program.
    Embedded(&'static [u8]),
    /// At an address.
    #[cfg(feature = "download")]
    Http(String),
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

    /// An archive that is downloaded from an address (`https://` or `http://`).
    ///
    /// Its folder is named after the last part of the address and the first eight digits of the
    /// checksum, so that two versions of an archive never mix.
    ///
    /// ```
    /// use mnist_from_scratch::data::Archive;
    ///
    /// let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    /// let archive = Archive::http("https://example.org/data/letters.tgz", sha256);
    /// assert_eq!(archive.name(), "letters-5891b5b5");
    /// ```
    #[cfg(feature = "download")]
    pub fn http(url: impl Into<String>, sha256: impl Into<String>) -> Archive {
        let (url, sha256) = (url.into(), sha256.into().to_lowercase());
        let start: String = sha256.chars().take(8).collect();
        Archive {
            name: format!("{}-{start}", file_stem(&url)).into(),
            source: Source::Http(url),
            sha256: sha256.into(),
            limits: Limits::DEFAULT,
        }
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
    pub(super) fn check(&self) -> Result<(), DataError> {
        let name = self.name();
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
            return Err(DataError::Name { name: name.into() });
        }
        // That folder holds the downloads.
        if name == "archives" {
            return Err(DataError::Name { name: name.into() });
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(DataError::ChecksumForm {
                archive: name.into(),
                sha256: self.sha256.clone().into_owned(),
            });
        }
        Ok(())
    }
}

/// The last part of an address without its ending, safe as a file name.
#[cfg(feature = "download")]
fn file_stem(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let file = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".tgz").or(file.strip_suffix(".tar.gz")).unwrap_or(file);
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let stem: String = stem.trim_start_matches('.').chars().map(safe).take(64).collect();
    if stem.is_empty() { "archive".into() } else { stem }
}

/// How large an archive may be before it is refused.
///
/// A small file can unpack to any number of bytes; these limits keep a hostile one from filling
/// the disk or the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Number of files and folders: 200,000.
    pub files: u64,
    /// Bytes of one unpacked file: 256 MiB. A file is held in memory while it is written.
    pub file_bytes: u64,
    /// Bytes of all unpacked files together: 4 GiB.
    pub total_bytes: u64,
    /// Bytes of a downloaded archive: 2 GiB.
    pub archive_bytes: u64,
}

impl Limits {
    const DEFAULT: Limits = Limits {
        files: 200_000,
        file_bytes: 256 << 20,
        total_bytes: 4 << 30,
        archive_bytes: 2 << 30,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// The archives that this course uses, under the names that fastai's `URLs` gives them.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

    #[test]
    #[cfg(feature = "download")]
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
    fn a_name_must_not_lead_out_of_the_cache() {
        for name in ["", ".", "..", "a/b", "a\\b", "/a", "c:a", "archives"] {
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
}
