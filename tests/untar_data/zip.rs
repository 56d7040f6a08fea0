//! `.zip` files.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use mnist_from_scratch::data::{Archive, untar_data_in};

use super::hostile::refused;
use super::{assert_complete, embedded, small_files, unpacked};

/// A file in a `.zip` file, with what may be wrong in it.
struct File {
    path: Vec<u8>,
    content: Vec<u8>,
    is_packed: bool,
    is_encrypted: bool,
    /// As Unix has it.
    mode: u32,
    /// Added to the size that it should have.
    size_error: i32,
    crc_error: u32,
}

fn file(path: &str, content: &[u8]) -> File {
    File {
        path: path.into(),
        content: content.into(),
        is_packed: true,
        is_encrypted: false,
        mode: 0o100_644,
        size_error: 0,
        crc_error: 0,
    }
}

/// Whether the numbers at the end are in the larger record that zip64 has.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Zip,
    Zip64,
}

fn zip(files: &[File], end: End) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for file in files {
        let mut packed = file.content.clone();
        if file.is_packed {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&file.content).unwrap();
            packed = encoder.finish().unwrap();
        }
        let mut crc = flate2::Crc::new();
        crc.update(&file.content);
        let size = (file.content.len() as u32).wrapping_add_signed(file.size_error);
        let mut common = vec![20, 0, u8::from(file.is_encrypted), 8];
        common.extend([if file.is_packed { 8 } else { 0 }, 0, 0, 0, 0, 0]);
        for number in [crc.sum() ^ file.crc_error, packed.len() as u32, size] {
            common.extend(number.to_le_bytes());
        }
        common.extend((file.path.len() as u16).to_le_bytes());

        list.extend(b"PK\x01\x02\x14\x03");
        list.extend(&common);
        list.extend([4, 0, 2, 0, 0, 0, 0, 0]); // extra field, comment, disk, inner attributes
        list.extend((file.mode << 16).to_le_bytes());
        list.extend((bytes.len() as u32).to_le_bytes());
        list.extend(&file.path);
        list.extend([9, 9, 0, 0, b'o', b'k']);

        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend([3, 0]);
        bytes.extend(&file.path);
        bytes.extend(b"???");
        bytes.extend(&packed);
    }
    let (place, count) = (bytes.len() as u64, files.len() as u64);
    bytes.extend(&list);
    let (mut short_count, mut short_place) = (count as u16, place as u32);
    if end == End::Zip64 {
        let record = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [count, count, list.len() as u64, place] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(record.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        (short_count, short_place) = (u16::MAX, u32::MAX);
    }
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([short_count.to_le_bytes(), short_count.to_le_bytes()].as_flattened());
    bytes.extend((list.len() as u32).to_le_bytes());
    bytes.extend(short_place.to_le_bytes());
    // A comment that looks like another end.
    bytes.extend([12, 0]);
    bytes.extend(b"PK\x05\x06comments");
    bytes
}

pub(super) fn small_zip() -> Vec<u8> {
    let stored = File { is_packed: false, ..file("d/3/7.png", b"seven") };
    zip(&[file("d/a", b"a"), stored, file("d/3/8.png", &[8; 800])], End::Zip)
}

fn archive(files: &[File]) -> Archive {
    embedded(zip(files, End::Zip))
}

#[test]
fn zip_files_are_unpacked() {
    for end in [End::Zip, End::Zip64] {
        for is_packed in [true, false] {
            let mut files: Vec<_> =
                small_files().iter().map(|(path, content)| file(path, content)).collect();
            files.push(file("digits/empty/", b""));
            files.iter_mut().for_each(|file| file.is_packed = is_packed);
            let archive = embedded(zip(&files, end));
            let cache = tempfile::tempdir().unwrap();
            let folder = untar_data_in(&archive, cache.path()).unwrap();
            assert_complete(&folder);
            std::fs::write(folder.join("big"), "small").unwrap();
            assert_complete(&untar_data_in(&archive, cache.path()).unwrap());
        }
    }
}

#[test]
fn zip_files_of_a_mac_or_without_a_top_folder_too() {
    let files = [file("a/3.png", b"3"), file("__MACOSX/", b""), file("__MACOSX/a/._3.png", b"?")];
    assert_eq!(unpacked(&archive(&files)), ["3.png"]);
    let files = [file("3.png", b"3"), file("a/7.png", b"7")];
    assert_eq!(unpacked(&archive(&files)), ["3.png", "a/7.png"]);
}

#[test]
fn hostile_zip_files_are_refused() {
    let good = || file("digits/good", b"good");
    for (path, reason) in [
        ("../outside", "a path with `..` in it"),
        ("/outside", "an absolute path"),
        ("digits/GOOD", "in nothing but capital letters"),
        ("digits/good", "which is there twice"),
        ("digits\\good", "a name with a backslash"),
        ("digits/good/evil", "which is there as a file and as a folder"),
    ] {
        refused(&archive(&[good(), file(path, b"evil")]), reason);
    }
    for (mode, reason) in [
        (0o120_777, "a symbolic link"),
        (0o010_644, "a device or a pipe"),
        (0o020_644, "a device or a pipe"),
    ] {
        refused(&archive(&[good(), File { mode, ..file("digits/x", b"/etc") }]), reason);
    }
    let encrypted = File { is_encrypted: true, ..file("digits/x", b"x") };
    refused(&archive(&[good(), encrypted]), "which is encrypted");
}

#[test]
fn zip_files_that_lie_about_their_files_are_refused() {
    let lying = |size_error, crc_error, length: usize| {
        archive(&[File { size_error, crc_error, ..file("digits/x", &vec![7; length]) }])
    };
    for length in [1_000, 3_000_000] {
        refused(&lying(-1, 0, length), "longer than the list at the end has it");
        refused(&lying(1, 0, length), "unexpected end of file");
        refused(&lying(0, 1, length), "another checksum than it should");
        refused(&lying(-(length as i32) - 1, 0, length), "raise `Limits::file_bytes`");
    }
    // Nothing is unpacked of a part.
    let whole = small_zip();
    for length in 1..whole.len() {
        refused(&embedded(whole[..length].to_vec()), "");
    }
}
