//! Archives of other formats, of other layouts, and made on a Mac.

use mnist_from_scratch::data::{Archive, DataError, untar_data_in};

use super::{
    assert_complete, embedded, gzip, random, sha256, small_tar, small_tgz, tar_of, unpacked, xz,
};

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
    let in_two = |packed: fn(&[u8]) -> Vec<u8>| [packed(&tar[..1_000]), packed(&tar[1_000..])];
    for bytes in [
        tar.clone(),
        gzip(&tar),
        in_two(gzip).concat(),
        xz(&tar),
        in_two(xz).concat(),
        // Streams of xz may be padded to a multiple of four.
        in_two(xz).join(&[0; 8][..]),
    ] {
        let cache = tempfile::tempdir().unwrap();
        assert_complete(&untar_data_in(&embedded(bytes), cache.path()).unwrap());
    }
    for (start, what) in [
        (&b"BZh91AY"[..], "compressed with bzip2"),
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

#[test]
fn damaged_xz_is_refused_wherever_it_is_cut_or_changed() {
    let packed = xz(&random::tar());
    let (mut same, mut refused) = (0, 0);
    for at in (6..packed.len()).step_by(3) {
        for damaged in [packed[..at].to_vec(), {
            let mut bytes = packed.clone();
            bytes[at] ^= 0x40;
            bytes
        }] {
            let cache = tempfile::tempdir().unwrap();
            match untar_data_in(&embedded(damaged), cache.path()) {
                Err(error @ DataError::Damaged { .. }) => {
                    assert!(error.to_string().contains("it is damaged, or"), "{error}");
                    refused += 1;
                }
                Err(other) => panic!("{other}"),
                Ok(_) => same += 1,
            }
        }
    }
    // A checksum watches over each byte.
    assert_eq!((same, refused), (0, 2 * (packed.len() - 6).div_ceil(3)));
}

#[test]
fn an_xz_file_that_wants_much_memory_is_refused() {
    let mut packed = xz(&small_tar());
    // The block's header: its length in fours, flags, the filter LZMA2 and its size of one byte, then that of the
    // dictionary; at its end the checksum.
    let header = 12..12 + 4 * (usize::from(packed[12]) + 1);
    assert_eq!(packed[14..16], [0x21, 1]);
    packed[16] = 40; // 4 GiB less a byte
    let mut checksum = flate2::Crc::new();
    checksum.update(&packed[header.start..header.end - 4]);
    packed[header.end - 4..header.end].copy_from_slice(&checksum.sum().to_le_bytes());
    let cache = tempfile::tempdir().unwrap();
    let error = untar_data_in(&embedded(packed), cache.path()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("more than 64 MiB of memory"), "{cause}");
}
