//! `cargo xtask sample`, which makes `data/mnist_sample.tgz`, and the archive that it made.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const SIDE: usize = 28;
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";

/// A folder with four small IDX files: 12 training images labelled 0 to 9, 0, 1, and 8 test
/// images labelled 0 to 7.
fn idx_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (prefix, count) in [("train", 12), ("t10k", 8)] {
        let mut images = header(2051, &[count, SIDE, SIDE]);
        let mut labels = header(2049, &[count]);
        for index in 0..count {
            images.extend((0..SIDE * SIDE).map(|pixel| pixel_of(index, pixel)));
            labels.push(index as u8 % 10);
        }
        write(&folder, &format!("{prefix}-images-idx3-ubyte"), &images);
        write(&folder, &format!("{prefix}-labels-idx1-ubyte"), &labels);
    }
    folder
}

fn pixel_of(index: usize, pixel: usize) -> u8 {
    (index * 31 + pixel * 7) as u8
}

fn header(magic: u32, sizes: &[usize]) -> Vec<u8> {
    let sizes = sizes.iter().map(|&size| size as u32);
    [magic].into_iter().chain(sizes).flat_map(u32::to_be_bytes).collect()
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    std::fs::write(folder.path().join(name), bytes).unwrap();
}

fn make(idx_folder: &Path, output: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("sample")
        .args([idx_folder, output])
        .output()
        .unwrap()
}

/// The files of an archive with their contents; asserts that their headers tell nothing.
fn contents(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    let entries = tar.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        let facts = [header.uid(), header.gid(), header.mtime(), header.mode().map(u64::from)];
        assert_eq!(facts.map(Result::unwrap), [0, 0, 0, 0o644]);
        assert!(header.entry_type().is_file());
        let name = entry.path().unwrap().to_str().unwrap().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (name, content)
    });
    entries.collect()
}

#[test]
fn threes_and_sevens_become_images() {
    let (idx, out) = (idx_folder(), tempfile::tempdir().unwrap());
    let archive = out.path().join("sample.tgz");
    let output = make(idx.path(), &archive);
    assert!(output.status.success(), "{output:?}");

    let files = contents(&std::fs::read(&archive).unwrap());
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["labels.csv", "train/3/3.png", "train/7/7.png", "valid/3/3.png"];
    let expected = expected.iter().chain(&["valid/7/7.png"]);
    assert_eq!(names, expected.map(|name| format!("mnist_sample/{name}")).collect::<Vec<_>>());
    assert_eq!(
        String::from_utf8_lossy(&files[0].1),
        "name,label\ntrain/3/3.png,0\ntrain/7/7.png,1\nvalid/3/3.png,0\nvalid/7/7.png,1\n"
    );
    for ((_, png), index) in files[1..].iter().zip([3, 7, 3, 7]) {
        let image = image::load_from_memory(png).unwrap();
        assert_eq!(image.color(), image::ColorType::L8);
        assert_eq!((image.width(), image.height()), (28, 28));
        let expected: Vec<u8> = (0..SIDE * SIDE).map(|pixel| pixel_of(index, pixel)).collect();
        assert_eq!(image.into_luma8().into_raw(), expected);
    }
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let (idx, out) = (idx_folder(), tempfile::tempdir().unwrap());
    let [one, two] = ["one.tgz", "two.tgz"].map(|name| out.path().join(name));
    assert!(make(idx.path(), &one).status.success());
    assert!(make(idx.path(), &two).status.success());
    assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap());
}

