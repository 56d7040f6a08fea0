//! Makes `data/mnist_sample.tgz`, every 3 and 7 of MNIST as PNG files, from MNIST's own files.
//!
//! ```text
//! cargo xtask sample IDX_FOLDER data/mnist_sample.tgz
//! ```
//!
//! `IDX_FOLDER` holds MNIST's four files, uncompressed: `train-images-idx3-ubyte`,
//! `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`.
//! The same input gives the same archive, byte for byte.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc, GzBuilder};

use crate::archive::{self, File};

/// The digits of the sample with their labels in `labels.csv`.
const DIGITS: [(u8, u8); 2] = [(3, 0), (7, 1)];
/// The sample's folders with the beginning of the names of MNIST's files.
const SETS: [(&str, &str); 2] = [("train", "train"), ("valid", "t10k")];
/// Rows and columns of every MNIST image.
const SIDE: usize = 28;

/// Makes the archive and prints its checksum.
pub(crate) fn make(idx_folder: &Path, output: &Path) -> Result<()> {
    let files = sample_files(idx_folder)?;
    let archive = compressed(&files).context("making the archive in memory")?;
    archive::write(output, &archive, files.len())
}

/// The sample's files in the order of the archive: labels first, then each folder by index.
fn sample_files(idx_folder: &Path) -> Result<Vec<File>> {
    let mut images = Vec::new();
    let mut rows = Vec::new();
    for (folder, prefix) in SETS {
        let set = MnistSet::read(idx_folder, prefix)?;
        for (digit, label) in DIGITS {
            for (index, pixels) in set.images_of(digit) {
                let name = format!("{folder}/{digit}/{index}.png");
                rows.push(format!("{name},{label}\n"));
                images.push((name, png(pixels)?));
            }
        }
    }
    // By name, as a listing of the folders is.
    rows.sort();
    let mut files = vec![("labels.csv".into(), format!("name,label\n{}", rows.concat()).into())];
    files.append(&mut images);
    Ok(files)
}

/// MNIST's training set or its test set.
struct MnistSet {
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl MnistSet {
    fn read(folder: &Path, prefix: &str) -> Result<Self> {
        let images_file = folder.join(format!("{prefix}-images-idx3-ubyte"));
        let labels_file = folder.join(format!("{prefix}-labels-idx1-ubyte"));
        let images = read_idx(&images_file, &[SIDE, SIDE])?;
        let labels = read_idx(&labels_file, &[])?;
        let image_count = images.len() / (SIDE * SIDE);
        ensure!(
            image_count == labels.len(),
            "{} has {image_count} images, but {} has {} labels: take both from the same place",
            images_file.display(),
            labels_file.display(),
            labels.len()
        );
        Ok(Self { images, labels })
    }

    /// The images of one digit with their index in the set.
    fn images_of(&self, digit: u8) -> impl Iterator<Item = (usize, &[u8])> {
        let images = self.images.chunks_exact(SIDE * SIDE);
        let labelled = images.zip(&self.labels).enumerate();
        labelled.filter(move |(_, (_, label))| **label == digit).map(|(i, (image, _))| (i, image))
    }
}

/// The bytes of an IDX file after its header.
///
/// The header is made of big-endian numbers of four bytes: the magic number 8 (bytes) × 256 +
/// number of axes, the number of items, then the size of an item along each of its axes.
fn read_idx(path: &Path, item_shape: &[usize]) -> Result<Vec<u8>> {
    let name = path.display();
    let mut bytes = std::fs::read(path).with_context(|| {
        format!("reading {name}: the folder must hold MNIST's four uncompressed IDX files")
    })?;
    let header_length = 4 * (2 + item_shape.len());
    ensure!(
        bytes.len() >= header_length,
        "{name} is truncated: it has {} bytes, its header alone has {header_length}; fetch it again",
        bytes.len()
    );
    let header: Vec<usize> = bytes[..header_length]
        .chunks_exact(4)
        .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
        .collect();
    let magic = 8 * 256 + 1 + item_shape.len();
    ensure!(
        header[0] == magic,
        "{name} begins with the magic number {}, not {magic}: is it another file, or still \
         compressed (`gunzip`)?",
        header[0]
    );
    ensure!(
        &header[2..] == item_shape,
        "{name} has items of shape {:?}, MNIST's have {item_shape:?}",
        &header[2..]
    );
    let expected = header_length as u64
        + header[1] as u64 * item_shape.iter().map(|&size| size as u64).product::<u64>();
    let actual = bytes.len() as u64;
    ensure!(
        actual >= expected,
        "{name} is truncated: it has {actual} bytes, its header promises {expected}; \
         fetch it again"
    );
    ensure!(
        actual <= expected,
        "{name} is too long: it has {actual} bytes, its header promises {expected}; \
         fetch it again"
    );
    bytes.drain(..header_length);
    Ok(bytes)
}

/// A greyscale PNG file with 8 bits a pixel and nothing in it but the pixels.
fn png(pixels: &[u8]) -> io::Result<Vec<u8>> {
    let side = (SIDE as u32).to_be_bytes();
    // After the size: 8 bits a pixel, grey, and the only methods there are.
    let header = [&side[..], &side, &[8, 0, 0, 0, 0]].concat();

    // Uncompressed: the archive compresses all images at once, which makes it a fifth smaller
    // than one of compressed images, and such an image is read five times as fast.
    let mut data = ZlibEncoder::new(Vec::new(), Compression::none());
    for row in pixels.chunks_exact(SIDE) {
        data.write_all(&[0])?; // this row is stored as it is, not as a difference
        data.write_all(row)?;
    }

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in [(b"IHDR", header), (b"IDAT", data.finish()?), (b"IEND", vec![])] {
        let mut checksum = Crc::new();
        checksum.update(kind);
        checksum.update(&content);
        png.extend((content.len() as u32).to_be_bytes());
        png.extend(kind);
        png.extend(content);
        png.extend(checksum.sum().to_be_bytes());
    }
    Ok(png)
}

fn compressed(files: &[File]) -> io::Result<Vec<u8>> {
    // 255 is "unknown": the default would name the operating system it was made on.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    archive::tar(gzip.write(Vec::new(), Compression::best()), "mnist_sample", files)?.finish()
}
