//! `untar_data`: unpacks once, checks always, repairs, and refuses hostile archives.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use mnist_from_scratch::data::{Archive, DataError, untar_data_in};
use sha2::{Digest, Sha256};
use tar::EntryType;

/// The files of a small archive. The last one is larger than any buffer on the way.
fn small_files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("digits/labels.csv", b"name,label\n".to_vec()),
        ("digits/train/3/7.png", b"seven".to_vec()),
        ("digits/train/3/10.png", vec![]),
        ("digits/big", (0..3_000_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect()),
    ]
}

fn small_archive() -> Archive {
    embedded(small_tgz())
}

fn small_tgz() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in small_files() {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_mode(0o755);
    header.set_entry_type(EntryType::Directory);
    tar.append_data(&mut header, "digits/empty", &[][..]).unwrap();
    gzip(&tar.into_inner().unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn embedded(bytes: Vec<u8>) -> Archive {
    let sha256: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    Archive::embedded("digits", bytes.leak(), sha256.leak())
}

/// Everything in a folder but lock files, with size and time of change.
fn state(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            if path.extension().is_none_or(|extension| extension != "lock") {
                found.insert(path, (metadata.len(), metadata.modified().unwrap()));
            }
        }
    }
    found
}

#[track_caller]
fn assert_complete(folder: &Path) {
    for (path, content) in small_files() {
        let path = folder.join(path.strip_prefix("digits/").unwrap());
        assert!(std::fs::read(&path).unwrap() == content, "{}", path.display());
    }
    assert!(folder.join("empty").is_dir());
}

#[test]
fn a_fresh_cache_is_filled() {
    let cache = tempfile::tempdir().unwrap();
    let cache = cache.path().join("made/when/missing");
    let folder = untar_data_in(&small_archive(), &cache).unwrap();
    assert_eq!(folder, cache.join("digits"));
    assert_complete(&folder);
    // Six items in `digits`, itself, and nothing else.
    assert_eq!(state(&cache).len(), 8);
}

#[test]
fn the_second_call_writes_nothing() {
    let cache = tempfile::tempdir().unwrap();
    untar_data_in(&small_archive(), cache.path()).unwrap();
    let before = state(cache.path());
    untar_data_in(&small_archive(), cache.path()).unwrap();
    assert_eq!(state(cache.path()), before);
}

/// Damages an unpacked archive; the next call must repair it and touch nothing else.
#[track_caller]
fn repairs(path: &str, damage: impl FnOnce(&Path)) {
    let cache = tempfile::tempdir().unwrap();
    let folder = untar_data_in(&small_archive(), cache.path()).unwrap();
    std::fs::write(folder.join("train/notes.txt"), "mine").unwrap();
    let files = |mut state: BTreeMap<PathBuf, _>| {
        state.retain(|file, _| file.is_file() && !file.starts_with(folder.join(path)));
        state
    };
    let others = files(state(cache.path()));
    damage(&folder.join(path));
    assert_eq!(untar_data_in(&small_archive(), cache.path()).unwrap(), folder);
    assert_complete(&folder);
    assert_eq!(files(state(cache.path())), others);
}

#[test]
fn a_deleted_file_is_restored() {
    repairs("train/3/7.png", |path| std::fs::remove_file(path).unwrap());
}

#[test]
fn a_truncated_file_is_restored() {
    repairs("big", |path| {
        std::fs::File::options().write(true).open(path).unwrap().set_len(2_999_999).unwrap();
    });
}

#[test]
fn a_file_that_grew_is_restored() {
    repairs("train/3/10.png", |path| std::fs::write(path, "x").unwrap());
}

#[test]
fn a_flipped_byte_is_found_and_restored() {
    repairs("big", |path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[2_500_000] ^= 1;
        std::fs::write(path, bytes).unwrap();
    });
}

#[test]
fn deleted_folders_are_restored() {
    repairs("train/3", |path| std::fs::remove_dir_all(path).unwrap());
    repairs("empty", |path| std::fs::remove_dir(path).unwrap());
}

#[test]
#[cfg(unix)]
fn a_link_in_place_of_a_file_is_replaced_and_not_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    std::fs::write(&target, "precious").unwrap();
    repairs("train/3/7.png", |path| {
        std::fs::remove_file(path).unwrap();
        std::os::unix::fs::symlink(&target, path).unwrap();
    });
    assert_eq!(std::fs::read_to_string(target).unwrap(), "precious");
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let cache = tempfile::tempdir().unwrap();
    let left = cache.path().join(".digits.unpacking");
    std::fs::create_dir_all(left.join("train/3")).unwrap();
    std::fs::write(left.join("train/3/7.png"), "sev").unwrap();
    let folder = untar_data_in(&small_archive(), cache.path()).unwrap();
    assert_complete(&folder);
    assert!(!left.exists());
}

