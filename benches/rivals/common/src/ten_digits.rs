//! All ten digits, from MNIST's own files.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::PIXELS;

/// How many pictures a batch has.
pub const BATCH: usize = 256;
/// The highest learning rate, and how many epochs it takes to get there and back.
pub const LR_MAX: f64 = 0.01;
pub const EPOCHS: usize = 2;

/// The training set and the test set.
pub struct TenDigits {
    pub train: Labelled,
    pub test: Labelled,
}

/// Pictures one after the other, from 0 for white to 1 for black, and what they show.
pub struct Labelled {
    pub pixels: Vec<f32>,
    pub labels: Vec<u8>,
}

impl TenDigits {
    /// Reads the folder that the bench names.
    pub fn open(folder: &Path) -> Result<Self> {
        let part = |name: &str| -> Result<Labelled> {
            let images = idx(&folder.join(format!("{name}-images-idx3-ubyte")))?;
            let labels = idx(&folder.join(format!("{name}-labels-idx1-ubyte")))?;
            ensure!(images.len() == labels.len() * PIXELS, "{name}: images without a label");
            Ok(Labelled {
                pixels: images.into_iter().map(|pixel| f32::from(pixel) / 255.).collect(),
                labels,
            })
        };
        Ok(Self { train: part("training/train")?, test: part("testing/t10k")? })
    }
}

/// The bytes of an IDX file behind its header: four bytes, the last of them the number of sizes, and the sizes.
fn idx(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let sizes = *bytes.get(3).with_context(|| format!("{} is no IDX file", path.display()))?;
    bytes.drain(..4 + 4 * usize::from(sizes));
    Ok(bytes)
}