/// Runs the program on files that `spoil` has changed; it must fail with this message, and
/// neither make nor change any file.
#[track_caller]
fn fails(spoil: impl FnOnce(&TempDir), message: &str) {
    let (idx, out) = (idx_folder(), tempfile::tempdir().unwrap());
    spoil(&idx);
    let archive = out.path().join("sample.tgz");
    std::fs::write(&archive, "an earlier archive").unwrap();
    let output = make(idx.path(), &archive);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(stderr.contains(message), "{stderr}");
    assert_eq!(std::fs::read_to_string(&archive).unwrap(), "an earlier archive");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_file_is_named() {
    fails(
        |idx| std::fs::remove_file(idx.path().join(TRAIN_LABELS)).unwrap(),
        "train-labels-idx1-ubyte: the folder must hold MNIST's four uncompressed IDX files",
    );
}

#[test]
fn a_compressed_file_is_found() {
    fails(
        |idx| write(idx, TRAIN_LABELS, &header(0x1f8b_0808, &[0, 0])),
        "begins with the magic number 529205256, not 2049: is it another file, or still compressed",
    );
}

#[test]
fn swapped_files_are_found() {
    fails(
        |idx| {
            let labels = std::fs::read(idx.path().join(TRAIN_LABELS)).unwrap();
            write(idx, TRAIN_IMAGES, &labels);
        },
        "begins with the magic number 2049, not 2051",
    );
}

#[test]
fn truncated_files_are_found() {
    fails(
        |idx| write(idx, TRAIN_LABELS, &header(2049, &[12])[..5]),
        "is truncated: it has 5 bytes, its header alone has 8",
    );
    fails(
        |idx| write(idx, TRAIN_LABELS, &[header(2049, &[12]), vec![3; 11]].concat()),
        "is truncated: it has 19 bytes, its header promises 20",
    );
    let huge = u32::MAX as usize;
    fails(|idx| write(idx, TRAIN_IMAGES, &header(2051, &[huge, SIDE, SIDE])), "is truncated");
}

#[test]
fn files_that_go_on_after_their_end_are_found() {
    fails(
        |idx| write(idx, TRAIN_LABELS, &[header(2049, &[12]), vec![3; 13]].concat()),
        "is too long: it has 21 bytes, its header promises 20",
    );
}

#[test]
fn other_image_sizes_are_found() {
    fails(
        |idx| write(idx, TRAIN_IMAGES, &[header(2051, &[1, 2, 3]), vec![0; 6]].concat()),
        "has items of shape [2, 3], MNIST's have [28, 28]",
    );
}

#[test]
fn counts_must_agree() {
    fails(
        |idx| write(idx, TRAIN_LABELS, &[header(2049, &[11]), vec![3; 11]].concat()),
        "has 12 images, but",
    );
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let (idx, out) = (idx_folder(), tempfile::tempdir().unwrap());
    let output = make(idx.path(), &out.path().join("no/folder/sample.tgz"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(stderr.contains("sample.tgz: does its folder exist"), "{stderr}");
}

#[test]
fn without_arguments_the_usage_is_shown() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("sample").output().unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("Usage: cargo xtask sample <IDX_FOLDER> [OUTPUT]"), "{stderr}");
}

#[test]
fn the_archive_in_the_repository_is_the_whole_sample() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let archive = std::fs::read(root.join("data/mnist_sample.tgz")).unwrap();
    let sha256: String = Sha256::digest(&archive).iter().map(|b| format!("{b:02x}")).collect();
    let readme = std::fs::read_to_string(root.join("data/README.md")).unwrap();
    assert!(readme.contains(&sha256), "data/README.md lacks {sha256}");
    assert_eq!(sha256, "831fcad6e98a3ca165d932324c8874c8b9f864eaee5f225053bae480d2a5a110");
    assert!(archive.len() <= 4_000_000);

    let files = contents(&archive);
    let mut counts = BTreeMap::new();
    let mut rows = Vec::new();
    for (name, content) in &files[1..] {
        let parts: Vec<_> = name.split('/').collect();
        let [top, set, digit, file] = parts[..] else { panic!("{name}") };
        assert_eq!(top, "mnist_sample");
        *counts.entry(format!("{set}/{digit}")).or_insert(0) += 1;
        let index: usize = file.strip_suffix(".png").unwrap().parse().unwrap();
        assert!(index < if set == "train" { 60_000 } else { 10_000 });
        rows.push(format!("{set}/{digit}/{file},{}\n", if digit == "3" { 0 } else { 1 }));
        assert!(content.starts_with(b"\x89PNG\r\n\x1a\n"));
    }
    let expected = [("train/3", 6131), ("train/7", 6265), ("valid/3", 1010), ("valid/7", 1028)];
    assert_eq!(counts, expected.map(|(folder, count)| (folder.to_string(), count)).into());

    rows.sort();
    assert_eq!(files[0].0, "mnist_sample/labels.csv");
    assert_eq!(
        String::from_utf8_lossy(&files[0].1),
        format!("name,label\n{}", rows.concat()),
        "labels.csv"
    );
    for name in ["train/3/7.png", "train/3/10.png", "train/3/10000.png", "valid/7/0.png"] {
        assert!(rows.iter().any(|row| row.starts_with(name)), "{name}");
    }
}

/// `cargo xtask mnist` takes a minute where all is well; `tests/mnist.rs` has what it made.
#[test]
fn all_of_mnist_is_made_of_mnists_own_files_alone() {
    let (idx, out) = (idx_folder(), tempfile::tempdir().unwrap());
    let archive = out.path().join("mnist.tar.xz");
    let make = || {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = xtask.arg("mnist").args([idx.path(), &archive]).output().unwrap();
        assert!(!output.status.success() && !archive.exists());
        String::from_utf8(output.stderr).unwrap()
    };
    let error = make();
    assert!(error.contains("train-images-idx3-ubyte: its SHA-256 is"), "{error}");
    std::fs::remove_file(idx.path().join(TRAIN_IMAGES)).unwrap();
    let error = make();
    assert!(error.contains("the folder must hold MNIST's four uncompressed IDX files"), "{error}");
}
