//! `untar_data`: unpacks once, checks always, repairs, and refuses hostile archives.

#[path = "untar_data/bomb.rs"]
mod bomb;
#[path = "untar_data/formats.rs"]
mod formats;
#[path = "untar_data/hostile.rs"]
mod hostile;
#[path = "untar_data/random.rs"]
mod random;
#[path = "untar_data/surroundings.rs"]
mod surroundings;
#[path = "untar_data/zip.rs"]
mod zip;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzWriter};
use mnist_from_scratch::data::{Archive, untar_data_in};
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
    gzip(&small_tar())
}

fn small_tar() -> Vec<u8> {
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
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(0)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn embedded(bytes: Vec<u8>) -> Archive {
    let sha256 = sha256(&bytes);
    Archive::embedded("digits", bytes.leak(), sha256.leak())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
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
    assert!(error.starts_with(&format!("cannot open the cache folder {}: ", cache.display())));
    assert!(error.contains("variable MNIST_FROM_SCRATCH_CACHE"), "{error}");
}

#[test]
fn causes_are_told_once() {
    use std::error::Error;

    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("digits.tgz");
    let error = untar_data_in(&Archive::file(&missing, "0".repeat(64)), folder.path()).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert!(
        error.to_string().starts_with(&format!("cannot read {}", missing.display())),
        "{error}"
    );
    assert!(!error.to_string().contains(&cause), "{error}");
}

/// An archive with these files, each with its own path as its content.
fn tar_of(paths: &[&str]) -> Archive {
    let mut tar = tar::Builder::new(Vec::new());
    for path in paths {
        let mut header = tar::Header::new_ustar();
        header.set_size(path.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, path.as_bytes()).unwrap();
    }
    embedded(gzip(&tar.into_inner().unwrap()))
}

/// The files of an unpacked archive, below its folder.
fn unpacked(archive: &Archive) -> Vec<String> {
    let cache = tempfile::tempdir().unwrap();
    let folder = untar_data_in(archive, cache.path()).unwrap();
    let before = state(cache.path());
    untar_data_in(archive, cache.path()).unwrap();
    assert_eq!(state(cache.path()), before, "the second call finds all well");
    let files = before.into_keys().filter(|path| path.is_file());
    let names = files.map(|path| path.strip_prefix(&folder).unwrap().display().to_string());
    names.map(|name| name.replace('\\', "/")).collect()
}

#[test]
fn a_wrong_checksum_is_shown() {
    let cache = tempfile::tempdir().unwrap();
    let expected = "0".repeat(64);
    let archive = Archive::embedded("digits", b"some bytes", expected.clone().leak());
    let error = untar_data_in(&archive, cache.path()).unwrap_err().to_string();
    assert!(error.contains(&expected) && error.contains(&sha256(b"some bytes")), "{error}");
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
