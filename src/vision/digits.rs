//! The 3/7 sample as datasets.

use std::path::Path;

use anyhow::Result;
use dfdx::shapes::Const;
use dfdx::tensor::AutoDevice;
use dfdx::tensor_ops::ReshapeTo;
use image::GrayImage;

use crate::data::{Archive, Zip, column, zip};
#[cfg(feature = "mnist-sample")]
use crate::data::{PathExt, Urls, untar_data};
#[cfg(feature = "mnist-sample")]
use crate::tensor::open_images;
use crate::tensor::{Images, Labels, Rows, TensorExt, grey_png, stack_images};

/// Images, each a row of 784 pixels from 0 to 1, with their labels: 1 for a three, 0 for a seven.
pub type Digits = Zip<Rows<784>, Labels>;

/// The training set and the validation set of the course, as its chapter on the loss function makes
/// them: 12,396 images and 2,038, first the threes, then the sevens.
///
/// # Errors
/// If the sample cannot be unpacked, or a file in it is damaged.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let (dset, valid_dset) = threes_and_sevens(&AutoDevice::default())?;
/// assert_eq!((dset.len(), valid_dset.len()), (12_396, 2_038));
/// let (x, y) = dset.get(0);
/// assert_eq!((x.size(), y.array()), ([784], [1]));
/// # Ok::<(), anyhow::Error>(())
/// ```
#[cfg(feature = "mnist-sample")]
pub fn threes_and_sevens(dev: &AutoDevice) -> Result<(Digits, Digits)> {
    Ok((digits("train", dev)?, digits("valid", dev)?))
}

/// The same, of an archive whose files are those of the sample, in memory: for programs that have no files, as those in a web
/// page.
///
/// # Errors
/// If the archive is damaged, or a folder in it has no files.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// # #[cfg(feature = "mnist-sample")] {
/// let (_, valid_dset) = threes_and_sevens_of(&Urls::MNIST_SAMPLE, &dev)?;
/// assert_eq!(valid_dset.len(), 2_038);
/// # }
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn threes_and_sevens_of(archive: &Archive, dev: &AutoDevice) -> Result<(Digits, Digits)> {
    let files = archive.files()?;
    let open = |folder: &str| {
        let inside = files.iter().filter(|(path, _)| path.parent() == Some(Path::new(folder)));
        let images = inside.map(|(path, bytes)| Ok(grey_png(path, bytes)?));
        images.collect::<Result<Vec<_>>>()
    };
    let part = |name: &str| labelled([3, 7].map(|digit| open(&format!("{name}/{digit}"))), dev);
    Ok((part("train")?, part("valid")?))
}

#[cfg(feature = "mnist-sample")]
fn digits(part: &str, dev: &AutoDevice) -> Result<Digits> {
    let path = untar_data(Urls::MNIST_SAMPLE)?.join(part);
    let open = |digit| Ok(open_images(&path.join(digit).ls()?.sorted())?);
    labelled(["3", "7"].map(open), dev)
}

/// Threes, and then sevens, as a dataset.
fn labelled([threes, sevens]: [Result<Vec<GrayImage>>; 2], dev: &AutoDevice) -> Result<Digits> {
    let (threes, sevens) = (threes?, sevens?);
    let labels = [vec![1; threes.len()], vec![0; sevens.len()]].concat();
    let images: Images = stack_images(&[threes, sevens].concat(), dev)?.float() / 255.0;
    Ok(zip(images.reshape_like(&(labels.len(), Const)), column(&labels, dev))?)
}

#[cfg(all(test, feature = "mnist-sample"))]
mod tests {
    use super::*;
    use crate::data::Dataset;

    #[test]
    fn in_memory_they_are_the_same_digits_in_the_same_order() {
        let dev = AutoDevice::default();
        let (train, valid) = threes_and_sevens(&dev).unwrap();
        let (train_of, valid_of) = threes_and_sevens_of(&Urls::MNIST_SAMPLE, &dev).unwrap();
        for (files, memory) in [(train, train_of), (valid, valid_of)] {
            let all: Vec<usize> = (0..files.n_items()).collect();
            let ((x, y), (x_of, y_of)) = (files.batch(&all), memory.batch(&all));
            assert!(x.as_vec() == x_of.as_vec() && y.as_vec() == y_of.as_vec());
        }
    }
}
