//! Means of images, and distances between them.

use dfdx::shapes::{Const, HasShape, Rank2};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use samebits::{column_means, mean_absolute_differences};

use super::view::values;
use crate::tensor::ImageShape;

/// The mean of each pixel.
pub(crate) fn mean_image<const H: usize, const W: usize>(
    images: &Tensor<(usize, Const<H>, Const<W>), f32, AutoDevice>,
) -> Tensor<Rank2<H, W>, f32, AutoDevice> {
    let mean = match &*values(images) {
        [] => vec![f32::NAN; H * W],
        numbers => column_means(numbers, H * W),
    };
    images.device().tensor_from_vec(mean, Default::default())
}

/// The mean absolute difference of each image from `b`.
pub(crate) fn mnist_distance<S: ImageShape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<S::One, f32, AutoDevice>,
) -> Tensor<S::Each, f32, AutoDevice> {
    let shape = a.shape();
    let b = values(b);
    let images = shape.num_elements().checked_div(b.len()).unwrap_or(0);
    let mut distances = vec![0.0; images];
    mean_absolute_differences(&values(a), &b, &mut distances);
    shape.each(distances, a.device())
}