/// Not a test of its own: the processes of the next one run it.
#[test]
fn as_one_of_many_processes() {
    let Some(cache) = std::env::var_os("UNTAR_DATA_TEST_CACHE") else { return };
    assert_complete(&untar_data_in(&small_archive(), cache).unwrap());
}

#[test]
fn many_processes_at_once() {
    let cache = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "as_one_of_many_processes"]);
        command.env("UNTAR_DATA_TEST_CACHE", cache.path());
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    // The second time, they find a damaged folder.
    for _ in 0..2 {
        let processes: Vec<_> = (0..12).map(|_| start()).collect();
        for mut process in processes {
            assert!(process.wait().unwrap().success());
        }
        assert_eq!(state(cache.path()).len(), 8);
        std::fs::remove_file(cache.path().join("digits/train/3/7.png")).unwrap();
        std::fs::write(cache.path().join("digits/big"), "small").unwrap();
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let cache = file.join("cache");
    let error = untar_data_in(&small_archive(), &cache).unwrap_err().to_string();
    assert!(error.starts_with(&format!("opening the cache folder {}: ", cache.display())));
    assert!(error.contains("variable MNIST_FROM_SCRATCH_CACHE"), "{error}");
}

#[test]
fn a_file_in_place_of_the_folder_is_an_error() {
    let cache = tempfile::tempdir().unwrap();
    let file = cache.path().join("digits");
    std::fs::write(&file, "mine").unwrap();
    let error = untar_data_in(&small_archive(), cache.path()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("writing {}", file.display())), "{error}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_wrong_checksum_is_shown() {
    let cache = tempfile::tempdir().unwrap();
    let expected = "0".repeat(64);
    let archive = Archive::embedded("digits", b"some bytes", expected.clone().leak());
    let error = untar_data_in(&archive, cache.path()).unwrap_err().to_string();
    let found: String = Sha256::digest(b"some bytes").iter().map(|b| format!("{b:02x}")).collect();
    assert!(error.contains(&expected) && error.contains(&found), "{error}");
}

/// Unpacking must fail with this message and leave nothing behind, in the cache or beside it.
#[track_caller]
fn refused(archive: &Archive, message: &str) {
    let outside = tempfile::tempdir().unwrap();
    let cache = outside.path().join("cache");
    let error = untar_data_in(archive, &cache).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
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
        ("../outside", "a path with `..` in it"),
        ("digits/../../outside", "a path with `..` in it"),
        ("/outside", "an absolute path"),
        ("other/outside", "outside of the archive's one top folder"),
        ("outside", "outside of the archive's one top folder"),
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

#[test]
#[cfg(feature = "mnist-sample")]
fn the_sample_unpacks() {
    use mnist_from_scratch::data::{PathExt, Urls, relative_to_base, set_base_path};

    let cache = tempfile::tempdir().unwrap();
    let path = untar_data_in(&Urls::MNIST_SAMPLE, cache.path()).unwrap();
    set_base_path(&path);
    assert_eq!(path.ls().unwrap().to_string(), "(#3) [labels.csv, train, valid]");
    let counts = [("train/3", 6131), ("train/7", 6265), ("valid/3", 1010), ("valid/7", 1028)];
    for (folder, count) in counts {
        assert_eq!(path.join(folder).ls().unwrap().len(), count);
    }
    let threes = path.join("train").join("3").ls().unwrap().sorted();
    assert_eq!(relative_to_base(&threes[1]), "train/3/10000.png");
    assert_eq!(
        threes.to_string(),
        "(#6131) [train/3/10.png, train/3/10000.png, train/3/10011.png, train/3/10031.png, \
         train/3/10034.png, train/3/10042.png, train/3/10052.png, train/3/1007.png, \
         train/3/10074.png, train/3/10091.png, ...]"
    );
    std::fs::remove_dir_all(path.join("valid")).unwrap();
    untar_data_in(&Urls::MNIST_SAMPLE, cache.path()).unwrap();
    assert_eq!(path.join("valid/7").ls().unwrap().len(), 1028);
}
