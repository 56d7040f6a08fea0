//! The course's baseline: pixel similarity. An image is a 3 if its pixels are nearer to those of the mean 3 than to
//! those of the mean 7.
//!
//! Chapter 4 writes both functions itself; they are here for the chapters after it.

use dfdx::prelude::TryLt;
use dfdx::shapes::HasShape;
use dfdx::tensor::{AutoDevice, Tensor};

use crate::ops;
use crate::tensor::ImageShape;

/// The distance of one image, or of each image of a batch, from the image `b`: the mean absolute
/// difference of their pixels, `(1/n) sum_i |a_i - b_i|`.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::prelude::{Image, Images, mnist_distance};
///
/// let dev = AutoDevice::default();
/// let (white, black): (Image, Image) = (dev.zeros(), dev.ones());
/// assert_eq!(mnist_distance(&white, &black).array(), 1.0);
///
/// let batch: Images = vec![white.clone(), black].stack();
/// assert_eq!(mnist_distance(&batch, &white).as_vec(), [0.0, 1.0]);
/// ```
///
/// Images of different sizes do not compile:
/// ```compile_fail,E0308
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::prelude::{Image, mnist_distance};
///
/// let dev = AutoDevice::default();
/// let a: Image = dev.zeros();
/// let small: Tensor<Rank2<14, 14>, f32, _> = dev.zeros();
/// mnist_distance(&a, &small);
/// ```
pub fn mnist_distance<S: ImageShape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<S::One, f32, AutoDevice>,
) -> Tensor<S::Each, f32, AutoDevice> {
    ops::distances(a, b, &a.shape().each())
        .unwrap_or_else(|error| panic!("mnist_distance: {error}"))
}

/// Whether an image, or each image of a batch, is nearer to the ideal three than to the ideal
/// seven.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::prelude::{Image, is_3};
///
/// let dev = AutoDevice::default();
/// let (mean3, mean7): (Image, Image) = (dev.zeros(), dev.ones());
/// let x = mean3.clone() + 0.25;
/// assert_eq!(is_3(&x, &mean3, &mean7).array(), true);
/// ```
pub fn is_3<S: ImageShape>(
    x: &Tensor<S, f32, AutoDevice>,
    mean3: &Tensor<S::One, f32, AutoDevice>,
    mean7: &Tensor<S::One, f32, AutoDevice>,
) -> Tensor<S::Each, bool, AutoDevice> {
    mnist_distance(x, mean3).lt(&mnist_distance(x, mean7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Image, Images, ImagesExt};
    use dfdx::prelude::*;

    #[test]
    fn one_image_and_a_batch_as_in_pytorch() {
        let dev = AutoDevice::default();
        let b = dev.tensor([[0.5f32, 0.0], [0.25, 1.0]]);
        let first = dev.tensor([[0.0f32, 0.0], [0.0, 1.0]]);
        let second = dev.tensor([[1.0f32, 0.5], [0.25, 0.0]]);
        // def mnist_distance(a, b): return (a - b).abs().mean((-1, -2))
        // b = torch.tensor([[0.5, 0.0], [0.25, 1.0]])
        // first, second = torch.tensor([[[0., 0.], [0., 1.]], [[1., .5], [.25, 0.]]])
        // mnist_distance(first, b), mnist_distance(torch.stack([first, second]), b)
        assert_eq!(mnist_distance(&first, &b).array(), 0.1875);
        let batch = vec![first, second].stack();
        assert_eq!(mnist_distance(&batch, &b).as_vec(), [0.1875, 0.5]);
    }

    #[test]
    fn the_same_as_by_hand() {
        let dev = AutoDevice::default();
        let batch: Images = crate::random::randn_like(&dev, &(300, Const, Const));
        let one: Image = crate::random::randn(&dev);
        let distances = mnist_distance(&batch, &one).as_vec();
        let by_hand = (batch.clone() - one.expand_as(&batch)).abs().mean_pixels().as_vec();
        assert_eq!(distances.len(), 300);
        assert!(distances.iter().zip(by_hand).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn no_images() {
        let dev = AutoDevice::default();
        let none: Images = dev.zeros_like(&(0, Const, Const));
        let one: Image = dev.zeros();
        assert_eq!(mnist_distance(&none, &one).shape().0, 0);
    }

    #[test]
    fn a_batch_is_classified_image_by_image() {
        let dev = AutoDevice::default();
        let (mean3, mean7): (Tensor<Rank2<2, 2>, f32, _>, _) = (dev.zeros(), dev.ones());
        let batch = vec![mean3.clone() + 0.125, mean3.clone() + 0.75].stack();
        assert_eq!(is_3(&batch, &mean3, &mean7).as_vec(), [true, false]);
    }
}
