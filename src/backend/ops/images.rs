//! Means of images, and distances between them.

use dfdx::shapes::{Axis, Const, Rank2};
use dfdx::tensor::{AutoDevice, Tensor};
use dfdx::tensor_ops::MeanTo;

use crate::tensor::{ImageShape, ImagesExt};

/// The mean of each pixel.
pub(crate) fn mean_image<const H: usize, const W: usize>(
    images: &Tensor<(usize, Const<H>, Const<W>), f32, AutoDevice>,
) -> Tensor<Rank2<H, W>, f32, AutoDevice> {
    images.clone().mean::<_, Axis<0>>()
}

/// The mean absolute difference of each image from `b`.
pub(crate) fn mnist_distance<S: ImageShape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<S::One, f32, AutoDevice>,
) -> Tensor<S::Each, f32, AutoDevice> {
    (a.clone() - b.expand_as(a)).abs().mean_pixels()
}
