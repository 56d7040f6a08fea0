//! Archives of other formats, of other layouts, and made on a Mac.

use mnist_from_scratch::data::{Archive, DataError, untar_data_in};

use super::{assert_complete, embedded, gzip, sha256, small_tar, small_tgz, tar_of, unpacked};

#[test]
fn a_file_of_ones_own_is_unpacked_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my digits.tar.gz");
    std::fs::write(&file, small_tgz()).unwrap();
    let archive = Archive::file(&file, sha256(&small_tgz()));
    let cache = folder.path().join("cache");
    let unpacked = untar_data_in(&archive, &cache).unwrap();
    assert_eq!(unpacked, cache.join(archive.name()));
    assert!(archive.name().starts_with("my_digits-"), "{}", archive.name());
    assert_complete(&unpacked);
    assert!(std::fs::read(&file).unwrap() == small_tgz());

    // Another one in its place is refused, and stays, too.
    std::fs::write(&file, "something else").unwrap();
    let error = untar_data_in(&archive, &cache).unwrap_err();
    assert!(matches!(error, DataError::Checksum { .. }), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"something else");
    let mut archive = archive;
    archive.limits.archive_bytes = 10;
    let error = untar_data_in(&archive, &cache).unwrap_err().to_string();
    assert!(error.ends_with("raise `Limits::archive_bytes`"), "{error}");
}

#[test]
fn other_formats_are_read_too() {
    let tar = small_tar();
    for bytes in [tar.clone(), gzip(&tar), [gzip(&tar[..1_000]), gzip(&tar[1_000..])].concat()] {
        let cache = tempfile::tempdir().unwrap();
        assert_complete(&untar_data_in(&embedded(bytes), cache.path()).unwrap());
    }
    for (start, what) in [
        (&b"\xfd7zXZ\0"[..], "compressed with xz"),
        (b"BZh91AY", "compressed with bzip2"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
        (b"<!DOCTYPE html>", "a web page"),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let error = untar_data_in(&embedded(start.to_vec()), cache.path()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(what), "{cause}");
    }
}

#[test]
fn archives_without_a_top_folder_keep_all_names() {
    assert_eq!(unpacked(&tar_of(&["labels.csv"])), ["labels.csv"]);
    assert_eq!(
        unpacked(&tar_of(&["train/3/7.png", "valid/1.png"])),
        ["train/3/7.png", "valid/1.png"]
    );
    assert_eq!(unpacked(&tar_of(&["digits/a", "b"])), ["b", "digits/a"]);
    assert_eq!(unpacked(&tar_of(&["digits/a", "digits/b/c"])), ["a", "b/c"]);
}

#[test]
fn what_a_mac_adds_is_left_out() {
    let paths = [
        "._digits",
        "digits/._labels.csv",
        "digits/labels.csv",
        "digits/.DS_Store",
        "digits/3/7.png",
    ];
    assert_eq!(unpacked(&tar_of(&paths)), ["3/7.png", "labels.csv"]);
    assert_eq!(unpacked(&tar_of(&["__MACOSX/._a", "a", "._a"])), ["a"]);
}
