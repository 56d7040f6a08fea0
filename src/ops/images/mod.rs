//! Means of images, and distances between them: what the course's first model is made of. Images of a batch lie one after
//! the other.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use samebits::Device as _;

use super::numbers::{device, done, fresh, in_order, numbers, zeros};
use crate::device::DeviceError;

/// The mean of all images, pixel by pixel; `one` is the shape of an image. Not a number if there are
/// none.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn mean_image<S: Shape, One: Shape>(
    images: &Tensor<S, f32, AutoDevice>,
    one: &One,
) -> Result<Tensor<One, f32, AutoDevice>, DeviceError> {
    let images = in_order(images.clone())?;
    if images.shape().num_elements() == 0 {
        return images.device().try_tensor_from_vec(vec![f32::NAN; one.num_elements()], *one);
    }
    let mut mean = zeros(images.device(), one)?;
    done(device()?.column_means(numbers(&images), fresh(&mut mean)))?;
    Ok(mean)
}

/// The mean absolute difference of each image of `a` from the image `b`, `(1/n) sum_i |a_i - b_i|`;
/// `each` is the shape of a number for each image.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn distances<S: Shape, One: Shape, Each: Shape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<One, f32, AutoDevice>,
    each: &Each,
) -> Result<Tensor<Each, f32, AutoDevice>, DeviceError> {
    let (a, b) = (in_order(a.clone())?, in_order(b.clone())?);
    let mut distances = zeros(a.device(), each)?;
    done(device()?.mean_absolute_differences(numbers(&a), numbers(&b), fresh(&mut distances)))?;
    Ok(distances)
}
