//! The 3/7 sample as datasets.

use anyhow::Result;
use dfdx::shapes::Const;
use dfdx::tensor::AutoDevice;
use dfdx::tensor_ops::ReshapeTo;

use crate::data::{PathExt, Urls, Zip, column, untar_data, zip};
use crate::tensor::{Images, Labels, Rows, TensorExt, open_images, stack_images};

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
pub fn threes_and_sevens(dev: &AutoDevice) -> Result<(Digits, Digits)> {
    Ok((digits("train", dev)?, digits("valid", dev)?))
}

fn digits(part: &str, dev: &AutoDevice) -> Result<Digits> {
    let path = untar_data(Urls::MNIST_SAMPLE)?.join(part);
    let threes = open_images(&path.join("3").ls()?.sorted())?;
    let sevens = open_images(&path.join("7").ls()?.sorted())?;
    let labels = [vec![1; threes.len()], vec![0; sevens.len()]].concat();
    let images: Images = stack_images(&[threes, sevens].concat(), dev)?.float() / 255.0;
    Ok(zip(images.reshape_like(&(labels.len(), Const)), column(&labels, dev))?)
}
