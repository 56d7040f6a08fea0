//! How much an archive may take: of the disk, of the memory and of time.

use std::time::Duration;

/// How large an archive may be, and how slowly it may come, before it is refused.
///
/// A small file can unpack to any number of bytes; these limits keep a hostile one from filling
/// the disk or the memory, and a server that dawdles from keeping everybody waiting.
///
/// - **Memory**: files above 1 MiB go through in pieces, and no more than 32 MiB of smaller ones wait
///   for the disk. With [`name_bytes`](Limits::name_bytes) twice that is all, whatever is in the archive; one
///   compressed with xz has a dictionary besides, of at most 64 MiB.
/// - **Disk**: at most `archive_bytes` for a download and `total_bytes` for its files; while a
///   damaged folder is repaired, what is damaged takes its room twice.
/// - **Time**: a download ends after `download_time`, and earlier if the server is silent for
///   `patience`, or sends less than `bytes_per_second` over as long. The next call goes on
///   where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Number of files and folders: 200,000.
    pub files: u64,
    /// Bytes of one unpacked file: 256 MiB.
    pub file_bytes: u64,
    /// Bytes of all unpacked files together: 4 GiB.
    pub total_bytes: u64,
    /// Bytes of the paths of all files and folders together: 32 MiB.
    pub name_bytes: u64,
    /// Bytes of the archive itself, unless it lies in the program: 2 GiB.
    pub archive_bytes: u64,
    /// How long a server may send nothing, and over how long its rate is taken: 30 seconds.
    pub patience: Duration,
    /// The least that a server must send: 1000 bytes a second.
    pub bytes_per_second: u64,
    /// How long one download may take: an hour.
    pub download_time: Duration,
}

impl Limits {
    pub(super) const DEFAULT: Limits = Limits {
        files: 200_000,
        file_bytes: 256 << 20,
        total_bytes: 4 << 30,
        name_bytes: 32 << 20,
        archive_bytes: 2 << 30,
        patience: Duration::from_secs(30),
        bytes_per_second: 1000,
        download_time: Duration::from_secs(3600),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
