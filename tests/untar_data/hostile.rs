//! Archives that are damaged, or made to do harm.

use mnist_from_scratch::data::{Archive, DataError, untar_data_in};
use tar::EntryType;

use super::{embedded, gzip, small_archive, small_tgz, state, unpacked};

/// Unpacking must fail with this message and leave nothing behind, in the cache or beside it.
#[track_caller]
pub(super) fn refused(archive: &Archive, message: &str) {
    let outside = tempfile::tempdir().unwrap();
    let cache = outside.path().join("cache");
    let error = untar_data_in(archive, &cache).unwrap_err();
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let told = format!("{error}\n{cause}");
    assert!(told.contains(message), "{told}");
    let left: Vec<_> = state(outside.path()).into_keys().collect();
    assert_eq!(left, [cache]);
}

/// An archive of a good file and an entry that `tar` itself would not write.
fn hostile(path: &str, kind: EntryType, size: u64, content: &[u8]) -> Archive {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, kind, size, content) in
        [("digits/good", EntryType::Regular, 4, &b"good"[..]), (path, kind, size, content)]
    {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/hostname").unwrap();
        }
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, content).unwrap();
    }
    embedded(gzip(&tar.into_inner().unwrap()))
}

#[test]
fn paths_that_lead_outside_are_refused() {
    for (path, reason) in [
        ("..", "a path with `..` in it"),
        ("../outside", "a path with `..` in it"),
        ("digits/../../outside", "a path with `..` in it"),
        ("/outside", "an absolute path"),
    ] {
        let message = format!("refusing {path:?}, ");
        refused(&hostile(path, EntryType::Regular, 4, b"evil"), &message);
        refused(&hostile(path, EntryType::Regular, 4, b"evil"), reason);
        refused(&hostile(path, EntryType::Directory, 0, b""), reason);
    }
}

#[test]
fn links_and_devices_are_refused() {
    for (kind, reason) in [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Char, "a device or a pipe"),
        (EntryType::Fifo, "a device or a pipe"),
        (EntryType::new(b'V'), "neither a file nor a folder"),
    ] {
        refused(&hostile("digits/link", kind, 0, b""), reason);
    }
}

#[test]
fn a_file_that_is_there_twice_is_refused() {
    refused(&hostile("digits/good", EntryType::Regular, 4, b"evil"), "which is there twice");
    refused(&hostile("digits/./good", EntryType::Regular, 4, b"evil"), "which is there twice");
}

#[test]
fn names_that_are_one_on_some_systems_are_refused() {
    let regular = |path| hostile(path, EntryType::Regular, 4, b"evil");
    refused(&regular("digits/Good"), "in nothing but capital letters");
    refused(&regular("digits/good/evil"), "which is there as a file and as a folder");
    refused(&regular("digits/..\\evil"), "a name with a backslash");
    refused(&regular("digits/\u{1b}[2J"), "a name with a control character");
}

#[test]
fn names_that_no_system_takes_are_refused() {
    let long = |path: String| {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        tar.append_data(&mut header, path, &[][..]).unwrap();
        embedded(gzip(&tar.into_inner().unwrap()))
    };
    refused(&long(format!("digits/{}", "a".repeat(256))), "a name of more than 255 bytes");
    refused(&long("digits/".repeat(1_000)), "a path of more than 1000 bytes");
    assert_eq!(unpacked(&long(format!("digits/{}", "a".repeat(255)))), ["a".repeat(255)]);
}

#[test]
fn absurd_sizes_are_refused() {
    // Nobody waits for the bytes: the header alone is enough.
    refused(
        &hostile("digits/bomb", EntryType::Regular, 8_000_000_000, b""),
        "\"digits/bomb\" has 8000000000 bytes, the limit is 268435456; if you trust it, \
         raise `Limits::file_bytes`",
    );
    let mut archive = small_archive();
    archive.limits.total_bytes = 1_000_000;
    refused(&archive, "raise `Limits::total_bytes`");
    let mut archive = small_archive();
    archive.limits.files = 4;
    refused(&archive, "it has 5 files and folders and more, the limit is 4");
    // A name that goes on for 64 MiB, which compress to 64 KiB.
    let name = vec![b'a'; 64 << 20];
    refused(
        &hostile("././@LongLink", EntryType::GNULongName, name.len() as u64, &name),
        "more than 1 MiB between two files",
    );
}

#[test]
fn damaged_archives_are_refused() {
    let whole = small_tgz();
    let damaged = "unpacking the archive digits: ";
    for length in [0, 5, 50, whole.len() / 2, whole.len() - 1] {
        refused(&embedded(whole[..length].to_vec()), damaged);
    }
    // gzip's own checksum.
    let mut wrong = whole.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    refused(&embedded(wrong), damaged);
    refused(&embedded(b"<html>Not found</html>".to_vec()), damaged);
    refused(&embedded(gzip(&[b'x'; 2_000])), damaged);
    refused(&embedded(gzip(b"")), "there is no file in it");
}

#[test]
fn a_refused_archive_leaves_an_unpacked_folder_alone() {
    let cache = tempfile::tempdir().unwrap();
    untar_data_in(&small_archive(), cache.path()).unwrap();
    let before = state(cache.path());
    let archive = hostile("digits/../../x", EntryType::Regular, 4, b"evil");
    let error = untar_data_in(&archive, cache.path()).unwrap_err();
    assert!(matches!(error, DataError::Refused { .. }), "{error}");
    let after = state(cache.path());
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
}
