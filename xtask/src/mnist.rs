//! Makes `data/mnist/mnist.tar.xz`, all of MNIST in one archive, from MNIST's own four files.
//!
//! ```text
//! cargo xtask mnist IDX_FOLDER data/mnist/mnist.tar.xz
//! ```
//!
//! The same input gives the same archive, byte for byte.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use lzma_rust2::{CheckType, XzOptions, XzWriter};

use crate::archive::{self, File};

/// MNIST's files with the folders that they get, and their SHA-256.
const FILES: [(&str, &str, &str); 4] = [
    (
        "training",
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "training",
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "testing",
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "testing",
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
];

/// Makes the archive and prints its checksum.
pub(crate) fn make(idx_folder: &Path, output: &Path) -> Result<()> {
    let files = FILES.map(|(folder, name, sha256)| read(idx_folder, folder, name, sha256));
    let files: Vec<File> = files.into_iter().collect::<Result<_>>()?;
    eprintln!("compressing, which takes a minute or two");
    let archive = compressed(&files).context("making the archive in memory")?;
    archive::write(output, &archive, files.len())
}

/// One of MNIST's files, no other.
fn read(idx_folder: &Path, folder: &str, name: &str, sha256: &str) -> Result<File> {
    let path = idx_folder.join(name);
    let bytes = std::fs::read(&path).with_context(|| {
        format!(
            "reading {}: the folder must hold MNIST's four uncompressed IDX files",
            path.display()
        )
    })?;
    let found = archive::sha256(&bytes);
    ensure!(
        found == sha256,
        "{}: its SHA-256 is\n  {found}, but that of MNIST's file is\n  {sha256}; is it still compressed \
         (`gunzip`), cut short, or of another data set?",
        path.display()
    );
    Ok((format!("{folder}/{name}"), bytes))
}

fn compressed(files: &[File]) -> io::Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(9);
    options.set_check_sum_type(CheckType::Crc32);
    // Found by trying. A pixel depends on the ones before it, and not on the place of its byte.
    let lzma = &mut options.lzma_options;
    (lzma.lc, lzma.lp, lzma.pb) = (4, 0, 0);
    (lzma.nice_len, lzma.depth_limit) = (273, 512);
    // More would make it a hundredth smaller, and take as much memory to unpack.
    lzma.dict_size = 16 << 20;
    let mut xz = XzWriter::new(Vec::new(), options)?;
    xz.write_all(&archive::tar(Vec::new(), "mnist", files)?)?;
    xz.finish()
}
