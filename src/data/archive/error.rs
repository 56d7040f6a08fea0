//! What can go wrong between an archive and its unpacked folder.

use std::io;
use std::path::PathBuf;

use super::CACHE_VARIABLE;

/// Why [`untar_data`](super::untar_data) could not make a folder of an archive.
///
/// The message says what was tried and what to do next; the cause is its
/// [`source`](std::error::Error::source), which `anyhow` and most others print, too. Addresses stand in
/// it without user, password and query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no place to unpack to.
    #[error(
        "cannot find the cache folder: this user has no home folder; set the environment variable \
         {CACHE_VARIABLE} to the whole path of a folder that you can write to"
    )]
    NoHome,
    /// The cache folder cannot be made or written to.
    #[error(
        "cannot open the cache folder {}: make it writable, or set the environment variable \
         {CACHE_VARIABLE} to another folder",
        folder.display()
    )]
    Cache {
        /// The cache folder.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file cannot be read: an archive of yours, or one in the cache.
    #[error(
        "cannot read {}: check the path, and that it is a file that you may read; one in the cache \
         may be deleted and comes again",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file or folder in the cache cannot be written.
    #[error(
        "cannot write {}: is there room on the disk, and may you write there? The environment \
         variable {CACHE_VARIABLE} names another cache folder",
        path.display()
    )]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The archive's name cannot be a folder's name.
    #[error(
        "unpacking the archive {name:?}: its name must be that of a folder in the cache, without \
         a slash or a colon, not beginning with a dot, and not \"archives\""
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The expected checksum is no checksum.
    #[error(
        "unpacking the archive {archive}: its SHA-256 is given as {sha256:?}, but must be \
         64 hexadecimal digits; `sha256sum FILE` prints it"
    )]
    ChecksumForm {
        /// The archive's name.
        archive: String,
        /// The text given.
        sha256: String,
    },
    /// The archive is not the expected one.
    #[error(
        "checking {archive}: its SHA-256 should be\n  {expected}, but is\n  {found}; it is \
         damaged, or not the file you think. Correct the checksum, or get the file anew; after a \
         download, which has been deleted, it is enough to call again"
    )]
    Checksum {
        /// The archive's name or address.
        archive: String,
        /// The checksum asked for.
        expected: String,
        /// The checksum of the archive.
        found: String,
    },
    /// The archive cannot be decompressed, or is no tar archive.
    #[error(
        "unpacking the archive {archive}: it is damaged, or neither .tgz nor .tar{} nor .zip: \
         get it from its origin again",
        if cfg!(feature = "xz") { " nor .tar.xz" } else { "" }
    )]
    Damaged {
        /// The archive's name.
        archive: String,
        /// What the decoder said.
        source: io::Error,
    },
    /// The archive holds something that is never unpacked.
    #[error(
        "unpacking the archive {archive}: refusing {entry:?}, {reason}; nothing was unpacked: \
         look at it with `tar -tvf` before you trust it"
    )]
    Refused {
        /// The archive's name.
        archive: String,
        /// The entry's path in the archive.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The archive is larger than [`Limits`](super::Limits) allows.
    #[error(
        "unpacking the archive {archive}: {what}, the limit is {limit}; if you trust it, raise \
         `Limits::{field}`"
    )]
    TooLarge {
        /// The archive's name or address.
        archive: String,
        /// What exceeds the limit.
        what: String,
        /// The limit.
        limit: u64,
        /// The field of [`Limits`](super::Limits) that holds it.
        field: &'static str,
    },
    /// Files were rewritten and still differ from the archive.
    #[error(
        "repairing {}: it differs from its archive again at once; does another program write \
         there?",
        path.display()
    )]
    Unstable {
        /// A file that differs.
        path: PathBuf,
    },
    /// The archive lies at an address, and this build fetches nothing.
    #[error(
        "downloading {url}: this program was built without the feature `download` of mnist_from_scratch; add \
         `features = [\"download\"]` to its line in Cargo.toml, or fetch the file yourself and open it with \
         `Archive::file`"
    )]
    NoDownload {
        /// The address.
        url: String,
    },
    /// The address is none that can be fetched.
    #[error("downloading {url}: the address must begin with https:// or http://")]
    Address {
        /// The address.
        url: String,
    },
    /// The server could not be reached or did not speak HTTP.
    #[error(
        "downloading {url}: no answer of use; check the address and the network, then call again"
    )]
    Request {
        /// The address.
        url: String,
        /// What went wrong. Nothing in it is from the address.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server did not send the file.
    #[error("downloading {url}: the server answers {status}; {}", advice(*status))]
    Status {
        /// The address.
        url: String,
        /// The status of the server's answer.
        status: u16,
    },
    /// The connection broke before the end.
    #[error(
        "downloading {url}: cut off after {received} bytes{}; call again to go on from byte {received}",
        of(*expected)
    )]
    Cut {
        /// The address.
        url: String,
        /// How many bytes of the archive have arrived.
        received: u64,
        /// How many it has, if the server said so.
        expected: Option<u64>,
        /// What went wrong.
        source: io::Error,
    },
    /// The server sends so slowly, or so much in so small pieces, that nobody should wait for it.
    #[error(
        "downloading {url}: after {received} bytes{}, {what}; call again to go on from byte \
         {received}, or if you know the server, change `Limits::{field}`",
        of(*expected)
    )]
    Slow {
        /// The address.
        url: String,
        /// How many bytes of the archive have arrived.
        received: u64,
        /// How many it has, if the server said so.
        expected: Option<u64>,
        /// What took too long.
        what: String,
        /// The field of [`Limits`](super::Limits) that holds the limit.
        field: &'static str,
    },
}

fn advice(status: u16) -> &'static str {
    match status {
        400..500 => "check the address, and that you may read it",
        500..600 => "the fault is the server's: call again later",
        _ => "only a complete answer (200 or 206) is of use: check the address",
    }
}

fn of(expected: Option<u64>) -> String {
    expected.map(|bytes| format!(" of {bytes}")).unwrap_or_default()
}
